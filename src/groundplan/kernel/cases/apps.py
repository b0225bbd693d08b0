"""Registers the cases app."""

from django.apps import AppConfig


class CasesConfig(AppConfig):
    """办件."""

    name = "groundplan.kernel.cases"
    label = "cases"
