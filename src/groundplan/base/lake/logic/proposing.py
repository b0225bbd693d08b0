"""The schema that the first rows of a file suggest; a person may change it, then it is enforced."""

from __future__ import annotations

import re
from collections.abc import Sequence

from groundplan.base.lake.logic.columns import Column, normal_name
from groundplan.base.lake.logic.values import ZONE, mended

# A column is of a type when this share of its values is; the others are what quarantine is for.
ENOUGH = 0.95
# Digits that nobody adds up.
CODES = re.compile(r"(码|号|编号|电话|手机|邮编|证件|code|phone|mobile|zip|postcode|tel)$", re.IGNORECASE)
LONGEST_NUMBER = 15
ORDER = ("integer", "number", "date", "timestamp", "timestamptz", "boolean")


def propose(headers: Sequence[str], rows: Sequence[Sequence[str | None]]) -> tuple[Column, ...]:
    """Columns with types, from headers and some rows.

    Codes stay text: digits with leading zeros, longer than 15, or under a header such as 代码, 编号 or 电话.

    Args:
        headers: as the file has them.
        rows: texts; None or empty is no value.

    >>> [each.type for each in propose(["编号", "数量", "日期"], [["7", "1", "2026-07-01"], ["8", "2.5", ""]])]
    ['text', 'number', 'date']
    """
    names = [normal_name(header) or f"column_{at}" for at, header in enumerate(headers, start=1)]
    columns = []
    for at, name in enumerate(names):
        values = [row[at].strip() for row in rows if at < len(row) and row[at] is not None and row[at].strip()]  # type: ignore[union-attr]
        columns.append(Column(name, _type_of(name, values)))
    return tuple(columns)


def _type_of(name: str, values: list[str]) -> str:
    if not values or _is_code(name, values):
        return "text"
    for kind in ORDER:
        fits = sum(mended(value, kind) is not None for value in values)
        if fits >= ENOUGH * len(values) and _plausible(kind, values):
            return kind
    return "text"


def _is_code(name: str, values: list[str]) -> bool:
    if not any(value.isdigit() for value in values):
        return False
    return bool(
        CODES.search(name)
        or any(len(value) > 1 and value.startswith("0") and value.isdigit() for value in values)
        or any(len(value) > LONGEST_NUMBER and value.isdigit() for value in values)
    )


def _plausible(kind: str, values: list[str]) -> bool:
    if kind == "timestamptz":
        return any(ZONE.search(value) for value in values)
    if kind == "date":
        return not all(value.isdigit() for value in values)
    return True
