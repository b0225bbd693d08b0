"""The indicators per unit and period: set-based in SQL, and the same plainly, case by case, for comparison."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from groundplan.kernel.cases.models import Case, Task
from groundplan.kernel.parties.models import Party
from groundplan.kernel.parties.queries import Actor
from groundplan.lib import clock, sql
from groundplan.systems.incidents.logic.rates import INDICATORS, KEYS, Rate, example_score
from groundplan.systems.incidents.models import Incident
from groundplan.systems.incidents.queries.reports import SEEING_ROLES

APP = "groundplan.systems.incidents"
COUNT_SQL = """SELECT unit, key, count(*), count(*) FILTER (WHERE hit) FROM facts
WHERE %(everything)s OR unit = ANY(%(units)s::bigint[]) GROUP BY unit, key"""
LIST_SQL = """SELECT DISTINCT case_id FROM facts
WHERE key = %(key)s AND unit = %(unit)s AND (%(hit)s::boolean IS NULL OR hit = %(hit)s)"""


@dataclass(frozen=True)
class Figures:
    """One unit's rates in a period."""

    unit: Party
    rates: Mapping[str, Rate]
    score: Decimal | None


def figures(actor: Actor, *, flow: str, start: datetime, end: datetime) -> list[Figures]:
    """All rates of the units that an actor may see, for what fell into a period.

    Args:
        actor: sees the units in which they hold an office, and those below.
        flow: ``city-management`` or ``hotline``.
        start: first moment of the period.
        end: first moment after it.

    Returns:
        By the code of the unit.
    """
    counted: dict[int, dict[str, Rate]] = defaultdict(dict)
    with connection.cursor() as cursor:
        cursor.execute(sql.named(APP, "figure_facts") + COUNT_SQL, _values(actor, flow, start, end))
        for unit, key, total, hits in cursor.fetchall():
            counted[unit][key] = Rate(hits, total)
    return _as_figures(counted)


def figure_cases(
    actor: Actor, *, flow: str, start: datetime, end: datetime, unit: Party, key: str, hit: bool | None
) -> QuerySet[Incident]:
    """The incidents behind one number: those that count (``hit`` true), those against (false), or both (None)."""
    if key not in KEYS or not actor.covers(unit.pk, *SEEING_ROLES):
        return Incident.objects.none()
    values = {**_values(actor, flow, start, end), "key": key, "unit": unit.pk, "hit": hit}
    with connection.cursor() as cursor:
        cursor.execute(sql.named(APP, "figure_facts") + LIST_SQL, values)
        found = [row[0] for row in cursor.fetchall()]
    return (
        Incident.objects.select_related("case", "case__owner_party")
        .filter(case_id__in=found)
        .order_by("-reported_at", "-id")
    )


def figures_plainly(actor: Actor, *, flow: str, start: datetime, end: datetime) -> list[Figures]:
    """The same as :func:`figures`, by walking through every case; for tests, and for those who check us."""
    counted: dict[int, dict[str, list[bool]]] = defaultdict(lambda: defaultdict(list))
    visible = actor.party_ids(*SEEING_ROLES)
    for case in Case.objects.filter(flow=flow).order_by("id"):
        for unit, key, hit in _facts_of(case, start, end, clock.now()):
            if unit in visible:
                counted[unit][key].append(hit)
    return _as_figures(
        {unit: {key: Rate(sum(hits), len(hits)) for key, hits in keys.items()} for unit, keys in counted.items()}
    )


def _facts_of(case: Case, start: datetime, end: datetime, now: datetime) -> Iterator[tuple[int, str, bool]]:
    """Unit, key and hit of everything that one case tells."""
    tasks = list(Task.objects.filter(case=case).order_by("id"))
    leads = [
        task
        for task in tasks
        if task.kind == "work"
        and task.level == 0
        and task.stage in ("handle", "territory")
        and task.key in ("", "lead")
    ]
    standing = next((task for task in reversed(leads) if task.state not in ("returned", "cancelled")), None)
    for task in leads:
        yield from _lead_facts(task, tasks, start, end, now)
    if standing and case.state not in ("cancelled", "merged") and case.due_at and start <= case.due_at < end:
        yield standing.party_id, "closed", case.closed_at is not None
        yield standing.party_id, "closed_in_time", case.closed_at is not None and case.closed_at <= case.due_at
        yield standing.party_id, "reworked", case.data.get("rework") is True or case.reopened > 0
    for task in tasks:
        timely = (
            task.state == "done"
            and task.done_at is not None
            and task.due_at is not None
            and task.done_at <= task.due_at
        )
        if task.kind != "work":
            continue
        counts = task.stage in ("register", "dispatch", "assign") and task.state in ("open", "done")
        if counts and task.due_at and start <= task.due_at < end:
            yield task.party_id, "filed_in_time" if task.stage == "register" else "dispatched_in_time", timely
        if (
            standing
            and task.stage == "callback"
            and task.done_at
            and task.state == "done"
            and start <= task.done_at < end
        ):
            yield from _callback_facts(case, task, standing)
    incident = Incident.objects.filter(case=case).first()
    if incident and tasks and case.flow == "city-management" and start <= incident.received_at < end:
        yield tasks[0].party_id, "valid", any(task.stage == "register" and task.outcome == "file" for task in tasks)


def _lead_facts(
    task: Task, tasks: list[Task], start: datetime, end: datetime, now: datetime
) -> Iterator[tuple[int, str, bool]]:
    done = task.state == "done"
    if task.due_at and start <= task.due_at < end and task.state in ("offered", "open", "waiting", "done"):
        yield task.party_id, "handled", done
        yield task.party_id, "handled_in_time", done and task.done_at is not None and task.done_at <= task.due_at
        yield task.party_id, "waiting_overdue", not done and task.due_at < now
        yield task.party_id, "extended", "+" in task.limit_spans
    if start <= task.opened_at < end and task.state != "cancelled":
        before = [
            other
            for other in tasks
            if other.kind == "work"
            and other.stage in ("dispatch", "assign", "accept")
            and other.done_at is not None
            and other.done_at <= task.opened_at
        ]
        if before:
            dispatcher = max(before, key=lambda other: (other.done_at, other.pk))
            yield dispatcher.party_id, "dispatched_right", task.state != "returned"


def _callback_facts(case: Case, called: Task, standing: Task) -> Iterator[tuple[int, str, bool]]:
    in_time = standing.due_at is None or (standing.done_at is not None and standing.done_at <= standing.due_at)
    yield standing.party_id, "responded", standing.done_at is not None and in_time
    if called.outcome != "unreachable":
        yield standing.party_id, "solved", case.data.get("solved") == "yes"
        yield standing.party_id, "satisfied", case.data.get("satisfied") in ("yes", "basic")


def _values(actor: Actor, flow: str, start: datetime, end: datetime) -> dict[str, Any]:
    units = list(actor.party_ids(*SEEING_ROLES))
    return {"flow": flow, "start": start, "end": end, "now": clock.now(), "units": units, "everything": actor.is_system}


def _as_figures(counted: Mapping[int, Mapping[str, Rate]]) -> list[Figures]:
    units = Party.objects.in_bulk(list(counted))
    nothing = Rate(0, 0)
    found = []
    for unit in sorted(units.values(), key=lambda party: party.code):
        rates = {indicator.key: counted[unit.pk].get(indicator.key, nothing) for indicator in INDICATORS}
        found.append(Figures(unit, rates, example_score(rates)))
    return found
