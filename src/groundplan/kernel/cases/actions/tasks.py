"""A unit's own work: sign for a task, complete it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from groundplan.kernel.cases.actions import _clockwork as clockwork
from groundplan.kernel.cases.actions import _deciding as deciding
from groundplan.kernel.cases.actions._data import attach_to, checked_data, refuse_data, seal, tell_offline
from groundplan.kernel.cases.actions._loading import load_task
from groundplan.kernel.cases.actions._move import Move
from groundplan.kernel.cases.actions._rights import require_apart
from groundplan.kernel.cases.errors import NotForThisStage, NotYourTask
from groundplan.kernel.cases.logic.flow import Labels, Outcome, ParallelStage, Work
from groundplan.kernel.cases.logic.guards import passes
from groundplan.kernel.cases.models import Task
from groundplan.kernel.cases.queries.offers import outcomes_for
from groundplan.kernel.cases.queries.scope import require_holder
from groundplan.kernel.files.models import StoredFile
from groundplan.kernel.parties.queries import Actor

DONE: Labels = {"zh-hans": "办结", "en": "done"}


@transaction.atomic
def sign_task(*, actor: Actor, task: UUID | str, seen: int | None) -> Task:
    """Sign for a task (签收): its working clock starts.

    Raises:
        CaseMoved: somebody else was faster.
        NotYourTask: the task is with another unit or role.
        NotForThisStage: it needs no signature or has one.
    """
    move, mine = load_task(actor, task, seen, "offered")
    require_holder(actor, mine)
    if mine.kind == "offer":
        raise NotForThisStage(_("请选择接收或不接收移交。"))
    mine.state = "open"
    mine.signed_at = move.now
    mine.assignee = actor.actor_id
    clockwork.start(mine, str(mine.asks.get("limit", "")), move.now, move.flow.calendar)
    clockwork.cap(mine, mine.parent.due_at if mine.parent else move.case.due_at)
    move.change(mine)
    first = move.step("sign", task=mine, unit=mine.party.name, stage=_label_of(move, mine))
    move.announce("task.signed.v1", task=str(mine.public_id), party=mine.party.code)
    move.finish("sign", first=first, data={"task": str(mine.public_id), "unit": mine.party.code})
    return mine


@transaction.atomic
def complete_task(
    *,
    actor: Actor,
    task: UUID | str,
    seen: int | None,
    outcome: str = "done",
    data: Mapping[str, Any] | None = None,
    personal: Mapping[str, Any] | None = None,
    note: str = "",
    files: Iterable[StoredFile] = (),
    done_at: datetime | None = None,
) -> Task:
    """Complete a task with one of the outcomes that its flow offers; the case moves on.

    Args:
        actor: a member of the unit in the task's role.
        task: public id of the task.
        seen: version of the task that the actor saw.
        outcome: key of the outcome; ``done`` for tasks without outcomes, assisting and re-dispatched ones.
        data: values of fields that the outcome asks for.
        personal: values of personal fields.
        note: what else is to be said; shown on the timeline.
        files: attachments, already stored under this case.
        done_at: when it was done on the spot, if it was handed in later (离线); told, never counted.

    Raises:
        CaseMoved: somebody else was faster.
        NotYourTask: the task is with another unit or role.
        NotForThisStage: no such outcome here, or it must be signed, ruled or answered first.
        DataInvalid: ``fields`` names what is missing or does not fit; ``files`` when the flow wants more of them.
    """
    move, mine = load_task(actor, task, seen, "open")
    require_holder(actor, mine)
    if mine.kind not in {"work", "child", "assist"}:
        raise NotForThisStage(_("该任务需要裁定，不能直接办结。"), kind=mine.kind)
    work = move.work_of(mine)
    chosen = _outcome(move, mine, work, outcome, actor)
    given = tuple(files)
    require_apart(move, mine, chosen, actor)
    _take_data(move, chosen, data or {}, personal or {})
    deciding.require_files(move.flow, move.case, chosen, len(given), move.actor)
    if mine.kind != "assist" and work.assist_first and any(each.kind == "assist" for each in move.children(mine)):
        raise NotForThisStage(_("协办单位尚未办结。"))
    move.end_task(mine, "done", outcome)
    first = move.step(
        "complete", task=mine, note=note, unit=mine.party.name, stage=_label_of(move, mine), outcome=chosen.label
    )
    told = tell_offline(move, done_at, mine)
    move.announce("task.completed.v1", task=str(mine.public_id), party=mine.party.code, outcome=outcome)
    _go_on(move, mine, chosen)
    if any(move.flow.fields[name].searchable for name in data or {}):
        move.index_words()
    said = {"task": str(mine.public_id), "unit": mine.party.code, "outcome": outcome, **told}
    move.finish("complete", first=first, data=said)
    attach_to(move.case, first, given)
    return mine


def _label_of(move: Move, task: Task) -> Labels:
    """What the stage of a task is called."""
    return move.flow.work(task.stage, task.key).label


def _outcome(move: Move, task: Task, work: Work, key: str, actor: Actor) -> Outcome:
    task.case = move.case
    possible = outcomes_for(move.flow, task, actor)
    if key in possible:
        return possible[key]
    known = work.outcomes.get(key) if task.kind == "work" else None
    if work.not_by_opener and move.case.opened_by == actor.actor_id:
        raise NotYourTask(_("提出申请的人不能自己审批，请由另一人办理。"), accepted=f"{work.role} @ {task.party.code}")
    if known is not None and known.roles and not actor.has_role(*known.roles):
        raise NotYourTask(accepted=", ".join(known.roles))
    raise NotForThisStage(
        _("当前环节没有“%(key)s”这一办理结果。") % {"key": key}, accepted=", ".join(possible), stage=task.stage
    )


def _take_data(move: Move, outcome: Outcome, data: Mapping[str, Any], personal: Mapping[str, Any]) -> None:
    """Merge given values into the case; what the outcome requires must then be there."""
    stored, secret = checked_data(move.flow, data, personal)
    asked = {*outcome.requires, *outcome.optional}
    strange = [name for name in (*stored, *secret) if name not in asked]
    if strange:
        refuse_data(move.flow, dict.fromkeys(strange, "not asked for"))
    fixed, _none = checked_data(move.flow, outcome.sets, {})
    merged = {**move.case.data, **stored, **fixed}
    missing = [
        name
        for name in outcome.requires
        if (merged if not move.flow.fields[name].personal else secret).get(name) is None
    ]
    if missing:
        refuse_data(move.flow, dict.fromkeys(missing, "missing"))
    if not passes(move.flow, outcome.when, merged):
        raise NotForThisStage(
            _("填写的内容与所选办理结果不符：%(outcome)s。") % {"outcome": outcome.label.get("zh-hans", "")},
            accepted="; ".join(f"{name}: {text}" for name, text in outcome.when.items()),
        )
    move.case.data = merged
    seal(move.case, secret)


def _go_on(move: Move, task: Task, outcome: Outcome) -> None:
    """What follows from a completed task."""
    if task.kind == "assist":
        return
    if task.kind == "child":
        if task.parent is not None and not move.children(task.parent):
            move.reopen_task(task.parent)
        return
    stage = move.flow.stages[task.stage]
    if outcome.to:
        move.leave()
        move.enter(outcome.to)
    elif isinstance(stage, ParallelStage) and _joined(move, task, stage):
        move.leave()
        move.enter(stage.to)


def _joined(move: Move, task: Task, stage: ParallelStage) -> bool:
    """Whether enough tasks of a parallel stage are done, this one included."""
    waiting = [each for each in move.active() if each.kind == "work" and each.stage == task.stage]
    if stage.join == "any" or not waiting:
        return True
    if stage.join == "all":
        return False
    since = min(each.opened_at for each in (*waiting, task))
    done = Task.objects.filter(
        case=move.case, stage=task.stage, kind="work", state="done", opened_at__gte=since
    ).count()
    return done + 1 >= stage.join
