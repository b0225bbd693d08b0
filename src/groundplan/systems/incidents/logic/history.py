"""How a file of past reports is read: a profile's mapping of its columns, and one row of it as values."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict


class Strict(BaseModel):
    """Unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Columns(Strict):
    """Which column of the file is what; empty where the file has none."""

    number: str
    opened: str
    target: str = ""
    closed: str = ""
    title: str
    text: str = ""
    matter: str
    unit: str
    reply: str = ""
    place: str = ""
    district: str = ""
    longitude: str = ""
    latitude: str = ""


class Passed(Strict):
    """A stage that every past report passed, by which outcome, and the field that it sets."""

    stage: str
    outcome: str
    field: str


class Mapped(Strict):
    """The mapping of a profile: ``profiles/<profile>/history/<name>.yaml``."""

    history: str
    label: dict[str, str]
    flow: str
    kind: str = "hotline"
    channel: str = "file"
    zone: str
    columns: Columns
    more: dict[str, str] = {}
    take: Passed
    work: Passed
    agreed: str
    units: dict[str, str]
    districts: dict[str, str] = {}


@dataclass(frozen=True)
class PastRow:
    """One past report; ``agreed`` is its target time as a span, or ``none``."""

    number: str
    title: str
    text: str
    matter: str
    unit: str
    reply: str
    place: str
    district: str
    point: tuple[float, float] | None
    opened_at: datetime
    closed_at: datetime | None
    agreed: str
    more: Mapping[str, str]


class RowUnfit(ValueError):
    """A row that cannot be taken over; the message says which column and value."""


def past_row(row: Mapping[str, Any], mapped: Mapped) -> PastRow:
    """A row of the file as values.

    Args:
        row: column -> value.
        mapped: the mapping.

    Raises:
        RowUnfit: no number, no opening time, or a unit that the mapping does not name.
    """
    columns, zone = mapped.columns, ZoneInfo(mapped.zone)

    def words(column: str) -> str:
        value = row.get(column) if column else None
        return "" if value is None else str(value).strip()

    opened = moment(row.get(columns.opened), zone)
    unit = mapped.units.get(words(columns.unit), "")
    if not words(columns.number) or opened is None or not unit:
        wrong = columns.number if not words(columns.number) else columns.unit if opened else columns.opened
        raise RowUnfit(f"{wrong}: {words(wrong)[:60]!r}")
    target = moment(row.get(columns.target), zone) if columns.target else None
    matter, title = words(columns.matter), words(columns.title)
    return PastRow(
        number=words(columns.number),
        title=title or matter,
        text=words(columns.text) or title or matter,
        matter=matter,
        unit=unit,
        reply=words(columns.reply),
        place=words(columns.place),
        district=mapped.districts.get(words(columns.district), ""),
        point=point_of(row.get(columns.longitude), row.get(columns.latitude)),
        opened_at=opened,
        closed_at=moment(row.get(columns.closed), zone) if columns.closed else None,
        agreed=agreed_until(opened, target),
        more={name: words(column) for name, column in mapped.more.items() if words(column)},
    )


def agreed_until(opened: datetime, target: datetime | None) -> str:
    """The span from opening to target.

    Example:
        >>> agreed_until(datetime(2015, 1, 1, tzinfo=UTC), datetime(2015, 1, 2, 0, 0, 9, tzinfo=UTC))
        '86409 seconds'
        >>> agreed_until(datetime(2015, 1, 1, tzinfo=UTC), None)
        'none'
    """
    if target is None or target <= opened:
        return "none"
    return f"{round((target - opened).total_seconds())} seconds"


def moment(value: Any, zone: ZoneInfo) -> datetime | None:
    """A local time of the file in UTC; None when there is none.

    Raises:
        RowUnfit: it is no time.
    """
    if value is None or value == "":
        return None
    try:
        read = value if isinstance(value, datetime) else datetime.fromisoformat(str(value).strip())
    except ValueError as error:
        raise RowUnfit(str(error)) from error
    return (read if read.tzinfo else read.replace(tzinfo=zone)).astimezone(UTC).replace(microsecond=0)


def point_of(longitude: Any, latitude: Any) -> tuple[float, float] | None:
    """A point of two values, or None when one is missing or no degree."""
    try:
        lon, lat = float(longitude), float(latitude)
    except (TypeError, ValueError):
        return None
    inside = math.isfinite(lon) and math.isfinite(lat) and abs(lon) <= 180 and abs(lat) <= 90  # noqa: PLR2004 - degrees.
    return (round(lon, 7), round(lat, 7)) if inside and (lon, lat) != (0.0, 0.0) else None
