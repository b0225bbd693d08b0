"""Return with ruling (退单、派单异议审核), extension (延期): one asks, another decides, the clock stands."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from groundplan.kernel.cases.actions import _clockwork as clockwork
from groundplan.kernel.cases.actions import _deciding as deciding
from groundplan.kernel.cases.actions._loading import load_task
from groundplan.kernel.cases.actions._move import Move
from groundplan.kernel.cases.actions._rights import require_allowed, require_another, require_reason
from groundplan.kernel.cases.errors import DataInvalid, NotForThisStage, TooLate
from groundplan.kernel.cases.logic import clocks
from groundplan.kernel.cases.logic.flow import RulingStage, Work
from groundplan.kernel.cases.models import Step, Task
from groundplan.kernel.cases.queries.owners import owner_for
from groundplan.kernel.cases.queries.scope import require_holder
from groundplan.kernel.parties.queries import Actor
from groundplan.lib.worktime import Span


@transaction.atomic
def return_task(*, actor: Actor, task: UUID | str, seen: int | None, reason: str) -> Task:
    """Return a task with a reason (退单).

    A task that came from the dispatch goes to the ruling stage of the flow and waits there for its ruling; its unit
    stays the owner. A task re-dispatched from above goes back to the unit that re-dispatched it.

    Raises:
        CaseMoved: somebody else was faster.
        NotYourTask: the task is with another unit or role.
        NotForThisStage: the flow allows no return here.
        TooLate: the time for returning has passed.
    """
    move, mine = load_task(actor, task, seen, "open", "offered")
    require_holder(actor, mine)
    text = require_reason(reason)
    if mine.kind in {"child", "assist"} and mine.parent is not None:
        first = _give_back_up(move, mine, text)
    else:
        first = _ask_for_ruling(move, mine, text)
    move.announce("task.returned.v1", task=str(mine.public_id), party=mine.party.code)
    move.finish("return", first=first, data={"task": str(mine.public_id), "unit": mine.party.code})
    return mine


@transaction.atomic
def rule_return(*, actor: Actor, task: UUID | str, seen: int | None, uphold: bool, note: str = "") -> Task:
    """Rule on a return (派单异议审核): upheld, the case is dispatched anew; refused, its unit goes on.

    Args:
        actor: a member of the ruling unit.
        task: public id of the ruling task.
        seen: version of the ruling task that the actor saw.
        uphold: whether the unit was right to return it.
        note: the ground of the ruling.

    Raises:
        CaseMoved: somebody else was faster.
        NotYourTask: the ruling is with another unit or role.
    """
    move, mine = load_task(actor, task, seen, "open")
    require_holder(actor, mine)
    if mine.kind != "ruling" or mine.parent is None:
        raise NotForThisStage(_("该任务不是退单裁定。"), kind=mine.kind)
    require_another(move, actor, mine)
    returned = mine.parent
    ruling = move.flow.stages[mine.stage]
    kind = "ruling_upheld" if uphold else "ruling_refused"
    first = move.step(kind, task=mine, note=note, unit=mine.party.name, other=returned.party.name)
    move.end_task(mine, "done", "upheld" if uphold else "refused")
    if uphold and isinstance(ruling, RulingStage):
        move.end_task(returned, "returned", "upheld")
        move.leave()
        move.enter(ruling.upheld)
    else:
        for timed in (returned, move.case):
            clockwork.resume(timed, _cause("returned", returned), move.now, move.flow.calendar)
        move.reopen_task(returned)
    move.finish(
        "rule_return", first=first, data={"task": str(mine.public_id), "unit": mine.party.code, "upheld": uphold}
    )
    return mine


@transaction.atomic
def request_extension(*, actor: Actor, task: UUID | str, seen: int | None, span: str, reason: str) -> Task:
    """Ask for a longer deadline (延期); another unit decides, and this one stays the owner and may go on.

    Args:
        actor: a member of the unit that has the task.
        task: public id of the task.
        seen: version of the task that the actor saw.
        span: how much longer, such as ``3 work_days``.
        reason: why.

    Returns:
        The task of deciding on it.

    Raises:
        CaseMoved: somebody else was faster.
        NotForThisStage: the flow allows no extension here, or one is being decided.
        DataInvalid: the span is no span or longer than the flow allows in all.
    """
    move, mine = load_task(actor, task, seen, "open")
    require_holder(actor, mine)
    work = move.work_of(mine)
    require_allowed(work, "extend")
    text = require_reason(reason)
    wanted = _extension_span(mine, work, span)
    if any(each.kind == "extension" for each in move.children(mine)):
        raise NotForThisStage(_("已有延期申请待审批。"))
    owner = work.extensions.decided_by or move.flow.control
    if owner is None:
        raise NotForThisStage(_("流程没有规定由谁审批延期。"))
    spans, _none = deciding.spans_for(move.flow, move.case, work.extensions.limit, actor)
    asked = Task(
        case=move.case,
        stage=mine.stage,
        key=mine.key,
        kind="extension",
        party=owner_for(owner, move.case, mine.stage),
        role=work.extensions.role,
        parent=mine,
        opened_at=move.now,
        asks={"span": str(wanted), "reason": text},
    )
    clockwork.start(asked, spans, move.now, move.flow.calendar)
    move.add_task(asked)
    move.change(mine)
    _pause(move, mine, "extension")
    first = move.step("extension_asked", task=mine, note=text, unit=mine.party.name, span=str(wanted))
    move.announce("task.extension_asked.v1", task=str(mine.public_id), party=mine.party.code)
    move.finish("request_extension", first=first, data={"task": str(mine.public_id), "span": str(wanted)})
    return asked


@transaction.atomic
def decide_extension(*, actor: Actor, task: UUID | str, seen: int | None, grant: bool, note: str = "") -> Task:
    """Decide on an extension; granted, the task's deadline and the total move by the same span.

    Raises:
        CaseMoved: somebody else was faster.
        NotYourTask: the decision is with another unit or role.
    """
    move, mine = load_task(actor, task, seen, "open")
    require_holder(actor, mine)
    if mine.kind != "extension" or mine.parent is None:
        raise NotForThisStage(_("该任务不是延期审批。"), kind=mine.kind)
    require_another(move, actor, mine)
    asking = mine.parent
    span = Span.parse(str(mine.asks["span"]))
    move.end_task(mine, "done", "granted" if grant else "refused")
    move.change(asking)
    for timed in (asking, move.case):
        clockwork.resume(timed, _cause("extension", asking), move.now, move.flow.calendar)
    if grant:
        clockwork.extend(move.case, span, move.flow.calendar)
        clockwork.extend(asking, span, move.flow.calendar)
        asking.overdue = bool(asking.due_at and asking.due_at < move.now)
        move.case.overdue = bool(move.case.due_at and move.case.due_at < move.now)
        asking.asks = {**asking.asks, "extended": [*asking.asks.get("extended", []), str(span)]}
    kind = "extension_granted" if grant else "extension_refused"
    first = move.step(kind, task=mine, note=note, unit=mine.party.name, span=str(span))
    move.announce("task.extension_decided.v1", task=str(asking.public_id), granted=grant)
    move.finish("decide_extension", first=first, data={"task": str(asking.public_id), "granted": grant})
    return mine


def _give_back_up(move: Move, mine: Task, reason: str) -> Step:
    parent = mine.parent
    move.end_task(mine, "returned", "given_back")
    if parent is not None and parent.state == "waiting" and not move.children(parent):
        move.reopen_task(parent)
    other = parent.party.name if parent is not None else {}
    return move.step("return_up", task=mine, note=reason, unit=mine.party.name, other=other)


def _ask_for_ruling(move: Move, mine: Task, reason: str) -> Step:
    work = move.work_of(mine)
    require_allowed(work, "return")
    if work.returns is None:
        raise NotForThisStage(_("本环节不能退单。"))
    _require_returns_left(move, work.returns.most)
    spans, _none = deciding.spans_for(move.flow, move.case, work.returns.limit, move.actor)
    if spans:
        clock = clocks.Clock(mine.opened_at, clocks.read_spans(spans))
        latest = clocks.due_or_missing(clock, clockwork.worktime_of(mine, move.flow.calendar))
        if latest is not None and move.now > latest:
            raise TooLate(_("退单时限（%(span)s）已过。") % {"span": spans}, until=latest.isoformat())
    ruling = move.flow.stages[work.returns.to]
    if not isinstance(ruling, RulingStage):
        raise NotForThisStage(_("本环节不能退单。"), stage=work.returns.to)
    mine.state = "waiting"
    move.change(mine)
    _pause(move, mine, "returned")
    owner = owner_for(ruling.owner, move.case, work.returns.to)
    move.open_task(ruling, owner, stage=work.returns.to, parent=mine, asks={"reason": reason})
    return move.step("return", task=mine, note=reason, unit=mine.party.name)


def _require_returns_left(move: Move, most: int | None) -> None:
    """Refuse a return after so many upheld ones: the unit that was then named answers (首接负责).

    Raises:
        NotForThisStage: the case has been returned as often as its flow allows.
    """
    if most is None:
        return
    upheld = Task.objects.filter(case=move.case, kind="work", state="returned", outcome="upheld").count()
    if upheld >= most:
        raise NotForThisStage(
            _("该件已退单 %(count)d 次，由现承办单位首接负责，不再受理退单。") % {"count": upheld},
            next_step=_("如需其他单位配合，请请求协办或报请热线办协调。"),
            accepted=f"≤ {most}",
        )


def _pause(move: Move, task: Task, cause: str) -> None:
    """Let a task's clock stand still, and the total with it when nobody else is at work."""
    if cause not in move.flow.pauses:
        return
    clockwork.pause(task, _cause(cause, task), move.now)
    others = [each for each in move.active() if each.kind == "work" and each is not task]
    if not others:
        clockwork.pause(move.case, _cause(cause, task), move.now)


def _cause(cause: str, task: Task) -> str:
    return f"{cause}:{task.public_id}"


def _extension_span(task: Task, work: Work, text: str) -> Span:
    """The wanted span, if what is granted in all stays within what the flow allows."""
    most = Span.parse(work.extensions.most)
    wanted = Span.parse(text)
    granted = [Span.parse(each) for each in task.asks.get("extended", [])]
    total = sum((each.amount for each in granted if each.unit == most.unit), Decimal(0)) + wanted.amount
    if wanted.unit != most.unit or wanted.amount <= 0 or total > most.amount:
        raise DataInvalid(
            _("延期累计不得超过 %(most)s。") % {"most": str(most)},
            accepted=f"≤ {most}",
            fields=[{"field": "span", "reason": f"at most {most} in all"}],
        )
    return wanted
