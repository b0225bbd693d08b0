"""A flow tried before it is put in force (流程推演): a discrete-event simulation of its stages as queues with staff.

Source: each stage is a queue with c servers, first come first served; arrivals are a Poisson process. Where the flow is
one stage with exponential times, the mean wait is Erlang's C formula, which the tests compare.
"""

from __future__ import annotations

import heapq
import random
from collections import defaultdict, deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

MOST_CASES = 50_000
MOST_HOPS = 200


@dataclass(frozen=True)
class Station:
    """The work of one stage, or of one task of a parallel stage.

    Args:
        staff: how many cases are worked on at once.
        hours: mean time of the work itself.
        sample: recorded times, drawn from and scaled to ``hours``; without any, times are exponential.
        limit: hours within which it shall be done, waiting included; None for none.
        copies: mean number of units that get it at once.
    """

    staff: int
    hours: float
    sample: tuple[float, ...] = ()
    limit: float | None = None
    copies: float = 1.0


@dataclass(frozen=True)
class Stop:
    """A stage: its stations, all of which must be done, and where cases go then, by weight; nowhere = the end."""

    stations: tuple[str, ...] = ()
    ways: tuple[tuple[str, float], ...] = ()
    wanted: int | None = None


@dataclass(frozen=True)
class Plan:
    """A flow as queues."""

    start: str
    stops: Mapping[str, Stop]
    stations: Mapping[str, Station]


@dataclass
class Figures:
    """What came out for one station; hours."""

    done: int = 0
    waited: list[float] = field(default_factory=list)
    overdue: int = 0
    busy: float = 0.0
    left: int = 0

    @property
    def mean_wait(self) -> float:
        """Mean hours between arrival and begin of work."""
        return sum(self.waited) / len(self.waited) if self.waited else 0.0

    @property
    def p90_wait(self) -> float:
        """The wait that one in ten exceeds."""
        return sorted(self.waited)[int(len(self.waited) * 0.9)] if self.waited else 0.0

    @property
    def overdue_share(self) -> float:
        """Share of the done work that was past its limit."""
        return self.overdue / self.done if self.done else 0.0


@dataclass
class Outcome:
    """What came out of a simulation."""

    stations: dict[str, Figures]
    opened: int
    closed: int
    hours: float


def simulate(plan: Plan, *, arrivals_per_hour: float, hours: float, seed: int, warm_up: float = 0.1) -> Outcome:
    """Let cases come for so many hours and see where they wait.

    Args:
        plan: the flow as queues.
        arrivals_per_hour: mean of a Poisson process, > 0.
        hours: length of the trial; work that is unfinished then is counted in ``left``.
        seed: the same seed gives the same figures.
        warm_up: share of the time at the beginning that is not counted, because queues start empty.

    Raises:
        ValueError: more than MOST_CASES cases would come, or a figure is out of range.
    """
    if not (arrivals_per_hour > 0 and hours > 0 and arrivals_per_hour * hours <= MOST_CASES):
        message = f"arrivals_per_hour * hours = {arrivals_per_hour * hours:g}; accepted: above 0, at most {MOST_CASES}"
        raise ValueError(message)
    run = _Run(plan, random.Random(seed), hours * warm_up, hours)  # noqa: S311 - a simulation.
    run.go(arrivals_per_hour)
    return Outcome(run.figures, run.opened, run.closed, hours)


class _Run:
    """One simulation: a heap of moments, and a queue before each station."""

    def __init__(self, plan: Plan, chance: random.Random, since: float, until: float) -> None:
        self.plan, self.chance, self.since, self.until = plan, chance, since, until
        self.figures = {name: Figures() for name in plan.stations}
        self.queues: dict[str, deque[tuple[float, dict[str, Any]]]] = defaultdict(deque)
        self.free = {name: station.staff for name, station in plan.stations.items()}
        self.moments: list[tuple[float, int, str, Any]] = []
        self.counted = self.opened = self.closed = 0

    def go(self, rate: float) -> None:
        """Run until the end."""
        self._at(self.chance.expovariate(rate), "arrival", None)
        while self.moments and self.moments[0][0] <= self.until:
            now, _number, kind, given = heapq.heappop(self.moments)
            if kind == "arrival":
                self.opened += 1
                self._enter(now, {"hops": 0}, self.plan.start)
                self._at(now + self.chance.expovariate(rate), "arrival", None)
            else:
                self._finish(now, *given)
        for name, station in self.plan.stations.items():
            self.figures[name].left = len(self.queues[name]) + station.staff - self.free[name]

    def _at(self, moment: float, kind: str, given: Any) -> None:
        self.counted += 1
        heapq.heappush(self.moments, (moment, self.counted, kind, given))

    def _enter(self, now: float, case: dict[str, Any], name: str) -> None:
        while True:
            stop = self.plan.stops[name]
            case["hops"] += 1
            if case["hops"] > MOST_HOPS or not (stop.stations or stop.ways):
                self.closed += 1
                return
            case["stop"] = name
            work = list(self._work(stop))
            if work:
                break
            name = self._way(stop)
        case["pending"] = min(len(work), stop.wanted or len(work))
        case["visit"] = case.get("visit", 0) + 1
        for station in work:
            self.queues[station].append((now, {"case": case, "visit": case["visit"]}))
            self._begin(now, station)

    def _work(self, stop: Stop) -> Iterator[str]:
        for name in stop.stations:
            copies = self.plan.stations[name].copies
            whole = int(copies)
            yield from [name] * (whole + (self.chance.random() < copies - whole))

    def _begin(self, now: float, name: str) -> None:
        while self.free[name] and self.queues[name]:
            arrived, task = self.queues[name].popleft()
            self.free[name] -= 1
            self._at(now + self._time(self.plan.stations[name]), "done", (name, arrived, now, task))

    def _time(self, station: Station) -> float:
        if not station.sample:
            return self.chance.expovariate(1 / station.hours)
        mean = sum(station.sample) / len(station.sample)
        return self.chance.choice(station.sample) * station.hours / mean

    def _finish(self, now: float, name: str, arrived: float, begun: float, task: dict[str, Any]) -> None:
        station, found = self.plan.stations[name], self.figures[name]
        self.free[name] += 1
        if arrived >= self.since:
            found.done += 1
            found.waited.append(begun - arrived)
            found.overdue += station.limit is not None and now - arrived > station.limit
            found.busy += now - begun
        case = task["case"]
        if task["visit"] == case["visit"]:
            case["pending"] -= 1
            if not case["pending"]:
                case["visit"] += 1
                self._enter(now, case, self._way(self.plan.stops[case["stop"]]))
        self._begin(now, name)

    def _way(self, stop: Stop) -> str:
        names, weights = zip(*stop.ways, strict=True)
        return str(self.chance.choices(names, weights)[0])
