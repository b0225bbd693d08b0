"""CKAN's ``datastore_search`` as a question of ours: known columns, bound values, no text of a stranger in SQL."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from groundplan.lib.errors import Invalid

# How CKAN names the types of the lake.
TYPES = {
    "text": "text", "short_integer": "int", "integer": "int", "decimal": "numeric", "number": "numeric",
    "boolean": "bool", "date": "date", "timestamp": "timestamp", "timestamptz": "timestamptz",
}  # fmt: skip
LIMIT, MOST, FARTHEST = 100, 1000, 1_000_000
LONGEST = 400


@dataclass(frozen=True)
class Question:
    """What is asked of a table ``t``.

    Args:
        rows: SQL for the rows.
        count: SQL for how many there are in all.
        values: bound in either.
        columns: name and type of each that is shown.
        limit: at most so many rows.
        offset: so many are passed over.
        narrowed: whether not all rows are meant.
    """

    rows: str
    count: str
    values: tuple[Any, ...]
    columns: tuple[tuple[str, str], ...]
    limit: int
    offset: int
    narrowed: bool


def question(asked: Mapping[str, Any], kinds: Mapping[str, str], quoted: Callable[[str], str]) -> Question:
    """The question that CKAN's arguments ask.

    Args:
        asked: ``filters`` (name to value or values), ``q``, ``fields``, ``sort``, ``limit``, ``offset``.
        kinds: the columns with their types.
        quoted: a name in SQL.

    Raises:
        Invalid: no such column, or an argument of the wrong form.
    """
    shown = _fields(asked.get("fields"), kinds)
    conditions, values = _filtered(asked.get("filters"), kinds, quoted)
    text = str(asked.get("q") or "")[:LONGEST]
    words = [name for name, kind in kinds.items() if kind == "text"]
    if text and words:
        conditions.append("(" + " OR ".join(f"contains(lower({quoted(name)}), lower(?))" for name in words) + ")")
        values += [text] * len(words)
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    limit, offset = _whole(asked, "limit", LIMIT, MOST), _whole(asked, "offset", 0, FARTHEST)
    names = ", ".join(quoted(name) for name in shown) or "NULL"
    order = _order(asked.get("sort"), kinds, quoted)
    return Question(
        rows=f"SELECT {names} FROM t{where}{order} LIMIT {limit} OFFSET {offset}",  # noqa: S608 - checked names only.
        count=f"SELECT count(*) FROM t{where}",  # noqa: S608
        values=tuple(values), columns=tuple((name, kinds[name]) for name in shown), limit=limit, offset=offset,
        narrowed=bool(conditions),
    )  # fmt: skip


def plain(value: Any) -> Any:
    """A value as JSON knows it; numbers with decimals and moments as their exact text."""
    return value if value is None or isinstance(value, bool | int | str) else str(value)


def _fields(given: Any, kinds: Mapping[str, str]) -> list[str]:
    names = [each.strip() for each in given.split(",")] if isinstance(given, str) else list(given or kinds)
    return [_known(name, kinds) for name in dict.fromkeys(map(str, names))]


def _filtered(given: Any, kinds: Mapping[str, str], quoted: Callable[[str], str]) -> tuple[list[str], list[Any]]:
    if isinstance(given, str) and given.strip():
        try:
            given = json.loads(given)
        except ValueError:
            raise Invalid("filters is not JSON.", accepted='{"column": "value"}') from None
    if given and not isinstance(given, Mapping):
        raise Invalid("filters is not an object.", accepted='{"column": "value"}')
    conditions, values = [], []
    for name, wanted in (given or {}).items():
        alternatives = wanted if isinstance(wanted, list) else [wanted]
        if not 1 <= len(alternatives) <= LIMIT or any(isinstance(each, list | dict) for each in alternatives):
            raise Invalid(f"The filter of {str(name)[:60]} is not a value or a short list of values.")
        # Compared as texts, so that a value of the wrong type finds nothing instead of failing.
        marks = ", ".join("?" * len(alternatives))
        conditions.append(f"CAST({quoted(_known(str(name), kinds))} AS VARCHAR) IN ({marks})")
        values += [str(each) for each in alternatives]
    return conditions, values


def _order(given: Any, kinds: Mapping[str, str], quoted: Callable[[str], str]) -> str:
    parts = [each.strip() for each in str(given or "").split(",") if each.strip()]
    found = []
    for part in parts[:5]:
        name, _space, way = part.rpartition(" ")
        if way.lower() not in {"asc", "desc"}:
            name, way = part, "asc"
        found.append(f"{quoted(_known(name.strip().strip(chr(34)), kinds))} {way.lower()} NULLS LAST")
    return f" ORDER BY {', '.join(found)}" if found else ""


def _known(name: str, kinds: Mapping[str, str]) -> str:
    if name not in kinds:
        raise Invalid(f"There is no column {name[:60]}.", accepted=", ".join(list(kinds)[:50]))
    return name


def _whole(asked: Mapping[str, Any], name: str, usual: int, most: int) -> int:
    given = str(asked.get(name, usual))
    if not (given.isascii() and given.isdigit()):
        raise Invalid(f"{name} is not a whole number.", accepted=f"0 to {most}")
    return min(int(given[:12]), most)
