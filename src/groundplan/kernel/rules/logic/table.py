"""A decision table as data: what the files say after reading, and what is stored and digested."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from groundplan.kernel.rules.logic.unary import Test, format_test
from groundplan.kernel.rules.logic.values import Field, Labels, written_output

HIT_POLICIES: Final = ("unique", "first", "any", "collect")
AGGREGATES: Final = ("sum", "min", "max", "count")
DEFAULT_ROW: Final = "default"


@dataclass(frozen=True)
class Row:
    """One row: what must hold, and what follows."""

    id: str
    tests: tuple[Test, ...]
    outputs: tuple[Any, ...]
    basis: Labels = field(default_factory=dict)
    note: Labels = field(default_factory=dict)


@dataclass(frozen=True)
class Table:
    """A decision table.

    Args:
        key: the rule's name in files and programs.
        label: what people call it.
        hit: unique, first, any or collect.
        aggregate: for collect: sum, min, max, count, or None for the list of outputs.
        inputs, outputs: the columns.
        rows: in their order.
        default: what follows when no row matches; None when that is an error.
        basis: the law it stands on.
        effective_from: the day its text comes into force, ISO, or None.
        retention_days: how long the facts of its decisions are kept.
    """

    key: str
    label: Labels
    hit: str
    inputs: tuple[Field, ...]
    outputs: tuple[Field, ...]
    rows: tuple[Row, ...]
    aggregate: str | None = None
    default: Row | None = None
    basis: tuple[Labels, ...] = ()
    effective_from: str | None = None
    retention_days: int = 1825

    def definition(self) -> dict[str, Any]:
        """The stored form: JSON, the same for the same table whatever file it came from."""
        document: dict[str, Any] = {
            "rule": self.key,
            "label": dict(self.label),
            "basis": [dict(item) for item in self.basis],
            "hit": self.hit,
            "inputs": [_field_definition(item) for item in self.inputs],
            "outputs": [_field_definition(item) for item in self.outputs],
            "rows": [self._row_definition(row) for row in self.rows],
            "default": self._row_definition(self.default) if self.default else None,
            "retention_days": self.retention_days,
        }
        if self.aggregate:
            document["aggregate"] = self.aggregate
        if self.effective_from:
            document["effective_from"] = self.effective_from
        return document

    def _row_definition(self, row: Row) -> dict[str, Any]:
        document: dict[str, Any] = {
            "id": row.id,
            "when": {
                item.name: format_test(test, item)
                for item, test in zip(self.inputs, row.tests, strict=False)
                if not test.is_any
            },
            "then": {
                item.name: written_output(value, item) for item, value in zip(self.outputs, row.outputs, strict=True)
            },
        }
        if row.basis:
            document["basis"] = dict(row.basis)
        if row.note:
            document["note"] = dict(row.note)
        return document

    @property
    def digest(self) -> str:
        """SHA-256 of the definition, hexadecimal."""
        return digest(self.definition())

    def output_map(self, row: Row) -> dict[str, Any]:
        """The outputs of a row by name."""
        return dict(zip((item.name for item in self.outputs), row.outputs, strict=True))


def digest(definition: Mapping[str, Any]) -> str:
    """SHA-256 over the definition with sorted keys, no spaces, UTF-8."""
    text = json.dumps(definition, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _field_definition(item: Field) -> dict[str, Any]:
    document: dict[str, Any] = {"name": item.name, "type": item.type, "label": dict(item.label)}
    if item.values:
        document["values"] = [{"value": choice.value, "label": dict(choice.label)} for choice in item.values]
    if item.personal:
        document["personal"] = True
    if item.optional:
        document["optional"] = True
    return document
