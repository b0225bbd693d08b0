"""Registers the portal."""

from django.apps import AppConfig


class PortalConfig(AppConfig):
    """Layout and navigation."""

    name = "groundplan.portal"
    label = "portal"
