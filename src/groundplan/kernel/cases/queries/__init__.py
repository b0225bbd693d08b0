"""Every read of cases. What an actor may not see does not exist for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.utils import timezone

from groundplan.kernel.cases.errors import CaseNotFound
from groundplan.kernel.cases.logic.values import mask
from groundplan.kernel.cases.models import ACTIVE_CASE, ACTIVE_TASK, Case, Step, Task
from groundplan.kernel.cases.queries import lists
from groundplan.kernel.cases.queries.bound import BOUND, with_parties
from groundplan.kernel.cases.queries.flows import flow, flows_in_force
from groundplan.kernel.cases.queries.lists import Filters
from groundplan.kernel.cases.queries.privacy import hidden_fields, opened_secret
from groundplan.kernel.cases.queries.scope import require_sight, visible_parties
from groundplan.kernel.cases.queries.searching import search_sql
from groundplan.kernel.files.models import StoredFile
from groundplan.kernel.parties.models import Party
from groundplan.kernel.parties.queries import Actor
from groundplan.lib import clock, search
from groundplan.lib.keyset import LARGEST_PAGE, Page, cut, decode_cursor
from groundplan.lib.sql import rows

CAP = 1000
KINDS = ("todo", "done", "all", "account")
__all__ = [
    "Counts",
    "Filters",
    "Row",
    "active_tasks",
    "attachments",
    "case_for",
    "case_of_reporter",
    "counts",
    "flow",
    "flows_in_force",
    "may_prove",
    "may_read",
    "ownerless_count",
    "personal_shown",
    "queue",
    "search_cases",
    "step_for",
    "tasks_of",
    "timeline",
    "why",
]


@dataclass(frozen=True)
class Row:
    """A line of a list: the case and, in the to-do list, the task that waits."""

    case: Case
    task: Task | None
    sort_at: datetime
    sort_id: int


@dataclass(frozen=True)
class Counts:
    """Figures of the start page, each at most CAP: more is shown as ``1000+``."""

    todo: int
    overdue: int
    unsigned: int
    done_today: int

    @staticmethod
    def shown(number: int) -> str:
        """A figure as it is shown."""
        return f"{CAP}+" if number >= CAP else str(number)


def queue(
    actor: Actor, kind: str = "todo", filters: Filters | None = None, after: str | None = None, size: int = 50
) -> Page[Row]:
    """A page of an actor's cases.

    Args:
        actor: whose list it is.
        kind: ``todo`` = tasks that wait for the actor's own units and roles, earliest deadline first; ``done`` = what
            these units have done, latest first; ``all`` = what units at and below them are involved in, newest first;
            ``account`` = what of these is on account (挂账).
        filters: what it is narrowed to.
        after: cursor of the page before.
        size: rows, at most 200.

    Raises:
        CursorInvalid: ``after`` is not a cursor of such a list.
    """
    size = max(1, min(size, LARGEST_PAGE))
    filters = filters or Filters()
    bound = decode_cursor(after, (datetime.fromisoformat, int)) if after else None
    if kind == "account":
        filters = replace(filters, state="on_account")
    if kind == "todo":
        return cut(_todo_rows(actor, filters, bound, size + 1), size, _key)
    if kind in {"all", "account"} and search.query_text(filters.text):
        return cut(_found_rows(actor, filters, bound, size + 1), size, _key)
    column, parties = ("done_at", actor.unit_ids()) if kind == "done" else ("opened_at", visible_parties(actor))
    text, parameters = lists.involved_sql(filters, column=column, after=bound)
    rows = _run(text, {**parameters, "parties": sorted(parties), "size": size + 1})
    cases = _cases([row[1] for row in rows])
    return cut([Row(cases[number], None, at, number) for at, number in rows], size, _key)


def search_cases(actor: Actor, text: str, after: str | None = None, size: int = 50) -> Page[Row]:
    """Cases that an actor sees and in which all words occur, newest first."""
    return queue(actor, "all", Filters(text=text), after, size)


def counts(actor: Actor) -> Counts:
    """The figures of an actor's start page; each stops at CAP, so it costs the same in a city of any size."""
    now = clock.now()
    held = sorted({(scope.party_id, scope.role) for scope in actor.scopes})
    duties = {"parties": [unit for unit, _role in held], "roles": [role for _unit, role in held], "size": CAP}
    todo, parameters = lists.todo_sql(Filters(), after=None, now=now)
    late, late_parameters = lists.todo_sql(Filters(overdue=True), after=None, now=now)
    unsigned = Task.objects.none()
    for unit, role in held:
        unsigned |= Task.objects.filter(state="offered", on_account=False, party_id=unit, role=role)
    day = now.astimezone(timezone.get_default_timezone()).replace(hour=0, minute=0, second=0, microsecond=0)
    done = Task.objects.filter(party_id__in=actor.unit_ids(), done_by=actor.actor_id, done_at__gte=day)[:CAP]
    return Counts(
        todo=len(_run(todo, {**parameters, **duties})),
        overdue=len(_run(late, {**late_parameters, **duties})),
        unsigned=unsigned[:CAP].count(),
        done_today=done.count(),
    )


def case_for(actor: Actor, public_id: UUID | str) -> Case:
    """A case that an actor may see as an officer.

    Raises:
        CaseNotFound: there is none, or the actor's units have no part in it.
    """
    rows = Case.objects.defer("search", "personal").select_related("flow_version", "owner_party", "merged_into")
    found = rows.filter(public_id=public_id).first()
    if found is None:
        raise CaseNotFound
    require_sight(actor, found)
    return found


