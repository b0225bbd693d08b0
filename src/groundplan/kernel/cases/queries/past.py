"""The recorded past of a flow, for simulating it: how long its work took, which ways cases went, how many came."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta

from django.db.models import Count, Max, Min

from groundplan.kernel.cases.logic.flow import EndStage, Flow, Limit, ParallelStage, RuleStage, RulingStage, TaskStage
from groundplan.kernel.cases.logic.simulation import Plan, Station, Stop
from groundplan.kernel.cases.models import Case, Task
from groundplan.lib.worktime import Span

LATEST = 20_000
SAMPLE = 2_000
USUAL_HOURS = 1.0


@dataclass
class Past:
    """What is recorded of a flow; times in hours.

    Args:
        times: by station, from signature (or opening) to the end of the work.
        limits: by station, from opening to deadline.
        outcomes: by station, how often each outcome was chosen; ``returned`` = given back.
        entered: by stage, how many tasks it had.
        copies: by station, mean number at once.
        per_day: cases opened a day.
    """

    times: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    limits: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    outcomes: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    entered: Counter[str] = field(default_factory=Counter)
    copies: dict[str, float] = field(default_factory=dict)
    per_day: float = 10.0


def past_of(key: str) -> Past:
    """The latest recorded work of a flow, whatever its version."""
    found = Past()
    spans = Case.objects.filter(flow=key).aggregate(first=Min("opened_at"), last=Max("opened_at"), number=Count("id"))
    if spans["number"] > 1:
        days = max((spans["last"] - spans["first"]) / timedelta(days=1), 1.0)
        found.per_day = spans["number"] / days
    tasks = Task.objects.filter(case__flow=key, kind__in=("work", "ruling"), done_at__isnull=False).order_by("-id")
    cases: dict[str, set[int]] = defaultdict(set)
    counted: Counter[str] = Counter()
    rows = tasks.values_list(
        "stage", "key", "state", "outcome", "opened_at", "signed_at", "done_at", "due_at", "case_id"
    )
    for stage, part, state, outcome, opened, signed, done, due, case in rows[:LATEST]:
        name = f"{stage}.{part}" if part else stage
        found.entered[stage] += 1
        counted[name] += 1
        cases[name].add(case)
        if state == "done" and done:
            found.times[name].append(max((done - (signed or opened)) / timedelta(hours=1), 1 / 60))
        if state in {"done", "returned"}:
            found.outcomes[name][outcome if state == "done" else "returned"] += 1
        if due:
            found.limits[name].append((due - opened) / timedelta(hours=1))
    found.copies = {name: counted[name] / len(cases[name]) for name in counted}
    return found


def plan_of(
    flow: Flow, past: Past, *, staff: Mapping[str, int] | None = None, hours: Mapping[str, float] | None = None
) -> Plan:
    """A flow as queues, calibrated on its past.

    Args:
        flow: the flow, in force or not.
        past: what is recorded of it.
        staff: by station, how many cases are worked on at once; 1 by default.
        hours: by station, mean time of the work; the recorded mean by default.
    """
    stops: dict[str, Stop] = {}
    stations: dict[str, Station] = {}
    for name, stage in flow.stages.items():
        if isinstance(stage, ParallelStage):
            parts = {f"{name}.{key}": work for key, work in stage.tasks.items()}
            for part, work in parts.items():
                copies = past.copies.get(part, 1.0) if work.for_each else 1.0
                stations[part] = _station(part, past, work.limit, copies)
            wanted = None if stage.join == "all" else 1 if stage.join == "any" else int(stage.join)
            stops[name] = Stop(tuple(parts), ((stage.to, 1.0),), wanted)
        elif isinstance(stage, RuleStage):
            to = list(dict.fromkeys([*(way.to for way in stage.next), *([stage.unmatched] if stage.unmatched else [])]))
            stops[name] = Stop((), tuple((each, float(past.entered[each] or 1)) for each in to))
        elif isinstance(stage, (TaskStage, RulingStage)):
            stations[name] = _station(name, past, stage.limit, 1.0)
            stops[name] = Stop((name,), _ways(flow, name, stage, past))
        elif isinstance(stage, EndStage):
            stops[name] = Stop()
    return Plan(flow.start, stops, {
        name: replace(each, staff=(staff or {}).get(name, each.staff), hours=(hours or {}).get(name, each.hours))
        for name, each in stations.items()
    })  # fmt: skip


def _station(name: str, past: Past, limit: Limit | None, copies: float) -> Station:
    times = tuple(past.times.get(name, [])[:SAMPLE])
    limits = sorted(past.limits.get(name, []))
    due = limits[len(limits) // 2] if limits else _hours_of(limit.limit if limit else None)
    return Station(1, sum(times) / len(times) if times else USUAL_HOURS, times, due, copies)


def _hours_of(limit: str | None) -> float | None:
    """A written limit in hours; a working day as 24, as recorded times are those of the clock."""
    if limit is None:
        return None
    span = Span.parse(limit)
    hours = {"seconds": 1 / 3600, "minutes": 1 / 60, "hours": 1, "emergency_hours": 1, "work_hours": 1, "days": 24}
    return float(span.amount) * {**hours, "work_days": 24}[span.unit]


def _ways(flow: Flow, name: str, stage: TaskStage | RulingStage, past: Past) -> tuple[tuple[str, float], ...]:
    if isinstance(stage, RulingStage):
        return ((stage.upheld, 1.0),)
    chosen = past.outcomes.get(name, Counter())
    ways = [(each.to, float(chosen[key])) for key, each in stage.outcomes.items() if each.to in flow.stages]
    if stage.returns:
        ways.append((stage.returns.to, float(chosen["returned"])))
    known = [(to or "", weight) for to, weight in ways]
    if not any(weight for _to, weight in known):
        return tuple((to, 1.0) for to, _weight in known[: len(stage.outcomes)])
    return tuple(known)
