"""The mapping of a system: which of their fields is which of ours. Data, checked before it is used. Pure."""

from __future__ import annotations

from collections.abc import Mapping as Dict
from datetime import UTC, datetime
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator, model_validator

from groundplan.commons.attached.logic import LONGEST_ID, Event, Status, WorkOrder

EVENT_FIELDS = (
    "id", "code", "text", "place", "longitude", "latitude", "reporter_name", "reporter_phone", "at", "revision",
    "files",
)  # fmt: skip
STATUS_FIELDS = ("order", "id", "code", "text", "at")
ORDER_FIELDS = ("id", "number", "title", "text", "place", "unit", "category", "due", "at")
MOST_SOURCE = 64_000
Place = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class Unreadable(ValueError):
    """A row of theirs lacks what makes it a message."""


class Part(BaseModel):
    """What all parts share."""

    model_config = ConfigDict(extra="forbid")


class Listing(Part):
    """A list of theirs, read page by page.

    ``ask`` names what the request says: ``since`` and ``next``; ``list`` and ``next`` are places in the answer.
    """

    path: str = ""
    method: Literal["GET", "POST"] = "POST"
    ask: dict[str, Place] = {}
    list: str = ""
    next: str = ""
    fields: dict[str, Place]


class Sending(Part):
    """How one work order is sent, and where their id stands in the answer."""

    path: str = ""
    id: str = ""
    fields: dict[str, Place]


class Okay(Part):
    """What an answer says when all is well, for systems that answer 200 to everything."""

    path: Place
    value: str | int | bool


