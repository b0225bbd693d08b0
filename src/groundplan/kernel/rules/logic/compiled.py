"""Compiles a table to closures: one look-up a column, whatever the number of rows."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal, localcontext
from typing import Any, Final, NamedTuple

from groundplan.kernel.rules.errors import FactMissing, FactUnknown, NoRowMatches, SeveralRowsMatch, label_text
from groundplan.kernel.rules.logic.facts import read_fact
from groundplan.kernel.rules.logic.regions import Column, bits, cut
from groundplan.kernel.rules.logic.table import Row, Table
from groundplan.kernel.rules.logic.unary import Test, format_test
from groundplan.kernel.rules.logic.values import MAX_DIGITS, nearest

_LIMIT: Final = 10**MAX_DIGITS
Lookup = Callable[[Any], int]


class Evaluation(NamedTuple):
    """What a table says about some facts.

    Args:
        outputs: by name; under ``collect`` without an aggregate each is a list, one item a fired row.
        rows: ids of the fired rows; the default row is ``default``.
    """

    outputs: dict[str, Any]
    rows: tuple[str, ...]


@dataclass(frozen=True)
class FailedCell:
    """One cell that kept a row from firing."""

    input: str
    test: str
    value: Any


@dataclass(frozen=True)
class RowReason:
    """Why a row fired or did not."""

    row: str
    fired: bool
    failed: tuple[FailedCell, ...]


class CompiledTable:
    """A table ready to decide. Immutable and safe to share between threads."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self.columns = tuple(
            cut(item, [row.tests[index] for row in table.rows]) for index, item in enumerate(table.inputs)
        )
        self._names = tuple(item.name for item in table.inputs)
        self._lookups = tuple(_lookup(column) for column in self.columns)
        self._finish = _finisher(table)
        self.evaluate: Callable[[Mapping[str, Any]], Evaluation] = self._evaluator()

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
        mask = (1 << len(self.table.rows)) - 1
        for column in self.columns:
            mask &= column.masks[column.region_of(typed[column.field.name])]
        return mask

    def explain(self, facts: Mapping[str, Any]) -> tuple[Evaluation | None, tuple[RowReason, ...]]:
        """The evaluation (None when no row applies) and, for every row, the cells that failed.

        Raises:
            FactMissing, FactUnknown, FactIllTyped: naming the fact.
        """
        typed = self.check_facts(facts)
        accepted = [(column, column.masks[column.region_of(typed[column.field.name])]) for column in self.columns]
        try:
            evaluation = self.evaluate(typed)
        except NoRowMatches:
            evaluation = None
        fired = frozenset(evaluation.rows) if evaluation else frozenset()
        reasons = []
        for index, row in enumerate(self.table.rows):
            bit = 1 << index
            failed = tuple(
                FailedCell(column.field.name, self.test_texts[index][place], typed[column.field.name])
                for place, (column, mask) in enumerate(accepted)
                if not mask & bit
            )
            reasons.append(RowReason(row.id, row.id in fired, failed))
        return evaluation, tuple(reasons)

    @property
    def test_texts(self) -> tuple[tuple[str, ...], ...]:
        """Every condition in its standard form, by row and column."""
        found = self.__dict__.get("_texts")
        if found is None:
            known: dict[tuple[Test, str], str] = {}
            found = tuple(
                tuple(
                    known.setdefault((test, item.name), known.get((test, item.name)) or format_test(test, item))
                    for test, item in zip(row.tests, self.table.inputs, strict=True)
                )
                for row in self.table.rows
            )
            self.__dict__["_texts"] = found
        return found

    def _evaluator(self) -> Callable[[Mapping[str, Any]], Evaluation]:
        """The hot path as one closure over locals."""
        columns = tuple(zip(self._names, self._lookups, strict=True))
        everything = (1 << len(self.table.rows)) - 1
        count = len(columns)
        finish = self._finish
        again = self._evaluate_with_optional

        def evaluate(facts: Mapping[str, Any]) -> Evaluation:
            """Evaluate the table.

            Raises:
                FactMissing, FactUnknown, FactIllTyped: naming the fact.
                NoRowMatches: nothing applies and there is no default.
            """
            if len(facts) != count:
                return again(facts)
            mask = everything
            try:
                for name, lookup in columns:
                    mask &= lookup(facts[name])
            except KeyError:
                return again(facts)
            return finish(mask)

        return evaluate

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


def _lookup(column: Column) -> Lookup:
    """A function from one fact to the rows that accept it; a fact of another type goes the slow way and is told."""
    field, masks = column.field, column.masks

    def slow(value: Any) -> int:
        return masks[column.region_of(read_fact(field, value))]

    if column.ordered:
        return _ordered_lookup(column, slow)
    known: dict[Any, int] = dict(zip(column.points, masks, strict=False))
    if field.type == "boolean":
        return _boolean_lookup(known, slow)
    get = known.get
    others = masks[column.others] if column.others >= 0 else None

    def text(value: Any) -> int:
        if value.__class__ is str:
            mask: int | None = get(value, others)
            if mask is not None:
                return mask
        return slow(value)

    return text


def _boolean_lookup(known: Mapping[bool, int], slow: Lookup) -> Lookup:
    yes, no = known[True], known[False]

    def boolean(value: Any) -> int:
        if value is True:
            return yes
        if value is False:
            return no
        return slow(value)

    return boolean


def _ordered_lookup(column: Column, slow: Lookup) -> Lookup:
    points: list[Any] = list(column.points)
    masks, count = column.masks, len(points)
    exact = {point: masks[2 * index + 1] for index, point in enumerate(points)}
    gaps = [masks[2 * index] for index in range(count + 1)]
    get = exact.get

    def integer(value: Any) -> int:
        if value.__class__ is int and -_LIMIT < value < _LIMIT:
            mask = get(value)
            return gaps[bisect_left(points, value)] if mask is None else mask
        return slow(value)

    def decimal(value: Any) -> int:
        kind = value.__class__
        if kind is int:
            if not -_LIMIT < value < _LIMIT:
                return slow(value)
        elif kind is not Decimal or not value.is_finite() or value.adjusted() >= MAX_DIGITS:
            return slow(value)
        index = bisect_left(points, value)
        return masks[2 * index + 1] if index < count and points[index] == value else gaps[index]

    kind: type[Any] = {"date": date, "duration": timedelta}.get(column.field.type, str)

    def other(value: Any) -> int:
        if value.__class__ is not kind:
            return slow(value)
        index = bisect_left(points, value)
        return masks[2 * index + 1] if index < count and points[index] == value else gaps[index]

    return {"integer": integer, "decimal": decimal, "time": slow}.get(column.field.type, other)
