"""Clocks: spans from a start, in work time, that stand still during pauses. Pure but for the calendar."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from groundplan.lib.worktime import CalendarMissing, Span


class Calendar(Protocol):
    """What a clock asks of a work calendar (``lib.worktime.WorkCalendar``)."""

    def due(self, start: datetime, span: Span | timedelta) -> datetime:
        """The moment a span after a start."""

    def elapsed(self, start: datetime, end: datetime) -> timedelta:
        """Work time between two moments."""


@dataclass(frozen=True)
class Pause:
    """A time in which a clock stood still; ``end`` is None while it still does."""

    start: datetime
    end: datetime | None = None


@dataclass(frozen=True)
class Clock:
    """A limit that runs.

    Args:
        started: when it began.
        spans: the limit and every granted extension, in order.
        pauses: times in which it stood still, in order, not overlapping.
    """

    started: datetime
    spans: tuple[Span, ...]
    pauses: tuple[Pause, ...] = ()

    @property
    def paused(self) -> bool:
        """Whether it stands still now."""
        return bool(self.pauses) and self.pauses[-1].end is None


def due(clock: Clock, calendar: Calendar) -> datetime:
    """When a clock runs out; for a paused one as if it went on at the moment of the pause.

    Raises:
        CalendarMissing: the calendar does not cover a year that is needed (日历缺失).
    """
    moment = clock.started
    for span in clock.spans:
        moment = calendar.due(moment, span)
    wall = all(not span.is_work for span in clock.spans)
    for pause in clock.pauses:
        if pause.end is None or pause.start >= moment:
            continue
        moment = _shifted(moment, pause.start, pause.end, calendar, wall=wall)
    return moment


def _shifted(moment: datetime, stopped: datetime, resumed: datetime, calendar: Calendar, *, wall: bool) -> datetime:
    """A due moment moved by a pause: what was left when it stopped is left when it resumes."""
    if wall:
        return moment + (resumed - stopped)
    rest = calendar.elapsed(stopped, moment)
    if rest <= timedelta(0):
        return moment
    return calendar.due(resumed, rest)


def due_or_missing(clock: Clock, calendar: Calendar) -> datetime | None:
    """When a clock runs out; None when the calendar does not reach so far yet."""
    try:
        return due(clock, calendar)
    except CalendarMissing:
        return None


def used_share(started: datetime, ends: datetime, now: datetime) -> int:
    """How much of a limit is used, in whole per cent from 0 to 100, for the clock bar."""
    whole = (ends - started) / timedelta(seconds=1)
    if whole <= 0:
        return 100
    return max(0, min(100, int((now - started) / timedelta(seconds=1) / whole * 100)))


def spans_text(spans: Sequence[Span]) -> str:
    """Spans as they are stored: ``5 work_days+2 work_days``."""
    return "+".join(str(span) for span in spans)


def read_spans(text: str) -> tuple[Span, ...]:
    """Stored spans read back.

    Raises:
        ValueError: a part is no span.
    """
    return tuple(Span.parse(part) for part in text.split("+")) if text else ()
