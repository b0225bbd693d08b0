"""The engine on one machine: DuckDB, held to a share of memory and to the files of the lake."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
from django.conf import settings

from groundplan.base.lake.engine import Split, Tell, Version, places, silent
from groundplan.base.lake.engine.columns import match
from groundplan.base.lake.engine.settling import fits_sql, settle, value_sql
from groundplan.base.lake.engine.sources import Chunk, Source
from groundplan.base.lake.engine.writing import Outputs
from groundplan.base.lake.logic import Column, Matching
from groundplan.lib.environment import read

if TYPE_CHECKING:
    import pyarrow as pa

WATCH_S = 0.5
# More rows that do not fit are not fetched at once but met one by one.
MOST_FETCHED = 200_000
# Without it the casts of a row are computed twice, once for the filter and once for the file.
NO_PUSHDOWN = "SET disabled_optimizers = 'filter_pushdown'"


def connect(*extra: Path) -> duckdb.DuckDBPyConnection:
    """A connection that reads and writes in the lake's folder and the named ones, and loads no extension."""
    made = duckdb.connect(":memory:", config=_settings())
    temporary = places.root() / "tmp"
    temporary.mkdir(parents=True, exist_ok=True, mode=0o700)
    folders = ", ".join(places.plain(f"{each.absolute()}/") for each in (places.root(), *extra))
    made.execute("SET enable_progress_bar = true; SET enable_progress_bar_print = false")
    made.execute(f"SET temp_directory = {places.plain(temporary)}")
    made.execute(f"SET TimeZone = {places.plain(settings.TIME_ZONE)}")
    made.execute(f"SET allowed_directories = [{folders}]")
    made.execute("SET enable_external_access = false")
    return made


def _settings() -> dict[str, Any]:
    return {
        "memory_limit": f"{max(256, read('GROUNDPLAN_LAKE_MEMORY'))}MB",
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "allow_community_extensions": False,
    }


@lru_cache(maxsize=1)
def _kept(root: Path) -> duckdb.DuckDBPyConnection:
    """One instance for all questions of a process: starting one takes as long as a short question."""
    del root  # The lake of this process; tests have one each.
    return connect()


def quoted(name: str) -> str:
    """A name in SQL."""
    return '"' + name.replace('"', '""') + '"'


def relation_sql(version: Version) -> str:
    """The rows of a table as of a snapshot. Columns are found by their ids, so files of any age read right."""
    if not version.files:
        names = (
            ", ".join(f"NULL::{each.duckdb} AS {quoted(each.name)}" for each in version.columns) or "NULL AS nothing"
        )
        return f"(SELECT {names} WHERE false)"
    files = ", ".join(map(places.plain, version.files))
    if not version.evolved:
        # Finding columns by id costs up to half of a short question.
        return f"read_parquet([{files}])"
    fields = ", ".join(
        f"{each.id}: {{name: {places.plain(each.name)}, type: '{each.duckdb}', default_value: NULL}}"
        for each in version.columns
    )
    return f"read_parquet([{files}], schema = MAP {{{fields}}})"


def copy_sql(sql: str, columns: Sequence[Column], to: Path) -> str:
    """Write the rows of a question as a data file that carries the columns' ids."""
    ids = ", ".join(f"{quoted(each.name)}: {each.id}" for each in columns)
    return f"COPY ({sql}) TO {places.plain(to)} (FORMAT parquet, FIELD_IDS {{{ids}}})"


class DuckAnswer:
    """The rows of a question; the connection lives as long as they are read."""

    def __init__(self, held: duckdb.DuckDBPyConnection) -> None:
        self.held = held
        self.names = [str(each[0]) for each in held.description or []]

    def rows(self) -> list[tuple[Any, ...]]:
        """All rows at once."""
        return self.held.fetchall()

    def batches(self) -> Iterator[pa.RecordBatch]:
        """The rows in pieces."""
        yield from self.held.to_arrow_reader(50_000)


