"""Registers the knowledge app."""

from django.apps import AppConfig


class KnowledgeConfig(AppConfig):
    """知识库."""

    name = "groundplan.commons.knowledge"
    label = "knowledge"

    def ready(self) -> None:
        """Register event types, kinds of notices and pages."""
        from groundplan.commons.knowledge import registry  # noqa: PLC0415 - models are loaded by now.

        registry.register()
