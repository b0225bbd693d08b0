"""What an operator's desk shows of calls: those that ring for this operator, and their numbers."""

from __future__ import annotations

import uuid
from datetime import timedelta

from groundplan.kernel.parties.queries import Actor
from groundplan.lib import clock, crypto
from groundplan.systems.incidents.models import Call

RINGS_FOR = timedelta(minutes=5)


def ringing(actor: Actor) -> list[tuple[Call, str]]:
    """The calls of the last minutes that nobody has entered yet, newest first, each with its number."""
    since = clock.now() - RINGS_FOR
    rows = Call.objects.filter(operator=actor.actor_id, rang_at__gt=since, incident=None).order_by("-rang_at", "-id")
    return [(row, crypto.decrypt(bytes(row.number))) for row in rows[:5]]


def number_of(actor: Actor, call: str) -> str:
    """The number of a call that rang for an operator; empty for everybody else."""
    try:
        wanted = uuid.UUID(call)
    except ValueError:
        return ""
    found = Call.objects.filter(public_id=wanted, operator=actor.actor_id).first()
    return crypto.decrypt(bytes(found.number)) if found else ""
