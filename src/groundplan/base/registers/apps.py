"""Registers the registers app."""

from django.apps import AppConfig


class RegistersConfig(AppConfig):
    """部件台账与代码表."""

    name = "groundplan.base.registers"
    label = "registers"

    def ready(self) -> None:
        """Register event types and pages, and tell places who may see the grids."""
        from groundplan.base.registers import registry  # noqa: PLC0415 - models are loaded by now.

        registry.register()
