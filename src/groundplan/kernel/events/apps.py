"""Registers events."""

from django.apps import AppConfig


class EventsConfig(AppConfig):
    """系统消息."""

    name = "groundplan.kernel.events"
    label = "events"
