"""What the benchmarks of the lake share: an installation, a file of observations, DuckDB as a peer uses it."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from groundplan.cli import context

OBSERVATIONS = """
SELECT i AS id, 'S' || lpad((i % 500)::VARCHAR, 4, '0') AS station,
    TIMESTAMP '2016-01-01' + (i // 500) * INTERVAL 1 MINUTE AS observed_at,
    round((i * 7919 % 100000) / 317.0, 2) AS value, CASE WHEN i % 97 = 0 THEN '停运' ELSE '正常' END AS state,
    i % 5 AS quality
FROM range({rows}) t(i)
"""


def observations(rows: int) -> Path:
    """A CSV file of observations, made once and kept in the state folder."""
    import duckdb

    path = context.state_folder() / "bench" / f"observations-{rows}.csv"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        duckdb.execute(f"COPY ({OBSERVATIONS.format(rows=rows)}) TO '{part}' (FORMAT csv, HEADER)")
        part.replace(path)
    return path


@contextmanager
def installation() -> Iterator[None]:
    """A city with nothing in it, on a database of its own; gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="groundplan-bench-") as name:
        os.environ.update(GROUNDPLAN_STATE=name, GROUNDPLAN_MODE="test")
        context.setup_django()
        try:
            yield
        finally:
            context.discard_state(Path(name))


def peer() -> Any:
    """DuckDB with the memory that the lake allows itself."""
    import duckdb

    from groundplan.lib.environment import read

    return duckdb.connect(config={"memory_limit": f"{read('GROUNDPLAN_LAKE_MEMORY')}MB"})


def synced(path: Path) -> None:
    """Wait until a file is on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    os.fsync(descriptor)
    os.close(descriptor)


def timed(doing: Callable[[], Any]) -> tuple[float, Any]:
    """How long something takes, and its answer."""
    began = time.perf_counter()
    answer = doing()
    return time.perf_counter() - began, answer
