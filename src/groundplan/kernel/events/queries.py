"""Reads of events: envelopes, positions, dead letters, lag."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, Min, Q, QuerySet

from groundplan.kernel.events import registry
from groundplan.kernel.events.errors import WebhookNotFound
from groundplan.kernel.events.models import Consumer, Counter, Letter, Outgoing, StoredEvent, Webhook
from groundplan.lib import clock
from groundplan.lib.canonical import iso_time

SCHEMAS = "/api/v1/events/schemas"
Event = registry.Event


@dataclass(frozen=True)
class Lag:
    """What is published but not yet delivered to every consumer inside this installation."""

    waiting: int
    undelivered: int
    oldest_s: float


@dataclass(frozen=True)
class Hint:
    """All that a browser is told of an event: that it may be time to look again."""

    position: int
    type: str
    subject: str
    at: datetime
    audience: frozenset[str]


def as_event(row: StoredEvent) -> registry.Event:
    """A stored event as consumers see it."""
    return registry.Event(
        id=row.event_id, position=row.position, type=row.type, subject=row.subject, at=row.at, actor=row.actor,
        audience=tuple(row.audience), data=row.data,
    )  # fmt: skip


def envelope(row: StoredEvent) -> dict[str, Any]:
    """A stored event as a CloudEvents 1.0 JSON document; ``sequence`` is its position."""
    return {
        "specversion": "1.0",
        "id": str(row.event_id),
        "source": "/groundplan",
        "type": row.type,
        "subject": row.subject,
        "time": iso_time(row.at),
        "datacontenttype": "application/json",
        "dataschema": f"{SCHEMAS}/{row.type}",
        "sequence": f"{row.position:020}",
        "actor": row.actor,
        "data": row.data,
    }


def schemas() -> dict[str, dict[str, Any]]:
    """The JSON Schema of every registered type, by name."""
    return {name: schema(name) for name in sorted(registry.types)}


def schema(name: str) -> dict[str, Any]:
    """The JSON Schema of one registered type.

    Raises:
        KeyError: nobody registered it.
    """
    made = registry.types[name].model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": f"{SCHEMAS}/{name}", **made}


def last_position() -> int:
    """The position of the latest event; 0 before the first."""
    return Counter.objects.filter(pk=1).values_list("last", flat=True).first() or 0


def hints_after(position: int, limit: int = 500) -> list[Hint]:
    """What browsers may be told about the events after a position."""
    rows = StoredEvent.objects.filter(position__gt=position).order_by("position")[:limit]
    names = ("position", "type", "subject", "at", "audience")
    return [Hint(p, t, s, at, frozenset(keys)) for p, t, s, at, keys in rows.values_list(*names)]


def events_after(position: int, *, audience: Iterable[str] | None = None, limit: int = 100) -> list[StoredEvent]:
    """Stored events in order of position.

    Args:
        position: the last one already known.
        audience: only events with one of these keys; None for all.
        limit: most to return.
    """
    rows = StoredEvent.objects.filter(position__gt=position).order_by("position")
    if audience is not None:
        wanted = Q(pk__in=())
        for key in audience:
            wanted |= Q(audience__contains=[key])
        rows = rows.filter(wanted)
    return list(rows[:limit])


def lag() -> Lag:
    """Events without a position, deliveries not yet made, and the age of the oldest of either, s."""
    fresh = Outgoing.objects.aggregate(waiting=Count("id"), oldest=Min("at"))
    moments = [fresh["oldest"]] if fresh["oldest"] else []
    last, known = last_position(), dict(Consumer.objects.values_list("name", "position"))
    behind = [last - known.get(name, 0) for name in registry.subscriptions]
    if any(behind):
        following = StoredEvent.objects.filter(position__gt=last - max(behind)).order_by("position")
        first = following.values_list("at", flat=True).first()
        moments += [first] if first else []
    retried = Letter.objects.filter(state="waiting").aggregate(waiting=Count("id"), oldest=Min("at"))
    moments += [retried["oldest"]] if retried["oldest"] else []
    oldest_s = max(0.0, (clock.now() - min(moments)).total_seconds()) if moments else 0.0
    return Lag(fresh["waiting"], sum(behind) + retried["waiting"], oldest_s)


def dead_letters() -> QuerySet[Letter]:
    """Events that could not be delivered to somebody, latest first."""
    return Letter.objects.filter(state="dead").select_related("event").order_by("-id")


def webhooks() -> QuerySet[Webhook]:
    """All webhooks, latest first."""
    return Webhook.objects.order_by("-id")


def webhook(public_id: UUID) -> Webhook:
    """One webhook.

    Raises:
        WebhookNotFound: none has this id.
    """
    found = Webhook.objects.filter(public_id=public_id).first()
    if found is None:
        raise WebhookNotFound(f"There is no webhook {public_id}.")
    return found


def due_webhooks() -> list[UUID]:
    """Active webhooks whose turn it is: something new or let out again, and no wait or lease in the way."""
    now = clock.now()
    free = Webhook.objects.filter(state="active", next_at__lte=now)
    free = free.filter(Q(leased_until=None) | Q(leased_until__lt=now))
    again = Letter.objects.filter(state="waiting", next_at__lte=now, target__startswith="webhook:")
    targets = {target.removeprefix("webhook:") for target in again.values_list("target", flat=True).distinct()}
    rows = free.values_list("public_id", "position")
    last = last_position()
    return [public_id for public_id, position in rows if position < last or str(public_id) in targets]


def target_of(row: Webhook) -> str:
    """How letters name a webhook."""
    return f"webhook:{row.public_id}"
