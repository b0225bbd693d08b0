"""A table as SQL, for bulk: the row that fires, as one CASE over facts that stand in a JSON column.

Functions that end in ``_sql`` return text with ``%s`` places and the values for them; only ``queries`` executes it.
"""

from __future__ import annotations

from typing import Any, Final

from groundplan.kernel.rules.logic.table import Row, Table
from groundplan.kernel.rules.logic.unary import Span, Test
from groundplan.kernel.rules.logic.values import Field, literal_text, to_json

Sql = tuple[str, list[Any]]
# PostgreSQL's names for the types that mean the same there; a duration of negative length is written differently.
CASTS: Final = {
    "string": "text",
    "enumeration": "text",
    "integer": "numeric",
    "decimal": "numeric",
    "boolean": "boolean",
    "date": "date",
    "time": "time",
}
NO_ROW: Final = "rule-no-row"
MISSING: Final = "fact-missing"
ILL_TYPED: Final = "fact-ill-typed"


def is_expressible(table: Table) -> bool:
    """Whether SQL can answer for the table: one row fires, no personal input, types that PostgreSQL shares."""
    plain = all(item.type in CASTS and not item.personal for item in table.inputs)
    return plain and table.hit != "collect"


def columns_sql(table: Table, facts: str) -> Sql:
    """The facts as columns c0, c1 and so on, of their types, out of a JSON expression."""
    parts, values = [], []
    for place, item in enumerate(table.inputs):
        parts.append(f"({facts} ->> %s)::{CASTS[item.type]} AS c{place}")
        values.append(item.name)
    return ", ".join(parts), values


def outcome_sql(table: Table) -> tuple[str, list[Any], list[dict[str, Any]]]:
    """Which answer the columns c0, c1 and so on get, as a number, and the answers: outputs or ``{"error": …}``."""
    parts: list[str] = []
    values: list[Any] = []
    answers: list[dict[str, Any]] = [{"error": MISSING}, {"error": ILL_TYPED}, {"error": NO_ROW}]
    for place, item in enumerate(table.inputs):
        if not item.optional:
            parts.append(f"WHEN c{place} IS NULL THEN 0")
    for place, item in enumerate(table.inputs):
        if item.values:
            parts.append(f"WHEN NOT c{place} = ANY(%s) THEN 1")
            values.append([choice.value for choice in item.values])
    for row in table.rows:
        condition, given = row_sql(row, table)
        parts.append(f"WHEN {condition} THEN {len(answers)}")
        values += given
        answers.append(_outputs(table, row))
    if table.default:
        answers.append(_outputs(table, table.default))
    return f"(CASE {' '.join(parts)} ELSE {len(answers) - 1 if table.default else 2} END)", values, answers


def row_sql(row: Row, table: Table) -> Sql:
    """Whether a row's conditions hold."""
    parts: list[str] = []
    values: list[Any] = []
    for place, (test, item) in enumerate(zip(row.tests, table.inputs, strict=True)):
        if not test.is_any:
            text, given = condition_sql(test, item, f"c{place}")
            parts.append(text)
            values += given
    return " AND ".join(parts) or "TRUE", values


def condition_sql(test: Test, item: Field, column: str) -> Sql:
    """Whether a condition holds; never unknown."""
    parts: list[str] = []
    values: list[Any] = []
    kind = CASTS[item.type]
    members = [
        literal_text(member) if item.type == "boolean" else member for member in test.members if member is not None
    ]
    if members:
        parts.append(f"{column} = ANY(%s::{kind}[])")
        values.append(members)
    for span in test.spans:
        text, given = span_sql(span, column, kind)
        parts.append(text)
        values += given
    known = f"COALESCE({' OR '.join(parts)}, FALSE)" if parts else "FALSE"
    inside = f"({known} OR {column} IS NULL)" if None in test.members else known
    return (f"NOT {inside}" if test.negated else inside), values


def span_sql(span: Span, column: str, kind: str) -> Sql:
    """Whether a column lies between bounds."""
    parts, values = [], []
    if span.low is not None:
        parts.append(f"{column} {'>=' if span.low_in else '>'} %s::{kind}")
        values.append(literal_text(span.low))
    if span.high is not None:
        parts.append(f"{column} {'<=' if span.high_in else '<'} %s::{kind}")
        values.append(literal_text(span.high))
    return f"({' AND '.join(parts)})", values


def _outputs(table: Table, row: Row) -> dict[str, Any]:
    pairs = zip(table.outputs, row.outputs, strict=True)
    return {item.name: to_json(value) for item, value in pairs}
