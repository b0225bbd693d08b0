"""Registers the attached app."""

from django.apps import AppConfig


class AttachedConfig(AppConfig):
    """外部系统."""

    name = "groundplan.commons.attached"
    label = "attached"

    def ready(self) -> None:
        """Register adapters, the consumer of tasks, figures and pages."""
        from groundplan.commons.attached import registry  # noqa: PLC0415 - models are loaded by now.

        registry.register()
