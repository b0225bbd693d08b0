"""What time does: overdue tasks climb, unanswered hand-overs lapse, pauses end, calendars arrive."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from groundplan.kernel.cases.actions import _clockwork as clockwork
from groundplan.kernel.cases.actions import _deciding as deciding
from groundplan.kernel.cases.actions._loading import lock_case
from groundplan.kernel.cases.actions._move import Move
from groundplan.kernel.cases.actions.course import resume_case
from groundplan.kernel.cases.errors import CaseMoved
from groundplan.kernel.cases.logic import clocks
from groundplan.kernel.cases.logic.flow import Work
from groundplan.kernel.cases.models import ACTIVE_CASE, ACTIVE_TASK, Case, Task
from groundplan.kernel.cases.queries.flows import flow_of
from groundplan.kernel.cases.queries.owners import superior_of
from groundplan.kernel.notices import actions as notices
from groundplan.kernel.parties.models import Party
from groundplan.kernel.parties.queries import SYSTEM
from groundplan.lib import clock
from groundplan.lib.worktime import calendar_for


@dataclass(frozen=True)
class OverdueCount:
    """What one round did."""

    escalated: int = 0
    lapsed: int = 0
    resumed: int = 0


def escalate_overdue(*, batch: int = 500) -> OverdueCount:
    """One round over everything whose time has come; safe to repeat and to run twice at once.

    An overdue task is flagged, its unit and its superior are told, and at each further interval of the flow the next
    superior up. An offer that nobody answered goes back to its giver or up, as the flow says. A suspension that has
    an end ends.
    """
    now = clock.now()
    escalated = lapsed = resumed = 0
    due = Task.objects.filter(next_escalation_at__lte=now).order_by("next_escalation_at")
    for case_id, task_id, kind in list(due.values_list("case_id", "id", "kind")[:batch]):
        done = _escalate_one(case_id, task_id)
        lapsed += done and kind == "offer"
        escalated += done and kind != "offer"
    ended = Case.objects.filter(state="suspended", suspended_until__lte=now).values_list("public_id", "version")
    for public_id, version in list(ended[:batch]):
        try:
            resume_case(actor=SYSTEM, case=public_id, seen=version)
            resumed += 1
        except CaseMoved:
            continue
    return OverdueCount(int(escalated), int(lapsed), resumed)


def fill_due_dates(*, batch: int = 500) -> int:
    """Set the due dates of cases that waited for a calendar (日历缺失), now that it has come.

    Returns:
        How many cases got their dates.
    """
    waiting = Case.objects.filter(calendar_missing=True).values_list("id", flat=True)
    through_tasks = Task.objects.filter(calendar_missing=True).values_list("case_id", flat=True)
    return sum(_fill_one(case_id) for case_id in sorted({*waiting[:batch], *through_tasks[:batch]}))


@transaction.atomic
def _escalate_one(case_id: int, task_id: int) -> bool:
    case = lock_case(skip_locked=True, pk=case_id, state__in=ACTIVE_CASE)
    if case is None:
        return False
    move = Move(SYSTEM, case, flow_of(case.flow_version_id), was_state=case.state)
    move.tasks = list(Task.objects.filter(case=case, state__in=ACTIVE_TASK).select_related("party", "parent__party"))
    task = next((each for each in move.tasks if each.pk == task_id), None)
    if task is None or task.next_escalation_at is None or task.next_escalation_at > move.now:
        return False
    for each in move.tasks:
        each.parent = next((other for other in move.tasks if other.pk == each.parent_id), each.parent)
    if task.kind == "offer":
        _lapse(move, task)
    else:
        _climb(move, task)
    return True


def _climb(move: Move, task: Task) -> None:
    """Flag an overdue task and tell the next superior up."""
    task.overdue = True
    task.escalation += 1
    above: Party | None = task.party
    for _level in range(min(task.escalation, move.flow.escalation.levels)):
        above = superior_of(above.pk) if above is not None else None
    if move.case.due_at is not None and move.case.due_at <= move.now and not move.case.paused_for:
        move.case.overdue = True
    more = task.escalation < move.flow.escalation.levels and above is not None
    task.next_escalation_at = _next(move, move.now) if more else None
    if above is None:
        first = move.step("overdue", task=task, unit=task.party.name)
    else:
        first = move.step("escalate", task=task, unit=task.party.name, other=above.name)
        move.involve(above, "superior")
    _save_quietly(move, task)
    move.announce("case.overdue.v1", task=str(task.public_id), party=task.party.code, level=task.escalation)
    move.finish("escalate", first=first, data={"task": str(task.public_id), "level": task.escalation})
    _tell(move.case, task, above)


def _lapse(move: Move, offer: Task) -> None:
    """A hand-over that nobody answered goes back to its giver, or up to the receiver's superior once."""
    giver = offer.parent
    work = move.flow.work(offer.stage, offer.key)
    above = superior_of(offer.party_id)
    climbs = isinstance(work, Work) and work.transfer.unanswered == "escalate"
    if giver is None:
        return
    if climbs and above is not None and not offer.asks.get("escalated") and above.pk != giver.party_id:
        first = move.step("transfer_escalated", task=offer, unit=offer.party.name, other=above.name)
        offer.party = above
        offer.asks = {**offer.asks, "escalated": True}
        clockwork.start(offer, offer.limit_spans, move.now, move.flow.calendar)
        move.change(offer)
        move.involve(above, "offer")
    else:
        move.end_task(offer, "returned", "unanswered")
        move.reopen_task(giver)
        first = move.step("transfer_lapsed", task=offer, unit=offer.party.name, other=giver.party.name)
    move.announce("task.transfer_lapsed.v1", task=str(giver.public_id), party=offer.party.code)
    move.finish("lapse_transfer", first=first, data={"task": str(giver.public_id)})
    _tell(move.case, giver, above)


