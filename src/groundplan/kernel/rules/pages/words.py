"""A table in words: what a clerk reads in each cell, and which cells hold for some facts."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from django.utils.translation import gettext as _

from groundplan.kernel.parties import queries as parties
from groundplan.kernel.places.queries import divisions
from groundplan.kernel.rules.errors import label_text
from groundplan.kernel.rules.logic import CompiledTable, Field, Row, RowReason, Test
from groundplan.kernel.rules.logic.unary import Span
from groundplan.kernel.rules.logic.values import Labels, literal_text

MOST_ROWS: Final = 200
NAMES_FRESH_S: Final = 30


@dataclass(frozen=True)
class CellWords:
    """One cell as shown; ``state`` is met, failed or empty when no facts are tried."""

    text: str
    state: str = ""


@dataclass(frozen=True)
class RowWords:
    """One row as shown."""

    id: str
    tests: tuple[CellWords, ...]
    outputs: tuple[str, ...]
    basis: Labels
    note: Labels
    fired: bool = False
    is_default: bool = False


@dataclass(frozen=True)
class TableWords:
    """A table as shown.

    Args:
        inputs, outputs: the columns.
        rows: at most MOST_ROWS, fired ones always among them; the default row last.
        count: how many rows there are.
        tried: whether facts were tried.
        has_basis, has_note: whether any shown row has one.
    """

    inputs: tuple[Field, ...]
    outputs: tuple[Field, ...]
    rows: tuple[RowWords, ...]
    count: int
    tried: bool
    has_basis: bool
    has_note: bool

    @property
    def cut(self) -> bool:
        """Whether rows are left out."""
        return len([row for row in self.rows if not row.is_default]) < self.count


def value_words(value: Any, field: Field) -> str:
    """A value as people read it."""
    if value is None:
        return _("（空）")
    if isinstance(value, bool):
        return _("是") if value else _("否")
    if isinstance(value, (list, tuple)):
        return "、".join(unit_words(str(item)) for item in value) or _("（无）")
    for choice in field.values:
        if choice.value == value:
            return label_text(choice.label, choice.value)
    return unit_words(value) if isinstance(value, str) else literal_text(value)


def unit_words(text: str) -> str:
    """The name of a unit or division where a cell holds its code: a clerk reads names, never codes."""
    label = _unit_labels(int(time.monotonic() // NAMES_FRESH_S)).get(text)
    return label_text(label, text) if label else text


@lru_cache(maxsize=1)
def _unit_labels(_age: int) -> Mapping[str, Labels]:
    """All codes of divisions and units with their names; asked again when they have aged."""
    return {each.code: each.name for each in divisions()} | parties.labels_by_code()


def test_words(test: Test, field: Field) -> str:
    """A condition as people read it."""
    if test.is_any:
        return "—"
    order = {choice.value: index for index, choice in enumerate(field.values)}
    members = sorted((item for item in test.members if item is not None), key=lambda item: order.get(item, 0))
    parts = [value_words(item, field) for item in members] + [span_words(span, field) for span in test.spans]
    if None in test.members:
        if test.negated and not parts:
            return _("不为空")
        parts.append(_("（空）"))
    text = _("或").join(parts) if test.spans else "、".join(parts)
    return _("除“%(what)s”以外") % {"what": text} if test.negated else text


def span_words(span: Span, field: Field) -> str:
    """A range as people read it."""
    if span.low is not None and span.low == span.high:
        return value_words(span.low, field)
    low = f"{'≥' if span.low_in else '>'} {value_words(span.low, field)}" if span.low is not None else ""
    high = f"{'≤' if span.high_in else '<'} {value_words(span.high, field)}" if span.high is not None else ""
    return _("且").join(f" {part} " for part in (low, high) if part).strip()


def table_words(compiled: CompiledTable, reasons: Sequence[RowReason] = (), *, default_fired: bool = False,
                find: str = "") -> TableWords:  # fmt: skip
    """A table in words, with what some facts made of it.

    Args:
        compiled: the table.
        reasons: for every row the cells that failed, from ``explain``; empty when nothing was tried.
        default_fired: whether the default row answered.
        find: show only rows that contain this text.
    """
    table = compiled.table
    told = {reason.row: reason for reason in reasons}
    rows: list[RowWords] = []
    plain = 0
    for row in table.rows:
        reason = told.get(row.id)
        if plain >= MOST_ROWS and not (reason and reason.fired):
            continue
        made = _row_words(row, table.inputs, table.outputs, reason)
        if find and not _contains(made, find):
            continue
        plain += 1
        rows.append(made)
    if table.default is not None:
        rows.append(_default_words(compiled, fired=default_fired))
    has_basis, has_note = any(row.basis for row in rows), any(row.note for row in rows)
    return TableWords(table.inputs, table.outputs, tuple(rows), len(table.rows), bool(reasons), has_basis, has_note)


def _contains(row: RowWords, find: str) -> bool:
    texts = [row.id, *(cell.text for cell in row.tests), *row.outputs, *row.basis.values(), *row.note.values()]
    return any(find.casefold() in text.casefold() for text in texts)


def _row_words(row: Row, inputs: Sequence[Field], outputs: Sequence[Field], reason: RowReason | None) -> RowWords:
    failed = {cell.input for cell in reason.failed} if reason else set()
    cells = tuple(
        CellWords(
            test_words(test, item), "" if reason is None or test.is_any else "failed" if item.name in failed else "met"
        )
        for test, item in zip(row.tests, inputs, strict=True)
    )
    shown = tuple(value_words(value, item) for value, item in zip(row.outputs, outputs, strict=True))
    return RowWords(row.id, cells, shown, row.basis, row.note, fired=bool(reason and reason.fired))


def _default_words(compiled: CompiledTable, *, fired: bool) -> RowWords:
    row = compiled.table.default
    assert row is not None  # noqa: S101 - the caller has looked.
    shown = tuple(value_words(value, item) for value, item in zip(row.outputs, compiled.table.outputs, strict=True))
    cells = tuple(CellWords("—") for _item in compiled.table.inputs)
    return RowWords(row.id, cells, shown, row.basis, row.note, fired=fired, is_default=True)


def facts_words(compiled: CompiledTable, facts: Mapping[str, Any], hidden: Sequence[str]) -> list[tuple[str, str]]:
    """Facts as (name, value) in the order of the columns."""
    return [
        (
            label_text(item.label, item.name),
            _("（个人信息，不显示）") if item.name in hidden else value_words(facts.get(item.name), item),
        )
        for item in compiled.table.inputs
    ]
