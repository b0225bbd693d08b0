"""Dead letters tried again; old events removed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Min

from groundplan.kernel.events import registry
from groundplan.kernel.events.models import Consumed, Consumer, Counter, Letter, StoredEvent, Webhook
from groundplan.lib import clock, sql


@transaction.atomic
def replay_dead_letters(*, target: str = "", letters: Sequence[UUID] = ()) -> int:
    """Let dead letters be tried again, soon and in their order.

    Args:
        target: name of a consumer, or ``webhook:<public id>``; empty for all.
        letters: public ids; empty for all of the target.

    Returns:
        How many will be tried.
    """
    dead = Letter.objects.filter(state="dead")
    if target:
        dead = dead.filter(target=target)
    if letters:
        dead = dead.filter(public_id__in=letters)
    count = dead.update(state="waiting", attempts=0, next_at=clock.now())
    if count:
        sql.notify("events_outgoing")
    return count


@transaction.atomic
def prune_events(*, keep_days: int = 90, batch: int = 10_000) -> int:
    """Remove events that are old and that every consumer and webhook has passed.

    Args:
        keep_days: age from which an event may go.
        batch: most events to remove.

    Returns:
        How many were removed. The counter of positions stays, so none is given out twice.
    """
    counter = Counter.objects.select_for_update().filter(pk=1).first()
    if counter is None:
        return 0
    passed = [counter.last + 1]
    for rows in (Consumer.objects.filter(name__in=registry.subscriptions), Webhook.objects.exclude(state="ended")):
        slowest = rows.aggregate(slowest=Min("position"))["slowest"]
        passed.append(counter.last + 1 if slowest is None else slowest + 1)
    old = StoredEvent.objects.filter(position__lt=min(passed), at__lt=clock.now() - timedelta(days=keep_days))
    gone = list(old.exclude(letters__isnull=False).order_by("position").values_list("position", "event_id")[:batch])
    Consumed.objects.filter(event_id__in=[event_id for _, event_id in gone]).delete()
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM events_event WHERE position = ANY (%s)", [[position for position, _ in gone]])
    return len(gone)
