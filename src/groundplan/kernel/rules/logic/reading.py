"""Reads a table from plain data (from YAML, a spreadsheet, DMN or the store) and lists every problem with its place."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from groundplan.kernel.rules.errors import CellRefused, TableRefused, reason_text
from groundplan.kernel.rules.logic.cells import cell_text, read_output
from groundplan.kernel.rules.logic.table import AGGREGATES, DEFAULT_ROW, HIT_POLICIES, Row, Table
from groundplan.kernel.rules.logic.unary import ANY, Test, parse_test
from groundplan.kernel.rules.logic.values import (
    INPUT_TYPES,
    OUTPUT_TYPES,
    READERS,
    Choice,
    Field,
    Labels,
    nearest,
    shorten,
    storable,
)

Path = tuple[str | int, ...]
Where = Callable[[Path], str]
MAX_ROWS: Final = 20_000
_KEY: Final = re.compile(r"[a-z][a-z0-9]*(?:[-_.][a-z0-9]+)*\Z")
_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]*\Z")
_ROW_ID: Final = re.compile(r"[\w.\-]{1,64}\Z")
_TABLE_KEYS: Final = frozenset(
    {"rule", "label", "basis", "hit", "aggregate", "inputs", "outputs", "rows", "default", "effective_from"}
    | {"retention_days"}
)
_FIELD_KEYS: Final = frozenset({"name", "type", "label", "values", "optional"})
_ROW_KEYS: Final = frozenset({"id", "when", "then", "basis", "note"})


def plain_path(path: Path) -> str:
    """A place as ``rows[3].when.type``."""
    text = ""
    for part in path:
        text += f"[{part + 1}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text or "·"


@dataclass
class Problems:
    """Collects what is wrong, each with its place."""

    where: Where = plain_path
    found: list[dict[str, str]] = field(default_factory=list)

    def add(self, path: Path, reason: str, **params: Any) -> None:
        """Note one problem."""
        self.found.append({"cell": self.where(path), "reason": reason_text(reason, params)})

    def add_refusal(self, path: Path, refused: CellRefused) -> None:
        """Note what a reader of cells refused."""
        self.found.append({"cell": self.where(path), "reason": refused.detail})

    def raise_if_any(self) -> None:
        """Refuse the table if anything was found."""
        if self.found:
            raise TableRefused(self.found)


def parse_table(source: Mapping[str, Any], where: Where = plain_path) -> Table:
    """Read a table.

    Args:
        source: the YAML form (docs/rules.md) as plain data.
        where: turns a place in ``source`` into what the reader of the file calls it (a cell, a line).

    Raises:
        TableRefused: with every problem that was found, each with its place.
    """
    problems = Problems(where)
    table = _Reader(problems).table(source)
    problems.raise_if_any()
    return table


class _Reader:
    """Reads part by part and goes on after a problem, so that all are told at once."""

    def __init__(self, problems: Problems) -> None:
        self.problems = problems

    def table(self, source: Any) -> Table:
        if not isinstance(source, Mapping):
            self.problems.add((), "form", name="·", expected="rule: …")
            self.problems.raise_if_any()
        self.known(source, _TABLE_KEYS, ())
        inputs = self.fields(source, "inputs", INPUT_TYPES)
        outputs = self.fields(source, "outputs", OUTPUT_TYPES)
        hit, aggregate = self.policy(source, outputs)
        # Rows of a table whose columns are wrong would only repeat those problems.
        self.problems.raise_if_any()
        rows = self.rows(source.get("rows"), inputs, outputs)
        default = self.default(source.get("default"), inputs, outputs)
        if default and default.id in {row.id for row in rows}:
            self.problems.add(("default", "id"), "duplicate", text=default.id, first="rows")
        return Table(
            key=self.key(source.get("rule")),
            label=self.labels(source.get("label"), ("label",), required=True),
            hit=hit,
            aggregate=aggregate,
            inputs=inputs,
            outputs=outputs,
            rows=rows,
            default=default,
            basis=self.basis(source.get("basis")),
            effective_from=self.effective_from(source.get("effective_from")),
            retention_days=self.retention(source.get("retention_days", 1825)),
        )

    def known(self, source: Mapping[str, Any], keys: Iterable[str], path: Path) -> None:
        for name in source:
            if name not in keys:
                self.problems.add(
                    (*path, str(name)),
                    "unknown-field",
                    name=shorten(name),
                    nearest=nearest(str(name), keys),
                    known="、".join(sorted(keys)),
                )

    def key(self, value: Any) -> str:
        if not isinstance(value, str) or not _KEY.match(value) or len(value) > 64:  # noqa: PLR2004 - the column's width.
            self.problems.add(("rule",), "key", text=shorten(value or ""))
        return str(value)

    def labels(self, value: Any, path: Path, *, required: bool = False) -> Labels:
        if isinstance(value, str) and value.strip():
            value = {"zh-hans": value.strip()}
        if value in (None, "", {}):
            value = {}
        texts = list(value.values()) if isinstance(value, Mapping) else [None]
        if not isinstance(value, Mapping) or not all(isinstance(text, str) and storable(text) for text in texts):
            self.problems.add(path, "form", name=plain_path(path), expected="{zh-hans: …, en: …}")
            return {}
        self.known(value, ("zh-hans", "en"), path)
        if required and not value.get("zh-hans"):
            self.problems.add(path, "label", name=plain_path(path))
        return {lang: text.strip() for lang, text in value.items() if text.strip()}

    def basis(self, value: Any) -> tuple[Labels, ...]:
        if value in (None, "", []):
            return ()
        items = value if isinstance(value, list) else [value]
        return tuple(self.labels(item, ("basis", index)) for index, item in enumerate(items))

    def effective_from(self, value: Any) -> str | None:
        if value in (None, ""):
            return None
        try:
            return READERS["date"](cell_text(value)).isoformat()  # type: ignore[no-any-return]
        except CellRefused as refused:
            self.problems.add_refusal(("effective_from",), refused)
            return None

    def retention(self, value: Any) -> int:
        try:
            days = READERS["integer"](cell_text(value))
        except CellRefused as refused:
            self.problems.add_refusal(("retention_days",), refused)
            return 0
        if not 1 <= days <= 36_500:  # noqa: PLR2004 - a day to a century.
            self.problems.add(("retention_days",), "form", name="retention_days", expected="1–36500")
        return int(days)

    def fields(self, source: Mapping[str, Any], part: str, types: tuple[str, ...]) -> tuple[Field, ...]:
        value = source.get(part)
        if isinstance(value, Mapping):
            entries = [((part, name), _named(name, item)) for name, item in value.items()]
        elif isinstance(value, list):
            entries = [((part, index), item) for index, item in enumerate(value)]
        else:
            entries = []
        if not entries:
            self.problems.add((part,), f"no-{part}")
        found: dict[str, Field] = {}
        for path, item in entries:
            if not isinstance(item, Mapping):
                self.problems.add(path, "form", name=str(path[-1]), expected="{type: …, label: …}")
                continue
            made = self.field(item, path, types)
            if made.name in found:
                self.problems.add((*path, "name"), "duplicate", text=made.name, first=part)
            found[made.name] = made
        return tuple(found.values())

    def field(self, item: Mapping[str, Any], path: Path, types: tuple[str, ...]) -> Field:
        self.known(item, _FIELD_KEYS | {"personal"} if path[0] == "inputs" else _FIELD_KEYS, path)
        name, kind = str(item.get("name", "")), str(item.get("type", ""))
        if not _NAME.match(name) or len(name) > 64:  # noqa: PLR2004 - the column's width.
            self.problems.add((*path, "name"), "key", text=shorten(name))
        if kind not in types:
            self.problems.add(
                (*path, "type"), "type", text=shorten(kind) + nearest(kind, types), known="、".join(types)
            )
        values = self.choices(item.get("values"), (*path, "values"))
        if kind == "enumeration" and not values:
            self.problems.add((*path, "values"), "values-missing", name=name)
        for flag in ("personal", "optional"):
            if not isinstance(item.get(flag, False), bool):
                self.problems.add((*path, flag), "boolean", text=shorten(item[flag]))
        return Field(
            name=name,
            type=kind,
            label=self.labels(item.get("label"), (*path, "label"), required=True),
            values=values if kind == "enumeration" else (),
            personal=item.get("personal") is True,
            optional=item.get("optional") is True,
        )

    def choices(self, value: Any, path: Path) -> tuple[Choice, ...]:
        if value in (None, "", [], {}):
            return ()
        entries: list[Any] = (
            [{"value": name, "label": label} for name, label in value.items()]
            if isinstance(value, Mapping)
            else value
            if isinstance(value, list)
            else [value]
        )
        found: dict[str, Choice] = {}
        for index, entry in enumerate(entries):
            item = entry if isinstance(entry, Mapping) else {"value": entry, "label": None}
            text = cell_text(item.get("value")).strip()
            if not text or not storable(text):
                self.problems.add((*path, index), "form", name="values", expected="{value: …, label: …}")
            elif text in found:
                self.problems.add((*path, index), "duplicate", text=shorten(text), first=self.problems.where(path))
            else:
                label = self.labels(item.get("label"), (*path, index, "label"))
                found[text] = Choice(text, label or {"zh-hans": text})
        return tuple(found.values())

    def policy(self, source: Mapping[str, Any], outputs: tuple[Field, ...]) -> tuple[str, str | None]:
        hit, aggregate = source.get("hit", "unique"), source.get("aggregate")
        if hit not in HIT_POLICIES:
            self.problems.add(("hit",), "hit", text=shorten(hit))
            return "unique", None
        if aggregate is not None:
            numeric = len(outputs) == 1 and outputs[0].type in ("integer", "decimal")
            if hit != "collect" or aggregate not in AGGREGATES or not (numeric or aggregate == "count"):
                self.problems.add(("aggregate",), "aggregate", text=shorten(aggregate))
        return hit, aggregate

    def rows(self, value: Any, inputs: tuple[Field, ...], outputs: tuple[Field, ...]) -> tuple[Row, ...]:
        if not isinstance(value, list) or not value:
            self.problems.add(("rows",), "no-rows")
            return ()
        if len(value) > MAX_ROWS:
            self.problems.add(("rows",), "file-rows", rows=len(value), limit=MAX_ROWS)
            return ()
        seen: dict[str, int] = {}
        rows = []
        for index, item in enumerate(value):
            path: Path = ("rows", index)
            if not isinstance(item, Mapping):
                self.problems.add(path, "form", name=plain_path(path), expected="{id: …, when: {…}, then: {…}}")
                continue
            row = self.row(item, path, inputs, outputs, default_id=str(index + 1))
            if row.id in seen:
                self.problems.add(
                    (*path, "id"), "duplicate", text=row.id, first=self.problems.where(("rows", seen[row.id], "id"))
                )
            seen.setdefault(row.id, index)
            rows.append(row)
        return tuple(rows)

    def default(self, value: Any, inputs: tuple[Field, ...], outputs: tuple[Field, ...]) -> Row | None:
        if value is None:
            return None
        if not isinstance(value, Mapping):
            self.problems.add(("default",), "form", name="default", expected="{then: {…}}")
            return None
        # ``default: {output: value}`` is the short form of ``default: {then: {output: value}}``.
        item = value if "then" in value else {"then": value}
        row = self.row(item, ("default",), inputs, outputs, default_id=DEFAULT_ROW)
        if not all(test.is_any for test in row.tests):
            self.problems.add(("default", "when"), "default-when")
        return row

    def row(
        self,
        item: Mapping[str, Any],
        path: Path,
        inputs: tuple[Field, ...],
        outputs: tuple[Field, ...],
        default_id: str,
    ) -> Row:
        self.known(item, _ROW_KEYS, path)
        row_id = cell_text(item.get("id")).strip() or default_id
        if not _ROW_ID.match(row_id):
            self.problems.add((*path, "id"), "key", text=shorten(row_id))
        when, then = self.mapping(item.get("when"), (*path, "when")), self.mapping(item.get("then"), (*path, "then"))
        self.known(when, [column.name for column in inputs], (*path, "when"))
        self.known(then, [column.name for column in outputs], (*path, "then"))
        return Row(
            id=row_id,
            tests=tuple(self.test(when.get(column.name), column, (*path, "when", column.name)) for column in inputs),
            outputs=tuple(
                self.output(then.get(column.name), column, (*path, "then", column.name)) for column in outputs
            ),
            basis=self.labels(item.get("basis"), (*path, "basis")),
            note=self.labels(item.get("note"), (*path, "note")),
        )

    def mapping(self, value: Any, path: Path) -> Mapping[str, Any]:
        if value is None:
            return {}
        if not isinstance(value, Mapping):
            self.problems.add(path, "form", name=plain_path(path), expected="{…: …}")
            return {}
        return value

    def test(self, value: Any, column: Field, path: Path) -> Test:
        try:
            return parse_test(cell_text(value), column)
        except CellRefused as refused:
            self.problems.add_refusal(path, refused)
            return ANY

    def output(self, value: Any, column: Field, path: Path) -> Any:
        try:
            made = read_output(value, column)
        except CellRefused as refused:
            self.problems.add_refusal(path, refused)
            return None
        if made is None and not column.optional:
            self.problems.add(path, "output-missing", name=column.name)
        return made


def _named(name: str, item: Any) -> Any:
    """A column of the form ``name: {type: …}`` as one that carries its name."""
    return {"name": name, **(item or {})} if item is None or isinstance(item, Mapping) else item
