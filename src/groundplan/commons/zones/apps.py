"""Registers the zones app."""

from django.apps import AppConfig


class ZonesConfig(AppConfig):
    """两区交换."""

    name = "groundplan.commons.zones"
    label = "zones"

    def ready(self) -> None:
        """Register the page and the figures."""
        from groundplan.commons.zones import registry  # noqa: PLC0415 - models are loaded by now.

        registry.register()
