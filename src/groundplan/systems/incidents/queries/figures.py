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
from groundplan.systems.incidents.logic.rates import FAVOURABLE, INDICATORS, KEYS, Rate, example_score
from groundplan.systems.incidents.models import DrawnCase, Incident
from groundplan.systems.incidents.queries.hotline.appraisal import upheld
from groundplan.systems.incidents.queries.reports import SEEING_ROLES

APP = "groundplan.systems.incidents"
COUNT_SQL = """SELECT unit, key, count(*) FILTER (WHERE NOT left_out), count(*) FILTER (WHERE hit AND NOT left_out)
FROM judged WHERE %(everything)s OR unit = ANY(%(units)s::bigint[]) GROUP BY unit, key
UNION ALL
SELECT unit, '', count(DISTINCT case_id), 0
FROM judged WHERE left_out AND (%(everything)s OR unit = ANY(%(units)s::bigint[])) GROUP BY unit"""
LIST_SQL = """SELECT DISTINCT case_id FROM facts
WHERE key = %(key)s AND unit = %(unit)s AND (%(hit)s::boolean IS NULL OR hit = %(hit)s)"""


@dataclass(frozen=True)
class Figures:
    """One unit's rates in a period; ``left_out`` cases were excluded from them (剔除)."""

    unit: Party
    rates: Mapping[str, Rate]
    score: Decimal | None
    left_out: int = 0


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
    left_out: dict[int, set[int]] = defaultdict(set)
    visible = actor.party_ids(*SEEING_ROLES)
    for case in Case.objects.filter(flow=flow).order_by("id"):
        facts = list(_facts_of(case, start, end, clock.now()))
        objections = upheld([case.pk])
        for unit, key, hit in facts:
            if unit not in visible:
                continue
            made = objections.get((case.pk, unit), [])
            if any(objection.kind == "exclusion" for objection in made):
                left_out[unit].add(case.pk)
                counted[unit][key] += []
                continue
            corrected = any(objection.indicator == key for objection in made)
            counted[unit][key].append(FAVOURABLE[key] if corrected else hit)
    rates = {unit: {key: Rate(sum(hits), len(hits)) for key, hits in keys.items()} for unit, keys in counted.items()}
    for unit, cases in left_out.items():
        rates[unit][""] = Rate(0, len(cases))
    return _as_figures(rates)


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
    for drawn in DrawnCase.objects.filter(about=case, unit__isnull=False, case__state="closed").select_related("case"):
        if drawn.unit_id and drawn.case.closed_at and start <= drawn.case.closed_at < end:
            yield drawn.unit_id, "audited", drawn.case.outcome == "passed"
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
    worse = [key for key, more_is_better in FAVOURABLE.items() if not more_is_better]
    given = {"flow": flow, "start": start, "end": end, "now": clock.now(), "units": units, "less_is_better": worse}
    return {**given, "everything": actor.is_system}


def _as_figures(counted: Mapping[int, Mapping[str, Rate]]) -> list[Figures]:
    units = Party.objects.in_bulk(list(counted))
    nothing = Rate(0, 0)
    found = []
    for unit in sorted(units.values(), key=lambda party: party.code):
        rates = {indicator.key: counted[unit.pk].get(indicator.key, nothing) for indicator in INDICATORS}
        left_out = counted[unit.pk].get("", nothing).total
        found.append(Figures(unit, rates, example_score(rates), left_out))
    return found
