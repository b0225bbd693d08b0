"""Locks a case and reads it as the actor saw it: what has changed since is refused, what is not theirs is not there."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from groundplan.kernel.cases.actions._move import Move
from groundplan.kernel.cases.errors import CaseMoved, CaseNotFound, NotForThisStage, TaskNotFound
from groundplan.kernel.cases.models import Case, FlowVersion, Task
from groundplan.kernel.cases.queries.bound import BOUND, with_parties
from groundplan.kernel.cases.queries.flows import TEXTS, flow_as_read, version_of
from groundplan.kernel.cases.queries.scope import sees_units
from groundplan.kernel.parties.models import Party
from groundplan.kernel.parties.queries import Actor
from groundplan.lib import sql
from groundplan.lib.sql import rows

# Nothing is joined to the row that is locked: after waiting for a lock PostgreSQL tries a join again on the changed row
# beside the old joined rows, and a case whose owner has just changed would seem not to exist.
LOCK = "WHERE public_id = %s FOR UPDATE"
LOCK_BY_TASK = "WHERE id = (SELECT case_id FROM cases_task WHERE public_id = %s) FOR UPDATE"
ABOUT = "JOIN parties_party ON parties_party.id = %s WHERE cases_flow_version.id = %s"


def lock_case(*, skip_locked: bool = False, **key: Any) -> Case | None:
    """Lock one case by its own columns; nothing is joined, as above."""
    found = Case.objects.defer("search").select_for_update(skip_locked=skip_locked).filter(**key).first()
    if found is not None:
        found.flow_version = version_of(found.flow_version_id)
    return found


def load(
    actor: Actor, *, case: UUID | str | None = None, task: UUID | str | None = None, by_reporter: bool = False
) -> tuple[Move, Task | None]:
    """Lock a case, itself or that of a task, and read its active tasks.

    Raises:
        CaseNotFound: no such case, or the actor may not see it.
        TaskNotFound: no such task, or the actor may not see its case.
    """
    tail = LOCK_BY_TASK if task else LOCK
    with sql.together():
        asked = rows.find([Case], tail, [_uuid(task or case)], without=("search",))
    found = asked.first()
    if found is None:
        raise TaskNotFound if task else CaseNotFound
    with sql.together():
        about = rows.find([FlowVersion, Party], ABOUT, [found.owner_party_id, found.flow_version_id], without=TEXTS)
        bound = rows.find([Task, Party], BOUND, [found.pk])
        units = sql.run("SELECT party_id, part FROM cases_involvement WHERE case_id = %s", [found.pk])
    found.flow_version, found.owner_party = about.joined()[0]
    involved = dict(units.fetchall())
    if not by_reporter and not sees_units(actor, involved):
        raise CaseNotFound
    move = Move(actor, found, flow_as_read(found.flow_version), was_state=found.state, was_involved=involved)
    move.tasks = with_parties(bound)
    if task is None:
        return move, None
    mine = next((each for each in move.tasks if str(each.public_id) == str(task)), None)
    if mine is None:
        raise moved(found)
    return move, mine


def load_task(actor: Actor, task: UUID | str, seen: int | None, *states: str) -> tuple[Move, Task]:
    """Lock the case of a task and make sure that the task is still as the actor saw it.

    Args:
        actor: who acts.
        task: public id of the task.
        seen: the version that the actor saw; None for programs that look and act at once.
        states: states in which the action is possible.

    Raises:
        CaseMoved: somebody else was faster.
        NotForThisStage: the task is in a state in which this is not done.
    """
    move, mine = load(actor, task=task)
    if mine is None:
        raise TaskNotFound
    if seen is not None and mine.version != seen:
        raise moved(move.case)
    if move.case.state == "suspended":
        raise NotForThisStage(_("办件已挂起，请先恢复办理。"), state="suspended")
    if move.case.state == "on_account":
        raise NotForThisStage(_("办件已挂账，请先销账。"), state="on_account")
    if states and mine.state not in states:
        raise NotForThisStage(_state_reason(mine), state=mine.state, accepted=", ".join(states))
    return move, mine


def load_case(actor: Actor, case: UUID | str, seen: int | None, *states: str, by_reporter: bool = False) -> Move:
    """Lock a case and make sure that it is still as the actor saw it.

    Raises:
        CaseMoved: somebody else was faster.
        NotForThisStage: the case is in a state in which this is not done.
    """
    move, _none = load(actor, case=case, by_reporter=by_reporter)
    if seen is not None and move.case.version != seen:
        raise moved(move.case)
    if states and move.case.state not in states:
        raise NotForThisStage(_("办件当前状态不能这样办理。"), state=move.case.state, accepted=", ".join(states))
    return move


def _uuid(given: UUID | str | None) -> UUID | None:
    """The id as a value; None, which finds nothing, for what is none."""
    try:
        return given if isinstance(given, UUID) else UUID(str(given))
    except ValueError:
        return None


def moved(case: Case) -> CaseMoved:
    """The refusal for whoever was slower."""
    return CaseMoved(
        _("%(number)s 已被他人处理，您看到的内容已过时。") % {"number": case.number},
        next_step=_("请刷新页面后再办理。"),
        version=case.version,
    )


def _state_reason(task: Task) -> str:
    if task.state == "offered":
        return _("请先签收。")
    if task.state == "waiting":
        return _("任务正在等待下级、裁定或移交结果。")
    return _("任务已经签收。")
