"""The work calendar of a unit: its own where it has one, else the city's."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from django.db.models import QuerySet

from groundplan.kernel.parties.models import Party, UnitCalendar
from groundplan.lib.dated_worktime import DatedCalendar, Piece
from groundplan.lib.worktime import WorkCalendar


def calendar_of(party: Party, city: WorkCalendar) -> WorkCalendar:
    """The calendar by which a unit's clocks run.

    A stored calendar is never changed and the unit itself names the one that it keeps, so what is kept in memory
    needs no check and a unit that was read anew has its newest calendar.

    Args:
        party: the unit.
        city: the calendar of the city, for units without one of their own and for its statutory work days.
    """
    if party.calendar_id is None:
        return city
    return DatedCalendar.over(city, _pieces(party.calendar_id))


@lru_cache(maxsize=4096)
def _pieces(calendar_id: int) -> tuple[Piece, ...]:
    rows: list[dict[str, Any]] = UnitCalendar.objects.values_list("rows", flat=True).get(pk=calendar_id)
    return tuple(Piece.of(row) for row in rows)


def units_with_calendars() -> QuerySet[Party]:
    """The units that keep a calendar of their own, by the sound of their names."""
    found: QuerySet[Party] = Party.objects.exclude(calendar=None).select_related("calendar")
    return found.order_by("sort_key", "id")
