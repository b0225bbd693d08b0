"""Writes of events: publish, give positions, deliver to consumers inside this process."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from psycopg.types.json import Jsonb
from pydantic import ValidationError

from groundplan.kernel.events import registry
from groundplan.kernel.events.errors import EventDataInvalid, EventTypeUnknown, PublishedOutsideTransaction
from groundplan.kernel.events.models import Consumer, Counter, Letter, StoredEvent
from groundplan.lib import clock, sql
from groundplan.lib.errors import GroundplanError
from groundplan.lib.identity import uuid7

APP = "groundplan.kernel.events"
DISPATCHER_LOCK = "groundplan.events.dispatcher"
INTEGRATED = "events_integrated"
MOST_ATTEMPTS = 10
quiet = sql.Quiet(every_s=0.05)


@dataclass(frozen=True)
class DispatchCount:
    """What one round did: events given positions, deliveries made, deliveries that failed."""

    sequenced: int
    delivered: int
    failed: int


def publish(
    *,
    type: str,  # noqa: A002 - CloudEvents' word.
    subject: str,
    data: Mapping[str, Any],
    actor: str,
    audience: Sequence[str] = (),
) -> UUID:
    """Tell that something happened, in the transaction of the change itself.

    Args:
        type: a registered type, as ``case.opened.v1``.
        subject: what it happened to, as ``case:<public id>``.
        data: values of the type's model, without personal data.
        actor: opaque id of who acted.
        audience: keys of who may get the hint in a browser: ``party:<id>``, ``user:<actor id>``, ``public``.

    Returns:
        The event's id.

    Raises:
        PublishedOutsideTransaction: no transaction is open.
        EventTypeUnknown: nobody registered the type.
        EventDataInvalid: the data do not fit the type's model.
    """
    if not connection.in_atomic_block:
        raise PublishedOutsideTransaction(f"{type} was published outside a transaction.")
    model = registry.types.get(type)
    if model is None:
        raise EventTypeUnknown(f"The event type {type!r} is not registered.", next_step="Call registry.event_type.")
    try:
        plain = model.model_validate(dict(data)).model_dump(mode="json")
    except ValidationError as error:
        fields = [".".join(map(str, item["loc"])) for item in error.errors()]
        raise EventDataInvalid(f"The data of {type} do not fit: {', '.join(fields)}.") from error
    event_id = uuid7()
    values: list[Any] = [event_id, type, subject, clock.now(), actor, Jsonb(sorted(set(audience))), Jsonb(plain)]
    statement = "publish_and_notify" if quiet.may_notify() else "publish"
    with connection.cursor() as cursor:
        cursor.execute(sql.named(APP, statement), values)
    return event_id


def dispatch(*, batch: int = 500) -> DispatchCount:
    """One round: give positions to committed events, then deliver to every registered consumer.

    Safe to run in several processes at once. Must not be called inside a transaction that should stay open.

    Args:
        batch: most events to take in each step.
    """
    sequenced = integrate(batch=batch)
    delivered = failed = 0
    for subscription in list(registry.subscriptions.values()):
        for step in (_retry_waiting, _deliver_new):
            good, bad = step(subscription, batch)
            delivered, failed = delivered + good, failed + bad
    return DispatchCount(sequenced, delivered, failed)


@transaction.atomic
def integrate(*, batch: int = 500) -> int:
    """Give positions to committed events, in one transaction, if no other process is doing it.

    Returns:
        How many got one.
    """
    with connection.cursor() as cursor:
        if not sql.try_advisory_lock(cursor, DISPATCHER_LOCK):
            return 0
        counter, _ = Counter.objects.get_or_create(pk=1)
        cursor.execute(sql.named(APP, "integrate"), {"batch": batch, "last": counter.last})
        moved = int(cursor.rowcount)
        if moved:
            Counter.objects.filter(pk=1).update(last=counter.last + moved)
            sql.notify(INTEGRATED, str(counter.last + moved))
        return moved


def next_attempt(attempts: int) -> datetime:
    """When to try again: 2 s doubled each time, at most an hour, give or take a half so that retries spread."""
    wait_s = min(2.0 * 2**attempts, 3600.0) * random.uniform(0.5, 1.5)  # noqa: S311 - spreading, not secrecy.
    return clock.now() + timedelta(seconds=wait_s)


def reason_of(error: Exception) -> str:
    """An error as it may be stored: its kind, without its text, which could name a person."""
    return error.code if isinstance(error, GroundplanError) else type(error).__name__


def as_event(row: StoredEvent) -> registry.Event:
    """A stored event as consumers see it."""
    return registry.Event(
        id=row.event_id, position=row.position, type=row.type, subject=row.subject, at=row.at, actor=row.actor,
        audience=tuple(row.audience), data=row.data,
    )  # fmt: skip


def _deliver_new(subscription: registry.Subscription, batch: int) -> tuple[int, int]:
    """Deliver the events after the consumer's position."""
    consumer, _ = Consumer.objects.get_or_create(name=subscription.name)
    rows = list(StoredEvent.objects.filter(position__gt=consumer.position).order_by("position")[:batch])
    waiting = Letter.objects.filter(target=subscription.name, state="waiting")
    held = set(waiting.values_list("event__subject", flat=True)) if rows else set()
    at, good, bad = consumer.position, 0, 0
    for row in rows:
        if not subscription.wants(row.type):
            continue
        outcome = _deliver_one(subscription, row, at, held)
        if outcome is None:  # Another process has moved on; it does the rest.
            return good, bad
        at, good, bad = row.position, good + outcome, bad + (not outcome)
        if not outcome:
            held.add(row.subject)
    if rows and rows[-1].position != at:
        Consumer.objects.filter(name=subscription.name, position=at).update(position=rows[-1].position)
    return good, bad


