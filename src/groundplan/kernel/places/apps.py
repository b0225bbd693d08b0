"""Registers the places app."""

from django.apps import AppConfig


class PlacesConfig(AppConfig):
    """行政区划与网格."""

    name = "groundplan.kernel.places"
    label = "places"

    def ready(self) -> None:
        """Register the event types."""
        from groundplan.kernel.events import registry  # noqa: PLC0415 - models are loaded by now.
        from groundplan.kernel.places.registry import DivisionEnded, LayerImported  # noqa: PLC0415 - the same.

        registry.event_type("places.layer_imported.v1", LayerImported)
        registry.event_type("places.division_ended.v1", DivisionEnded)
