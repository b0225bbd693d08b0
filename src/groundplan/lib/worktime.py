"""Deadlines in work days and work hours: statutory holidays, swapped work days, several working periods a day.

A work day is as long as the working periods of a day together, so that every span is an amount of work time and
pauses add up exactly: five work days from Monday 10:00 end on the next Monday 10:00 when no holiday lies between.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from importlib.resources import files
from typing import Any, ClassVar, Literal, cast, get_args
from zoneinfo import ZoneInfo

import yaml
from django.utils.translation import gettext as _

from groundplan.lib.environment import read
from groundplan.lib.errors import Conflict, Invalid

Unit = Literal["work_days", "work_hours", "emergency_hours", "days", "hours", "minutes", "seconds"]
Period = tuple[time, time]
Days = Callable[[date], bool]
Years = dict[int, dict[str, list[date]]]
WORK_UNITS = frozenset({"work_days", "work_hours"})
_SECONDS = {"days": 86400, "hours": 3600, "work_hours": 3600, "emergency_hours": 3600, "minutes": 60, "seconds": 1}
_ZERO = timedelta(0)
# A span that needs more days than this is a mistake in a rule, not a deadline.
_MOST_DAYS = 3660


class CalendarMissing(Conflict):
    """日历缺失: the calendar does not say yet which days of a year are work days; a weekday is never guessed."""

    code = "calendar-missing"
    title: ClassVar[dict[str, str]] = {"zh-hans": "日历缺失", "en": "Calendar missing"}

    def __init__(self, year: int) -> None:
        self.year = year
        super().__init__(
            _("%(year)d 年的工作日历尚未发布，无法推算期限。") % {"year": year},
            next_step=_("放假安排公布后更新日历；此前办件只记剩余工作时间。"),
            year=year,
        )


class BadSpan(Invalid):
    """A length of time is not written as an amount and a unit."""

    code = "bad-span"
    title: ClassVar[dict[str, str]] = {"zh-hans": "时限写法有误", "en": "Wrong time limit"}


@dataclass(frozen=True)
class Span:
    """An amount of time in its unit: work time (``work_days``, ``work_hours``) or natural time.

    ``emergency_hours`` (紧急工作时, GB/T 30428.8) run by night and on days off as ``hours`` do, with
    their own name.
    """

    amount: Decimal
    unit: Unit

    @classmethod
    def parse(cls, text: str) -> Span:
        """A span from its written form.

        >>> Span.parse("5 work_days")
        Span(amount=Decimal('5'), unit='work_days')
        >>> str(Span.parse("1.5 hours"))
        '1.5 hours'

        Raises:
            BadSpan: not an amount and a known unit, or a negative amount.
        """
        amount, _space, unit = text.strip().partition(" ")
        unit = unit.strip()
        unit = unit if unit.endswith("s") else unit + "s"
        try:
            number = Decimal(amount)
        except InvalidOperation:
            number = Decimal(-1)
        if not number.is_finite() or number < 0 or unit not in get_args(Unit):
            raise BadSpan(
                _("“%(text)s”不是有效的时限。") % {"text": text},
                accepted="5 work_days, 2 work_hours, 2 emergency_hours, 3 days, 1.5 hours, 30 minutes",
            )
        return cls(number, cast("Unit", unit))

    @property
    def is_work(self) -> bool:
        """Whether the span counts work time only."""
        return self.unit in WORK_UNITS

    def __str__(self) -> str:
        return f"{self.amount} {self.unit}"


@dataclass(frozen=True)
class WorkCalendar:
    """The working periods of a day and the days that have them.

    Args:
        zone: the zone in which the periods are written.
        hours: working periods of a day, ascending and not overlapping.
        days: whether a day is a work day; raises CalendarMissing for a year it does not cover.
    """

    zone: ZoneInfo
    hours: tuple[Period, ...]
    days: Days
    day_length: timedelta = field(init=False)

    def __post_init__(self) -> None:
        edges = [edge for period in self.hours for edge in period]
        if not edges or edges != sorted(set(edges)):
            raise BadSpan(_("每日工作时段必须先后有序且不重叠。"), accepted="09:00–12:00, 13:30–17:30")
        length = sum((_since_midnight(end) - _since_midnight(start) for start, end in self.hours), _ZERO)
        object.__setattr__(self, "day_length", length)

    def length(self, span: Span) -> timedelta:
        """A span as a length of time: of work time for work units, else of natural time."""
        if span.unit == "work_days":
            return timedelta(microseconds=round(span.amount * _microseconds(self.day_length)))
        return timedelta(microseconds=round(span.amount * _SECONDS[span.unit] * 1_000_000))

    def due(self, start: datetime, span: Span | timedelta) -> datetime:
        """The first moment at which the span is used up, in UTC.

        Args:
            start: when the clock starts; outside working periods it waits for the next one.
            span: a span, or a length of work time (what was left when a clock paused).

        Raises:
            CalendarMissing: the deadline lies in, or behind, a year without a calendar.
        """
        start = start.astimezone(UTC)
        if isinstance(span, Span) and not span.is_work:
            return start + self.length(span)
        left = self.length(span) if isinstance(span, Span) else span
        if left <= _ZERO:
            return start
        for opens, closes in self._periods(start):
            begin = max(opens, start)
            if closes - begin >= left:
                return begin + left
            left -= max(closes - begin, _ZERO)
        raise BadSpan(_("时限长于十年。"), accepted=f"< {_MOST_DAYS} days")

    def elapsed(self, start: datetime, end: datetime, unit: Unit = "work_hours") -> timedelta:
        """Work time between two moments, or natural time for a natural unit; zero when end is not after start.

        Raises:
            CalendarMissing: a day between them lies in a year without a calendar.
        """
        start, end = start.astimezone(UTC), end.astimezone(UTC)
        if end <= start:
            return _ZERO
        if unit not in WORK_UNITS:
            return end - start
        total = _ZERO
        for opens, closes in self._periods(start):
            if opens >= end:
                return total
            total += max(min(closes, end) - max(opens, start), _ZERO)
        raise BadSpan(_("时限长于十年。"), accepted=f"< {_MOST_DAYS} days")

    def remaining(self, moment: datetime, due: datetime, unit: Unit = "work_hours") -> timedelta:
        """Time left until a deadline; negative by as much as the deadline was missed.

        Raises:
            CalendarMissing: as ``elapsed``.
        """
        if moment <= due:
            return self.elapsed(moment, due, unit)
        return -self.elapsed(due, moment, unit)

    def is_working(self, moment: datetime) -> bool:
        """Whether a moment lies within a working period."""
        local = moment.astimezone(self.zone)
        return any(start <= local.time() < end for start, end in self.hours) and self.days(local.date())

    def _periods(self, start: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Working periods in UTC that end after a moment."""
        day = start.astimezone(self.zone).date()
        for _count in range(_MOST_DAYS):
            if self.days(day):
                for opens, closes in self.hours:
                    ends = datetime.combine(day, closes, self.zone).astimezone(UTC)
                    if ends > start:
                        yield datetime.combine(day, opens, self.zone).astimezone(UTC), ends
            day += timedelta(days=1)