class DuckEngine:
    """DuckDB in this process."""

    name = "duckdb"

    def query(self, sql: str, *, tables: Mapping[str, Version], parameters: Sequence[Any] = ()) -> DuckAnswer:
        """Ask a question over tables as of their snapshots."""
        held = _kept(places.root()).cursor()
        for name, version in tables.items():
            held.execute(f"CREATE TEMP VIEW {quoted(name)} AS SELECT * FROM {relation_sql(version)}")  # noqa: S608
        return DuckAnswer(held.execute(sql, list(parameters)))

    def rewrite(self, sql: str, *, tables: Mapping[str, Version], columns: Sequence[Column], to: Path) -> int:
        """Write the rows of a question as one data file."""
        to.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with places.room_on_disk(), connect() as held:
            for name, version in tables.items():
                held.execute(f"CREATE TEMP VIEW {quoted(name)} AS SELECT * FROM {relation_sql(version)}")  # noqa: S608
            row = held.execute(copy_sql(sql, columns, to)).fetchone()
        places.sync(to)
        return int(row[0]) if row else 0

    def split(self, source: Source, columns: Sequence[Column], out: Outputs, tell: Tell = silent) -> Split:
        """Enforce the columns on a source; a text of the usual form in bulk, anything else row by row."""
        before = (out.stored, out.quarantined)
        with places.room_on_disk(), connect(source.path.parent) as held:
            read_ = _in_bulk(held, source, columns, out=out, tell=tell)
            if read_ is None:
                read_ = _row_by_row(held, source, columns, out=out, tell=tell)
        return Split(read_, out.stored - before[0], out.quarantined - before[1])


def _row_by_row(
    held: duckdb.DuckDBPyConnection, source: Source, columns: Sequence[Column], *, out: Outputs, tell: Tell
) -> int:
    matching = match(columns, source.headers)
    total, done = source.sounded.records if source.sounded else 0, 0
    for chunk in source.chunks():
        settle(engine=held, source=source.name, chunk=chunk, columns=columns, matching=matching, out=out)
        done += len(chunk.numbers) + len(chunk.broken)
        tell(min(done / total, 1.0) if total else 0.5)
    return done


def _in_bulk(
    held: duckdb.DuckDBPyConnection, source: Source, columns: Sequence[Column], *, out: Outputs, tell: Tell
) -> int | None:
    """One scan that casts, checks and writes; a second one only to fetch the rows that did not fit.

    Returns:
        How many rows were read; None when the file is not of the usual form and nothing was written.
    """
    sounded = source.sounded
    if (
        out.numbered
        or source.from_quarantine
        or sounded is None
        or sounded.odd & {"nul", "encoding", "blank"}
        or source.head_at != 1
        or sounded.records <= 1
    ):
        return None
    expected, matching = sounded.records - 1, match(columns, source.headers)
    target = out.new_file()
    try:
        with _watched(held, tell):
            held.execute(NO_PUSHDOWN)
            row = held.execute(copy_sql(_good_sql(source, columns, matching), columns, target)).fetchone()
        good = int(row[0]) if row else 0
        few = expected - good <= MOST_FETCHED
        found = _rest(held, source, columns, matching) if few and good != expected else None
    except duckdb.InvalidInputException:
        found, good = None, -1
    counted = good + (len(found.numbers) + len(found.broken) if found else 0)
    if counted != expected:
        target.unlink(missing_ok=True)
        out.files.remove(target)
        return None
    if not good:
        target.unlink(missing_ok=True)
        out.files.remove(target)
    out.stored += good
    if found:
        settle(engine=held, source=source.name, chunk=found, columns=columns, matching=matching, out=out)
    return expected


@contextmanager
def _watched(held: duckdb.DuckDBPyConnection, tell: Tell) -> Iterator[None]:
    """Tell how far a long statement is."""
    done = threading.Event()

    def watch() -> None:
        while not done.wait(WATCH_S):
            share = held.query_progress()
            if 0 <= share <= 100:  # noqa: PLR2004 - percent.
                tell(share / 100)

    thread = threading.Thread(target=watch, name="lake-progress", daemon=True)
    if tell is not silent:
        thread.start()
    try:
        yield
    finally:
        done.set()
        if thread.is_alive():
            thread.join()


