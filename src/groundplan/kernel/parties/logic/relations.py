"""Relations as plain data: periods and cycles."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

START = dt.date.min
END = dt.date.max


@dataclass(frozen=True)
class Period:
    """Days from ``start`` until, not including, ``end``."""

    start: dt.date = START
    end: dt.date = END

    @classmethod
    def between(cls, start: dt.date | None, end: dt.date | None) -> Period:
        """A period of which either end may be open."""
        return cls(start or START, end or END)

    def meet(self, other: Period) -> Period | None:
        """The days in both; None when there are none.

        >>> day = dt.date(2026, 1, 1)
        >>> Period(START, day).meet(Period(day, END)) is None
        True
        """
        start, end = max(self.start, other.start), min(self.end, other.end)
        return Period(start, end) if start < end else None


@dataclass(frozen=True)
class Edge:
    """One dated relation: ``lower`` is below ``upper``."""

    lower: int
    upper: int
    period: Period


def find_cycle(edges: Iterable[Edge]) -> tuple[int, ...]:
    """The parties of a cycle that exists on some day.

    A cycle counts only when all its relations are valid on one same day: a unit may move under a former subordinate.

    Args:
        edges: dated relations of one kind.

    Returns:
        The parties in order, empty when no day has a cycle.
    """
    above: dict[int, list[Edge]] = defaultdict(list)
    for edge in edges:
        above[edge.lower].append(edge)
    cleared: set[int] = set()
    for start in list(above):
        found = _walk(start, above, cleared)
        if found:
            return found
        cleared.add(start)
    return ()


def _walk(start: int, above: dict[int, list[Edge]], cleared: set[int]) -> tuple[int, ...]:
    """The path from a party back to itself with a day common to all its edges; parties cleared before are skipped."""
    stack: list[tuple[tuple[int, ...], Period]] = [((start,), Period())]
    while stack:
        path, period = stack.pop()
        for edge in above.get(path[-1], ()):
            common = period.meet(edge.period)
            if common is None or edge.upper in cleared:
                continue
            if edge.upper == start:
                return path
            if edge.upper not in path:
                stack.append(((*path, edge.upper), common))
    return ()
