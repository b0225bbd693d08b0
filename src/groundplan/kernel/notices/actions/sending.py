"""Notices on their way over channels: queued with the event, sent by the worker, confirmed by the receiver."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from groundplan.kernel.events import logic as delivering
from groundplan.kernel.events.registry import Event
from groundplan.kernel.ledger import actions as ledger
from groundplan.kernel.notices import logic, queries
from groundplan.kernel.notices.actions._carriers import Outside, carry
from groundplan.kernel.notices.models import Channel, Delivery, Notice, Preference
from groundplan.lib import clock

LEASE = dt.timedelta(minutes=2)
MOST_ATTEMPTS = 8
KEPT = dt.timedelta(days=180)


def queue_notice(*, event: Event) -> int:
    """Put a new notice on its way over every channel that its recipient is reached by; safe to repeat.

    Returns:
        Over how many channels it goes.
    """
    notice = Notice.objects.filter(public_id=event.data["notice"], user__is_active=True).first()
    if notice is None:
        return 0
    told = Preference.objects.filter(user_id=notice.user_id).first()
    channels = [row for row in Channel.objects.exclude(state="ended") if queries.address_for(told, row.kind)]
    Delivery.objects.bulk_create(
        [Delivery(channel=row, notice=notice.public_id) for row in channels], ignore_conflicts=True
    )
    return len(channels)


def deliver_waiting(*, batch: int = 100) -> int:
    """Send what is due, each once at a time; a process that dies leaves it to be sent again under the same id.

    Returns:
        How many were dealt with.
    """
    done = 0
    while done < batch:
        with transaction.atomic():
            row = (
                Delivery.objects.select_for_update(skip_locked=True, of=("self",))
                .select_related("channel")
                .filter(state="waiting", next_at__lte=clock.now(), channel__state="active")
                .order_by("next_at")
                .first()
            )
            if row is None:
                break
            # The lease: whoever dies now leaves the row to the next round.
            row.attempts, row.next_at = row.attempts + 1, clock.now() + LEASE
            row.save(update_fields=["attempts", "next_at"])
        _send(row)
        done += 1
    return done


@transaction.atomic
def confirm_delivery(*, channel: UUID, delivery: UUID, arrived: bool, reason: str = "") -> bool:
    """Take a gateway's report of what became of a message it had taken; the same report again changes nothing.

    Args:
        channel: the channel that it reports on, whose secret signed the report.
        delivery: id of the message.
        arrived: whether it reached its recipient.
        reason: a short code of the gateway.

    Returns:
        Whether it was news.
    """
    sent = Delivery.objects.filter(channel__public_id=channel, public_id=delivery, state="sent")
    news = sent.update(state="delivered" if arrived else "failed", reason=reason[:60], done_at=clock.now())
    if news:
        ledger.record(
            actor="system", action="notices.confirm_delivery", subject=f"delivery:{delivery}", data={"arrived": arrived}
        )
    return bool(news)


def forget_deliveries() -> int:
    """Delete deliveries older than 180 days.

    Returns:
        How many were deleted.
    """
    deleted, _tables = Delivery.objects.filter(created_at__lt=clock.now() - KEPT).delete()
    return deleted


def _send(row: Delivery) -> None:
    """Send one delivery and note how it ended, unless somebody else has taken it meanwhile."""
    message = queries.message_for(row.notice)
    if message is None:
        _end(row, state="skipped", reason="read")
        return
    told = Preference.objects.filter(user__public_id=message.recipient).first()
    to = queries.address_for(told, row.channel.kind)
    if not to:
        _end(row, state="skipped", reason="no-address")
        return
    local = timezone.localtime(clock.now())
    later = logic.quiet_until(local, told.quiet_from, told.quiet_until) if told else None
    if later is not None:
        _end(row, attempts=row.attempts - 1, next_at=later, reason="quiet-hours")
        return
    text = logic.outside_text(message.text, message.language, with_text=row.channel.with_text)
    link = queries.absolute(message.url)
    failed = carry(row.channel, Outside(str(row.public_id), to, text, link))
    if not failed:
        parts = logic.sms_parts(text[: logic.LONGEST_VALUE] + link) if row.channel.kind == "sms" else 1
        _end(row, state="sent", reason="", parts=parts, done_at=clock.now())
    elif failed in logic.CREDENTIAL:
        _pause(row, failed)
    elif failed in logic.PERMANENT or row.attempts >= MOST_ATTEMPTS:
        _end(row, state="dead", reason=failed)
    else:
        wait = dt.timedelta(seconds=delivering.wait_s(row.attempts + 2))
        _end(row, next_at=clock.now() + wait, reason=failed)


def _end(row: Delivery, **columns: object) -> None:
    mine = row.attempts
    Delivery.objects.filter(pk=row.pk, state="waiting", attempts=mine).update(**columns)


@transaction.atomic
def _pause(row: Delivery, failed: str) -> None:
    """A credential that is refused pauses the channel: nothing that waits is lost or tried in vain."""
    _end(row, attempts=row.attempts - 1, next_at=clock.now(), reason=failed)
    if Channel.objects.filter(pk=row.channel_id, state="active").update(state="paused", paused_because=failed):
        ledger.record(
            actor="system", action="notices.pause_channel", subject=f"channel:{row.channel.public_id}",
            data={"because": failed},
        )  # fmt: skip