def chinese_days(extra: Years | None = None) -> Days:
    """Work days as the State Council announced them, from ``chinesecalendar``.

    Args:
        extra: years that the package does not cover yet: ``{2027: {"holidays": […], "workdays": […]}}``; days named
            in neither list follow the week.
    """
    years = extra or {}

    @lru_cache(maxsize=8192)
    def is_work_day(day: date) -> bool:
        listed = years.get(day.year)
        if listed is not None:
            return day in listed["workdays"] or (day.weekday() < 5 and day not in listed["holidays"])  # noqa: PLR2004
        import chinese_calendar  # noqa: PLC0415 - loaded with the first deadline.

        try:
            return bool(chinese_calendar.is_workday(day))
        except NotImplementedError:
            raise CalendarMissing(day.year) from None

    return is_work_day


def listed_days(extra: Years | None = None) -> Days:
    """Work days by the week less the holidays of a list; a year that is not listed is missing.

    Args:
        extra: ``{2027: {"holidays": […], "workdays": […]}}``.
    """
    years = extra or {}

    def is_work_day(day: date) -> bool:
        listed = years.get(day.year)
        if listed is None:
            raise CalendarMissing(day.year)
        return day in listed["workdays"] or (day.weekday() < 5 and day not in listed["holidays"])  # noqa: PLR2004

    return lru_cache(maxsize=8192)(is_work_day)


DAYS: dict[str, Callable[[Years], Days]] = {"chinesecalendar": chinese_days, "week": listed_days}
PROFILE_NAME = re.compile(r"[a-z]+(-[a-z]+)*")


@lru_cache(maxsize=8)
def _calendar(name: str) -> WorkCalendar:
    source = files("groundplan.profiles").joinpath(name, "calendar.yaml")
    if not PROFILE_NAME.fullmatch(name) or not source.is_file():
        raise BadSpan(_("没有名为“%(name)s”的日历。") % {"name": name}, accepted=read("GROUNDPLAN_PROFILE"))
    text: dict[str, Any] = yaml.safe_load(source.read_text(encoding="utf-8"))
    hours = tuple((time.fromisoformat(start), time.fromisoformat(end)) for start, end in text["hours"])
    return WorkCalendar(ZoneInfo(text["zone"]), hours, DAYS[text["days"]](text.get("years") or {}))


def zone_of(profile: str) -> str:
    """The time zone of a profile.

    >>> zone_of("us-boston")
    'America/New_York'

    Raises:
        BadSpan: no such profile.
    """
    return _calendar(profile).zone.key


def calendar_for(name: str = "") -> WorkCalendar:
    """The calendar of a profile, by default of the installation's: ``profiles/<name>/calendar.yaml``.

    >>> calendar_for("cn").due(datetime(2026, 9, 30, 8, tzinfo=UTC), Span.parse("1 work_days")).isoformat()
    '2026-10-08T08:00:00+00:00'

    Raises:
        BadSpan: no such calendar.
    """
    return _calendar(name or read("GROUNDPLAN_PROFILE"))


def _since_midnight(moment: time) -> timedelta:
    return timedelta(hours=moment.hour, minutes=moment.minute, seconds=moment.second, microseconds=moment.microsecond)


def _microseconds(length: timedelta) -> int:
    return length // timedelta(microseconds=1)
