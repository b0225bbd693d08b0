"""Carrying notices out of the house, called by the dispatcher of events; forgetting old ones."""

from __future__ import annotations

from uuid import UUID

from procrastinate.contrib.django import app

from groundplan.kernel.events.registry import Event
from groundplan.kernel.notices import actions, queries
from groundplan.kernel.notices.registry import Send


def deliver(event: Event, send: Send) -> None:
    """Give the notice of an event to a channel; one that was read or forgotten meanwhile is not sent."""
    message = queries.message_for(UUID(event.data["notice"]))
    if message is not None:
        send(message)


@app.periodic(cron="31 3 * * *")
@app.task(queueing_lock="notices.forget_notices")
def forget_notices(timestamp: int) -> None:  # noqa: ARG001 - procrastinate's signature.
    """Every night: notices older than half a year."""
    actions.forget_notices()
    actions.forget_deliveries()
    actions.forget_todos()


@app.periodic(cron="* * * * *")
@app.task(queueing_lock="notices.deliver_waiting")
def deliver_waiting(timestamp: int) -> None:  # noqa: ARG001
    """Every minute: messages that are due leave the house."""
    while actions.deliver_waiting():
        pass
    while actions.push_todos():
        pass
