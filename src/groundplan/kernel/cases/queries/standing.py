"""Whose right somebody uses: the own one, or that of an officer whose deputy (代理人) they are."""

from __future__ import annotations

from collections.abc import Sequence

from groundplan.kernel.cases.logic.flow import Flow
from groundplan.kernel.cases.models import Case, Step, Task
from groundplan.kernel.cases.queries.accounts import account_of, may_end
from groundplan.kernel.cases.queries.scope import controls, holds, may, sees
from groundplan.kernel.parties.queries import Actor

# What a step of a whole case takes: a word of ``allow``, or control of the flow.
POWERS = {"suspend": "suspend", "resume": "suspend", "cancel": "cancel", "merge": "merge", "merged_in": "merge",
          "unmerge": "merge", "unmerged_out": "merge"}  # fmt: skip
CONTROLS = ("reopen", "reassign", "callback")
# Steps that follow by themselves from what somebody did.
BY_ITSELF = ("entered", "decided", "closed", "overdue", "escalate", "calendar")


def stand_in(step: Step, actor: Actor, case: Case, flow: Flow, tasks: Sequence[Task]) -> str:
    """Note on a step whose deputy did it, if the own rights would not do or the task was signed for by the principal.

    Args:
        step: the step that is made.
        actor: who acts, deputy of somebody.
        case: the case.
        flow: its flow.
        tasks: its tasks.

    Returns:
        The id of whom the actor acts for, empty for acting in one's own right.
    """
    if step.kind in BY_ITSELF:
        return ""
    task = step.task
    principals = {each.actor_id: each for each in actor.stands_in}
    if task is not None and step.kind not in CONTROLS:
        signed = principals.get(task.assignee)
        if signed is not None and holds(actor.of(signed.actor_id), task):
            return _noted(step, signed.actor_id, signed.name)
    if _entitled(actor.own(), step, case, flow, tasks):
        return ""
    for found in principals.values():
        if _entitled(actor.of(found.actor_id), step, case, flow, tasks):
            return _noted(step, found.actor_id, found.name)
    return ""


def _noted(step: Step, actor_id: str, name: str) -> str:
    step.acting_for, step.acting_for_name = actor_id, name
    return actor_id


def _entitled(actor: Actor, step: Step, case: Case, flow: Flow, tasks: Sequence[Task]) -> bool:
    """Whether some rights alone would do for a step."""
    kind = step.kind
    if kind in CONTROLS:
        return controls(actor, case, flow)
    if step.task is not None:
        return holds(actor, step.task)
    if kind == "supervise":
        return actor.has_role("leader", "supervisor") or controls(actor, case, flow)
    if kind in {"account_reviewed", "account_ended"}:
        account = account_of(case)
        return account is None or may_end(actor, account, case, flow, tasks)
    if kind in POWERS:
        return may(actor, POWERS[kind], case, flow, tasks)
    return case.pk is None or sees(actor, case)