def _save_quietly(move: Move, task: Task) -> None:
    """An overdue mark is no reason to refuse the officer who is just finishing: the version stays."""
    move.changed[id(task)] = task


def _next(move: Move, now: datetime) -> datetime | None:
    spans, _none = deciding.spans_for(move.flow, move.case, move.flow.escalation.every, SYSTEM)
    return clocks.due_or_missing(clocks.Clock(now, clocks.read_spans(spans)), calendar_for(move.flow.calendar))


def _tell(case: Case, task: Task, above: Party | None) -> None:
    """Put a notice before the unit and its superior."""
    for party, roles in ((task.party, (task.role,)), (above, ("leader", "dispatcher", "supervisor"))):
        if party is not None:
            notices.notify(
                actor=SYSTEM,
                recipients=[(party.pk, roles)],
                kind="case.overdue",
                title={
                    "zh-hans": f"{case.number} 超期：{party.name.get('zh-hans', '')}",
                    "en": f"{case.number} is overdue",
                },
                subject=f"case:{case.public_id}",
                url=f"/cases/{case.public_id}",
            )


@transaction.atomic
def _fill_one(case_id: int) -> bool:
    case = lock_case(skip_locked=True, pk=case_id)
    if case is None:
        return False
    move = Move(SYSTEM, case, flow_of(case.flow_version_id), was_state=case.state)
    move.tasks = list(Task.objects.filter(case=case, state__in=ACTIVE_TASK).select_related("party"))
    waiting = [timed for timed in (case, *move.tasks) if timed.calendar_missing]
    for timed in waiting:
        clockwork.refresh(timed, move.flow.calendar)
    found = [timed for timed in waiting if not timed.calendar_missing]
    if not found:
        return False
    for task in move.tasks:
        clockwork.cap(task, case.due_at)
        move.changed[id(task)] = task
    move.announce("case.dated.v1", due=case.due_at.isoformat() if case.due_at else None)
    move.finish("fill_due_dates", first=move.step("calendar"))
    return True
