"""Where the time of a task went: signing, working, waiting for others, standing still. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

Interval = tuple[datetime, datetime]


@dataclass(frozen=True)
class Spent:
    """One kind of time: ``signing``, ``work``, ``waiting`` or ``paused``, and when."""

    kind: str
    intervals: tuple[Interval, ...]


def without(whole: Iterable[Interval], taken: Iterable[Interval]) -> tuple[Interval, ...]:
    """What is left of intervals when others are taken out, in order.

    Example:
        >>> at = [datetime(2026, 3, 2, hour) for hour in range(5)]
        >>> [(a.hour, b.hour) for a, b in without([(at[0], at[4])], [(at[1], at[2])])]
        [(0, 1), (2, 4)]
    """
    left = sorted((start, end) for start, end in whole if start < end)
    for stop, go in sorted(taken):
        parts = []
        for start, end in left:
            parts += [(start, min(end, stop)), (max(start, go), end)] if stop < go else [(start, end)]
        left = [(start, end) for start, end in parts if start < end]
    return tuple(left)


def within(whole: Iterable[Interval], taken: Iterable[Interval]) -> tuple[Interval, ...]:
    """The parts of intervals that lie in others, each moment once."""
    every = tuple(whole)
    return without(every, without(every, taken))


def spent(
    *, opened: datetime, signed: datetime | None, ended: datetime, signs: bool,
    pauses: Iterable[Interval], waits: Iterable[Interval],
) -> tuple[Spent, ...]:  # fmt: skip
    """How a task's time splits; every moment from opening to end is in exactly one kind.

    Args:
        opened: when the unit got it.
        signed: when it was signed for.
        ended: when it was done, or now.
        signs: whether it has to be signed for.
        pauses: when its clock stood still.
        waits: when others had it: units below, rulings, receivers.
    """
    held, others = tuple(pauses), tuple(waits)
    began = max(opened, min(signed or ended, ended)) if signs else opened
    whole = ((opened, ended),)
    running = without(whole, held)
    alone = without(running, others)
    parts = (
        Spent("signing", within(alone, ((opened, began),))),
        Spent("work", within(alone, ((began, ended),))),
        Spent("waiting", within(running, others)),
        Spent("paused", within(whole, held)),
    )
    return tuple(part for part in parts if part.intervals)
