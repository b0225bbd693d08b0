"""Registers the cases app."""

from django.apps import AppConfig


class CasesConfig(AppConfig):
    """办件."""

    name = "groundplan.kernel.cases"
    label = "cases"

    def ready(self) -> None:
        """Register the events of cases."""
        from groundplan.kernel.cases.messages import TYPES  # noqa: PLC0415 - models are not loaded before ready().
        from groundplan.kernel.events import registry as events  # noqa: PLC0415

        for name, model in TYPES.items():
            events.event_type(name, model)
