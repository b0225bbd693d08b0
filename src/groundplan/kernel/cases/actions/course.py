"""The course of a whole case: suspend, resume, supervise, merge, reopen, cancel."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from groundplan.kernel.cases.actions import _clockwork as clockwork
from groundplan.kernel.cases.actions import _deciding as deciding
from groundplan.kernel.cases.actions._loading import load_case
from groundplan.kernel.cases.actions._move import Move
from groundplan.kernel.cases.actions._rights import require_power, require_reason
from groundplan.kernel.cases.errors import DataInvalid, NotYourTask
from groundplan.kernel.cases.models import Case, Involvement
from groundplan.kernel.cases.queries.scope import controls
from groundplan.kernel.parties.queries import Actor


@transaction.atomic
def suspend_case(
    *, actor: Actor, case: UUID | str, seen: int | None, reason: str, until: datetime | None = None
) -> Case:
    """Suspend a case (挂起): its clocks stand still until it is resumed, or until a moment.

    Raises:
        CaseMoved: somebody else was faster.
        NotYourTask: the actor neither controls the flow nor holds a task that allows it.
        NotForThisStage: the case is not open.
    """
    move = load_case(actor, case, seen, "open")
    require_power(move, actor, "suspend")
    text = require_reason(reason)
    if until is not None and until <= move.now:
        raise DataInvalid(_("恢复时间须在将来。"), fields=[{"field": "until", "reason": "not in the future"}])
    move.case.state = "suspended"
    move.case.suspended_until = until
    if "suspended" in move.flow.pauses:
        for timed in (move.case, *move.active()):
            clockwork.pause(timed, "suspended", move.now)
    for task in move.active():
        move.change(task)
    first = move.step("suspend", note=text)
    move.announce("case.suspended.v1", until=until.isoformat() if until else None)
    move.finish("suspend", first=first)
    return move.case


@transaction.atomic
def resume_case(*, actor: Actor, case: UUID | str, seen: int | None, note: str = "") -> Case:
    """Resume a suspended case: what was left of each clock is left again.

    Raises:
        CaseMoved: somebody else was faster.
        NotYourTask: the actor neither controls the flow nor holds a task that allows it.
        NotForThisStage: the case is not suspended.
    """
    move = load_case(actor, case, seen, "suspended")
    require_power(move, actor, "suspend")
    move.case.state = "open"
    move.case.suspended_until = None
    for timed in (move.case, *move.active()):
        clockwork.resume(timed, "suspended", move.now, move.flow.calendar)
    for task in move.active():
        clockwork.cap(task, move.case.due_at)
        move.change(task)
    first = move.step("resume", note=note)
    move.announce("case.resumed.v1")
    move.finish("resume", first=first)
    return move.case


@transaction.atomic
def supervise_case(*, actor: Actor, case: UUID | str, seen: int | None, text: str) -> Case:
    """Put formal pressure on a case (督办); its owner is told.

    Raises:
        CaseMoved: somebody else was faster.
        NotYourTask: only leaders, supervisors and the controlling unit supervise.
        NotForThisStage: the case is over.
    """
    move = load_case(actor, case, seen, "open", "suspended")
    if not (actor.has_role("leader", "supervisor") or controls(actor, move.case, move.flow)):
        raise NotYourTask(accepted="leader, supervisor")
    move.case.supervised += 1
    first = move.step("supervise", note=require_reason(text))
    move.announce("case.supervised.v1", times=move.case.supervised)
    move.finish("supervise", first=first, data={"times": move.case.supervised})
    return move.case


@transaction.atomic
def merge_cases(*, actor: Actor, into: UUID | str, cases: Sequence[UUID | str], seen: int | None, reason: str) -> Case:
    """Join duplicates (并单): they end in the case that goes on, whose units see them all.

    Args:
        actor: of the controlling unit, or holder of a task that allows it.
        into: the case that goes on.
        cases: the duplicates.
        seen: version of the case that goes on.
        reason: why they are the same.

    Raises:
        CaseMoved: somebody else was faster.
        NotYourTask: the actor may not merge one of them.
        DataInvalid: no duplicates are named, or the case itself, or one of another flow.
    """
    main = load_case(actor, into, seen, "open")
    require_power(main, actor, "merge")
    text = require_reason(reason)
    others = []
    for public_id in sorted({str(each) for each in cases}):
        other = load_case(actor, public_id, None, "open")
        if other.case.pk == main.case.pk or other.case.flow != main.case.flow:
            raise DataInvalid(_("只能并入同一流程的另一办件。"), fields=[{"field": "cases", "reason": public_id}])
        require_power(other, actor, "merge")
        others.append(other)
    if not others:
        raise DataInvalid(_("请选择要并入的办件。"), fields=[{"field": "cases", "reason": "missing"}])
    first = main.step("merged_in", note=text, other="、".join(each.case.number for each in others))
    for involvement in Involvement.objects.filter(case__in=[each.case for each in others]).select_related("party"):
        if involvement.party_id not in main.involved:
            main.involve(involvement.party, "merged")
    already = set(Involvement.objects.filter(case=main.case).values_list("party_id", flat=True))
    main.involved = {party: part for party, part in main.involved.items() if party not in already}
    main.announce("case.merged.v1", merged=[str(each.case.public_id) for each in others])
    record = main.finish("merge", first=first, data={"merged": [each.case.number for each in others]})
    for other in others:
        _end_merged(other, main.case, record, text)
    return main.case


@transaction.atomic
def reopen_case(*, actor: Actor, case: UUID | str, seen: int | None, reason: str) -> Case:
    """Reopen a closed case with a reason; the total clock starts anew.

    Raises:
        CaseMoved: somebody else was faster.
        NotYourTask: the actor does not control the flow.
        NotForThisStage: the case is not closed, or its flow has no stage to reopen to.
    """
    move = load_case(actor, case, seen, "closed")
    if not controls(actor, move.case, move.flow):
        raise NotYourTask(accepted=", ".join(move.flow.control_roles))
    text = require_reason(reason)
    move.case.state = "open"
    move.case.closed_at = None
    move.case.outcome = ""
    move.case.reopened += 1
    move.case.paused_for = []
    spans, _none = deciding.spans_for(move.flow, move.case, move.flow.total, actor)
    clockwork.start(move.case, spans, move.now, move.flow.calendar)
    first = move.step("reopen", note=text)
    move.announce("case.reopened.v1", times=move.case.reopened)
    move.enter(move.flow.reopen_to or move.flow.start)
    move.finish("reopen", first=first, data={"times": move.case.reopened})
    return move.case


@transaction.atomic
def cancel_case(*, actor: Actor, case: UUID | str, seen: int | None, reason: str) -> Case:
    """Cancel a case with a reason; it counts as ended without outcome.

    Raises:
        CaseMoved: somebody else was faster.
        NotYourTask: the actor neither controls the flow nor holds a task that allows it.
        NotForThisStage: the case is over.
    """
    move = load_case(actor, case, seen, "open", "suspended")
    require_power(move, actor, "cancel")
    text = require_reason(reason)
    move.leave()
    move.case.state = "cancelled"
    move.end_case()
    first = move.step("cancel", note=text)
    move.announce("case.cancelled.v1")
    move.finish("cancel", first=first)
    return move.case


def _end_merged(other: Move, into: Case, record: UUID, note: str) -> None:
    """End a duplicate under the record of the merge."""
    other.leave()
    other.case.state = "merged"
    other.case.merged_into = into
    other.end_case()
    other.step("merge", note=note, other=into.number)
    other.write(record)
