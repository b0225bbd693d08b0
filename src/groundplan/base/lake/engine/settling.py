"""The plain way through any rows: texts are cast, what does not fit is looked at again, the rest is quarantined."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from groundplan.base.lake.engine.sources import Chunk, Texts, problems_of
from groundplan.base.lake.engine.writing import Outputs, Problem
from groundplan.base.lake.logic import Column, Matching, mended

if TYPE_CHECKING:
    import duckdb


def value_sql(column: Column, text: str) -> str:
    """A text as a value of the column; NULL where it is none."""
    if column.type == "text":
        return text
    return f"TRY_CAST({text} AS {column.duckdb})"


def fits_sql(column: Column, text: str, value: str) -> str:
    """Whether the value is what the text says: DuckDB's casts round 1.5 to 2, drop time zones and know infinities."""
    if column.type == "text":
        return ""
    exact = {
        "integer": f"{value}::VARCHAR = {text}",
        "short_integer": f"{value}::VARCHAR = {text}",
        "number": f"isfinite({value})",
        "decimal": f"{value} IS NOT NULL AND regexp_full_match({text}, '-?[0-9]+(\\.[0-9]{{0,4}})?')",
        "boolean": f"{value} IS NOT NULL",
        "date": f"{value} IS NOT NULL AND {text} >= '0' AND {text} < ':' AND strlen({text}) <= 10",
        "timestamp": f"{value} IS NOT NULL AND ((strlen({text}) = 19 AND {text}[17] = ':') "
        f"OR regexp_full_match({text}, "
        "'[0-9]{4}[-/][0-9]{1,2}[-/][0-9]{1,2}([ T][0-9]{1,2}:[0-9]{2}(:[0-9]{2}(\\.[0-9]{1,6})?)?)?'))",
        "timestamptz": f"{value} IS NOT NULL AND {text} >= '0' AND {text} < ':'",
    }[column.type]
    return f"({text} IS NULL OR ({exact}))"


def settle(
    *,
    engine: duckdb.DuckDBPyConnection,
    source: str,
    chunk: Chunk,
    columns: Sequence[Column],
    matching: Matching,
    out: Outputs,
) -> None:
    """Store the rows of a chunk that fit and quarantine the others.

    Args:
        engine: casts.
        source: the file's name.
        chunk: rows as texts.
        columns: of the table.
        matching: which cell is which column.
        out: where rows go.
    """
    for number, cells, why in chunk.broken:
        out.add_bad(source, number, problems_of(cells, matching.headers, why), matching.headers, cells)
    if not chunk.rows:
        return
    texts = _by_column(chunk.rows, matching)
    values, wrong = _cast(engine, columns, texts)
    bad = [at for at, is_bad in enumerate(wrong["any"]) if is_bad]
    out.add_rows(_kept(values, columns, wrong["any"], out), source, _right(chunk.numbers, wrong["any"]))
    if not bad:
        return
    again = [[texts[place][at] for place in range(len(columns))] for at in bad]
    second = [_mended(row, columns) for row in again]
    values, wrong = _cast(engine, columns, [list(each) for each in zip(*second, strict=True)])
    numbers = [chunk.numbers[at] for at in bad]
    out.add_rows(_kept(values, columns, wrong["any"], out), source, _right(numbers, wrong["any"]))
    for place, at in enumerate(bad):
        if wrong["any"][place]:
            problems = _problems(again[place], [wrong[str(k)][place] for k in range(len(columns))], columns)
            out.add_bad(source, chunk.numbers[at], problems, matching.headers, chunk.rows[at])


def _by_column(rows: list[Texts], matching: Matching) -> list[Texts]:
    turned = [list(each) for each in zip(*rows, strict=True)]
    return [turned[place] if place is not None else [None] * len(rows) for place in matching.positions]


def _mended(row: Texts, columns: Sequence[Column]) -> Texts:
    """The second look; a text that cannot be mended stays as it is and fails again."""
    found: Texts = []
    for text, column in zip(row, columns, strict=True):
        if text is None or (column.type != "text" and not text.strip()):
            found.append(None)
        else:
            better = mended(text, column.type)
            found.append(text if better is None else better)
    return found


def _cast(
    engine: duckdb.DuckDBPyConnection, columns: Sequence[Column], texts: Sequence[Texts]
) -> tuple[pa.Table, dict[str, list[bool]]]:
    """Values by column, and for each column and for any of them which rows are wrong."""
    given = pa.table({f"t{at}": pa.array(column, pa.string()) for at, column in enumerate(texts)})
    engine.register("chunk", given)
    inner = ", ".join(f"{value_sql(each, f't{at}')} AS v{at}, t{at}" for at, each in enumerate(columns))
    outer = ", ".join(f"v{at}, {_wrong_sql(each, at)} AS w{at}" for at, each in enumerate(columns))
    made = engine.execute(f"SELECT {outer} FROM (SELECT {inner} FROM chunk)").to_arrow_table()  # noqa: S608
    engine.unregister("chunk")
    flags = {str(at): made.column(f"w{at}").to_pylist() for at in range(len(columns))}
    flags["any"] = [any(row) for row in zip(*flags.values(), strict=True)]
    return made, flags


def _wrong_sql(column: Column, at: int) -> str:
    fits = fits_sql(column, f"t{at}", f"v{at}") or "true"
    needed = f" AND t{at} IS NOT NULL" if column.required else ""
    return f"NOT coalesce({fits}{needed}, false)"


def _kept(values: pa.Table, columns: Sequence[Column], wrong: list[bool], out: Outputs) -> pa.Table:
    good = values.filter(pc.invert(pa.array(wrong, pa.bool_())))
    return pa.table([good.column(f"v{at}").cast(out.schema.field(at).type) for at in range(len(columns))], out.schema)


def _right(numbers: list[int], wrong: list[bool]) -> list[int]:
    return [number for number, is_wrong in zip(numbers, wrong, strict=True) if not is_wrong]


def _problems(row: Texts, wrong: list[bool], columns: Sequence[Column]) -> list[Problem]:
    return [
        Problem(column.name, text, "required" if not (text or "").strip() else "type", column.type)
        for text, is_wrong, column in zip(row, wrong, columns, strict=True)
        if is_wrong
    ]
