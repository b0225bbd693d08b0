"""Webhooks: who is told, and the telling, in order for each address and independent of all others.

Headers and signature are those of Standard Webhooks 1.0; the body is a CloudEvents 1.0 JSON document.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q

from groundplan.kernel.events import logic, queries, registry
from groundplan.kernel.events.actions import _posting
from groundplan.kernel.events.errors import WebhookStateChanged
from groundplan.kernel.events.models import Letter, StoredEvent, Webhook
from groundplan.lib import clock, crypto
from groundplan.lib.errors import Invalid

LEASE = timedelta(seconds=120)
# Dead letters one after another, without a success between them, after which the address is left alone.
CIRCUIT = 3


@dataclass(frozen=True)
class Delivery:
    """What one turn at an address did."""

    delivered: int = 0
    dead: int = 0


@transaction.atomic
def add_webhook(
    *, name: str, url: str, types: Sequence[str], audience: Sequence[str] = (), from_start: bool = False
) -> tuple[UUID, str]:
    """Tell an address of events from now on.

    Args:
        name: shown in lists.
        url: http or https address; checked now and before each delivery.
        types: patterns of event types, as ``case.*``.
        audience: only events with one of these audience keys; empty for all.
        from_start: begin with the oldest event that is kept instead of the next.

    Returns:
        Its public id, and the secret that signs what it is sent: shown this once.

    Raises:
        AddressRefused: the address is one that this installation does not call.
        Invalid: no name, or no type.
    """
    if not name.strip() or not types:
        raise Invalid("A webhook needs a name and at least one event type.", accepted="patterns such as case.*")
    _posting.resolve(url)
    secret = secrets.token_bytes(32)
    row = Webhook.objects.create(
        name=name.strip()[:100],
        url=url,
        types=list(types),
        audience=sorted(set(audience)),
        secret=crypto.encrypt(secret.hex()),
        position=0 if from_start else queries.last_position(),
    )
    return row.public_id, logic.shown_secret(secret)


@transaction.atomic
def pause_webhook(*, webhook: UUID, because: str = "") -> None:
    """Stop telling an address for a while; what happens meanwhile waits for it.

    Raises:
        WebhookStateChanged: it is not active.
    """
    _move(webhook, "active", "paused", because)


@transaction.atomic
def resume_webhook(*, webhook: UUID) -> None:
    """Go on telling a paused address, from where it stopped.

    Raises:
        WebhookStateChanged: it is not paused.
    """
    _move(webhook, "paused", "active", "")


@transaction.atomic
def end_webhook(*, webhook: UUID) -> None:
    """Tell an address no more, for good; what could not be delivered to it is given up.

    Raises:
        WebhookStateChanged: it has ended already.
    """
    row = queries.webhook(webhook)
    _move(webhook, row.state if row.state != "ended" else "active", "ended", "")
    Letter.objects.filter(target=queries.target_of(row)).delete()


def deliver_webhook(*, webhook: UUID, batch: int = 100) -> Delivery:
    """One turn at one address: its next events, in order, until one fails or the batch is done.

    A lease keeps two processes from serving one address at once. A failure is tried again later and holds back only
    what follows at this address; after the last attempt the event becomes a dead letter and the next has its turn.

    Args:
        webhook: public id.
        batch: most events to look at.
    """
    now = clock.now()
    free = Webhook.objects.filter(public_id=webhook, state="active", next_at__lte=now)
    if not free.filter(Q(leased_until=None) | Q(leased_until__lt=now)).update(leased_until=now + LEASE):
        return Delivery()
    row = Webhook.objects.get(public_id=webhook)
    try:
        retried = _retry_letters(row, batch)
        fresh = _deliver_events(row, batch)
    finally:
        Webhook.objects.filter(pk=row.pk).update(leased_until=None)
    return Delivery(retried + fresh.delivered, fresh.dead)


def _deliver_events(row: Webhook, batch: int) -> Delivery:
    delivered = dead = 0
    for event in StoredEvent.objects.filter(position__gt=row.position).order_by("position")[:batch]:
        place = Webhook.objects.filter(pk=row.pk, position=row.position, state="active")
        if not _wants(row, event):
            place.update(position=event.position)
            row.position = event.position
            continue
        reason = _posting.send(row, event)
        if reason and reason != _posting.GONE and row.attempts + 1 >= logic.MOST_ATTEMPTS:
            _bury(row, event, reason)
            dead += 1
        elif reason:
            _postpone(row, reason)
            break
        elif place.update(position=event.position, attempts=0, failed_in_a_row=0):
            delivered, row.attempts, row.failed_in_a_row = delivered + 1, 0, 0
        else:  # Paused or ended meanwhile, or served by another process: at least once is what was promised.
            break
        row.position = event.position
        if row.state != "active":
            break
    return Delivery(delivered, dead)


def _postpone(row: Webhook, reason: str) -> None:
    """Leave the event for a later turn; an address that says it is gone is not tried again."""
    if reason == _posting.GONE:
        Webhook.objects.filter(pk=row.pk, state="active").update(state="paused", paused_because=reason)
        return
    wait = timedelta(seconds=logic.wait_s(row.attempts))
    Webhook.objects.filter(pk=row.pk).update(attempts=F("attempts") + 1, next_at=clock.now() + wait)


@transaction.atomic
def _bury(row: Webhook, event: StoredEvent, reason: str) -> None:
    """Make a dead letter of an event, go on with the next, and open the circuit if none gets through."""
    Letter.objects.get_or_create(
        target=queries.target_of(row),
        event=event,
        defaults={"state": "dead", "attempts": row.attempts + 1, "reason": reason},
    )
    row.attempts, row.failed_in_a_row = 0, row.failed_in_a_row + 1
    row.state = "paused" if row.failed_in_a_row >= CIRCUIT else "active"
    Webhook.objects.filter(pk=row.pk, state="active").update(
        position=event.position,
        attempts=0,
        failed_in_a_row=row.failed_in_a_row,
        state=row.state,
        paused_because=reason if row.state == "paused" else "",
    )


def _retry_letters(row: Webhook, batch: int) -> int:
    """Send the letters that a person let out again, oldest first, until one fails."""
    target, delivered = queries.target_of(row), 0
    due = Letter.objects.filter(target=target, state="waiting", next_at__lte=clock.now())
    for letter in due.order_by("event_id").select_related("event")[:batch]:
        reason = _posting.send(row, letter.event)
        if reason:
            last = letter.attempts + 1 >= logic.MOST_ATTEMPTS
            Letter.objects.filter(pk=letter.pk).update(
                attempts=letter.attempts + 1,
                reason=reason,
                state="dead" if last else "waiting",
                next_at=clock.now() + timedelta(seconds=logic.wait_s(letter.attempts)),
            )
            break
        Letter.objects.filter(pk=letter.pk).delete()
        delivered += 1
    return delivered


def _wants(row: Webhook, event: StoredEvent) -> bool:
    heard = not row.audience or bool(set(row.audience) & set(event.audience))
    return heard and registry.wanted(event.type, row.types)


def _move(webhook: UUID, source: str, target: str, because: str) -> None:
    row = queries.webhook(webhook)
    found = Webhook.objects.filter(pk=row.pk, state=source)
    if not found.update(state=target, paused_because=because[:100], attempts=0, failed_in_a_row=0, next_at=clock.now()):
        raise WebhookStateChanged(f"The webhook {row.name} is {row.state}.", accepted=source)
