"""Registers events."""

from django.apps import AppConfig

from groundplan.lib import health


class EventsConfig(AppConfig):
    """系统消息."""

    name = "groundplan.kernel.events"
    label = "events"

    def ready(self) -> None:
        """Report how far delivery is behind."""
        from groundplan.kernel.events import queries  # noqa: PLC0415 - models load after the apps.

        health.report("lag_s", lambda: round(queries.lag().oldest_s, 3))
        health.report("events_undelivered", lambda: queries.lag().undelivered)
        health.report("events_dead_letters", lambda: queries.dead_letters().count())
