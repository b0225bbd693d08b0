"""Registers the parties app."""

from django.apps import AppConfig


class PartiesConfig(AppConfig):
    """机构与用户."""

    name = "groundplan.kernel.parties"
    label = "parties"