def _deliver_one(subscription: registry.Subscription, row: StoredEvent, at: int, held: set[str]) -> bool | None:
    """Deliver one event in one transaction; None when another process was faster."""
    place = Consumer.objects.filter(name=subscription.name, position=at)
    reason = "waits-for-an-earlier-one"
    if row.subject not in held:
        try:
            with transaction.atomic():
                if not place.update(position=row.position):
                    return None
                _handle(subscription, row)
        except Exception as error:  # noqa: BLE001 - whatever a consumer raises, the others go on.
            reason = reason_of(error)
        else:
            return True
    with transaction.atomic():
        if not place.update(position=row.position):
            return None
        Letter.objects.create(
            target=subscription.name, event=row, state="waiting", reason=reason, next_at=next_attempt(0)
        )
    return False


def _handle(subscription: registry.Subscription, row: StoredEvent) -> None:
    """Run the handler unless this consumer has had this event."""
    with connection.cursor() as cursor:
        values = {"consumer": subscription.name, "event_id": row.event_id}
        if sql.insert_new(cursor, "events_consumed", values):
            subscription.handler(as_event(row))


def _retry_waiting(subscription: registry.Subscription, batch: int) -> tuple[int, int]:
    """Try the letters of this consumer whose time has come, the oldest of each subject first."""
    due = Letter.objects.filter(target=subscription.name, state="waiting", next_at__lte=clock.now())
    good, bad, held = 0, 0, set[str]()
    for letter in due.order_by("event_id").select_related("event")[:batch]:
        if letter.event.subject in held or _has_earlier(letter):
            continue
        outcome = _retry_one(subscription, letter)
        if outcome is False:
            held.add(letter.event.subject)
        good, bad = good + (outcome is True), bad + (outcome is False)
    return good, bad


def _has_earlier(letter: Letter) -> bool:
    earlier = Letter.objects.filter(target=letter.target, event__subject=letter.event.subject, state="waiting")
    return earlier.filter(event_id__lt=letter.event_id).exists()


def _retry_one(subscription: registry.Subscription, letter: Letter) -> bool | None:
    """Try one letter; None when another process has it."""
    try:
        with transaction.atomic():
            if not Letter.objects.select_for_update(skip_locked=True).filter(pk=letter.pk, state="waiting").exists():
                return None
            _handle(subscription, letter.event)
            Letter.objects.filter(pk=letter.pk).delete()
    except Exception as error:  # noqa: BLE001 - as above.
        attempts = letter.attempts + 1
        Letter.objects.filter(pk=letter.pk, state="waiting").update(
            attempts=attempts,
            reason=reason_of(error),
            state="dead" if attempts >= MOST_ATTEMPTS else "waiting",
            next_at=next_attempt(attempts),
        )
        return False
    return True
