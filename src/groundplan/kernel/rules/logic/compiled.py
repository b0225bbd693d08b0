"""Compiles a table to closures: one look-up a column, whatever the number of rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal, localcontext
from functools import cached_property
from typing import Any, NamedTuple

from groundplan.kernel.rules.errors import FactMissing, FactUnknown, NoRowMatches, SeveralRowsMatch, label_text
from groundplan.kernel.rules.logic.facts import read_fact
from groundplan.kernel.rules.logic.fastpath import asker, evaluator
from groundplan.kernel.rules.logic.regions import bits, cut
from groundplan.kernel.rules.logic.table import Row, Table
from groundplan.kernel.rules.logic.unary import Test, format_test
from groundplan.kernel.rules.logic.values import nearest


class Evaluation(NamedTuple):
    """What a table says about some facts.

    Args:
        outputs: by name; under ``collect`` without an aggregate each is a list, one item a fired row.
        rows: ids of the fired rows; the default row is ``default``.
    """

    outputs: dict[str, Any]
    rows: tuple[str, ...]


class FailedCell(NamedTuple):
    """One cell that kept a row from firing: the input and the condition that did not hold."""

    input: str
    test: str


class RowReason(NamedTuple):
    """Why a row fired or did not."""

    row: str
    fired: bool
    failed: tuple[FailedCell, ...]


class _Reasons(dict[tuple[str, ...], RowReason]):
    """What to say about one row, by which of its cells hold; made when first asked for."""

    def __init__(self, row: str, cells: tuple[FailedCell, ...]) -> None:
        super().__init__()
        self.row, self.cells = row, cells

    def __missing__(self, pattern: tuple[str, ...]) -> RowReason:
        failed = tuple(cell for cell, holds in zip(self.cells, pattern, strict=True) if holds == "0")
        made = self[pattern] = RowReason(self.row, fired=False, failed=failed)
        return made


class CompiledTable:
    """A table ready to decide. Immutable and safe to share between threads."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self.columns = tuple(
            cut(item, [row.tests[index] for row in table.rows]) for index, item in enumerate(table.inputs)
        )
        self._names = tuple(item.name for item in table.inputs)
        self._everything = (1 << len(table.rows)) - 1
        self._finish = _finisher(table)
        #: Evaluates facts. Raises FactMissing, FactUnknown, FactIllTyped, or NoRowMatches when nothing applies.
        self.evaluate: Callable[[Mapping[str, Any]], Evaluation] = evaluator(
            self.columns, self._everything, self._finish, self._evaluate_with_optional
        )
        self._ask: Callable[[Mapping[str, Any]], list[int]] = asker(self.columns, self._ask_slowly)

    def check_facts(self, facts: Mapping[str, Any]) -> dict[str, Any]:
        """Every fact typed.

        Raises:
            FactMissing, FactUnknown, FactIllTyped: naming the fact.
        """
        for name in facts:
            if name not in self._names:
                hint = nearest(str(name), self._names)
                raise FactUnknown(str(name)[:100], rule=self.table.key, nearest=hint, accepted="、".join(self._names))
        for item in self.table.inputs:
            if item.name not in facts and not item.optional:
                raise FactMissing(item.name, label=label_text(item.label, item.name))
        return {item.name: read_fact(item, facts.get(item.name)) for item in self.table.inputs}

    def matching(self, typed: Mapping[str, Any]) -> int:
        """The rows that typed facts meet, as bits."""
        mask = self._everything
        for column in self.columns:
            mask &= column.masks[column.region_of(typed[column.field.name])]
        return mask

    def explain(self, facts: Mapping[str, Any]) -> tuple[Evaluation | None, tuple[RowReason, ...]]:
        """The evaluation (None when no row applies) and, for every row, the cells that failed.

        Raises:
            FactMissing, FactUnknown, FactIllTyped: naming the fact.
        """
        masks = self._ask(facts)
        mask = self._everything
        for each in masks:
            mask &= each
        try:
            evaluation = self._finish(mask)
        except NoRowMatches:
            evaluation = None
        # One character a row and column: 1 holds, 0 failed. The bit on top keeps the zeros of the last rows.
        top = self._everything + 1
        patterns = zip(*[bin(each | top)[:2:-1] for each in masks], strict=True)
        reasons = [told[pattern] for told, pattern in zip(self._reasons, patterns, strict=True)]
        fired = frozenset(evaluation.rows) if evaluation else ()
        for index in bits(mask):
            if reasons[index].row in fired:
                reasons[index] = reasons[index]._replace(fired=True)
        return evaluation, tuple(reasons)

    def _ask_slowly(self, facts: Mapping[str, Any]) -> list[int]:
        typed = self.check_facts(facts)
        return [column.masks[column.region_of(typed[column.field.name])] for column in self.columns]

    @cached_property
    def _reasons(self) -> tuple[_Reasons, ...]:
        """For every row the reasons by pattern of cells that hold."""
        known: dict[tuple[int, Test], FailedCell] = {}
        for row in self.table.rows:
            for place, (test, item) in enumerate(zip(row.tests, self.table.inputs, strict=True)):
                if (place, test) not in known:
                    known[place, test] = FailedCell(item.name, format_test(test, item))
        return tuple(
            _Reasons(row.id, tuple(known[place, test] for place, test in enumerate(row.tests)))
            for row in self.table.rows
        )

    def _evaluate_with_optional(self, facts: Mapping[str, Any]) -> Evaluation:
        """The slow path: says what is wrong with the facts, or fills in absent optional ones."""
        return self._finish(self.matching(self.check_facts(facts)))


