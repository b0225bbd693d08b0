"""What computes over the lake: one small interface, which DuckDB keeps on one machine and a cluster may keep later."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from groundplan.base.lake.logic import Column

if TYPE_CHECKING:
    import pyarrow as pa

    from groundplan.base.lake.engine.sources import Source
    from groundplan.base.lake.engine.writing import Outputs

Tell = Callable[[float], None]


def silent(_share: float) -> None:
    """Tells nobody."""


@dataclass(frozen=True)
class Version:
    """A table as of one snapshot: its columns then, and the files that hold its rows.

    Args:
        columns: in their order; the ids say which column of a file is which, whatever it was called then.
        files: Parquet files.
        rows: how many rows they hold.
        snapshot: None for a table that was never loaded.
        evolved: whether the schema has ever changed, so that files of several schemas may be among them.
    """

    columns: tuple[Column, ...]
    files: tuple[str, ...] = ()
    rows: int = 0
    snapshot: int | None = None
    evolved: bool = True


@dataclass
class Split:
    """What became of the rows of a load."""

    read: int = 0
    stored: int = 0
    quarantined: int = 0
    files: list[Path] = field(default_factory=list)


class Answer(Protocol):
    """Rows that a question found."""

    @property
    def names(self) -> list[str]:
        """The names of the columns."""

    def rows(self) -> list[tuple[Any, ...]]:
        """All rows at once; for answers that are known to be short."""

    def batches(self) -> Iterator[pa.RecordBatch]:
        """The rows in pieces."""


class Engine(Protocol):
    """What the lake asks of an engine. All paths are files of the lake."""

    name: str

    def query(self, sql: str, *, tables: Mapping[str, Version], parameters: Sequence[Any] = ()) -> Answer:
        """Ask in SQL over tables as of their snapshots; the text is the program's own, never a stranger's."""

    def split(self, source: Source, columns: Sequence[Column], out: Outputs, tell: Tell = silent) -> Split:
        """Read a source and enforce the columns: rows that fit become Parquet, the others go to quarantine."""

    def rewrite(self, sql: str, *, tables: Mapping[str, Version], columns: Sequence[Column], to: Path) -> int:
        """Write the rows of a question as one file of a table, and say how many."""


def engine() -> Engine:
    """The engine of this installation."""
    from groundplan.base.lake.engine.duck import DuckEngine  # noqa: PLC0415 - loaded when something is computed.

    return DuckEngine()
