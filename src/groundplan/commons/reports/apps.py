"""Registers the reports app."""

from django.apps import AppConfig


class ReportsConfig(AppConfig):
    """报告：日报、周报、月报与专报."""

    name = "groundplan.commons.reports"
    label = "reports"

    def ready(self) -> None:
        """Register files and navigation."""
        from groundplan.commons.reports import registry  # noqa: PLC0415 - models are loaded by now.

        registry.register()
