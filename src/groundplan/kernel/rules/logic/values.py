"""Typed values of decision tables: exact decimals, real dates, no NaN, nothing guessed."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from decimal import Decimal
from typing import Any, Final

from groundplan.kernel.rules.errors import CellRefused, reason_text

INPUT_TYPES: Final = ("string", "integer", "decimal", "boolean", "date", "time", "duration", "enumeration")
OUTPUT_TYPES: Final = (*INPUT_TYPES, "list")
ORDERED: Final = frozenset({"integer", "decimal", "date", "time", "duration"})
MAX_DIGITS: Final = 38
MAX_TEXT: Final = 10_000

_NUMBER: Final = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)\Z")
_ISO_DATE: Final = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})\Z|(\d{4})年(\d{1,2})月(\d{1,2})日\Z")
_TIME: Final = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}))?\Z")
_DURATION: Final = re.compile(
    r"(-)?P(?:(\d{1,7})D)?(?:T(?:(\d{1,8})H)?(?:(\d{1,9})M)?(?:(\d{1,9}(?:\.\d{1,6})?)S)?)?\Z"
)
_CHINESE_DURATION: Final = re.compile(r"(-)?(?:(\d{1,7})天)?(?:(\d{1,8})小时)?(?:(\d{1,9})分钟?)?(?:(\d{1,9})秒)?\Z")
_BOOLEANS: Final = {"true": True, "false": False, "是": True, "否": False}

Labels = Mapping[str, str]


@dataclass(frozen=True)
class Choice:
    """One value of an enumeration and what people call it."""

    value: str
    label: Labels


@dataclass(frozen=True)
class Field:
    """One input or output of a table.

    Args:
        name: the key that facts and outputs use.
        type: one of INPUT_TYPES, for outputs one of OUTPUT_TYPES.
        label: what people call it, ``{lang: text}``.
        values: the values of an enumeration, in their order.
        personal: shown only to those entitled, kept apart and encrypted.
        optional: the fact may be absent, the output may be empty.
    """

    name: str
    type: str
    label: Labels = field(default_factory=dict)
    values: tuple[Choice, ...] = ()
    personal: bool = False
    optional: bool = False


def nearest(name: str, known: Iterable[str]) -> str:
    """A hint naming the nearest spelling, or nothing."""
    found = difflib.get_close_matches(name[:100], list(known), n=1, cutoff=0.5)
    return reason_text("did-you-mean", {"name": found[0]}) if found else ""


def shorten(text: Any, limit: int = 60) -> str:
    """A value as it may stand in a message."""
    shown = text if isinstance(text, str) else repr(text)
    shown = "".join(character if character.isprintable() else "�" for character in shown[: limit + 1])
    return shown if len(shown) <= limit else shown[:limit] + "…"


def read_number(text: str) -> Decimal:
    """A decimal literal of at most 38 digits."""
    if not _NUMBER.match(text):
        raise CellRefused("number", text=shorten(text))
    digits = sum(character.isdigit() for character in text)
    if digits > MAX_DIGITS:
        raise CellRefused("number-long", digits=digits, limit=MAX_DIGITS)
    if re.match(r"[+-]?0\d", text):
        raise CellRefused("number-zero", text=text)
    return plain_decimal(Decimal(text))


def plain_decimal(number: Decimal) -> Decimal:
    """The same number without trailing zeros or exponent, so that equal numbers look alike."""
    if not number:
        return Decimal(0)
    sign, digits, exponent = number.as_tuple()
    assert isinstance(exponent, int)  # noqa: S101 - callers have refused NaN and infinity.
    while exponent < 0 and digits[-1] == 0:
        digits, exponent = digits[:-1], exponent + 1
    if exponent > 0:
        digits, exponent = (*digits, *([0] * exponent)), 0
    return Decimal((sign, digits, exponent))


def read_integer(text: str) -> int:
    """An integer literal."""
    number = read_number(text)
    if number != number.to_integral_value():
        raise CellRefused("integer", text=shorten(text))
    return int(number)


def read_date(text: str) -> date:
    """A date: 2026-01-31 or 2026年1月31日."""
    found = _ISO_DATE.match(text)
    if found:
        try:
            return date(*(int(part) for part in found.groups() if part is not None))
        except ValueError:
            pass
    raise CellRefused("date", text=shorten(text))


def read_time(text: str) -> time:
    """A time of day: 08:30 or 08:30:15."""
    found = _TIME.match(text)
    if found:
        try:
            hour, minute, second = (int(part or 0) for part in found.groups())
            return time(hour, minute, second)
        except ValueError:
            pass
    raise CellRefused("time", text=shorten(text))


def read_duration(text: str) -> timedelta:
    """Days and time: P1DT2H or 1天2小时. Years and months have no fixed length and are refused."""
    found = _DURATION.match(text) or _CHINESE_DURATION.match(text)
    if found and any(found.groups()[1:]) and not text.endswith("T"):
        sign, days, hours, minutes, seconds = found.groups()
        try:
            length = timedelta(
                days=int(days or 0),
                hours=int(hours or 0),
                minutes=int(minutes or 0),
                microseconds=int(Decimal(seconds or 0) * 1_000_000),
            )
        except OverflowError:
            raise CellRefused("duration", text=shorten(text)) from None
        return -length if sign else length
    raise CellRefused("duration", text=shorten(text))


def read_boolean(text: str) -> bool:
    """True, false, 是, 否."""
    try:
        return _BOOLEANS[text.lower()]
    except KeyError:
        raise CellRefused("boolean", text=shorten(text)) from None


READERS: Final[Mapping[str, Callable[[str], Any]]] = {
    "integer": read_integer,
    "decimal": read_number,
    "date": read_date,
    "time": read_time,
    "duration": read_duration,
    "boolean": read_boolean,
}


def duration_text(length: timedelta) -> str:
    """ISO 8601 of a duration."""
    sign, length = ("-", -length) if length < timedelta(0) else ("", length)
    hours, rest = divmod(length.seconds, 3600)
    minutes, seconds = divmod(rest, 60)
    fraction = f".{length.microseconds:06d}".rstrip("0") if length.microseconds else ""
    day_part = f"{length.days}D" if length.days else ""
    time_part = "".join(
        part
        for part, wanted in (
            (f"{hours}H", hours),
            (f"{minutes}M", minutes),
            (f"{seconds}{fraction}S", seconds or fraction),
        )
        if wanted
    )
    if not day_part and not time_part:
        return "PT0S"
    return f"{sign}P{day_part}{'T' + time_part if time_part else ''}"


def literal_text(value: Any) -> str:
    """How a value is written in a cell: the inverse of the readers."""
    match value:
        case None:
            text = "null"
        case bool():
            text = "true" if value else "false"
        case Decimal():
            text = f"{plain_decimal(value):f}"
        case timedelta():
            text = duration_text(value)
        case date():
            text = value.isoformat()
        case time():
            text = value.isoformat("seconds") if value.second else value.strftime("%H:%M")
        case _:
            text = str(value)
    return text


def to_json(value: Any) -> Any:
    """A value as JSON without floats: decimals, dates and durations as text."""
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, (tuple, list)):
        return [to_json(item) for item in value]
    return literal_text(value)


def from_json(kind: str, value: Any) -> Any:
    """The value that ``to_json`` wrote."""
    if value is None or kind in ("string", "enumeration", "boolean", "integer"):
        return value
    if kind == "list":
        return list(value)
    return READERS[kind](str(value))


def storable(text: str) -> bool:
    """Whether PostgreSQL can keep the text."""
    return len(text) <= MAX_TEXT and "\x00" not in text and not any("\ud800" <= c <= "\udfff" for c in text)


QUOTES: Final = {'"': '"', "“": "”"}


def written_output(value: Any, item: Field) -> Any:
    """An output as JSON that reads back the same: text that would be read as something else keeps quotes."""
    if item.type not in ("string", "enumeration") or value is None:
        return to_json(value)
    is_quoted = len(value) > 1 and QUOTES.get(value[0]) == value[-1]
    return f'"{value}"' if is_quoted or value != value.strip() or value in ("", "-", "null") else value
