"""旁路试算 (trial): a past case against the directory and the limits, nothing stored. Pure but for the calendar."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from groundplan.lib.worktime import CalendarMissing, Span
from groundplan.systems.incidents.logic.columns import FIELDS

# What an old export tells beyond the report itself, by the usual names of the columns.
COURSE: dict[str, tuple[str, ...]] = {
    "unit": ("承办单位", "主办单位", "处置单位", "办理单位", "责任单位", "处理单位", "handling unit", "department"),
    "dispatched_at": ("派单时间", "派遣时间", "转派时间", "交办时间", "dispatched at"),
    "signed_at": ("签收时间", "接收时间", "接单时间", "signed at"),
    "closed_at": ("办结时间", "结案时间", "完成时间", "反馈时间", "closed at", "closed_dt"),
    "due_at": ("办结期限", "办理期限", "截止时间", "到期时间", "要求办结时间", "due", "target_dt"),
    "returns": ("退单次数", "退单", "是否退单", "returns"),
}
ALL_FIELDS = {**COURSE, **FIELDS}
# Why a case was late: the step that overran its own limit most, or what else the record tells.
CAUSES: dict[str, dict[str, str]] = {
    "returned": {"zh-hans": "退单后重新派单", "en": "Returned and dispatched anew"},
    "dispatch": {"zh-hans": "派单超时", "en": "Dispatched late"},
    "sign": {"zh-hans": "签收超时", "en": "Signed for late"},
    "handle": {"zh-hans": "承办超时", "en": "Handled late"},
    "sum": {"zh-hans": "各环节未超时，合计超期", "en": "Each step in time, late in all"},
    "unknown": {"zh-hans": "文件未记录环节时间", "en": "The file does not tell the steps"},
}
FRESH = timedelta(0)


class Calendar(Protocol):
    """What is asked of ``lib.worktime.WorkCalendar``."""

    def due(self, start: datetime, span: Span | timedelta) -> datetime:
        """The moment a span after a start."""

    def elapsed(self, start: datetime, end: datetime) -> timedelta:
        """Work time between two moments."""


@dataclass(frozen=True)
class Past:
    """One past case as its row tells it; moments with their zone, None where the file has none."""

    number: int
    external_id: str
    unit: str
    reported: datetime | None = None
    dispatched: datetime | None = None
    signed: datetime | None = None
    closed: datetime | None = None
    due: datetime | None = None
    returns: int = 0


def misrouted(actual: str, expected: str, below: frozenset[str]) -> bool:
    """Whether a case went to another unit than the directory names.

    A unit below the named one handles for it (三级派单) and is right.

    Args:
        actual: code of the unit that handled.
        expected: code of the unit that the directory names.
        below: codes of all units below the named one.
    """
    return actual != expected and actual not in below


def due_of(past: Past, total: Span, calendar: Calendar) -> datetime | None:
    """The deadline of the file, or the one that the limits give; None without a time of registration.

    Raises:
        CalendarMissing: the calendar does not cover the year.
    """
    if past.due is not None or past.reported is None:
        return past.due
    return calendar.due(past.reported, total)


def late_cause(past: Past, limits: Mapping[str, Span], calendar: Calendar, now: datetime) -> str | None:
    """Why a case was late, a key of CAUSES; None when it was not, or when nobody can tell whether it was.

    Args:
        past: the case.
        limits: ``accept``, ``sign``, ``handle`` and ``total``.
        calendar: of work time.
        now: for cases that are still open.

    Raises:
        CalendarMissing: the calendar does not cover a year that is needed.
    """
    due = due_of(past, limits["total"], calendar)
    if due is None or (past.closed or now) <= due:
        return None
    if past.returns:
        return "returned"
    steps = _steps(past, now)
    if not any(step in {"sign", "handle"} for step, _start, _end in steps):
        return "unknown"
    over = {step: _overrun(start, end, limits[_LIMIT[step]], calendar) for step, start, end in steps}
    worst = max(over, key=lambda step: over[step])
    return worst if over[worst] > FRESH else "sum"


_LIMIT = {"dispatch": "accept", "sign": "sign", "handle": "handle"}


def _steps(past: Past, now: datetime) -> list[tuple[str, datetime, datetime]]:
    """The steps of which the file tells the beginning, in order; a step that has not ended ends now."""
    end = past.closed or now
    marks = [("dispatch", past.reported), ("sign", past.dispatched), ("handle", past.signed)]
    found = [(step, start) for step, start in marks if start is not None]
    # Without a time of signing, what follows the dispatch is the handling.
    found = [("handle" if step == "sign" and past.signed is None else step, start) for step, start in found]
    ends = [start for _step, start in found[1:]] + [end]
    return [(step, start, stop) for (step, start), stop in zip(found, ends, strict=True)]


def _overrun(start: datetime, end: datetime, limit: Span, calendar: Calendar) -> timedelta:
    """Work time past the limit of a step, zero within it."""
    due = calendar.due(start, limit)
    return calendar.elapsed(due, end) if end > due else FRESH


__all__ = ["ALL_FIELDS", "CAUSES", "COURSE", "CalendarMissing", "Past", "due_of", "late_cause", "misrouted"]
