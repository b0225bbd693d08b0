"""Writes of events. Those on webhooks are called through ``proofs``, which checks rights and leaves the record."""

from groundplan.kernel.events.actions._posting import call, fetch, post, resolve, trusted
from groundplan.kernel.events.actions.delivery import DispatchCount, dispatch
from groundplan.kernel.events.actions.publishing import integrate, publish
from groundplan.kernel.events.actions.upkeep import prune_events, replay_dead_letters
from groundplan.kernel.events.actions.webhooks import (
    Delivery,
    add_webhook,
    deliver_webhook,
    end_webhook,
    pause_webhook,
    resume_webhook,
)

__all__ = [
    "Delivery",
    "DispatchCount",
    "add_webhook",
    "call",
    "deliver_webhook",
    "dispatch",
    "end_webhook",
    "fetch",
    "integrate",
    "pause_webhook",
    "post",
    "prune_events",
    "publish",
    "replay_dead_letters",
    "resolve",
    "resume_webhook",
    "trusted",
]
