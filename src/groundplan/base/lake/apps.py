"""The lake app."""

from django.apps import AppConfig


class LakeConfig(AppConfig):
    """数据湖."""

    name = "groundplan.base.lake"
    label = "lake"

    def ready(self) -> None:
        """Register event types and pages."""
        from groundplan.base.lake import registry  # noqa: PLC0415 - models are loaded by now.

        registry.register()
