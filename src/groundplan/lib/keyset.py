"""Keyset pages: a list of any length is read from where the last page ended, never by counting or skipping."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, ClassVar, Generic, TypeVar
from uuid import UUID

from django.db.models import Q, QuerySet

from groundplan.lib.errors import Invalid

Item = TypeVar("Item")
LARGEST_PAGE = 200


@dataclass(frozen=True)
class Page(Generic[Item]):
    """One page of a list.

    Args:
        items: the rows of this page, in order.
        next: opaque cursor of the page after it, None on the last page.
    """

    items: list[Item]
    next: str | None


class CursorInvalid(Invalid):
    """The cursor of a list page is not one that this list gave."""

    code = "cursor-invalid"
    title: ClassVar[dict[str, str]] = {"zh-hans": "翻页标记无效", "en": "The page cursor is not valid"}


def encode_cursor(values: Sequence[Any]) -> str:
    """Write the sort values of a row as an opaque, address-safe text.

    Example:
        >>> decode_cursor(encode_cursor([7, "a"]), (int, str))
        [7, 'a']
    """
    plain = [value if isinstance(value, (int, str)) or value is None else str(value) for value in values]
    packed = json.dumps(plain, ensure_ascii=False, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(packed).decode().rstrip("=")


def decode_cursor(cursor: str, types: Sequence[Callable[[Any], Any]]) -> list[Any]:
    """Read a cursor back.

    Args:
        cursor: what ``encode_cursor`` wrote.
        types: one reader for each value, for example ``int`` or ``datetime.fromisoformat``.

    Raises:
        CursorInvalid: the text is not a cursor of this list.
    """
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        values = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        # What is no list has no length to fit the types, or is no iterable at all.
        return [read(value) for read, value in zip(types, values, strict=True)]
    except (ValueError, TypeError, OverflowError, binascii.Error, ArithmeticError) as error:
        raise CursorInvalid(
            f"The cursor {cursor[:40]!r} is not one of this list.",
            accepted="the value of `next` on the page before, unchanged",
            next_step="Start again from the first page.",
        ) from error


def page(
    queryset: QuerySet[Any], *, order: Sequence[str] = ("-opened_at", "-id"), after: str | None = None, size: int = 50
) -> Page[Any]:
    """One page of a queryset in an order that ends in a unique column; none of the columns may be null.

    Args:
        queryset: what may be seen; its own order is replaced.
        order: column names, each with a leading ``-`` when descending.
        after: the cursor of the page before, None for the first.
        size: rows wanted, at most 200.

    Raises:
        CursorInvalid: ``after`` is not a cursor of this list.
    """
    size = max(1, min(size, LARGEST_PAGE))
    names = [name.removeprefix("-") for name in order]
    if after:
        fields = [queryset.model._meta.get_field(name) for name in names]  # noqa: SLF001 - Django's documented API.
        values = decode_cursor(after, [_reader(field.get_internal_type()) for field in fields])
        queryset = queryset.filter(_beyond(order, values))
    rows = list(queryset.order_by(*order)[: size + 1])
    return cut(rows, size, lambda row: [getattr(row, name) for name in names])


def cut(rows: Iterable[Item], size: int, key: Callable[[Item], Sequence[Any]]) -> Page[Item]:
    """Make a page of rows that were read one more than wanted."""
    found = list(rows)
    more = len(found) > size
    items = found[:size]
    return Page(items, encode_cursor(list(key(items[-1]))) if more else None)


def _reader(kind: str) -> Callable[[Any], Any]:
    readers: dict[str, Callable[[Any], Any]] = {
        "DateTimeField": datetime.fromisoformat,
        "DateField": date.fromisoformat,
        "UUIDField": UUID,
        "DecimalField": Decimal,
    }
    return readers.get(kind, str if "Char" in kind or "Text" in kind else _whole)


def _whole(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) >= 2**63:
        raise TypeError
    return value


def _beyond(order: Sequence[str], values: Sequence[Any]) -> Q:
    """The rows after a row: a bound on the first column, which an index can use, and the exact condition."""
    bound = Q()
    exact = Q()
    same = Q()
    for position, (name, value) in enumerate(zip(order, values, strict=True)):
        column, side = (name[1:], "lt") if name.startswith("-") else (name, "gt")
        if position == 0 and len(order) > 1:
            bound = Q((f"{column}__{side}e", value))
        exact |= same & Q((f"{column}__{side}", value))
        same &= Q((column, value))
    return bound & exact