def case_of_reporter(actor: Actor, public_id: UUID | str) -> Case:
    """A case that an actor reported, to follow it.

    Raises:
        CaseNotFound: there is none, or somebody else reported it.
    """
    found = Case.objects.select_related("flow_version").filter(public_id=public_id, reporter=actor.actor_id).first()
    if found is None or not actor.is_signed_in:
        raise CaseNotFound
    return found


def may_read(actor: Actor, subject: str) -> bool:
    """Whether an actor may read what belongs to a case, given as ``case:<public id>``; for the doors of other apps."""
    try:
        case_for(actor, UUID(subject.removeprefix("case:")))
    except (CaseNotFound, ValueError):
        return False
    return True


def may_prove(actor: Actor, subject: str) -> bool:
    """Whether an actor may open the proofs of a case, given as ``case:<public id>``: its officers and its reporter.

    Records hold no personal data and no words of the officers; files and decisions stay with the officers.
    """
    if may_read(actor, subject):
        return True
    try:
        case_of_reporter(actor, UUID(subject.removeprefix("case:")))
    except (CaseNotFound, ValueError):
        return False
    return True


def tasks_of(case: Case) -> list[Task]:
    """The tasks of a case, oldest first."""
    return list(Task.objects.filter(case=case).select_related("party", "parent").order_by("id"))


def active_tasks(case: Case) -> list[Task]:
    """The tasks that bind a unit now, oldest first."""
    return with_parties(rows.find([Task, Party], BOUND, [case.pk]))


def timeline(case: Case) -> list[Step]:
    """The steps of a case, oldest first, each with its record and, if a rule decided, its decision."""
    return list(case.steps.select_related("party", "task").prefetch_related("attachments").order_by("id"))


def why(actor: Actor, public_id: UUID | str) -> tuple[UUID, UUID | None]:
    """Record and decision of a step: what 存证证明 and 判定依据 lead to.

    Raises:
        CaseNotFound: the actor may not see the case of this step, or there is none.
    """
    found = step_for(actor, public_id)
    return found.record, found.decision


def step_for(actor: Actor, public_id: UUID | str) -> Step:
    """A step of a case that an actor may see.

    Raises:
        CaseNotFound: the actor may not see its case, or there is none.
    """
    found = Step.objects.select_related("case").filter(public_id=public_id).first()
    if found is None:
        raise CaseNotFound
    require_sight(actor, found.case)
    return found


def attachments(case: Case) -> list[StoredFile]:
    """The files of a case, oldest first."""
    return list(StoredFile.objects.select_related("blob").filter(subject=f"case:{case.public_id}").order_by("id"))


def personal_shown(actor: Actor, case: Case) -> dict[str, str | None]:
    """Personal fields as an actor may see them: masked, or None where they are hidden."""
    form = flow(case)
    hidden = hidden_fields(actor, case, form)
    secret = opened_secret(case)
    return {name: None if name in hidden else mask(str(value)) for name, value in secret.items()}


def ownerless_count() -> int:
    """Active cases without a task that a unit has: always nought, and checked by the database itself."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT count(*) FROM cases_case AS about
            WHERE about.state = ANY(%s) AND NOT EXISTS (
                SELECT 1 FROM cases_task AS task WHERE task.case_id = about.id AND task.state = ANY(%s)
            )
            """,
            [list(ACTIVE_CASE), list(ACTIVE_TASK)],
        )
        return int(cursor.fetchone()[0])


def _todo_rows(actor: Actor, filters: Filters, bound: Sequence[Any] | None, size: int) -> list[Row]:
    text, parameters = lists.todo_sql(filters, after=bound, now=clock.now())
    duties = sorted({(scope.party_id, scope.role) for scope in actor.scopes})
    found = _run(
        text,
        {**parameters, "parties": [duty[0] for duty in duties], "roles": [duty[1] for duty in duties], "size": size},
    )
    tasks = {
        task.pk: task
        for task in Task.objects.filter(pk__in=[row[1] for row in found])
        .select_related("party", "case__owner_party", "case__flow_version")
        .defer("case__search", "case__personal", "case__flow_version__document", "case__flow_version__source")
    }
    return [Row(tasks[number].case, tasks[number], at, number) for at, number in found]


def _found_rows(actor: Actor, filters: Filters, bound: Sequence[Any] | None, size: int) -> list[Row]:
    """Rows of a search, by the first way that fills the page, or by the last."""
    given = {"parties": sorted(visible_parties(actor)), "size": size}
    rows: list[tuple[Any, ...]] = []
    for text, parameters in search_sql(filters, after=bound):
        rows = _run(text, {**parameters, **given})
        if len(rows) == size:
            break
    cases = _cases([row[1] for row in rows])
    return [Row(cases[number], None, at, number) for at, number in rows]


def _cases(numbers: Sequence[int]) -> dict[int, Case]:
    rows = Case.objects.filter(pk__in=numbers).select_related("owner_party", "flow_version")
    return {
        case.pk: case for case in rows.defer("search", "personal", "flow_version__document", "flow_version__source")
    }


def _run(text: str, parameters: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(text, parameters)
        return list(cursor.fetchall())


def _key(row: Row) -> tuple[datetime, int]:
    return row.sort_at, row.sort_id
