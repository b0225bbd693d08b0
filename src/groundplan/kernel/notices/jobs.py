"""Carrying notices out of the house, called by the dispatcher of events."""

from __future__ import annotations

from uuid import UUID

from groundplan.kernel.events.registry import Event
from groundplan.kernel.notices import queries
from groundplan.kernel.notices.registry import Send


def deliver(event: Event, send: Send) -> None:
    """Give the notice of an event to a channel; one that was read or forgotten meanwhile is not sent."""
    message = queries.message_for(UUID(event.data["notice"]))
    if message is not None:
        send(message)
