"""Registers the linkage app."""

from django.apps import AppConfig


class LinkageConfig(AppConfig):
    """联动预案：启动、值守、预警与总结."""

    name = "groundplan.systems.linkage"
    label = "linkage"

    def ready(self) -> None:
        """Register events, consumers and navigation."""
        from groundplan.systems.linkage import registry  # noqa: PLC0415 - models are loaded by now.

        registry.register()
