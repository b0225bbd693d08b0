"""Registers the portal."""

from django.apps import AppConfig

from groundplan.portal.navigation import Entry, registry


class PortalConfig(AppConfig):
    """Layout and navigation."""

    name = "groundplan.portal"
    label = "portal"

    def ready(self) -> None:
        """Register the front page."""
        registry.add(Entry("front", {"zh-hans": "首页", "en": "Start"}, section="public", order=0))
