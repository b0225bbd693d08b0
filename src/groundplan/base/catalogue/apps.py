"""Registers the catalogue app."""

from django.apps import AppConfig


class CatalogueConfig(AppConfig):
    """数据目录：编目、审核、发布、挂接、变更、下线."""

    name = "groundplan.base.catalogue"
    label = "catalogue"

    def ready(self) -> None:
        """Register events, consumers and navigation."""
        from groundplan.base.catalogue import registry  # noqa: PLC0415 - models are loaded by now.

        registry.register()
