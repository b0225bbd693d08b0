"""Answers about a case: why is it with this unit (为什么由我办理), why late (为什么超期), what next (下一步是什么)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from groundplan.kernel.cases import registry
from groundplan.kernel.cases.errors import OwnerMissing
from groundplan.kernel.cases.logic.flow import (
    EndStage,
    Flow,
    Owner,
    ParallelStage,
    ParallelTask,
    RuleStage,
    RulingStage,
    Stage,
    Work,
)
from groundplan.kernel.cases.logic.guards import passes
from groundplan.kernel.cases.logic.reasons import reason
from groundplan.kernel.cases.logic.spent import Interval, spent
from groundplan.kernel.cases.logic.texts import joined, step_text
from groundplan.kernel.cases.logic.values import unit_codes
from groundplan.kernel.cases.models import Case, Step, Task
from groundplan.kernel.cases.queries.owners import owner_for
from groundplan.kernel.parties.queries import calendar_of
from groundplan.lib import clock
from groundplan.lib.worktime import CalendarMissing, WorkCalendar, calendar_for

Labels = Mapping[str, str]
WAITED_FOR = ("child", "offer", "ruling")
BY_OTHERS = ("child", "assist", "offer", "ruling", "extension", "account")


@dataclass(frozen=True)
class Ground:
    """Why a task is with its unit: in words, by which step, by which decision of a rule."""

    task: Task
    text: Labels
    step: UUID | None
    decision: UUID | None


@dataclass(frozen=True)
class Used:
    """Time that one unit used in one way; ``work_time`` is None where the calendar is missing."""

    task: Task
    kind: str
    text: Labels
    length: timedelta
    work_time: timedelta | None


@dataclass(frozen=True)
class Way:
    """A way on: by which outcome, to which stage, to whom."""

    task: Task
    outcome: Labels
    stage: Labels
    whom: Labels


@dataclass(frozen=True)
class Explanation:
    """The three answers."""

    grounds: list[Ground]
    used: list[Used]
    ways: list[Way]


def explain(case: Case, flow: Flow, tasks: Sequence[Task], steps: Sequence[Step]) -> Explanation:
    """The three answers for a case.

    Args:
        case: a case that the reader may see.
        flow: its flow.
        tasks: all its tasks, oldest first.
        steps: its timeline, oldest first.
    """
    active = [task for task in tasks if task.active]
    return Explanation(
        grounds=[_ground(case, flow, task, steps) for task in active],
        used=list(_used(flow, tasks)),
        ways=[way for task in active if task.state != "waiting" for way in _ways(case, flow, task)],
    )


def _ground(case: Case, flow: Flow, task: Task, steps: Sequence[Step]) -> Ground:
    unit = task.party.name
    other = task.parent.party.name if task.parent is not None else {"zh-hans": "–"}
    last = {step.kind: step for step in steps if step.task_id == task.pk}
    if task.kind in BY_OTHERS:
        asked = [
            step for step in steps if task.parent_id and step.task_id == task.parent_id and step.at == task.opened_at
        ]
        return Ground(task, reason(task.kind, unit=unit, other=other), asked[-1].public_id if asked else None, None)
    if "transfer_accepted" in last:
        return Ground(task, reason("transfer", unit=unit), last["transfer_accepted"].public_id, None)
    given = [step for step in steps if step.kind == "reassign" and step.at == task.opened_at]
    if given:
        by = given[-1].actor_name or "–"
        return Ground(task, reason("reassign", unit=unit, by=by), given[-1].public_id, None)
    entered = last.get("entered")
    text, decision = _by_flow(case, flow, task, steps)
    return Ground(task, text, entered.public_id if entered else None, decision)


def _by_flow(case: Case, flow: Flow, task: Task, steps: Sequence[Step]) -> tuple[Labels, UUID | None]:
    """Which clause of the flow gave the task, and the decision behind it if a rule filled what the clause reads."""
    work, unit = flow.work(task.stage, task.key), task.party.name
    owner: Owner | None = work.owner
    name = work.for_each if isinstance(work, ParallelTask) else None
    while owner is not None and owner.otherwise is not None and _resolved(owner, case) != task.party_id:
        owner = owner.otherwise
    name = name or (owner.field if owner is not None else None)
    decided = _decided(case, flow, task, name, steps) if name or (owner is not None and owner.output) else None
    if decided is not None:
        return decided
    if name:
        return reason("field", field=flow.fields[name].label, unit=unit), None
    if owner is not None and owner.owner_of:
        return reason("owner_of", other=_label(flow, owner.owner_of), unit=unit), None
    if owner is not None and owner.stage:
        return reason("relation", other=_label(flow, owner.stage), unit=unit), None
    return reason("party", stage=work.label, unit=unit), None


def _decided(
    case: Case, flow: Flow, task: Task, name: str | None, steps: Sequence[Step]
) -> tuple[Labels, UUID | None] | None:
    """The rule that named the unit, if one did and nobody has chosen another unit since."""
    for stage in flow.stages.values():
        if not isinstance(stage, RuleStage) or (name and name not in stage.sets):
            continue
        rule = stage.label or stage.rule
        told = step_text("decided", rule=rule)
        made = [step for step in steps if step.decision and step.text == told and step.at <= task.opened_at]
        named = [case.outputs.get(stage.sets[name])] if name else list(case.outputs.values())
        codes = [code for value in named if isinstance(value, (str, list)) for code in unit_codes(value)]
        if made and task.party.code in [registry.aliases.get(code, code) for code in codes]:
            return reason("rule", rule=rule, unit=task.party.name), made[-1].decision
    return None


def _resolved(owner: Owner, case: Case) -> int | None:
    """The unit that the first way of an owner names, without its ``otherwise``."""
    try:
        return owner_for(owner.model_copy(update={"otherwise": None}), case, "").pk
    except OwnerMissing:
        return None


def _used(flow: Flow, tasks: Sequence[Task]) -> Iterator[Used]:
    now, city = clock.now(), calendar_for(flow.calendar)
    for task in tasks:
        ended, calendar = task.done_at or now, calendar_of(task.party, city)
        waits = [
            (each.opened_at, each.done_at or now)
            for each in tasks
            if each.parent_id == task.pk and each.kind in WAITED_FOR
        ]
        parts = spent(
            opened=task.opened_at,
            signed=task.signed_at,
            ended=ended,
            signs=_signs(flow, task),
            pauses=_pauses(task, ended),
            waits=waits,
        )
        for part in parts:
            length = sum((end - start for start, end in part.intervals), timedelta(0))
            yield Used(task, part.kind, reason(part.kind), length, _work_time(calendar, part.intervals))


def _signs(flow: Flow, task: Task) -> bool:
    if task.signed_at is not None or task.state == "offered":
        return True
    stage = flow.stages.get(task.stage)
    found = stage.tasks.get(task.key) if isinstance(stage, ParallelStage) else stage
    return isinstance(found, Work) and found.sign and task.kind == "work"


def _pauses(task: Task, ended: datetime) -> list[Interval]:
    return [
        (datetime.fromisoformat(each["start"]), datetime.fromisoformat(each["end"]) if each["end"] else ended)
        for each in task.pauses
    ]


def _work_time(calendar: WorkCalendar, intervals: Sequence[Interval]) -> timedelta | None:
    try:
        return sum((calendar.elapsed(start, end) for start, end in intervals), timedelta(0))
    except CalendarMissing:
        return None


def _ways(case: Case, flow: Flow, task: Task) -> Iterator[Way]:
    work, stage = flow.work(task.stage, task.key), flow.stages[task.stage]
    other = task.parent.party.name if task.parent is not None else task.party.name
    if isinstance(work, RulingStage):
        yield _way(case, flow, task, reason("uphold"), work.upheld)
        back = task.parent or task
        whom = reason("by_unit", unit=other)
        yield Way(task, reason("refuse"), _label(flow, back.stage, back), whom)
    elif task.kind == "offer":
        yield Way(task, reason("accept"), work.label, reason("by_unit", unit=task.party.name))
        yield Way(task, reason("decline"), work.label, reason("by_unit", unit=other))
    elif task.kind in {"child", "assist"}:
        yield Way(task, reason("done"), work.label, reason("review", other=other))
    elif task.kind in {"extension", "account"}:
        yield Way(task, reason("decided"), work.label, reason("by_unit", unit=other))
    else:
        yield from _outcomes(case, flow, task, work, stage)


def _outcomes(case: Case, flow: Flow, task: Task, work: Work, stage: Stage) -> Iterator[Way]:
    for outcome in work.outcomes.values():
        asked = {*outcome.requires, *outcome.optional}
        if outcome.to and passes(flow, {n: t for n, t in outcome.when.items() if n not in asked}, case.data):
            yield _way(case, flow, task, outcome.label, outcome.to)
    if isinstance(stage, ParallelStage) and not (work.outcomes and all(each.to for each in work.outcomes.values())):
        yield _way(case, flow, task, _joining(stage), stage.to)


def _joining(stage: ParallelStage) -> Labels:
    if isinstance(stage.join, int):
        return reason("after_some", count=str(stage.join))
    return reason(f"after_{stage.join}")


def _way(case: Case, flow: Flow, task: Task, outcome: Labels, to: str) -> Way:
    stage = flow.stages[to]
    if isinstance(stage, EndStage):
        whom: Labels = reason("ends")
    elif isinstance(stage, RuleStage):
        whom = reason("by_rule", rule=stage.label or stage.rule)
    elif isinstance(stage, ParallelStage):
        whom = joined([_whom(case, flow, each.owner, each.for_each) for each in stage.tasks.values()])
    else:
        whom = _whom(case, flow, stage.owner, None)
    return Way(task, outcome, _label(flow, to), whom)


def _whom(case: Case, flow: Flow, owner: Owner | None, field: str | None) -> dict[str, str]:
    """Who would have the next stage: the unit itself where it is known, else where it will be read from."""
    if field or owner is None:
        return reason("by_field", field=flow.fields[field or ""].label)
    # What the outcome may still change is told by its source, not by the value that it has now.
    if owner.field:
        return reason("by_field", field=flow.fields[owner.field].label)
    if owner.output:
        return reason("by_output")
    try:
        return reason("by_unit", unit=owner_for(owner, case, "").name)
    except OwnerMissing:
        other = _label(flow, owner.owner_of or owner.stage or "")
        return reason("by_stage" if owner.owner_of else "by_superior", other=other)


def _label(flow: Flow, stage: str, task: Task | None = None) -> Labels:
    found = flow.stages.get(stage)
    if isinstance(found, ParallelStage) and task is not None and task.key in found.tasks:
        return found.tasks[task.key].label
    if found is None:
        return {"zh-hans": stage}
    return found.label or {"zh-hans": getattr(found, "rule", stage)}