def _finisher(table: Table) -> Callable[[int], Evaluation]:
    """From the rows that apply, as bits, to the answer that the hit policy gives."""
    if table.hit in ("unique", "first"):
        return _single(table)

    def several(mask: int) -> Evaluation:
        if not mask and (table.default is not None or table.hit == "any"):
            return otherwise(table)
        fired = [table.rows[index] for index in bits(mask)]
        return collected(table, fired) if table.hit == "collect" else agreed(table, fired)

    return several


def _single(table: Table) -> Callable[[int], Evaluation]:
    names = [item.name for item in table.outputs]
    outputs = [dict(zip(names, row.outputs, strict=True)) for row in table.rows]
    ids = [(row.id,) for row in table.rows]
    new, unique = tuple.__new__, table.hit == "unique"

    def single(mask: int) -> Evaluation:
        if not mask:
            return otherwise(table)
        low = mask & -mask
        if unique and low != mask:
            raise SeveralRowsMatch(table.key, [table.rows[index].id for index in bits(mask)])
        index = low.bit_length() - 1
        return new(Evaluation, (outputs[index].copy(), ids[index]))

    return single


def otherwise(table: Table) -> Evaluation:
    """What follows when no row applies.

    Raises:
        NoRowMatches: the table has no default row.
    """
    if table.default is None:
        raise NoRowMatches(table.key)
    return Evaluation(table.output_map(table.default), (table.default.id,))


def agreed(table: Table, fired: list[Row]) -> Evaluation:
    """The one answer of several rows.

    Raises:
        SeveralRowsMatch: they do not agree.
    """
    if any(row.outputs != fired[0].outputs for row in fired):
        raise SeveralRowsMatch(table.key, [row.id for row in fired])
    return Evaluation(table.output_map(fired[0]), tuple(row.id for row in fired))


def collected(table: Table, fired: list[Row]) -> Evaluation:
    """The outputs of all fired rows, or their aggregate. Nothing fired: empty lists, count 0, sum 0, else no row."""
    rows = tuple(row.id for row in fired)
    names = [item.name for item in table.outputs]
    if table.aggregate is None:
        return Evaluation({name: [row.outputs[place] for row in fired] for place, name in enumerate(names)}, rows)
    if table.aggregate == "count":
        return Evaluation({names[0]: len(fired)}, rows)
    values = [row.outputs[0] for row in fired if row.outputs[0] is not None]
    if table.aggregate == "sum":
        zero = Decimal(0) if table.outputs[0].type == "decimal" else 0
        with localcontext(prec=100):  # Exact: 20,000 rows of 38 digits on each side of the point.
            return Evaluation({names[0]: sum(values, start=zero)}, rows)
    if not values:
        raise NoRowMatches(table.key)
    return Evaluation({names[0]: min(values) if table.aggregate == "min" else max(values)}, rows)


def interpret(table: Table, facts: Mapping[str, Any]) -> Evaluation:
    """The plain reading of a table, row by row and cell by cell: slow, and what the compiled form must equal."""
    typed = [read_fact(item, facts.get(item.name)) for item in table.inputs]
    fired = [row for row in table.rows if all(test.holds(value) for test, value in zip(row.tests, typed, strict=True))]
    if table.hit == "collect" and (fired or table.default is None):
        return collected(table, fired)
    if not fired:
        return otherwise(table)
    if table.hit == "any":
        return agreed(table, fired)
    if table.hit == "unique" and len(fired) > 1:
        raise SeveralRowsMatch(table.key, [row.id for row in fired])
    return Evaluation(table.output_map(fired[0]), (fired[0].id,))


def compile_table(table: Table) -> CompiledTable:
    """Compile a table."""
    return CompiledTable(table)
