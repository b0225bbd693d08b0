"""Deliver events to the consumers inside this installation.

A few events go to a consumer in one transaction; when one of them fails, they go again, each in a transaction of its
own, so that the fault stays with its event.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, transaction

from groundplan.kernel.events import logic, queries, registry
from groundplan.kernel.events.actions.publishing import integrate
from groundplan.kernel.events.models import Consumer, Letter, StoredEvent
from groundplan.lib import clock, sql

TOGETHER = 20


@dataclass(frozen=True)
class DispatchCount:
    """What one round did: events given positions, deliveries made, deliveries that failed."""

    sequenced: int
    delivered: int
    failed: int


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


def _deliver_new(subscription: registry.Subscription, batch: int) -> tuple[int, int]:
    """Deliver the events after the consumer's position."""
    consumer, _ = Consumer.objects.get_or_create(name=subscription.name)
    rows = list(StoredEvent.objects.filter(position__gt=consumer.position).order_by("position")[:batch])
    waiting = Letter.objects.filter(target=subscription.name, state="waiting")
    held = set(waiting.values_list("event__subject", flat=True)) if rows else set()
    at, good, bad = consumer.position, 0, 0
    wanted = [row for row in rows if subscription.wants(row.type)]
    while len(wanted) > 1 and not held.intersection(row.subject for row in wanted[:TOGETHER]):
        some = wanted[:TOGETHER]
        moved = _deliver_together(subscription, some, at)
        if moved is None:
            return good, bad
        if not moved:
            break
        at, good, wanted = some[-1].position, good + len(some), wanted[TOGETHER:]
    for row in wanted:
        outcome = _deliver_one(subscription, row, at, held)
        if outcome is None:  # Another process has moved on; it does the rest.
            return good, bad
        at, good, bad = row.position, good + outcome, bad + (not outcome)
        if not outcome:
            held.add(row.subject)
    if rows and rows[-1].position != at:
        Consumer.objects.filter(name=subscription.name, position=at).update(position=rows[-1].position)
    return good, bad


def _deliver_together(subscription: registry.Subscription, some: list[StoredEvent], at: int) -> bool | None:
    """Deliver some events in one transaction: all or, when one fails, none; None when another process was faster."""
    try:
        with transaction.atomic():
            if not Consumer.objects.filter(name=subscription.name, position=at).update(position=some[-1].position):
                return None
            for row in some:
                _handle(subscription, row)
    except Exception:  # noqa: BLE001 - whatever a consumer raises is looked at when its event goes alone.
        return False
    return True


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
            reason = logic.reason_of(error)
        else:
            return True
    with transaction.atomic():
        if not place.update(position=row.position):
            return None
        Letter.objects.create(
            target=subscription.name, event=row, state="waiting", reason=reason, next_at=_next_attempt(0)
        )
    return False


def _handle(subscription: registry.Subscription, row: StoredEvent) -> None:
    """Run the handler unless this consumer has had this event."""
    with connection.cursor() as cursor:
        values = {"consumer": subscription.name, "event_id": row.event_id}
        if sql.insert_new(cursor, "events_consumed", values):
            subscription.handler(queries.as_event(row))


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
            reason=logic.reason_of(error),
            state="dead" if attempts >= logic.MOST_ATTEMPTS else "waiting",
            next_at=_next_attempt(attempts),
        )
        return False
    return True


def _next_attempt(attempts: int) -> datetime:
    return clock.now() + timedelta(seconds=logic.wait_s(attempts))
