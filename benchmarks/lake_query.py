"""Five aggregate questions over a table of the lake, beside the same questions over a plain Parquet file.

Ours goes through the engine's public door, each question on a connection of its own; the peer keeps one connection. The
answers are compared. ``growth.ratio`` is the cost of a row at the small size ÷ at the large one.
"""

from __future__ import annotations

import statistics
import tempfile
from pathlib import Path
from typing import Any

from _lake import installation, observations, peer, timed

PEERS = ("duckdb",)
ROWS, QUICK_ROWS = 10_000_000, 1_000_000
SMALL, PARTS = 1_000_000, 5
QUICK_SMALL = 300_000
ROUNDS = 5
QUESTIONS = (
    "SELECT count(*), round(avg(value), 6), max(value) FROM {t}",
    "SELECT station, count(*), round(avg(value), 6), max(value) FROM {t} GROUP BY station ORDER BY station",
    "SELECT date_trunc('day', observed_at) AS day, round(avg(value), 6) FROM {t} GROUP BY day ORDER BY day",
    "SELECT state, quality, count(*) FROM {t} WHERE value > 200 GROUP BY state, quality ORDER BY ALL",
    "SELECT station, quantile_cont(value, 0.95) AS high FROM {t} WHERE quality < 2 GROUP BY station ORDER BY ALL",
)


def run(*, quick: bool = False) -> dict[str, Any]:
    """Questions a second over a table, and how the cost of a row grows with the table."""
    rows, small = (QUICK_ROWS, QUICK_SMALL) if quick else (ROWS, SMALL)
    file = observations(rows)
    with installation(), tempfile.TemporaryDirectory(dir=file.parent) as name:
        import duckdb

        plain = Path(name) / "plain.parquet"
        with peer() as held:
            held.execute(f"COPY (FROM '{file}') TO '{plain}' (FORMAT parquet)")
            version = _loaded([file], "middle")
            ours, other, equal = [], [], True
            for _round in range(ROUNDS):
                took, mine = timed(lambda: _ask(version))
                ours.append(took)
                took, theirs = timed(lambda: [held.execute(q.format(t=f"'{plain}'")).fetchall() for q in QUESTIONS])
                other.append(took)
                equal = equal and mine == theirs
        at_small = _cost(_loaded([observations(small)], "small"), small)
        at_large = _cost(_loaded([file] * PARTS, "large"), rows * PARTS)
    fast, slow = statistics.median(ours), statistics.median(other)
    return {
        "ratio": slow / fast,
        "growth.ratio": at_small / at_large,
        "growth.small_rows": small,
        "growth.large_rows": rows * PARTS,
        "ours": len(QUESTIONS) / fast,
        "other": len(QUESTIONS) / slow,
        "unit": "questions/s",
        "what": "five aggregate questions over a table of the lake",
        "peer": f"the same over one plain Parquet file (duckdb {duckdb.__version__})",
        "settings": f"{rows} rows, the lake's memory on both sides, files in the system's cache",
        "runs": ROUNDS,
        "equal": equal,
    }


def _loaded(files: list[Path], resource: str) -> Any:
    from groundplan.base.lake import actions
    from groundplan.base.lake.engine import tables
    from groundplan.kernel.parties.queries import SYSTEM

    run = actions.load_files(actor=SYSTEM, resource=resource, files=files)
    return tables.version(run.table.public_id)


def _ask(version: Any) -> list[Any]:
    from groundplan.base.lake.engine import engine

    return [engine().query(each.format(t="t"), tables={"t": version}).rows() for each in QUESTIONS]


def _cost(version: Any, rows: int) -> float:
    """Seconds a row, the median of three."""
    return statistics.median(timed(lambda: _ask(version))[0] for _round in range(3)) / rows
