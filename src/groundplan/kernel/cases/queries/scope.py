"""Who may see and who may act: the one place where cases ask for rights."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from groundplan.kernel.cases.errors import CaseNotFound, NotYourTask
from groundplan.kernel.cases.logic.flow import Flow, Work
from groundplan.kernel.cases.models import Case, Involvement, Task
from groundplan.kernel.cases.queries.owners import owner_for
from groundplan.kernel.parties.queries import Actor

SEEING_ROLES = ("operator", "inspector", "grid_worker", "handler", "dispatcher", "supervisor", "leader", "data_office")


def visible_parties(actor: Actor) -> frozenset[int]:
    """The units whose cases an actor sees: where an office is held, and below."""
    return actor.party_ids(*SEEING_ROLES)


def sees(actor: Actor, case: Case) -> bool:
    """Whether an actor sees a case as an officer."""
    if actor.is_system:
        return True
    return Involvement.objects.filter(case=case, party_id__in=visible_parties(actor)).exists()


def sees_units(actor: Actor, units: Iterable[int]) -> bool:
    """Whether an actor sees, as an officer, a case in which these units are involved."""
    return actor.is_system or not visible_parties(actor).isdisjoint(units)


def require_sight(actor: Actor, case: Case) -> None:
    """Refuse an outsider as if there were no such case.

    Raises:
        CaseNotFound: the actor has no unit in the case.
    """
    if not sees(actor, case):
        raise CaseNotFound


def holds(actor: Actor, task: Task) -> bool:
    """Whether an actor is a member, in the task's role, of the unit that has it."""
    return actor.is_system or task.party_id in actor.unit_ids(task.role)


def require_holder(actor: Actor, task: Task) -> None:
    """Refuse who does not hold a task.

    Raises:
        NotYourTask: the task is with another unit or asks for another role.
    """
    if not holds(actor, task):
        raise NotYourTask(accepted=f"{task.role} @ {task.party.code}")


def controls(actor: Actor, case: Case, flow: Flow) -> bool:
    """Whether an actor belongs, in a controlling role, to the unit that controls the flow."""
    if actor.is_system:
        return True
    if flow.control is None:
        return False
    return owner_for(flow.control, case, "control").pk in actor.unit_ids(*flow.control_roles)


def may(actor: Actor, action: str, case: Case, flow: Flow, tasks: Sequence[Task]) -> bool:
    """Whether an actor controls the flow or holds a task whose stage allows an action on the whole case.

    Args:
        actor: who asks.
        action: a word of ``allow``.
        case: the case.
        flow: its flow.
        tasks: its active tasks.
    """
    if controls(actor, case, flow):
        return True
    for task in tasks:
        work = flow.work(task.stage, task.key)
        if task.kind == "work" and isinstance(work, Work) and action in work.allow and holds(actor, task):
            return True
    return False
