"""The days that a report covers, and those it is compared with (环比, 同比)."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta

KINDS: dict[str, dict[str, str]] = {
    "daily": {"zh-hans": "日报", "en": "Daily report"},
    "weekly": {"zh-hans": "周报", "en": "Weekly report"},
    "monthly": {"zh-hans": "月报", "en": "Monthly report"},
    "special": {"zh-hans": "专报", "en": "Special report"},
}
LONGEST_DAYS = 366


@dataclass(frozen=True)
class Period:
    """Whole days, the last one included."""

    first: date
    last: date

    @property
    def days(self) -> int:
        """How many days.

        >>> Period(date(2026, 2, 1), date(2026, 2, 28)).days
        28
        """
        return (self.last - self.first).days + 1


def period_with(kind: str, day: date) -> Period:
    """The day, the week from Monday, or the month, in which a day lies.

    >>> period_with("weekly", date(2026, 11, 22))
    Period(first=datetime.date(2026, 11, 16), last=datetime.date(2026, 11, 22))
    """
    if kind == "weekly":
        first = day - timedelta(days=day.weekday())
        return Period(first, first + timedelta(days=6))
    if kind == "monthly":
        return Period(day.replace(day=1), day.replace(day=monthrange(day.year, day.month)[1]))
    return Period(day, day)


def period_before(kind: str, period: Period) -> Period:
    """What 环比 compares with: the period just before.

    >>> period_before("monthly", Period(date(2026, 3, 1), date(2026, 3, 31)))
    Period(first=datetime.date(2026, 2, 1), last=datetime.date(2026, 2, 28))
    """
    if kind in ("weekly", "monthly", "daily"):
        return period_with(kind, period.first - timedelta(days=1))
    return Period(period.first - timedelta(days=period.days), period.first - timedelta(days=1))


def period_a_year_ago(kind: str, period: Period) -> Period | None:
    """What 同比 compares with: the same days, week by its number, or month of the year before.

    Returns:
        None where the year before has no such period: 29 February, week 53.

    >>> period_a_year_ago("weekly", Period(date(2026, 11, 16), date(2026, 11, 22)))
    Period(first=datetime.date(2025, 11, 17), last=datetime.date(2025, 11, 23))
    >>> period_a_year_ago("daily", Period(date(2028, 2, 29), date(2028, 2, 29))) is None
    True
    """
    if kind == "weekly":
        year, week, _day = period.first.isocalendar()
        try:
            first = date.fromisocalendar(year - 1, week, 1)
        except ValueError:
            return None
        return Period(first, first + timedelta(days=6))
    if kind == "monthly":
        return period_with("monthly", period.first.replace(year=period.first.year - 1))
    try:
        return Period(period.first.replace(year=period.first.year - 1), period.last.replace(year=period.last.year - 1))
    except ValueError:
        return None
