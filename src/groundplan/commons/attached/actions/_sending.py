"""Orders on their way: sent one by one under a lease, tried again, dead in the end; or shown as different."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from groundplan.commons.attached.actions._taking import sign_for
from groundplan.commons.attached.logic import Failed, WorkOrder
from groundplan.commons.attached.models import Code, Order, System
from groundplan.commons.attached.registry import Adapter
from groundplan.kernel.cases.models import ACTIVE_TASK
from groundplan.kernel.events import logic as delivering
from groundplan.kernel.ledger import actions as ledger
from groundplan.lib import clock
from groundplan.lib.errors import GroundplanError

LEASE = timedelta(minutes=2)
MOST_ATTEMPTS = 8
# So many failures one after the other open the circuit: what waits is left for the next round.
CIRCUIT = 3
# Their door is shut, not this order wrong.
SHUT = ("http-401", "http-403", "http-429")


def send_waiting(system: System, adapter: Adapter) -> str:
    """Send what is due to one system, until its door is shut.

    Returns:
        Why it stopped early, as a short code; empty when it did not.
    """
    row, failed_in_a_row = _next(system), 0
    while row is not None:
        failed = _send(row, adapter)
        failed_in_a_row = failed_in_a_row + 1 if failed else 0
        if failed in SHUT or failed_in_a_row >= CIRCUIT:
            return failed
        row = _next(system)
    return ""


def note_ended(system: System) -> int:
    """Show orders whose task ended here while they still work on it, and drop those never sent.

    Returns:
        How many are shown as different.
    """
    rows = Order.objects.filter(system=system).exclude(task__state__in=ACTIVE_TASK)
    rows.filter(state="waiting").update(state="withdrawn", reason="task-ended")
    ended = rows.filter(state__in=("sent", "acknowledged"), differs=False)
    return ended.update(differs=True, difference=_("我方任务已结束，对方仍在办理。"))


def _next(system: System) -> Order | None:
    """Take the next order that is due under a lease."""
    with transaction.atomic():
        row = (
            Order.objects.select_for_update(skip_locked=True, of=("self",))
            .select_related("task__case", "task__party", "system")
            .filter(system=system, state="waiting", next_at__lte=clock.now())
            .order_by("next_at", "id")
            .first()
        )
        if row is not None:
            row.attempts, row.next_at = row.attempts + 1, clock.now() + LEASE
            row.save(update_fields=["attempts", "next_at"])
        return row


def _send(row: Order, adapter: Adapter) -> str:
    """Send one order and note how it went; a short code when it failed."""
    order = _work_order(row)
    if order is None:
        _note(row, state="withdrawn", reason="task-ended")
        return ""
    try:
        theirs = adapter.send(order)
    except Failed as failed:
        _note_failure(row, failed)
        return failed.code
    with transaction.atomic():
        state = "acknowledged" if theirs else "sent"
        if not _note(row, state=state, their_id=theirs, reason="", sent_at=clock.now()):
            return ""
        ledger.record(
            actor="system", action="attached.send", subject=f"attached-order:{row.public_id}",
            data={"task": str(row.task.public_id), "theirs": theirs},
        )  # fmt: skip
        if theirs:
            _sign(row)
    return ""


def _sign(row: Order) -> None:
    try:
        with transaction.atomic():
            sign_for(row)
    except GroundplanError as error:  # Suspended, or somebody was faster: the order stands all the same.
        Order.objects.filter(pk=row.pk).update(reason=error.code[:60])


def _work_order(row: Order) -> WorkOrder | None:
    """What they are told; None when the task is no longer theirs."""
    task = row.task
    code = Code.objects.filter(system_id=row.system_id, kind="unit", ours=task.party.code).order_by("id").first()
    if code is None or task.state not in ACTIVE_TASK:
        return None
    case = task.case
    ours = str(case.data.get("matter") or case.data.get("category") or "")
    category = Code.objects.filter(system_id=row.system_id, kind="category", ours=ours).order_by("id").first()
    return WorkOrder(
        id=str(row.public_id), number=case.number, title=case.title,
        text=str(case.data.get("description") or case.title), place=str(case.data.get("place") or ""),
        unit=code.theirs, category=category.theirs if category else "", due=task.due_at or case.due_at,
        at=row.created_at,
    )  # fmt: skip


def _note_failure(row: Order, failed: Failed) -> None:
    if failed.code in SHUT:
        _note(row, attempts=row.attempts - 1, next_at=clock.now(), reason=failed.code)
    elif failed.lasting or row.attempts >= MOST_ATTEMPTS:
        _note(row, state="dead", reason=failed.code[:60])
    else:
        wait = timedelta(seconds=delivering.wait_s(row.attempts + 2))
        _note(row, next_at=clock.now() + wait, reason=failed.code[:60])


def _note(row: Order, **columns: object) -> int:
    return Order.objects.filter(pk=row.pk, state="waiting", attempts=row.attempts).update(**columns)
