"""What stands in a report: sections of text, tables and charts, as plain data that is kept with the report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

Labels = Mapping[str, str]
# What a cell holds: a word, a number of cases, a share, points of a score, or a change against another period.
CELLS = ("text", "count", "percent", "score", "change", "points")
MISSING = "—"


@dataclass(frozen=True)
class Cell:
    """One cell of a table.

    Args:
        value: text, a number, or None where there is nothing to say.
        kind: one of ``CELLS``; ``change`` is in per cent of the base, ``points`` in percentage points.
        url: path of the page that lists the cases behind the number.
    """

    value: str | int | Decimal | Labels | None
    kind: str = "count"
    url: str = ""


@dataclass(frozen=True)
class Table:
    """Rows under headers; the first cell of a row names it."""

    headers: Sequence[Labels]
    rows: Sequence[Sequence[Cell]]


@dataclass(frozen=True)
class Chart:
    """A picture of columns of the section's table.

    Args:
        kind: ``bar`` or ``line``.
        column: which column of the table it shows, counted from 0; the first column names the places.
        title: what it shows.
    """

    kind: str
    column: int
    title: Labels


@dataclass(frozen=True)
class Section:
    """One part of a report."""

    key: str
    title: Labels
    text: Sequence[Labels] = ()
    table: Table | None = None
    chart: Chart | None = None
    notes: Sequence[Labels] = field(default_factory=tuple)


def change(now: int, base: int | None) -> Decimal | None:
    """Growth against a base in per cent, one decimal; None where there is no base or it is nought.

    >>> change(110, 100), change(5, 0), change(5, None)
    (Decimal('10.0'), None, None)
    """
    if not base:
        return None
    return (Decimal(100) * (now - base) / base).quantize(Decimal("0.1"))


def points(now: Decimal | None, base: Decimal | None) -> Decimal | None:
    """Difference of two shares in percentage points, one decimal; None where one of them is missing.

    >>> points(Decimal("0.9000"), Decimal("0.8850"))
    Decimal('1.5')
    """
    if now is None or base is None:
        return None
    return (100 * (now - base)).quantize(Decimal("0.1"))


def change_text(value: Decimal | None, *, kind: str = "change") -> Labels:
    """A change in words, as reports say it.

    >>> change_text(Decimal("10.0"))["zh-hans"], change_text(Decimal("-3.5"), kind="points")["zh-hans"]
    ('上升10.0%', '下降3.5个百分点')
    >>> change_text(None)["zh-hans"]
    '无可比基数'
    """
    if value is None:
        return {"zh-hans": "无可比基数", "en": "no base to compare with"}
    if value == 0:
        return {"zh-hans": "持平", "en": "unchanged"}
    zh, en = ("个百分点", " points") if kind == "points" else ("%", "%")
    if value > 0:
        return {"zh-hans": f"上升{value}{zh}", "en": f"up {value}{en}"}
    return {"zh-hans": f"下降{-value}{zh}", "en": f"down {-value}{en}"}


def cell_text(cell: dict[str, Any], language: str) -> str:
    """A kept cell as people read it."""
    value, kind = cell["value"], cell["kind"]
    if value is None:
        return MISSING
    if isinstance(value, dict):
        return str(value.get(language) or value.get("zh-hans") or "")
    if kind == "percent":
        return f"{(Decimal(value) * 100).quantize(Decimal('0.1'))}%"
    if kind in ("change", "points"):
        number = Decimal(value)
        unit = "%" if kind == "change" else " pp"
        return f"{'+' if number > 0 else ''}{number}{unit}"
    return str(value)


def stored(sections: Sequence[Section]) -> list[dict[str, Any]]:
    """Sections as JSON: numbers with decimals as text, so that nothing is rounded by the way."""
    return [
        {
            "key": section.key,
            "title": dict(section.title),
            "text": [dict(text) for text in section.text],
            "notes": [dict(note) for note in section.notes],
            "table": section.table
            and {
                "headers": [dict(header) for header in section.table.headers],
                "rows": [[_stored_cell(cell) for cell in row] for row in section.table.rows],
            },
            "chart": section.chart
            and {"kind": section.chart.kind, "column": section.chart.column, "title": dict(section.chart.title)},
        }
        for section in sections
    ]


def _stored_cell(cell: Cell) -> dict[str, Any]:
    value = str(cell.value) if isinstance(cell.value, Decimal) else cell.value
    value = dict(value) if isinstance(value, Mapping) else value
    return {"value": value, "kind": cell.kind, "url": cell.url}
