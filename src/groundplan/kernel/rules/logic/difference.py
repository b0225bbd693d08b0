"""What changed between two versions of a table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from groundplan.kernel.rules.logic.table import Table

DEFAULT = "*"


@dataclass(frozen=True)
class CellChange:
    """One cell before and after; the part is ``when``, ``then``, ``basis`` or ``note``."""

    part: str
    column: str
    before: Any
    after: Any


@dataclass(frozen=True)
class RowChange:
    """One row: added, removed, changed or moved (under ``first`` the order decides)."""

    kind: str
    row: str
    cells: tuple[CellChange, ...] = ()


@dataclass(frozen=True)
class Difference:
    """Changes of the head (hit policy, columns, basis, dates) and of the rows."""

    head: tuple[CellChange, ...]
    rows: tuple[RowChange, ...]

    @property
    def is_empty(self) -> bool:
        """Whether nothing changed."""
        return not self.head and not self.rows


def difference(before: Table, after: Table) -> Difference:
    """Compare two tables row by row by their ids; columns by their names."""
    old, new = before.definition(), after.definition()
    head = tuple(
        CellChange("head", name, old.get(name), new.get(name))
        for name in sorted({*old, *new} - {"rows", "default", "inputs", "outputs"})
        if old.get(name) != new.get(name)
    )
    columns = tuple(
        CellChange(part, name, first.get(name), second.get(name))
        for part in ("inputs", "outputs")
        for first, second in [({f["name"]: f for f in old[part]}, {f["name"]: f for f in new[part]})]
        for name in {**first, **second}
        if first.get(name) != second.get(name)
    )
    return Difference(head + columns, tuple(_row_changes(old, new, ordered="first" in (before.hit, after.hit))))


def _row_changes(old: dict[str, Any], new: dict[str, Any], *, ordered: bool) -> list[RowChange]:
    first = {row["id"]: row for row in old["rows"]} | ({DEFAULT: old["default"]} if old["default"] else {})
    second = {row["id"]: row for row in new["rows"]} | ({DEFAULT: new["default"]} if new["default"] else {})
    found = [RowChange("removed", name, _cells(row, {})) for name, row in first.items() if name not in second]
    common = [name for name in first if name in second]
    place = {name: index for index, name in enumerate(name for name in second if name in first)}
    for name, row in second.items():
        if name not in first:
            found.append(RowChange("added", name, _cells({}, row)))
            continue
        cells = _cells(first[name], row)
        if cells:
            found.append(RowChange("changed", name, cells))
        elif ordered and common[place[name]] != name:
            found.append(RowChange("moved", name))
    return found


def _cells(before: dict[str, Any], after: dict[str, Any]) -> tuple[CellChange, ...]:
    return tuple(
        CellChange(part, name, first.get(name), second.get(name))
        for part in ("when", "then", "basis", "note")
        for first, second in [(before.get(part, {}), after.get(part, {}))]
        for name in {**first, **second}
        if first.get(name) != second.get(name)
    )


__all__ = ["CellChange", "Difference", "RowChange", "difference"]
