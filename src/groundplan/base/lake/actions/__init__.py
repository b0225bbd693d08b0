"""Writes of the lake. A load is no single transaction: intent, Iceberg commit, completion (docs/adr/0120)."""

from groundplan.base.lake.actions.loads import carry_on_load, load_files, receive_files
from groundplan.base.lake.actions.reconciling import reconcile_runs
from groundplan.base.lake.actions.tables import create_table, roll_back

__all__ = [
    "carry_on_load",
    "create_table",
    "load_files",
    "receive_files",
    "reconcile_runs",
    "roll_back",
]
