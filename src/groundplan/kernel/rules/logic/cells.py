"""What a cell of any file says: as text, and as the value of an output."""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from groundplan.kernel.rules.errors import CellRefused
from groundplan.kernel.rules.logic.values import QUOTES, READERS, Field, literal_text, nearest, shorten, storable


def cell_text(value: Any) -> str:
    """What a cell of any file says, as text."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, float):
        return literal_text(Decimal(repr(value))) if value == value and abs(value) < 1e38 else repr(value)  # noqa: PLR0124, PLR2004
    if isinstance(value, datetime) and not (value.hour or value.minute or value.second):
        value = value.date()
    if isinstance(value, list):
        return ", ".join(cell_text(item) for item in value)
    if isinstance(value, (bool, int, Decimal, date)):
        return literal_text(value) if not isinstance(value, int) or abs(value) < 10**100 else "9" * 101
    return literal_text(value)


_LIST_ITEM: Final = re.compile(r'\s*(?:"([^"]*)"|“([^”]*)”|([^,，、;；\n]*))\s*(?:[,，、;；\n]|\Z)')


def read_output(value: Any, column: Field) -> Any:
    """The value of an output cell; None when it is blank.

    Raises:
        CellRefused: the cell is not of the column's type.
    """
    if column.type == "list":
        return _read_list(value)
    text = cell_text(value).strip()
    if text in ("", "-", "null"):
        return None
    if len(text) > 1 and QUOTES.get(text[0]) == text[-1] and column.type in ("string", "enumeration"):
        text = text[1:-1]
    if column.type == "string":
        if not storable(text):
            raise CellRefused("too-long", length=len(text), limit=10_000)
        return text
    if column.type == "enumeration":
        names = [choice.value for choice in column.values]
        if text not in names:
            raise CellRefused("value", text=shorten(text), values="、".join(names[:20]), nearest=nearest(text, names))
        return text
    return READERS[column.type](_half_width(text))


def _read_list(value: Any) -> tuple[str, ...]:
    if isinstance(value, list):
        texts = [cell_text(item).strip() for item in value]
    else:
        texts = ["".join(found.groups("")).strip() for found in _LIST_ITEM.finditer(cell_text(value))]
        texts = [] if texts[:1] == ["-"] else texts
    if not all(storable(text) for text in texts):
        raise CellRefused("too-long", length=max(map(len, texts)), limit=10_000)
    return tuple(text for text in texts if text)


def _half_width(text: str) -> str:
    return text.translate({code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)})
