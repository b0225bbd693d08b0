"""Every read of bulk runs, and of the cases that somebody has chosen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count, Q, QuerySet

from groundplan.commons.worklists.errors import BulkNotFound
from groundplan.commons.worklists.logic import Doing
from groundplan.commons.worklists.models import BulkItem, BulkRun
from groundplan.kernel.cases import queries as cases
from groundplan.kernel.cases.models import Case, Involvement, Task
from groundplan.kernel.cases.queries.lists import Filters
from groundplan.kernel.cases.queries.scope import visible_parties
from groundplan.kernel.parties.queries import Actor

MOST = 200


@dataclass(frozen=True)
class Choice:
    """A chosen row as the list sent it: the case, the task and the version that was seen (None = as it is now)."""

    case: str
    task: str = ""
    seen: int | None = None


@dataclass(frozen=True)
class Chosen:
    """A case that was chosen, with the task that the action concerns."""

    case: Case
    task: Task | None
    seen: int
    fits: bool


def parse(values: Sequence[str]) -> list[Choice]:
    """Choices from ``case:task:version``; what is none is left out, as is a case that was named before."""
    found: dict[str, Choice] = {}
    for value in values[: MOST + 1]:
        case, _, rest = value.partition(":")
        task, _, seen = rest.partition(":")
        if _is_uuid(case) and (not task or _is_uuid(task)):
            number = int(seen) if seen.isascii() and seen.isdigit() and len(seen) < 9 else None  # noqa: PLR2004 - 32 bits.
            found.setdefault(case, Choice(case, task, number))
    return list(found.values())


def whole_list(actor: Actor, kind: str, filters: Filters) -> list[Choice]:
    """The rows of a list as far as one run may reach."""
    found = cases.queue(actor, kind if kind in cases.KINDS else "todo", filters, None, MOST)
    rows: dict[str, Choice] = {}
    for row in found.items:
        task = str(row.task.public_id) if row.task else ""
        rows.setdefault(str(row.case.public_id), Choice(str(row.case.public_id), task))
    return list(rows.values())


def chosen_for(actor: Actor, doing: Doing, choices: Sequence[Choice]) -> list[Chosen]:
    """The chosen cases that an actor sees, in their order; ``fits`` tells whether the action makes sense for it now.

    Whether it is allowed is asked again by the action itself, for each.
    """
    wanted = {each.case: each for each in choices}
    rows = Case.objects.filter(public_id__in=wanted).select_related("owner_party").defer("search", "personal")
    known = {str(case.public_id): case for case in rows}
    numbers = [case.pk for case in known.values()]
    seen = Involvement.objects.filter(case__in=numbers, party__in=visible_parties(actor)).values_list("case", flat=True)
    visible, held = set(seen), _held(actor, doing, numbers) if doing.on == "task" else {}
    found = []
    for choice in choices:
        case = known.get(choice.case)
        if case is None or case.pk not in visible:
            continue
        tasks = held.get(case.pk, [])
        named = [task for task in tasks if str(task.public_id) == choice.task]
        fitting = named if choice.task else tasks
        task = fitting[0] if fitting else None
        fits = case.active if doing.on == "case" else task is not None
        # A version belongs to what the list showed: the task where it named one, else the case.
        of_case = doing.on == "case" and not choice.task
        told = choice.seen is not None and (bool(named) or of_case)
        now = task.version if task else case.version
        found.append(Chosen(case, task, choice.seen if told and choice.seen is not None else now, fits))
    return found


def runs_of(actor: Actor) -> QuerySet[BulkRun]:
    """The runs of an actor with how many of their items are done and refused."""
    done = Count("items", filter=Q(items__state="done"))
    refused = Count("items", filter=Q(items__state="refused"))
    return BulkRun.objects.filter(actor=actor.actor_id).annotate(done=done, refused=refused)


def run_for(actor: Actor, public_id: UUID | str) -> BulkRun:
    """A run of the actor's own.

    Raises:
        BulkNotFound: there is none, or it is somebody else's.
    """
    found = runs_of(actor).filter(public_id=public_id).first() if actor.is_signed_in else None
    if found is None:
        raise BulkNotFound
    return found


def items_of(run: BulkRun) -> list[BulkItem]:
    """What became of each case of a run, in order."""
    return list(run.items.select_related("case").defer("case__search", "case__personal").order_by("position"))


def _held(actor: Actor, doing: Doing, numbers: Sequence[int]) -> dict[int, list[Task]]:
    held = {(scope.party_id, scope.role) for scope in actor.scopes}
    rows = Task.objects.filter(case__in=numbers, state__in=doing.states, on_account=False).order_by("id")
    found: dict[int, list[Task]] = {}
    for task in rows:
        if (task.party_id, task.role) in held and task.kind != "offer":
            found.setdefault(task.case_id, []).append(task)
    return found


def _is_uuid(text: str) -> bool:
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False
