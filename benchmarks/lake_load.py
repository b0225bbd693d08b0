"""Loading a CSV file of observations: enforced, into Iceberg, in three phases, beside DuckDB's own COPY to Parquet.

Ours is the public action: digest of the file, independent count of its records, every value checked against the schema,
the intent, Iceberg's commit, lineage, event and record. The peer reads the same file with its own sniffer and writes
one Parquet file. Both sides end when their files are on the disk.
"""

from __future__ import annotations

import statistics
import tempfile
from pathlib import Path
from typing import Any

from _lake import installation, observations, peer, synced, timed

PEERS = ("duckdb",)
ROWS, QUICK_ROWS = 10_000_000, 300_000
ROUNDS = 3
DIGEST = (
    "count(*), sum(id), sum(value::DECIMAL(18, 2)), min(observed_at), max(observed_at), "
    "count(DISTINCT station), sum(quality)"
)


def run(*, quick: bool = False) -> dict[str, Any]:
    """Rows a second from a CSV file to a table that holds what it should."""
    rows = QUICK_ROWS if quick else ROWS
    file = observations(rows)
    ours, other, equal = [], [], True
    with installation(), tempfile.TemporaryDirectory(dir=file.parent) as name:
        import duckdb

        target = Path(name) / "peer.parquet"
        _load(observations(1000), "warm")
        for round_ in range(ROUNDS):
            took, table = timed(lambda round_=round_: _load(file, f"observations-{round_}"))
            ours.append(took)
            took, _done = timed(lambda: _copy(file, target))
            other.append(took)
            equal = equal and _ours_digest(table) == _their_digest(target)
    fast, slow = statistics.median(ours), statistics.median(other)
    return {
        "ratio": slow / fast,
        "ours": rows / fast,
        "other": rows / slow,
        "unit": "rows/s",
        "what": "a CSV file of observations enforced and loaded into a table",
        "peer": f"COPY (FROM file) TO parquet (duckdb {duckdb.__version__})",
        "settings": f"{rows} rows, {file.stat().st_size >> 20} MB, both sides with the lake's memory, files synced",
        "runs": ROUNDS,
        "equal": equal,
    }


def _load(file: Path, resource: str) -> Any:
    from groundplan.base.lake import actions
    from groundplan.kernel.parties.queries import SYSTEM

    return actions.load_files(actor=SYSTEM, resource=resource, files=[file]).table


def _copy(file: Path, target: Path) -> None:
    with peer() as held:
        held.execute(f"COPY (FROM '{file}') TO '{target}' (FORMAT parquet)")
    synced(target)


def _ours_digest(table: Any) -> list[Any]:
    from groundplan.base.lake.engine import engine, tables

    return engine().query(f"SELECT {DIGEST} FROM t", tables={"t": tables.version(table.public_id)}).rows()  # noqa: S608


def _their_digest(target: Path) -> list[Any]:
    with peer() as held:
        return list(held.execute(f"SELECT {DIGEST} FROM '{target}'").fetchall())  # noqa: S608
