"""Registers the incidents app."""

from django.apps import AppConfig


class IncidentsConfig(AppConfig):
    """城市事件：受理、指挥与统计."""

    name = "groundplan.systems.incidents"
    label = "incidents"

    def ready(self) -> None:
        """Register event type and consumer, panels, files, figures and navigation."""
        from groundplan.systems.incidents import registry  # noqa: PLC0415 - models are loaded by now.

        registry.register()
