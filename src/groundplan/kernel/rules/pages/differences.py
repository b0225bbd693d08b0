"""What changed between two versions, in the words of the table."""

from __future__ import annotations

from dataclasses import replace

from django.utils.translation import gettext as _

from groundplan.kernel.rules.errors import label_text
from groundplan.kernel.rules.logic import Field, Row
from groundplan.kernel.rules.logic.difference import DEFAULT, CellChange, Difference
from groundplan.kernel.rules.logic.table import Table
from groundplan.kernel.rules.pages.words import test_words, value_words

Words = dict[tuple[str, str, str], str]


def difference_words(found: Difference, before: Table, after: Table) -> Difference:
    """The same difference with columns by their labels and cells as the table shows them.

    Args:
        found: what ``difference`` found.
        before: the older version.
        after: the newer version.
    """
    old, new = _cells_of(before), _cells_of(after)
    names = _labels_of(before) | _labels_of(after)
    parts = {"basis": _("依据"), "note": _("备注")}

    def worded(row: str, cell: CellChange) -> CellChange:
        place = (row, cell.part, cell.column)
        column = parts.get(cell.part) or names.get(cell.column, cell.column)
        return CellChange(cell.part, column, old.get(place, cell.before), new.get(place, cell.after))

    rows = tuple(replace(row, cells=tuple(worded(row.row, cell) for cell in row.cells)) for row in found.rows)
    return Difference(found.head, rows)


def _labels_of(table: Table) -> dict[str, str]:
    return {item.name: label_text(item.label, item.name) for item in (*table.inputs, *table.outputs)}


def _cells_of(table: Table) -> Words:
    words: Words = {}
    for row in table.rows:
        words |= _cells_of_row(row.id, row, table.inputs, table.outputs)
    if table.default is not None:
        words |= _cells_of_row(DEFAULT, table.default, (), table.outputs)
    return words


def _cells_of_row(name: str, row: Row, inputs: tuple[Field, ...], outputs: tuple[Field, ...]) -> Words:
    tests = {(name, "when", item.name): test_words(test, item) for test, item in zip(row.tests, inputs, strict=False)}
    return tests | {
        (name, "then", item.name): value_words(value, item) for value, item in zip(row.outputs, outputs, strict=True)
    }
