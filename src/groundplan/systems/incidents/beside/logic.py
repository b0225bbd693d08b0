"""How a row of the vendor's system is compared with our decision. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from groundplan.lib.worktime import Span
from groundplan.systems.incidents.logic.columns import propose_mapping
from groundplan.systems.incidents.logic.trial import ALL_FIELDS, Calendar, Past

# What a daily export may tell beyond a past case: where it was sent at first, and who had it in the end.
COLUMNS: dict[str, tuple[str, ...]] = {
    "first_unit": ("首派单位", "首次派单单位", "初派单位", "first unit"),
    "final_unit": ("最终承办单位", "实际办理单位", "最终办理单位", "final unit"),
    **ALL_FIELDS,
}
VERDICTS: dict[str, dict[str, str]] = {
    "same": {"zh-hans": "派单一致", "en": "Dispatched alike"},
    "ours": {"zh-hans": "本系统派对", "en": "Ours was right"},
    "vendor": {"zh-hans": "原系统派对", "en": "Theirs was right"},
    "undecided": {"zh-hans": "尚无定论", "en": "Undecided"},
    "unlisted": {"zh-hans": "目录未列明", "en": "Not in the directory"},
    "unknown": {"zh-hans": "原派单位无法识别", "en": "Their unit is not known"},
}
DIFFERING = ("ours", "vendor", "undecided")


@dataclass(frozen=True)
class Way:
    """Where a case went, as codes of units; empty where nobody can tell.

    Args:
        ours: the unit that our directory names.
        first: the unit that the vendor sent it to at first.
        final: the unit that has or had it last.
        closed: whether the vendor's case is closed.
        returns: how often it was returned (退单).
    """

    ours: str
    first: str
    final: str
    closed: bool = False
    returns: int = 0


def verdict(way: Way, agrees: Callable[[str, str], bool]) -> str:
    """Who dispatched rightly, judged by what became of the case; a key of VERDICTS.

    Where both differ, ours was right when the case ended up with our unit, theirs when their first unit closed it
    without a return; anything else is undecided.

    Args:
        way: where the case went.
        agrees: whether a unit is the named one or stands below it.

    Example:
        >>> same = str.__eq__
        >>> verdict(Way("a", "b", "a"), same), verdict(Way("a", "b", "b", closed=True), same)
        ('ours', 'vendor')
        >>> verdict(Way("a", "b", "b"), same), verdict(Way("a", "b", "b", True, 1), same)
        ('undecided', 'undecided')
    """
    if not way.ours:
        return "unlisted"
    if not way.first:
        return "unknown"
    if agrees(way.first, way.ours):
        return "same"
    if way.final and agrees(way.final, way.ours):
        return "ours"
    if way.closed and not way.returns and way.final == way.first:
        return "vendor"
    return "undecided"


def return_avoided(way: Way, agrees: Callable[[str, str], bool]) -> bool:
    """Whether a returned case would not have been returned: it ended with the unit that our rule names at once."""
    return way.returns > 0 and verdict(way, agrees) == "ours"


def warned_at(past: Past, limits: Mapping[str, Span], calendar: Calendar, now: datetime) -> datetime | None:
    """When the clock of a step would first have run out here (派单、签收、承办), None when none did.

    Raises:
        CalendarMissing: the calendar does not cover a year that is needed.
    """
    end = past.closed or now
    steps = (
        ("accept", past.reported, past.dispatched or past.signed or end),
        ("sign", past.dispatched, past.signed or (end if past.closed is None else None)),
        ("handle", past.signed or past.dispatched, end),
    )
    ran_out = [
        due for name, start, stop in steps
        if start is not None and stop is not None and stop > (due := calendar.due(start, limits[name]))
    ]  # fmt: skip
    return min(ran_out, default=None)


def limits_differ(theirs: datetime | None, ours: datetime | None) -> bool:
    """Whether two deadlines lie more than an hour apart; never when one is missing."""
    return theirs is not None and ours is not None and abs(theirs - ours) > timedelta(hours=1)


def completed_columns(
    headers: Sequence[str], kept: Mapping[str, str], fields: Mapping[str, tuple[str, ...]] = COLUMNS
) -> dict[str, str]:
    """Kept columns, and for the fields that they leave out what the other headers propose.

    Example:
        >>> completed_columns(["编号", "诉求", "承办单位"], {"description": "诉求"})
        {'description': '诉求', 'external_id': '编号', 'unit': '承办单位'}
    """
    left = [header for header in headers if header not in set(kept.values())]
    open_fields = {name: names for name, names in fields.items() if name not in kept}
    return {**kept, **dict(sorted(propose_mapping(left, open_fields).items()))}
