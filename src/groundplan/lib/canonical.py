"""Canonical JSON: one value has one spelling, so that its hash can be computed again by anybody.

Keys sorted by code point, no spaces, UTF-8 without escapes beyond those JSON demands. Floats have no single spelling
and are refused: measured values are written as decimal strings or scaled integers. Strings are kept as they are:
normalising them (NFC) would change what somebody said.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from groundplan.lib.errors import Invalid


class NotCanonical(Invalid):
    """A value has no canonical JSON form."""

    code = "not-canonical"
    title = {"zh-hans": "内容无法规范化", "en": "No canonical form"}


def canonical_json(value: Any) -> bytes:
    """The canonical JSON bytes of a value.

    Args:
        value: JSON values; UUIDs, dates, times with zone and decimals are written as strings.

    Returns:
        UTF-8 bytes, equal for equal values.

    Raises:
        NotCanonical: a float, a key that is no string, a time without zone, a lone surrogate, or another type.

    >>> canonical_json({"b": 1, "a": ["市", None, True]}).decode()
    '{"a":["市",null,true],"b":1}'
    """
    try:
        return _spelled(_plain(value, "$")).encode()
    except UnicodeEncodeError as error:
        raise NotCanonical(f"The text has a lone surrogate: {error.object[error.start : error.end]!r}.") from None
    except RecursionError:
        raise NotCanonical("The value is nested too deeply.") from None


def iso_time(moment: datetime) -> str:
    """A time as it stands in canonical JSON: UTC, microseconds, ``Z``.

    >>> iso_time(datetime(2026, 7, 1, 8, tzinfo=UTC))
    '2026-07-01T08:00:00.000000Z'
    """
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


_spelled = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode


def _plain(value: Any, where: str) -> Any:
    """The value with only what JSON knows, or the reason why not."""
    if value is None or isinstance(value, (str, bool, int)):
        return str(value) if isinstance(value, str) else value
    if isinstance(value, Mapping):
        for key in value:
            if not isinstance(key, str):
                raise NotCanonical(f"The key {key!r} at {where} is not a string.")
        return {str(key): _plain(item, f"{where}.{key}") for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item, f"{where}[{number}]") for number, item in enumerate(value)]
    return _as_text(value, where)


def _as_text(value: Any, where: str) -> str:
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise NotCanonical(f"The time at {where} has no zone: {value.isoformat()}.")
        return iso_time(value)
    if isinstance(value, (date, UUID)) or (isinstance(value, Decimal) and value.is_finite()):
        return str(value)
    raise NotCanonical(
        f"{value!r} at {where} ({type(value).__name__}) has no canonical form.",
        accepted="strings, integers, booleans, null, lists, objects, UUIDs, dates, times with zone, decimals",
        next_step="Write a measured value as a decimal string or a scaled integer.",
    )
