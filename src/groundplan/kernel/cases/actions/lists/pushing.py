"""Open tasks stand in the to-do lists of the city's message apps, and leave them with the task."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction

from groundplan.kernel.cases.models import Case, Task
from groundplan.kernel.cases.queries.flows import flow_of
from groundplan.kernel.notices import actions as notices
from groundplan.kernel.notices import queries as told
from groundplan.kernel.parties.models import User
from groundplan.kernel.parties.queries import members

MOST_PEOPLE = 50
MOST_CHECKED = 2000


@transaction.atomic
def tell_todos(*, case: UUID | str) -> int:
    """Bring the to-do lists outside up to date with the tasks of a case; safe to repeat.

    Returns:
        How many entries changed; 0 when no channel shows to-dos.
    """
    if not told.pushes_todos():
        return 0
    found = Task.objects.filter(case__public_id=case).select_related("case", "party").order_by("id")
    return sum(_tell(task) for task in found)


def reconcile_todos() -> int:
    """Go through what stands outside: tasks that are over, people who have left, dates that have moved.

    Returns:
        How many entries changed.
    """
    about = told.todos_about(most=MOST_CHECKED)
    cases = Case.objects.filter(tasks__public_id__in=about).values_list("public_id", flat=True).distinct()
    return sum(tell_todos(case=each) for each in list(cases))


def _tell(task: Task) -> int:
    bound = task.state in {"offered", "open"} and task.case.state == "open"
    work = flow_of(task.case.flow_version_id).work(task.stage, task.key)
    title = {
        "zh-hans": f"{task.case.number} {work.label.get('zh-hans', '')}",
        "en": f"{task.case.number} {work.label.get('en', '')}",
    }
    return notices.set_todos(
        about=task.public_id, people=_people(task) if bound else (), title=title,
        url=f"/cases/{task.case.public_id}", due_at=task.due_at, ended="done" if task.state == "done" else "cancelled",
    )  # fmt: skip


def _people(task: Task) -> list[User]:
    """Who signed for it; before that, everybody who may."""
    everybody = list(members(task.party_id, task.role)[:MOST_PEOPLE])
    mine = [user for user in everybody if user.actor_id == task.assignee]
    return mine or everybody
