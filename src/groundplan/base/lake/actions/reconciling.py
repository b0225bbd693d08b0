"""After a crash: each intent is compared with the table's snapshots and completed or called off."""

from __future__ import annotations

from groundplan.base.lake.actions._recovery import recover
from groundplan.base.lake.models import LakeTable
from groundplan.lib import sql


def reconcile_runs() -> int:
    """Bring every intent to its end whose process is gone; those that still run hold their table's lock.

    Returns:
        How many intents were brought to an end.
    """
    ended = 0
    for table in LakeTable.objects.filter(runs__state="running").distinct():
        with sql.held(f"lake:{table.pk}") as got:
            if got:
                ended += recover(table)
    return ended
