"""Work time that changes at dates: a unit's own hours and days, where they are given, in place of the city's.

Before the first date the unit kept the city's calendar. A day that no piece covers afterwards is not guessed: 日历缺失.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Literal

from groundplan.lib.worktime import CalendarMissing, Days, Span, WorkCalendar

DayRule = Literal["statutory", "daily", "week"]
MINUTES_OF_A_DAY = 1440
_MOST_DAYS = 3660


@dataclass(frozen=True)
class Piece:
    """Hours and days that hold from one day to another.

    Args:
        first: first day.
        last: last day; None = until further notice.
        hours: working periods as minutes from midnight, ascending, not overlapping; 1440 is the end of the day.
        rule: ``statutory`` = the city's work days, ``daily`` = every day, ``week`` = some days of the week.
        week: ISO numbers of the days of the week (1 is Monday), for ``week``.
        off: days that are off in spite of the rule.
        on: days that are worked in spite of the rule.
    """

    first: date
    last: date | None
    hours: tuple[tuple[int, int], ...]
    rule: DayRule
    week: frozenset[int] = frozenset()
    off: frozenset[date] = frozenset()
    on: frozenset[date] = frozenset()

    @classmethod
    def of(cls, row: dict[str, Any]) -> Piece:
        """A piece from its stored form."""
        return cls(
            first=date.fromisoformat(row["first"]),
            last=date.fromisoformat(row["last"]) if row["last"] else None,
            hours=tuple((begin, end) for begin, end in row["hours"]),
            rule=row["rule"],
            week=frozenset(row["week"]),
            off=frozenset(date.fromisoformat(day) for day in row["off"]),
            on=frozenset(date.fromisoformat(day) for day in row["on"]),
        )

    @property
    def length(self) -> timedelta:
        """How long a work day is."""
        return timedelta(minutes=sum(end - begin for begin, end in self.hours))

    def covers(self, day: date) -> bool:
        """Whether it says anything of a day."""
        return self.first <= day and (self.last is None or day <= self.last)

    def works(self, day: date, statutory: Days) -> bool:
        """Whether a day is worked.

        Raises:
            CalendarMissing: that is for the city's calendar to say, and it does not reach so far.
        """
        if day in self.off or day in self.on:
            return day in self.on
        if self.rule == "statutory":
            return statutory(day)
        return self.rule == "daily" or day.isoweekday() in self.week


@dataclass(frozen=True)
class DatedCalendar(WorkCalendar):
    """A work calendar in pieces, over the city's.

    >>> from groundplan.lib.worktime import calendar_for
    >>> city = calendar_for("cn")
    >>> duty = Piece(date(2026, 1, 1), None, ((0, 1440),), "daily")
    >>> calendar = DatedCalendar.over(city, [duty])
    >>> calendar.due(datetime(2026, 10, 1, 16, tzinfo=UTC), Span.parse("2 work_hours")).isoformat()
    '2026-10-01T18:00:00+00:00'
    """

    pieces: tuple[Piece, ...] = ()

    @classmethod
    def over(cls, city: WorkCalendar, pieces: Sequence[Piece]) -> DatedCalendar:
        """The calendar of a unit that has pieces of its own."""
        return cls(city.zone, city.hours, city.days, tuple(sorted(pieces, key=lambda piece: piece.first)))

    def due(self, start: datetime, span: Span | timedelta) -> datetime:
        """As the city's calendar; a work day is as long as it is where the clock starts.

        Raises:
            CalendarMissing: the deadline lies in, or behind, days that no piece covers.
        """
        if isinstance(span, Span) and span.unit == "work_days":
            piece = self._piece(start.astimezone(self.zone).date())
            whole = piece.length if piece is not None else self.day_length
            span = timedelta(microseconds=round(span.amount * (whole // timedelta(microseconds=1))))
        return super().due(start, span)

    def is_working(self, moment: datetime) -> bool:
        """Whether a moment lies within a working period."""
        first = next(self._periods(moment), None)
        return first is not None and first[0] <= moment < first[1]

    def _piece(self, day: date) -> Piece | None:
        """The piece of a day; None before the first.

        Raises:
            CalendarMissing: the unit's calendar has ended, or has a gap.
        """
        for piece in self.pieces:
            if piece.covers(day):
                return piece
        if not self.pieces or day < self.pieces[0].first:
            return None
        raise CalendarMissing(day.year)

    def _periods(self, start: datetime) -> Iterator[tuple[datetime, datetime]]:
        day = start.astimezone(self.zone).date()
        for _count in range(_MOST_DAYS):
            piece = self._piece(day)
            hours = piece.hours if piece is not None else tuple(map(_minutes, self.hours))
            if piece.works(day, self.days) if piece is not None else self.days(day):
                for opens, closes in hours:
                    ends = self._moment(day, closes)
                    if ends > start:
                        yield self._moment(day, opens), ends
            day += timedelta(days=1)

    def _moment(self, day: date, minutes: int) -> datetime:
        midnight = datetime.combine(day + timedelta(days=minutes // MINUTES_OF_A_DAY), time(0), self.zone)
        return (midnight + timedelta(minutes=minutes % MINUTES_OF_A_DAY)).astimezone(UTC)


def _minutes(period: tuple[time, time]) -> tuple[int, int]:
    opens, closes = (edge.hour * 60 + edge.minute for edge in period)
    return opens, closes
