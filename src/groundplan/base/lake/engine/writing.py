"""What a load writes before anybody knows of it: Parquet files of rows that fit, and the quarantine."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from uuid import UUID

import pyarrow as pa
import pyarrow.parquet as pq

from groundplan.base.lake.engine import places
from groundplan.base.lake.logic import Column

QUARANTINE = pa.schema(
    [("source", pa.string()), ("row", pa.int64()), ("problems", pa.string()), ("cells", pa.string())]
)
BATCH = 5000
ROW, SOURCE = "〔row〕", "〔source〕"


@dataclass(frozen=True)
class Problem:
    """Why a row does not fit: the column (empty for the whole row), its value, the reason's code."""

    column: str
    value: str | None
    reason: str
    type: str = ""


def arrow_schema(columns: Sequence[Column]) -> pa.Schema:
    """The schema of a data file, with the ids of the columns."""
    kinds: dict[str, pa.DataType] = {
        "text": pa.string(), "short_integer": pa.int32(), "integer": pa.int64(), "decimal": pa.decimal128(18, 4),
        "number": pa.float64(), "boolean": pa.bool_(), "date": pa.date32(), "timestamp": pa.timestamp("us"),
        "timestamptz": pa.timestamp("us", "UTC"),
    }  # fmt: skip
    return pa.schema(
        [pa.field(each.name, kinds[each.type], metadata={b"PARQUET:field_id": str(each.id)}) for each in columns]
    )


class Outputs:
    """The files of one load.

    Args:
        table: whose rows they are.
        run: the load; its id begins every file's name, so that what an interrupted load left can be found.
        columns: of the table.
        numbered: rows carry their number and their file for a while, as merging asks which came last.
    """

    def __init__(self, table: UUID, run: UUID, columns: Sequence[Column], *, numbered: bool = False) -> None:
        self.folder, self.run, self.columns, self.numbered = places.data_of(table), run, columns, numbered
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.schema = arrow_schema(columns)
        self.files: list[Path] = []
        self.stored = self.quarantined = self._named = 0
        self._rows: pq.ParquetWriter | None = None
        self._bad: pq.ParquetWriter | None = None
        self._waiting: list[dict[str, Any]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _at: TracebackType | None
    ) -> None:
        if kind is None:
            self._write_bad()
        for writer in (self._rows, self._bad):
            if writer is not None:
                writer.close()
        if kind is None:
            places.sync(*self.files, *([self.quarantine] if self._bad else []))

    @property
    def quarantine(self) -> Path:
        """The file of rows that do not fit."""
        return places.quarantine_of(self.run)

    def new_file(self) -> Path:
        """The next data file, to be written by an engine."""
        path = self.folder / f"{self.run.hex}-{self._named:05}.parquet"
        self._named += 1
        self.files.append(path)
        return path

    def add_rows(self, table: pa.Table, source: str, numbers: Sequence[int]) -> None:
        """Store rows that fit."""
        if not table.num_rows:
            return
        if self.numbered:
            table = table.append_column(ROW, pa.array(numbers, pa.int64()))
            table = table.append_column(SOURCE, pa.array([source] * len(numbers), pa.string()))
        if self._rows is None:
            self._rows = pq.ParquetWriter(self.new_file(), table.schema, compression="snappy")
        self._rows.write_table(table)
        self.stored += table.num_rows

    def close_rows(self) -> None:
        """End the data file, so that it can be read."""
        if self._rows is not None:
            self._rows.close()
            self._rows = None

    def add_bad(
        self, source: str, row: int, problems: Sequence[Problem], headers: Sequence[str], cells: Sequence[str | None]
    ) -> None:
        """Put a row into quarantine; whoever mends it gets back every cell that the file had."""
        said = json.dumps([[each.column, each.value, each.reason, each.type] for each in problems], ensure_ascii=False)
        names = [*headers, *(f"〔{at}〕" for at in range(len(headers) + 1, len(cells) + 1))]
        held = json.dumps(dict(zip(names, cells, strict=False)), ensure_ascii=False)
        self._waiting.append({"source": source, "row": row, "problems": said, "cells": held})
        self.quarantined += 1
        if len(self._waiting) >= BATCH:
            self._write_bad()

    def _write_bad(self) -> None:
        if not self._waiting:
            return
        if self._bad is None:
            self.quarantine.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._bad = pq.ParquetWriter(self.quarantine, QUARANTINE, compression="zstd")
        self._bad.write_table(pa.Table.from_pylist(self._waiting, QUARANTINE))
        self._waiting = []


def discard(table: UUID, run: UUID) -> int:
    """Throw away what a load wrote that never came through; how many files."""
    paths = [*places.data_of(table).glob(f"{run.hex}-*.parquet"), places.quarantine_of(run)]
    gone = [path for path in paths if path.exists()]
    for path in gone:
        path.unlink(missing_ok=True)
    return len(gone)
