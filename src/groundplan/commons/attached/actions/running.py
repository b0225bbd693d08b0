"""One turn at a system: its events, the states of our orders, what waits to be sent. Systems do not hold up others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from groundplan.commons.attached import queries, registry
from groundplan.commons.attached.actions import _taking as taking
from groundplan.commons.attached.actions._sending import note_ended, send_waiting
from groundplan.commons.attached.errors import SystemBusy, SystemInvalid
from groundplan.commons.attached.logic import Batch, Failed, mapping
from groundplan.commons.attached.models import Check, Item, System
from groundplan.kernel.events import logic as delivering
from groundplan.kernel.ledger import actions as ledger
from groundplan.kernel.parties.queries import Actor
from groundplan.lib import clock, crypto

LEASE = timedelta(minutes=15)
# What is asked for again each time: clocks differ, and a late entry of theirs bears an earlier time.
OVERLAP = timedelta(minutes=10)
FIRST_DAYS = timedelta(days=1)


@dataclass(frozen=True)
class Turn:
    """What one turn did."""

    received: int = 0
    states: int = 0
    taken: int = 0
    failed: str = ""


def run_due() -> int:
    """One turn at each system whose time has come; one that is down does not hold up the others.

    Returns:
        How many had a turn.
    """
    due = System.objects.filter(state="active", next_at__lte=clock.now()).order_by("next_at")
    turns = 0
    for public_id in list(due.values_list("public_id", flat=True)):
        row = _leased(public_id)
        if row is not None:
            _turn(row)
            turns += 1
    return turns


def run_system(*, actor: Actor, system: UUID) -> Turn:
    """One turn at a system now.

    Raises:
        SystemNotFound, NotAllowed: not the actor's to run.
        SystemBusy: it is paused, or another process serves it.
    """
    row = queries.kept_system(actor, system)
    leased = _leased(row.public_id)
    if leased is None:
        raise SystemBusy(_("该系统已暂停，或正在执行。"), next_step=_("请稍后再试。"))
    done = _turn(leased)
    _record(actor, "run_system", row, {"received": done.received, "failed": done.failed})
    return done


def reconcile_system(*, actor: Actor, system: UUID, day: date) -> Check:
    """Ask their system for a whole day again, take in what was missing, and keep both counts.

    Args:
        actor: who configures systems.
        system: public id.
        day: by the calendar of the city.

    Raises:
        SystemNotFound, NotAllowed: not the actor's.
        SystemBusy: it is paused, or being served, or does not answer.
        SystemInvalid: a folder cannot be asked again.
    """
    row = queries.kept_system(actor, system)
    if not registry.kinds[row.kind].tells_all:
        raise SystemInvalid(_("文件夹交换不能重新查询，请核对回执文件。"), fields=["kind"])
    leased = _leased(row.public_id)
    if leased is None:
        raise SystemBusy(_("该系统已暂停，或正在执行。"), next_step=_("请稍后再试。"))
    begin, end = _day_bounds(day)
    ids: set[str] = set()
    found = 0
    try:
        for batch in _adapter_of(leased).fetch(begin):
            kept = Batch([each for each in batch.rows if _within(each.at, begin, end)], batch.unread)
            known = set(Item.objects.filter(system=row, kind="event", their_id__in=[each.id for each in kept.rows])
                        .values_list("their_id", flat=True))  # fmt: skip
            found += len({each.id for each in kept.rows} - known - ids)
            ids |= {each.id for each in kept.rows}
            taking.store(leased, "event", kept)
    except Failed as failed:
        _down(leased, failed.code)
        raise SystemBusy(_("对方系统未应答：%(code)s。") % {"code": failed.code}) from failed
    finally:
        System.objects.filter(pk=row.pk).update(leased_until=None)
    taking.take_waiting(leased)
    with transaction.atomic():
        made = Check.objects.create(system=row, day=day, theirs=len(ids), found=found)
        _record(actor, "reconcile_system", row, {"day": day.isoformat(), "theirs": made.theirs, "found": made.found})
    return made


def _adapter_of(system: System) -> registry.Adapter:
    """The adapter that speaks to a system."""
    read = mapping.read_mapping(system.mapping)
    secret = crypto.decrypt(bytes(system.sealed))
    return registry.kinds[system.kind].make(registry.Connection(system.address, secret, read))


def _day_bounds(day: date) -> tuple[datetime, datetime]:
    """Beginning and end of a day of the city."""
    zone = timezone.get_default_timezone()
    return (datetime.combine(day, time(0), zone), datetime.combine(day + timedelta(days=1), time(0), zone))


@transaction.atomic
def _record(actor: Actor, action: str, row: System, data: dict[str, object]) -> None:
    ledger.record(actor=actor.actor_id, action=f"attached.{action}", subject=f"attached:{row.public_id}", data=data)


def _within(at: str, begin: datetime, end: datetime) -> bool:
    moment = mapping.parsed(at)
    return moment is not None and begin <= moment < end


def _leased(public_id: UUID) -> System | None:
    now = clock.now()
    free = System.objects.filter(public_id=public_id, state="active")
    if not free.filter(Q(leased_until=None) | Q(leased_until__lt=now)).update(leased_until=now + LEASE):
        return None
    return System.objects.get(public_id=public_id)


def _turn(system: System) -> Turn:
    """Everything that is due at a leased system; the lease ends with it."""
    received = states = taken = 0
    failed = ""
    try:
        adapter, began = _adapter_of(system), clock.now()
        try:
            if system.direction != "out":
                received, taken = _receive(system, adapter, "event", adapter.fetch(_since(system.since, system)))
                System.objects.filter(pk=system.pk).update(since=began)
            if system.direction != "in":
                if failed := send_waiting(system, adapter):
                    raise Failed(failed)  # noqa: TRY301 - the door is shut: what follows waits as well.
                batches = adapter.status(_since(system.status_since, system))
                states, more = _receive(system, adapter, "status", batches)
                taken += more
                System.objects.filter(pk=system.pk).update(status_since=began)
        except Failed as error:
            failed = error.code
        taken += taking.take_waiting(system)
        note_ended(system)
    finally:
        _end(system, failed)
    return Turn(received, states, taken, failed)


def _since(since: datetime | None, system: System) -> datetime:
    return (since or system.created_at - FIRST_DAYS) - OVERLAP


def _receive(system: System, adapter: registry.Adapter, kind: str, batches: Iterator[Batch]) -> tuple[int, int]:
    """Store batch by batch; what is stored is answered only then."""
    new = taken = 0
    for batch in batches:
        new += len(taking.store(system, kind, batch))
        if batch.name:
            taken += taking.take_waiting(system)
        adapter.done(batch, _outcome(system, kind, batch))
    return new, taken


def _outcome(system: System, kind: str, batch: Batch) -> list[tuple[str, str]]:
    """For each line of a file what became of it."""
    if not batch.name:
        return []
    named = [each.id if kind == "event" else each.order or each.id for each in batch.rows]
    rows = Item.objects.filter(system=system, kind=kind, their_id__in=named).order_by("id")
    said = {row.their_id: f"{row.state} {row.reason}".strip() for row in rows}
    return [(name, said.get(name, "")) for name in named] + [("", each.reason) for each in batch.unread]


def _end(system: System, failed: str) -> None:
    now = clock.now()
    if failed:
        _down(system, failed)
        System.objects.filter(pk=system.pk).update(leased_until=None)
        return
    System.objects.filter(pk=system.pk).update(
        leased_until=None, next_at=now + timedelta(minutes=system.every_minutes), seen_at=now, down_since=None,
        down_because="", failures=0,
    )  # fmt: skip


def _down(system: System, code: str) -> None:
    """Note since when it does not answer, and wait longer each time."""
    now = clock.now()
    failures = system.failures + 1
    wait = max(delivering.wait_s(failures + 3), 30.0)
    System.objects.filter(pk=system.pk).update(
        down_since=system.down_since or now, down_because=code[:60], failures=failures,
        next_at=now + timedelta(seconds=wait),
    )  # fmt: skip


__all__ = ["Turn", "reconcile_system", "run_due", "run_system"]