def _scan_sql(source: Source, kinds: Sequence[str]) -> str:
    assert source.sounded is not None  # noqa: S101 - only texts come here.
    columns = ", ".join(f"'c{at}': '{kind}'" for at, kind in enumerate(kinds))
    return (
        f"read_csv({places.plain(_escaped(source.sounded.path))}, columns = {{{columns}}}, header = true, "
        f"auto_detect = false, delim = {places.plain(source.separator)}, quote = '\"', escape = '\"', "
        "store_rejects = true, strict_mode = true, max_line_size = 16777216)"
    )


def _escaped(path: Path) -> str:
    """A path whose name is no pattern."""
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in str(path))


def _good_sql(source: Source, columns: Sequence[Column], matching: Matching) -> str:
    """The rows that fit, cast once. Numbers are cast by the reader, which knows nothing to round there."""
    kinds = ["VARCHAR"] * len(source.headers)
    inner, checks = [], []
    for at, (column, place) in enumerate(zip(columns, matching.positions, strict=True)):
        if place is None:
            inner.append(f"NULL::{column.duckdb} AS v{at}")
            continue
        text = f"c{place}"
        if column.type == "number":
            kinds[place] = "DOUBLE"
            inner.append(f"{text} AS v{at}")
            checks.append(f"(v{at} IS NULL OR isfinite(v{at}))")
        else:
            inner.append(
                f"{value_sql(column, text)} AS v{at}" + ("" if column.type == "text" else f", {text} AS t{at}")
            )
            checks.append(fits_sql(column, f"t{at}", f"v{at}"))
        if column.required:
            checks.append(f"v{at} IS NOT NULL")
    outer = ", ".join(f"v{at} AS {quoted(each.name)}" for at, each in enumerate(columns))
    where = " AND ".join(filter(None, checks)) or "true"
    return f"SELECT {outer} FROM (SELECT {', '.join(inner)} FROM {_scan_sql(source, kinds)}) WHERE {where}"  # noqa: S608


def _rest(held: duckdb.DuckDBPyConnection, source: Source, columns: Sequence[Column], matching: Matching) -> Chunk:
    """The rows that the first scan left out, as texts, with their numbers in the file."""
    width = len(source.headers)
    names = ", ".join(f"c{at}" for at in range(width))
    checks = []
    for column, place in zip(columns, matching.positions, strict=True):
        if place is None:
            continue
        checks.append(fits_sql(column, f"c{place}", value_sql(column, f"c{place}")))
        if column.required:
            checks.append(f"c{place} IS NOT NULL")
    where = " AND ".join(filter(None, checks)) or "true"
    held.execute("DROP TABLE IF EXISTS reject_errors; DROP TABLE IF EXISTS reject_scans")
    scan = f"SELECT row_number() OVER () AS n, {names} FROM {_scan_sql(source, ['VARCHAR'] * width)}"  # noqa: S608
    loose = held.execute(f"SELECT * FROM ({scan}) WHERE NOT coalesce({where}, false)").fetchall()  # noqa: S608
    rejected = held.execute(
        "SELECT line, any_value(csv_line), any_value(error_type::VARCHAR) FROM reject_errors GROUP BY 1 ORDER BY 1"
    ).fetchall()
    chunk = Chunk(broken=[_rejected(*each, source=source) for each in rejected])
    lines, behind = [int(each[0]) for each in rejected], 0
    for number, *cells in loose:
        while behind < len(lines) and lines[behind] <= number + 1 + behind:
            behind += 1
        chunk.numbers.append(number + 1 + behind)
        chunk.rows.append(list(cells))
    return chunk


def _rejected(line: int, text: str, why: str, *, source: Source) -> tuple[int, list[str | None], str]:
    """A record that the reader could not take apart."""
    import csv  # noqa: PLC0415

    cells: list[str | None] = [cell or None for cell in next(csv.reader([text or ""], delimiter=source.separator), [])]
    reason = {"TOO MANY COLUMNS": "too_many_cells", "MISSING COLUMNS": "too_few_cells"}.get(why, "quotes")
    return int(line), cells, reason
