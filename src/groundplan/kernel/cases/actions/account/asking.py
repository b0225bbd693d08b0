"""Asking that a case be put on account, and the second person's decision."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from groundplan.kernel.cases.actions import _clockwork as clockwork
from groundplan.kernel.cases.actions import _deciding as deciding
from groundplan.kernel.cases.actions._loading import load_task
from groundplan.kernel.cases.actions._move import Move
from groundplan.kernel.cases.actions._rights import require_allowed, require_another, require_reason
from groundplan.kernel.cases.actions.account._dates import checked_review
from groundplan.kernel.cases.errors import NotForThisStage
from groundplan.kernel.cases.models import Account, Task
from groundplan.kernel.cases.queries.owners import owner_for
from groundplan.kernel.cases.queries.scope import require_holder
from groundplan.kernel.parties.queries import Actor

CAUSE = "on_account"


@transaction.atomic
def request_account(*, actor: Actor, task: UUID | str, seen: int | None, reason: str, review_on: date) -> Task:
    """Ask that a case be put on account (挂账); until it is decided the unit goes on and its clock runs.

    Args:
        actor: a member of the unit that has the task.
        task: public id of the task.
        seen: version of the task that the actor saw.
        reason: why it cannot be solved for long.
        review_on: when it is to be looked at again.

    Returns:
        The task of deciding on it.

    Raises:
        CaseMoved: somebody else was faster.
        NotYourTask: the task is with another unit or role.
        NotForThisStage: the flow does not allow it here, or one is being decided.
        DataInvalid: no reason, or a date of review beyond what the flow allows.
    """
    move, mine = load_task(actor, task, seen, "open")
    require_holder(actor, mine)
    require_allowed(move.work_of(mine), "account")
    text = require_reason(reason)
    day = checked_review(move, review_on)
    owner = move.flow.account.decided_by or move.flow.control
    if mine.kind != "work" or owner is None:
        raise NotForThisStage(_("该任务不能申请挂账。"), kind=mine.kind)
    if any(each.kind == "account" for each in move.active()):
        raise NotForThisStage(_("已有挂账申请待审批。"))
    spans, _none = deciding.spans_for(move.flow, move.case, move.flow.account.limit, actor)
    asked = Task(
        case=move.case,
        stage=mine.stage,
        key=mine.key,
        kind="account",
        party=owner_for(owner, move.case, mine.stage),
        role=move.flow.account.role,
        parent=mine,
        opened_at=move.now,
        asks={"reason": text, "review_on": day.isoformat(), "by": actor.actor_id, "by_name": actor.display_name},
    )
    clockwork.start(asked, spans, move.now, move.flow.calendar)
    move.add_task(asked)
    move.change(mine)
    first = move.step("account_asked", task=mine, note=text, unit=mine.party.name, day=day.isoformat())
    move.finish("request_account", first=first, data={"task": str(mine.public_id), "review_on": day.isoformat()})
    return asked


@transaction.atomic
def decide_account(*, actor: Actor, task: UUID | str, seen: int | None, grant: bool, note: str = "") -> Task:
    """Decide whether a case is put on account; granted, its clocks stand still and it is listed apart.

    Args:
        actor: a member of the deciding unit, never who asked.
        task: public id of the deciding task.
        seen: its version that the actor saw.
        grant: whether it is put on account.
        note: the ground.

    Raises:
        CaseMoved: somebody else was faster.
        NotYourTask: the decision is with another unit or role.
        SecondPersonNeeded: the actor asked for it.
    """
    move, mine = load_task(actor, task, seen, "open")
    require_holder(actor, mine)
    if mine.kind != "account" or mine.parent is None:
        raise NotForThisStage(_("该任务不是挂账审批。"), kind=mine.kind)
    require_another(move, actor, mine)
    asking, day = mine.parent, date.fromisoformat(mine.asks["review_on"])
    move.end_task(mine, "done", "granted" if grant else "refused")
    move.change(asking)
    if grant:
        _put_on(move, mine, asking, checked_review(move, day))
    kind = "account_granted" if grant else "account_refused"
    first = move.step(kind, task=mine, note=note, unit=mine.party.name, day=day.isoformat())
    move.finish("decide_account", first=first, data={"task": str(asking.public_id), "granted": grant})
    return mine


def _put_on(move: Move, deciding_task: Task, asking: Task, day: date) -> None:
    move.case.state = "on_account"
    for timed in (move.case, *move.active()):
        if move.flow.account.stops_clock:
            clockwork.pause(timed, CAUSE, move.now)
        if isinstance(timed, Task):
            move.change(timed)
    Account.objects.create(
        case=move.case,
        unit=asking.party,
        reason=deciding_task.asks["reason"],
        asked_by=deciding_task.asks["by"],
        asked_name=deciding_task.asks["by_name"],
        keeper=deciding_task.party,
        approved_by=move.actor.actor_id,
        approved_name=move.actor.display_name,
        since=move.now,
        review_on=day,
    )
    move.announce("case.put_on_account.v1", review_on=day.isoformat())
