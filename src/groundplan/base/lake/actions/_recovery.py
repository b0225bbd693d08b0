"""What becomes of an intent whose process is gone."""

from __future__ import annotations

import json
from typing import Any

from groundplan.base.lake.actions import _phases as phases
from groundplan.base.lake.engine import places
from groundplan.base.lake.models import LakeRun, LakeTable

MOST_ATTEMPTS = 3


def recover(table: LakeTable) -> int:
    """Bring the open intents of one table to an end, by somebody who holds its lock; how many."""
    ended = 0
    for run in table.runs.filter(state="running").order_by("id"):
        _bring_to_end(table, run)
        ended += 1
    return ended


def _bring_to_end(table: LakeTable, run: LakeRun) -> None:
    from groundplan.base.lake.engine import tables  # noqa: PLC0415

    found = tables.summary_of(table.public_id, run.public_id)
    if found is not None:
        now = tables.current(table.public_id)
        committed = tables.Committed(found[0], now.columns)
        phases.complete(run=run, committed=committed, said=counted(found[1]), reconciled=True)
    elif tables.last_run(table.public_id) == str(run.public_id):
        phases.complete(run=run, committed=tables.current(table.public_id), said={}, reconciled=True)
    elif places.incoming_of(run.public_id).exists() and run.options.get("attempts", 0) < MOST_ATTEMPTS:
        from groundplan.base.lake.engine.writing import discard  # noqa: PLC0415

        discard(table.public_id, run.public_id)
        run.state, run.progress = "waiting", 0
        run.options = {**run.options, "attempts": run.options.get("attempts", 0) + 1}
        run.save(update_fields=["state", "progress", "options"])
    else:
        phases.call_off(run=run, error=None)


def counted(summary: dict[str, str]) -> dict[str, Any]:
    """The counts that a snapshot's summary carries."""
    found: dict[str, Any] = {
        name: int(summary.get(f"groundplan.{name}", 0)) for name in ("read", "stored", "quarantined")
    }
    return {**found, "rows": json.loads(summary.get("groundplan.rows", "[]"))}
