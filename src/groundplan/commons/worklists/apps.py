"""Registers the worklists app."""

from django.apps import AppConfig


class WorklistsConfig(AppConfig):
    """常用筛选与批量办理."""

    name = "groundplan.commons.worklists"
    label = "worklists"

    def ready(self) -> None:
        """Hand the bars of lists to the portal."""
        from groundplan.commons.worklists import registry  # noqa: PLC0415 - models are loaded by now.

        registry.register()
