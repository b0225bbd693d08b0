"""Merging by key: rows take the place of those with the same key; only files that hold such rows are rewritten."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from groundplan.base.lake.engine import Version, places
from groundplan.base.lake.engine.duck import connect, copy_sql, quoted, relation_sql
from groundplan.base.lake.engine.writing import ROW, SOURCE, Outputs, Problem

if TYPE_CHECKING:
    import duckdb


def merge(version: Version, out: Outputs, key: Sequence[str]) -> frozenset[str]:
    """Bring the rows of a load together with those of the table.

    Rows without a key, and rows whose key comes again further down, go to quarantine.

    Args:
        version: the table before.
        out: the numbered rows of the load; its files are replaced by those of the merged table.
        key: names of columns.

    Returns:
        The files of the table that are no longer part of it.
    """
    out.close_rows()
    staged, out.files = list(out.files), []
    names = ", ".join(quoted(each.name) for each in out.columns)
    keys = ", ".join(map(quoted, key))
    with connect() as held:
        if not staged:
            return frozenset()
        files = ", ".join(map(places.plain, staged))
        keyless = " OR ".join(f"{quoted(each)} IS NULL" for each in key)
        order = f"filename DESC, {quoted(ROW)} DESC"
        ranked = (
            f"SELECT *, row_number() OVER (PARTITION BY {keys} ORDER BY {order}) AS rank, {keyless} AS keyless "  # noqa: S608
            f"FROM read_parquet([{files}], filename = true)"
        )
        held.execute(f"CREATE TEMP TABLE ranked AS {ranked}")
        _quarantine(held, out, key)
        fresh = out.new_file()
        kept = f"SELECT {names} FROM ranked WHERE rank = 1 AND NOT keyless ORDER BY {quoted(ROW)}"  # noqa: S608
        row = held.execute(copy_sql(kept, out.columns, fresh)).fetchone()
        out.stored = int(row[0]) if row else 0
        held.execute(f"CREATE TEMP TABLE arrived AS SELECT {keys} FROM ranked WHERE rank = 1 AND NOT keyless")  # noqa: S608
        old = _rewritten(held, version, out, keys)
    for path in staged:
        path.unlink()
    return old


def _quarantine(held: duckdb.DuckDBPyConnection, out: Outputs, key: Sequence[str]) -> None:
    names = [each.name for each in out.columns]
    texts = ", ".join(f"{quoted(name)}::VARCHAR" for name in names)
    found = held.execute(
        f"SELECT {quoted(SOURCE)}, {quoted(ROW)}, keyless, {texts} FROM ranked WHERE rank > 1 OR keyless ORDER BY 1, 2"  # noqa: S608
    )
    while rows := found.fetchmany(5000):
        for source, number, keyless, *cells in rows:
            value = "、".join(cells[names.index(each)] or "" for each in key)
            problem = Problem("、".join(key), value, "key" if keyless else "duplicate")
            out.add_bad(source, number, [problem], names, cells)


def _rewritten(held: duckdb.DuckDBPyConnection, version: Version, out: Outputs, keys: str) -> frozenset[str]:
    old: set[str] = set()
    names = ", ".join(quoted(each.name) for each in version.columns)
    for path in version.files:
        one = relation_sql(Version(version.columns, (path,)))
        hit = held.execute(f"SELECT 1 FROM {one} SEMI JOIN arrived USING ({keys}) LIMIT 1").fetchone()  # noqa: S608
        if hit is None:
            continue
        old.add(path)
        target: Path = out.new_file()
        row = held.execute(
            copy_sql(f"SELECT {names} FROM {one} ANTI JOIN arrived USING ({keys})", version.columns, target)  # noqa: S608
        ).fetchone()
        if not row or not row[0]:
            out.files.remove(target)
            target.unlink()
    return frozenset(old)
