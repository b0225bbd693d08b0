"""Between units: transfer until accepted (首接负责), re-dispatch (三级派单), correction (改派), assisting (协办)."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from groundplan.kernel.cases.actions import _clockwork as clockwork
from groundplan.kernel.cases.actions import _deciding as deciding
from groundplan.kernel.cases.actions._loading import load_task
from groundplan.kernel.cases.actions._move import Move
from groundplan.kernel.cases.actions._rights import other_unit, require_allowed, require_control, require_reason
from groundplan.kernel.cases.errors import DataInvalid, NotForThisStage
from groundplan.kernel.cases.models import Task
from groundplan.kernel.cases.queries.scope import require_holder
from groundplan.kernel.parties import queries as parties
from groundplan.kernel.parties.queries import Actor

MINE = ("work", "child")


@transaction.atomic
def transfer_task(*, actor: Actor, task: UUID | str, seen: int | None, to_party: str, reason: str) -> Task:
    """Offer a task to another unit; the giver owns it until the other accepts (首接负责).

    Args:
        actor: a member of the unit that has the task.
        task: public id of the task.
        seen: version of the task that the actor saw.
        to_party: code of the receiving unit.
        reason: why it is theirs.

    Returns:
        The offer, a task of the receiving unit.

    Raises:
        CaseMoved: somebody else was faster.
        NotYourTask: the task is with another unit or role.
        NotForThisStage: the flow allows no transfer here.
        DataInvalid: the receiver is the giver.
    """
    move, mine = load_task(actor, task, seen, "open")
    require_holder(actor, mine)
    work = move.work_of(mine)
    require_allowed(work, "transfer")
    text = require_reason(reason)
    receiver = other_unit(mine, to_party)
    _require_kind(mine)
    mine.state = "waiting"
    move.change(mine)
    offer = Task(
        case=move.case,
        stage=mine.stage,
        key=mine.key,
        kind="offer",
        state="offered",
        party=receiver,
        role=mine.role,
        level=mine.level,
        parent=mine,
        opened_at=move.now,
        asks={"reason": text},
    )
    spans, _none = deciding.spans_for(move.flow, move.case, work.transfer.limit, actor)
    clockwork.start(offer, spans, move.now, move.flow.calendar)
    move.add_task(offer)
    first = move.step("transfer", task=mine, note=text, unit=mine.party.name, other=receiver.name)
    move.announce("task.transfer_offered.v1", task=str(mine.public_id), to=receiver.code)
    move.finish("transfer", first=first, data={"task": str(mine.public_id), "to": receiver.code})
    return offer


@transaction.atomic
def accept_transfer(*, actor: Actor, task: UUID | str, seen: int | None) -> Task:
    """Accept an offered task: from now on this unit owns it, with the clock that was running.

    Raises:
        CaseMoved: somebody else was faster.
        NotYourTask: the offer is to another unit or role.
    """
    move, mine, giver = _load_offer(actor, task, seen)
    mine.kind = giver.kind
    mine.state = "open"
    mine.signed_at = move.now
    mine.assignee = actor.actor_id
    mine.parent = giver.parent
    for column in ("limit_spans", "clock_started_at", "pauses", "paused_for", "overdue"):
        setattr(mine, column, getattr(giver, column))
    mine.escalation = giver.escalation
    clockwork.refresh(mine, move.flow.calendar)
    clockwork.cap(mine, move.case.due_at)
    move.change(mine)
    move.end_task(giver, "done", "transferred")
    if mine.kind == "work":
        move.case.owner_party = mine.party
    move.involve(mine.party, "owner" if mine.kind == "work" else mine.kind)
    first = move.step("transfer_accepted", task=mine, unit=mine.party.name, other=giver.party.name)
    move.announce("task.transferred.v1", task=str(mine.public_id), party=mine.party.code)
    move.finish("accept_transfer", first=first, data={"task": str(mine.public_id), "unit": mine.party.code})
    return mine


@transaction.atomic
def refuse_transfer(*, actor: Actor, task: UUID | str, seen: int | None, reason: str) -> Task:
    """Refuse an offered task: it stays with who offered it.

    Raises:
        CaseMoved: somebody else was faster.
        NotYourTask: the offer is to another unit or role.
    """
    move, mine, giver = _load_offer(actor, task, seen)
    text = require_reason(reason)
    move.end_task(mine, "returned", "refused")
    move.reopen_task(giver)
    first = move.step("transfer_refused", task=mine, note=text, unit=mine.party.name, other=giver.party.name)
    move.announce("task.transfer_refused.v1", task=str(giver.public_id), party=mine.party.code)
    move.finish("refuse_transfer", first=first, data={"task": str(giver.public_id), "unit": mine.party.code})
    return mine


@transaction.atomic
def redispatch_task(*, actor: Actor, task: UUID | str, seen: int | None, to_party: str, note: str = "") -> Task:
    """Re-dispatch a task downwards (三级派单): a unit below acts, with its own clock inside this one's.

    Args:
        actor: a member of the unit that has the task.
        task: public id of the task.
        seen: version of the task that the actor saw.
        to_party: code of a unit that stands below.
        note: what is to be done.

    Returns:
        The task of the unit below; the task above waits for it and is then reviewed.

    Raises:
        CaseMoved: somebody else was faster.
        NotForThisStage: the flow allows no re-dispatch here.
        DataInvalid: the unit does not stand below, or is of a kind that the flow excludes.
    """
    move, mine = load_task(actor, task, seen, "open")
    require_holder(actor, mine)
    work = move.work_of(mine)
    require_allowed(work, "redispatch")
    _require_kind(mine)
    below = other_unit(mine, to_party)
    if below.pk not in parties.subordinates(mine.party_id) or below.kind in work.redispatch.not_to:
        raise DataInvalid(
            _("只能转派给本单位下级，且不得将部门职责下派至%(kinds)s。")
            % {"kinds": "、".join(work.redispatch.not_to) or "–"},
            fields=[{"field": "to_party", "reason": "not a unit below that may be asked"}],
        )
    level = mine.level + 1
    limits = work.redispatch.levels
    spans, _none = deciding.spans_for(
        move.flow, move.case, limits[level - 1] if level <= len(limits) else work.limit, actor
    )
    child = Task(
        case=move.case,
        stage=mine.stage,
        key=mine.key,
        kind="child",
        party=below,
        role=mine.role,
        level=level,
        parent=mine,
        opened_at=move.now,
        asks={"note": note[:2000]},
    )
    if work.sign:
        child.state = "offered"
        child.asks["limit"] = spans
        spans, _none = deciding.spans_for(move.flow, move.case, work.sign_limit, actor)
    clockwork.start(child, spans, move.now, move.flow.calendar)
    clockwork.cap(child, mine.due_at)
    mine.state = "waiting"
    move.change(mine)
    move.add_task(child)
    first = move.step("redispatch", task=mine, note=note[:2000], unit=mine.party.name, other=below.name)
    move.finish("redispatch", first=first, data={"task": str(mine.public_id), "to": below.code, "level": level})
    return child


@transaction.atomic
def reassign_task(*, actor: Actor, task: UUID | str, seen: int | None, to_party: str, reason: str) -> Task:
    """Correct a dispatch (改派): the unit that controls the flow gives the task to the right unit at once.

    Raises:
        CaseMoved: somebody else was faster.
        NotYourTask: the actor does not control this flow.
        NotForThisStage: the task is not a unit's own work.
    """
    move, mine = load_task(actor, task, seen, "open", "offered", "waiting")
    require_control(move, actor)
    require_allowed(move.work_of(mine), "reassign")
    _require_kind(mine)
    text = require_reason(reason)
    right = other_unit(mine, to_party)
    move.end_task(mine, "cancelled", "reassigned")
    made = move.open_task(move.work_of(mine), right, key=mine.key, kind=mine.kind, level=mine.level, parent=mine.parent)
    first = move.step("reassign", task=made, note=text, unit=actor.display_name, other=right.name)
    move.announce("task.reassigned.v1", task=str(mine.public_id), to=right.code)
    move.finish("reassign", first=first, data={"task": str(mine.public_id), "to": right.code})
    return made


@transaction.atomic
def add_assisting(*, actor: Actor, task: UUID | str, seen: int | None, party: str, note: str = "") -> Task:
    """Ask another unit to assist (协办); the lead stays the owner.

    Raises:
        CaseMoved: somebody else was faster.
        NotForThisStage: the flow allows no assisting here, or the unit assists already.
    """
    move, mine = load_task(actor, task, seen, "open", "waiting")
    require_holder(actor, mine)
    require_allowed(move.work_of(mine), "assist")
    _require_kind(mine)
    helper = other_unit(mine, party)
    if any(each.kind == "assist" and each.party_id == helper.pk for each in move.children(mine)):
        raise NotForThisStage(_("该单位已在协办。"))
    move.change(mine)
    made = Task(
        case=move.case,
        stage=mine.stage,
        key=mine.key,
        kind="assist",
        party=helper,
        role=mine.role,
        level=mine.level,
        parent=mine,
        opened_at=move.now,
        asks={"note": note[:2000]},
    )
    spans, _none = deciding.spans_for(move.flow, move.case, move.work_of(mine).limit, actor)
    clockwork.start(made, spans, move.now, move.flow.calendar)
    clockwork.cap(made, mine.due_at)
    move.add_task(made)
    first = move.step("assist", task=mine, note=note[:2000], unit=mine.party.name, other=helper.name)
    move.finish("add_assisting", first=first, data={"task": str(mine.public_id), "to": helper.code})
    return made


def _require_kind(task: Task) -> None:
    if task.kind not in MINE:
        raise NotForThisStage(_("该任务不能移交、转派或改派。"), kind=task.kind)


def _load_offer(actor: Actor, task: UUID | str, seen: int | None) -> tuple[Move, Task, Task]:
    move, mine = load_task(actor, task, seen, "offered")
    require_holder(actor, mine)
    if mine.kind != "offer" or mine.parent is None:
        raise NotForThisStage(_("该任务不是移交。"), kind=mine.kind)
    return move, mine, mine.parent
