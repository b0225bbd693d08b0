"""The clocks of stored cases and tasks: start, pause, resume, extend, and the due date that follows."""

from __future__ import annotations

from datetime import datetime

from groundplan.kernel.cases.logic import clocks
from groundplan.kernel.cases.models import NEVER, Task, Timed
from groundplan.kernel.parties.queries import calendar_of
from groundplan.lib.worktime import Span, WorkCalendar, calendar_for


def start(timed: Timed, spans: str, now: datetime, calendar: str) -> None:
    """Start a clock anew; with no span there is no deadline."""
    timed.limit_spans = spans
    timed.clock_started_at = now if spans else None
    timed.pauses = [{"start": now.isoformat(), "end": None}] if timed.paused_for else []
    timed.overdue = False
    refresh(timed, calendar)


def pause(timed: Timed, cause: str, now: datetime) -> None:
    """Let a clock stand still for a cause; several causes may hold it."""
    if cause in timed.paused_for:
        return
    if not timed.paused_for:
        timed.pauses = [*timed.pauses, {"start": now.isoformat(), "end": None}]
    timed.paused_for = [*timed.paused_for, cause]
    _schedule(timed)


def resume(timed: Timed, cause: str, now: datetime, calendar: str) -> None:
    """Take a cause away; with the last one the clock goes on."""
    if cause not in timed.paused_for:
        return
    timed.paused_for = [held for held in timed.paused_for if held != cause]
    if not timed.paused_for and timed.pauses:
        timed.pauses = [*timed.pauses[:-1], {**timed.pauses[-1], "end": now.isoformat()}]
        refresh(timed, calendar)


def extend(timed: Timed, span: Span, calendar: str) -> None:
    """Add a span to a running limit."""
    if timed.limit_spans:
        timed.limit_spans = f"{timed.limit_spans}+{span}"
        refresh(timed, calendar)


def refresh(timed: Timed, calendar: str) -> None:
    """Set the due date from spans and pauses; without a calendar for its year the clock is flagged 日历缺失."""
    clock = clock_of(timed)
    timed.due_at = clocks.due_or_missing(clock, worktime_of(timed, calendar)) if clock else None
    timed.calendar_missing = clock is not None and timed.due_at is None
    _schedule(timed)


def worktime_of(timed: Timed, calendar: str) -> WorkCalendar:
    """A task runs by the calendar of the unit that has it, a case by that of its flow."""
    city = calendar_for(calendar)
    return calendar_of(timed.party, city) if isinstance(timed, Task) else city


def cap(task: Task, latest: datetime | None) -> None:
    """A task's clock runs inside the total: it is never due later."""
    if latest is not None and task.due_at is not None and task.due_at > latest:
        task.due_at = latest
        _schedule(task)


def clock_of(timed: Timed) -> clocks.Clock | None:
    """The stored clock as a value; None when there is no limit."""
    if timed.clock_started_at is None:
        return None
    pauses = tuple(
        clocks.Pause(datetime.fromisoformat(p["start"]), datetime.fromisoformat(p["end"]) if p["end"] else None)
        for p in timed.pauses
    )
    return clocks.Clock(timed.clock_started_at, clocks.read_spans(timed.limit_spans), pauses)


def stop(timed: Timed) -> None:
    """A finished task or case asks for no more attention."""
    timed.calendar_missing = False
    if isinstance(timed, Task):
        timed.next_escalation_at = None


def _schedule(timed: Timed) -> None:
    if isinstance(timed, Task):
        timed.sort_at = timed.due_at or NEVER
        running = timed.active and timed.due_at is not None and not timed.paused_for
        timed.next_escalation_at = timed.due_at if running else None
