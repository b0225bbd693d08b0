"""What the end of a sub-case does above it: the outcome comes back, the task goes on."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from groundplan.kernel.cases.actions._loading import load, lock_case
from groundplan.kernel.cases.actions._move import Move
from groundplan.kernel.cases.actions._rights import require_reason
from groundplan.kernel.cases.errors import CaseMoved, NotForThisStage
from groundplan.kernel.cases.logic import values
from groundplan.kernel.cases.logic.flow import EndStage
from groundplan.kernel.cases.logic.texts import ENDS
from groundplan.kernel.cases.models import ACTIVE_CASE, ACTIVE_TASK, Case, SubCase, Task
from groundplan.kernel.cases.queries.flows import flow_of
from groundplan.kernel.cases.queries.scope import require_holder
from groundplan.kernel.cases.queries.subcases import held_by, main_of
from groundplan.kernel.parties.queries import SYSTEM, Actor


def settle_subcases(*, batch: int = 500) -> int:
    """Take back the outcomes of sub-cases that have ended; safe to repeat and to run twice at once.

    A sub-case that was joined to another ends with that one.

    Returns:
        How many were taken back.
    """
    ended = SubCase.objects.filter(ended_at=None).exclude(child__state__in=ACTIVE_CASE).order_by("id")
    return sum(_settle(number, case) for number, case in list(ended.values_list("pk", "task__case_id")[:batch]))


@transaction.atomic
def stop_waiting(*, actor: Actor, task: UUID | str, seen: int | None, reason: str) -> Task:
    """Let a task go on without waiting for the cases below it; they go on as well, and their outcomes still come back.

    Raises:
        CaseMoved: somebody else was faster.
        NotYourTask: the task is with another unit or role.
        NotForThisStage: it waits for none.
    """
    move, mine = load(actor, task=task)
    if mine is None or (seen is not None and mine.version != seen):
        raise CaseMoved
    require_holder(actor, mine)
    waiting = SubCase.objects.filter(task=mine, waits=True, ended_at=None)
    if move.case.state != "open" or mine.state != "waiting" or not waiting.update(waits=False):
        raise NotForThisStage(_("该任务没有等待子件。"), state=mine.state)
    move.reopen_task(mine)
    first = move.step("subcase_unwaited", task=mine, note=require_reason(reason), unit=mine.party.name)
    move.finish("stop_waiting", first=first, data={"task": str(mine.public_id)})
    return mine


@transaction.atomic
def _settle(number: int, case_id: int) -> bool:
    case = lock_case(skip_locked=True, pk=case_id)
    link = SubCase.objects.select_for_update().filter(pk=number, ended_at=None).first()
    if case is None or link is None:
        return False
    child = main_of(Case.objects.select_related("merged_into").defer("search").get(pk=link.child_id))
    if child.active:
        return False
    move = Move(SYSTEM, case, flow_of(case.flow_version_id), was_state=case.state)
    link.ended_at, link.outcome = move.now, child.outcome or child.state
    link.save(update_fields=["ended_at", "outcome"])
    if not case.active:
        # Nobody waits any more: what was above has ended, and its timeline with it.
        return True
    move.tasks = list(Task.objects.filter(case=case, state__in=ACTIVE_TASK).select_related("party"))
    mine = next((task for task in move.tasks if task.pk == link.task_id), None)
    _take_back(move, link, child)
    first = move.step("subcase_ended", task=mine, other=child.number, outcome=_label(child))
    if mine is not None and mine.state == "waiting" and link.waits and not held_by(mine):
        move.reopen_task(mine)
    told = {"child": str(child.public_id), "outcome": link.outcome}
    move.announce("case.subcase_ended.v1", **told)
    move.finish("settle_subcase", first=first, data=told)
    return True


def _take_back(move: Move, link: SubCase, child: Case) -> None:
    """Set the fields that the flow names from the outcome or the data of the sub-case; what does not fit is left."""
    below = flow_of(child.flow_version_id)
    open_fields = {name for name, field in below.fields.items() if not field.personal}
    given: dict[str, Any] = {"outcome": link.outcome, **{n: v for n, v in child.data.items() if n in open_fields}}
    wanted = {name: given.get(source) for name, source in link.sets.items() if name in move.flow.fields}
    stored, _wrong = values.clean(
        move.flow.fields, {name: value for name, value in wanted.items() if value is not None}
    )
    personal = {name for name, field in move.flow.fields.items() if field.personal}
    move.case.data = {**move.case.data, **{name: value for name, value in stored.items() if name not in personal}}


def _label(child: Case) -> dict[str, str]:
    """What a case ended with, in words."""
    stage = flow_of(child.flow_version_id).stages.get(child.stage)
    if child.state == "closed" and isinstance(stage, EndStage):
        return dict(stage.label)
    return ENDS[child.state]
