"""Registers the rules app."""

from django.apps import AppConfig


class RulesConfig(AppConfig):
    """规则."""

    name = "groundplan.kernel.rules"
    label = "rules"