class Mapping(Part):
    """A mapping, versioned."""

    name: Annotated[str, StringConstraints(pattern=r"[a-z0-9][a-z0-9-]{0,40}")]
    version: Annotated[int, Field(ge=1)]
    label: dict[str, str]
    zone: str = "Asia/Shanghai"
    times: str = "iso"
    ok: Okay | None = None
    events: Listing | None = None
    orders: Sending | None = None
    status: Listing | None = None
    codes: dict[Literal["state", "category"], dict[str, str]] = {}

    @field_validator("zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ValueError(f"no time zone {value!r}") from error
        return value

    @model_validator(mode="after")
    def _known_fields(self) -> Mapping:
        for part, known, needed in (
            (self.events, EVENT_FIELDS, {"id", "text"}),
            (self.status, STATUS_FIELDS, {"code"}),
            (self.orders, ORDER_FIELDS, {"id", "text"}),
        ):
            given = set(part.fields) if part else needed
            if strange := given - set(known):
                raise ValueError(f"unknown fields: {', '.join(sorted(strange))}; known: {', '.join(known)}")
            if missing := needed - given:
                raise ValueError(f"fields missing: {', '.join(sorted(missing))}")
        return self


def read_mapping(source: str | bytes | Dict[str, Any]) -> Mapping:
    """A mapping from YAML or from what is stored.

    Raises:
        ValueError: it is none; the text says where.
    """
    if isinstance(source, (str, bytes)):
        if len(source) > MOST_SOURCE:
            raise ValueError(f"longer than {MOST_SOURCE} characters")
        try:
            source = yaml.safe_load(source)
        except (yaml.YAMLError, RecursionError, ValueError) as error:
            raise ValueError(f"not YAML: {str(error)[:200]}") from error
    if not isinstance(source, dict):
        raise ValueError("a mapping is a YAML document with keys")  # noqa: TRY004 - one kind of refusal.
    return Mapping.model_validate(source)


def found(document: Any, place: str) -> Any:
    """What stands at a dotted place; None where there is nothing.

    >>> found({"data": {"rows": [{"工单编号": "1"}]}}, "data.rows.0.工单编号")
    '1'
    >>> found({"a.b": 1}, "a.b"), found({"a": 1}, "a.b"), found([1], "7")
    (1, None, None)
    """
    if not place:
        return document
    if isinstance(document, dict) and place in document:
        return document[place]
    head, _, rest = place.partition(".")
    if isinstance(document, list) and head.isdecimal() and len(head) < 6:  # noqa: PLR2004 - no list is that long.
        below = document[int(head)] if int(head) < len(document) else None
    elif isinstance(document, dict):
        below = document.get(head)
    else:
        below = None
    return found(below, rest) if rest and below is not None else below


def put(document: dict[str, Any], place: str, value: Any) -> None:
    """Set what stands at a dotted place.

    >>> made = {}
    >>> put(made, "data.工单编号", "1"); made
    {'data': {'工单编号': '1'}}
    """
    *above, last = place.split(".")
    for each in above:
        document = document.setdefault(each, {})
    document[last] = value


def read_event(mapping: Mapping, row: Any) -> Event:
    """An event from a row of theirs.

    Raises:
        Unreadable: it has no id or no text.
    """
    given = _texts(mapping.events, row)
    files = found(row, mapping.events.fields["files"]) if mapping.events and "files" in mapping.events.fields else None
    names = files if isinstance(files, list) else str(files).split(";") if files else []
    read = Event(
        id=_id(given.get("id", "")),
        text=given.get("text", ""),
        code=given.get("code", "")[:LONGEST_ID],
        place=given.get("place", "")[:300],
        longitude=_number(given.get("longitude", ""), 180),
        latitude=_number(given.get("latitude", ""), 90),
        reporter_name=given.get("reporter_name", "")[:80],
        reporter_phone=given.get("reporter_phone", "")[:40],
        at=_moment(mapping, given.get("at", "")),
        revision=given.get("revision", "")[:40],
        files=tuple(str(each)[:200] for each in names[:50]),
    )
    if not read.text:
        raise Unreadable("no-text")
    return read


def read_status(mapping: Mapping, row: Any) -> Status:
    """A status from a row of theirs.

    Raises:
        Unreadable: it names no order or no state.
    """
    given = _texts(mapping.status, row)
    if not given.get("code"):
        raise Unreadable("no-state")
    order, theirs = given.get("order", "")[:LONGEST_ID], given.get("id", "")[:LONGEST_ID]
    if not order and not theirs:
        raise Unreadable("no-id")
    at = _moment(mapping, given.get("at", ""))
    return Status(code=given["code"][:LONGEST_ID], order=order, id=theirs, text=given.get("text", ""), at=at)


def written(mapping: Mapping, order: WorkOrder) -> dict[str, Any]:
    """A work order as their system reads it."""
    made: dict[str, Any] = {}
    for name, place in (mapping.orders.fields if mapping.orders else {}).items():
        value = getattr(order, name)
        put(made, place, moment_text(mapping, value) if isinstance(value, datetime) else value or "")
    return made


def moment_text(mapping: Mapping, moment: datetime) -> str:
    """A moment as their system writes it."""
    local = moment.astimezone(ZoneInfo(mapping.zone))
    return local.isoformat(timespec="seconds") if mapping.times == "iso" else local.strftime(mapping.times)


def parsed(at: str) -> datetime | None:
    """A moment that was kept."""
    return datetime.fromisoformat(at) if at else None


def _moment(mapping: Mapping, text: str) -> str:
    """A moment of theirs in UTC; empty when it is none: a wrong clock of theirs loses no message."""
    try:
        read = datetime.fromisoformat(text) if mapping.times == "iso" else datetime.strptime(text, mapping.times)  # noqa: DTZ007 - the zone follows.
        whole = read if read.tzinfo else read.replace(tzinfo=ZoneInfo(mapping.zone))
        return whole.astimezone(UTC).isoformat()
    except (ValueError, OverflowError):
        return ""


def _texts(part: Listing | None, row: Any) -> dict[str, str]:
    if part is None or not isinstance(row, dict):
        raise Unreadable("no-object")
    given = {name: found(row, place) for name, place in part.fields.items() if name != "files"}
    return {name: _text(value) for name, value in given.items() if value is not None}


def _text(value: Any) -> str:
    if isinstance(value, (dict, list)):
        raise Unreadable("nested-value")
    return ("true" if value else "false") if isinstance(value, bool) else str(value).replace("\x00", "").strip()


def _id(text: str) -> str:
    if not text or len(text) > LONGEST_ID:
        raise Unreadable("no-id")
    return text


def _number(text: str, most: int) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if -most <= value <= most and value else None
