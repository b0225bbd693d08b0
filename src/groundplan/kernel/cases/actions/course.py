"""The course of a whole case: suspend, resume, supervise, reopen, cancel."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from groundplan.kernel.cases.actions import _clockwork as clockwork
from groundplan.kernel.cases.actions import _deciding as deciding
from groundplan.kernel.cases.actions._loading import load_case
from groundplan.kernel.cases.actions._move import Move
from groundplan.kernel.cases.actions._rights import require_power, require_reason
from groundplan.kernel.cases.errors import CaseNotFound, DataInvalid, NotYourTask
from groundplan.kernel.cases.models import ACTIVE_CASE, Account, Case
from groundplan.kernel.cases.queries.scope import controls
from groundplan.kernel.parties.queries import Actor
from groundplan.kernel.rules.errors import NoRowMatches, RuleNotInForce, RuleUnknown


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
    move = load_case(actor, case, seen, *ACTIVE_CASE)
    if not (actor.has_role("leader", "supervisor") or controls(actor, move.case, move.flow)):
        raise NotYourTask(accepted="leader, supervisor")
    move.case.supervised += 1
    first = move.step("supervise", note=require_reason(text))
    move.announce("case.supervised.v1", times=move.case.supervised)
    move.finish("supervise", first=first, data={"times": move.case.supervised})
    return move.case


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
    return _reopen(move, actor, require_reason(reason), None)


@transaction.atomic
def reopen_unsolved(*, actor: Actor, case: UUID | str, reason: str) -> Case | None:
    """Reopen a closed case that its reporter calls not solved, where the rule of the flow (``unsolved``) says yes.

    Args:
        actor: the reporter.
        case: public id of the case.
        reason: what is not solved, in the reporter's words.

    Returns:
        The case; None when the flow has no such rule, the rule is not in force, or it says no (which is on record).

    Raises:
        CaseNotFound: the actor is not its reporter.
        DataInvalid: no reason.
        NotForThisStage: the case is not closed.
    """
    found = Case.objects.only("reporter").filter(public_id=case).first()
    if found is None or not found.reporter or found.reporter != actor.actor_id:
        raise CaseNotFound
    move = load_case(actor, case, None, "closed", by_reporter=True)
    text = require_reason(reason)
    asked, closed = move.flow.unsolved, move.case.closed_at
    if asked is None or closed is None:
        return None
    facts = {"times": move.case.reopened, "days": (move.now - closed).days}
    try:
        wanted = {name: value for name, value in facts.items() if name in deciding.inputs_of(asked.rule)}
        decision = deciding.decide(move.flow, move.case, asked.rule, asked.facts, actor, known=wanted)
    except (RuleUnknown, RuleNotInForce, NoRowMatches):
        return None
    return _reopen(move, actor, text, decision.public_id) if decision.outputs.get(asked.output) is True else None


def _reopen(move: Move, actor: Actor, reason: str, decision: UUID | None) -> Case:
    move.case.state = "open"
    move.case.closed_at = None
    move.case.outcome = ""
    move.case.reopened += 1
    move.case.paused_for = []
    spans, _none = deciding.spans_for(move.flow, move.case, move.flow.total, actor)
    clockwork.start(move.case, spans, move.now, move.flow.calendar)
    first = move.step("reopen", note=reason, decision=decision)
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
    move = load_case(actor, case, seen, *ACTIVE_CASE)
    require_power(move, actor, "cancel")
    text = require_reason(reason)
    Account.objects.filter(case=move.case, ended_at=None).update(ended_at=move.now)
    move.leave()
    move.case.state = "cancelled"
    move.end_case()
    first = move.step("cancel", note=text)
    move.announce("case.cancelled.v1")
    move.finish("cancel", first=first)
    return move.case
