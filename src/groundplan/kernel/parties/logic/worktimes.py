"""The cells of a spreadsheet of units' work time: hours, days, days off. Pure."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from typing import Final

from groundplan.kernel.parties.logic.sheets import day as day_of
from groundplan.lib.dated_worktime import MINUTES_OF_A_DAY, DayRule

HEADERS: Final = ("机构编码", "起始日期", "截止日期", "工作时段", "工作日", "休息日", "上班日")
NOTES: Final = {
    "机构编码": "系统中已有的编码；一个机构可有多行，日期不得重叠",
    "起始日期": "如 2026-01-01；此前按全市日历",
    "截止日期": "含当日；按周规定工作日的必须填写，届时须导入下一年度日历",
    "工作时段": "如 08:30-12:00,13:00-17:30；全天值守填 24小时",
    "工作日": "法定工作日、每日，或按周，如 周一至周六",
    "休息日": "另行休息的日期，以逗号分隔，可写 2026-10-01至2026-10-07",
    "上班日": "另行上班的日期，写法同上",
}
EXAMPLES: Final = (
    ("emergency-office", "2026-01-01", "", "24小时", "每日", "", ""),
    ("service-hall", "2026-01-01", "2026-12-31", "08:30-17:30", "周一至周六", "2026-10-01至2026-10-03", "2026-10-11"),
)
WHOLE_DAY: Final = frozenset({"24小时", "全天", "24h", "00:00-24:00"})
STATUTORY: Final = frozenset({"法定工作日", "工作日", "statutory"})
DAILY: Final = frozenset({"每日", "每天", "全年", "daily"})
WEEK: Final = {"一": 1, "二": 2, "三": 3, "四": 4, "五": 5, "六": 6, "日": 7, "天": 7}
MOST_DAYS_LISTED: Final = 400
_PERIOD = re.compile(r"(\d{1,2}):(\d{2})-(\d{1,2}):(\d{2})")


def hours(text: str) -> list[list[int]]:
    """Working periods as minutes from midnight.

    >>> hours("８：３０－12:00，13:00至24:00")
    [[510, 720], [780, 1440]]

    Raises:
        ValueError: no periods, or not in order within one day.
    """
    plain = _plain(text)
    if plain in WHOLE_DAY:
        return [[0, MINUTES_OF_A_DAY]]
    found: list[list[int]] = []
    for part in plain.split(","):
        match = _PERIOD.fullmatch(part)
        if match is None:
            raise ValueError(part)
        h1, m1, h2, m2 = (int(number) for number in match.groups())
        begin, end = h1 * 60 + m1, h2 * 60 + m2
        before = found[-1][1] if found else 0
        if max(m1, m2) > 59 or not before <= begin < end <= MINUTES_OF_A_DAY:  # noqa: PLR2004 - minutes of an hour.
            raise ValueError(part)
        found.append([begin, end])
    return found


def days(text: str) -> tuple[DayRule, list[int]]:
    """Which days are worked.

    >>> days("周一至周五、周日")
    ('week', [1, 2, 3, 4, 5, 7])

    Raises:
        ValueError: neither a known word nor days of the week.
    """
    plain = _plain(text)
    if plain in STATUTORY:
        return "statutory", []
    if plain in DAILY:
        return "daily", []
    named: set[int] = set()
    for part in re.sub("[周星期]", "", plain).split(","):
        ends = [WEEK.get(edge, 0) for edge in part.split("-")]
        if not 1 <= len(ends) <= 2 or 0 in ends or ends[0] > ends[-1]:  # noqa: PLR2004 - one day or a range.
            raise ValueError(part)
        named |= set(range(ends[0], ends[-1] + 1))
    return "week", sorted(named)


def listed(value: object) -> list[dt.date]:
    """Days of a cell, single or in ranges.

    >>> [day.day for day in listed("2026-10-01至2026-10-03、2026年10月8日")]
    [1, 2, 3, 8]

    Raises:
        ValueError: not days, a range upside down, or far too many.
    """
    if value is None or isinstance(value, dt.date):
        found = day_of(value)
        return [found] if found else []
    named: set[dt.date] = set()
    for part in re.split("[,、;]", unicodedata.normalize("NFKC", str(value)).replace(" ", "")):
        if not part:
            continue
        edges = [day_of(edge) for edge in re.split("[至~]", part)]
        first, last = edges[0], edges[-1]
        if len(edges) > 2 or first is None or last is None or first > last:  # noqa: PLR2004 - one day or a range.
            raise ValueError(part)
        if (last - first).days > MOST_DAYS_LISTED:
            raise ValueError(part)
        named |= {first + dt.timedelta(days=number) for number in range((last - first).days + 1)}
    if len(named) > MOST_DAYS_LISTED:
        raise ValueError(str(value)[:40])
    return sorted(named)


def hours_shown(found: list[list[int]]) -> str:
    """Working periods as people write them.

    >>> hours_shown([[510, 720], [780, 1440]])
    '08:30–12:00，13:00–24:00'
    """
    return "，".join("–".join(f"{edge // 60:02d}:{edge % 60:02d}" for edge in period) for period in found)


def _plain(text: str) -> str:
    plain = unicodedata.normalize("NFKC", text).replace(" ", "").lower()
    return re.sub("[、;]", ",", re.sub("[–—~至到]", "-", plain))
