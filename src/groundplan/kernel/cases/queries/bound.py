"""The tasks of a case that bind a unit now, read in one statement."""

from __future__ import annotations

from groundplan.kernel.cases.models import Task
from groundplan.lib.sql import rows

BOUND = """JOIN parties_party ON parties_party.id = cases_task.party_id
    WHERE case_id = %s AND state IN ('offered', 'open', 'waiting') ORDER BY cases_task.id"""


def with_parties(found: rows.Found[Task]) -> list[Task]:
    """Active tasks, each with its unit and, if that is active too, the task above it."""
    by_id: dict[int, Task] = {}
    for task, party in found.joined():
        task.party = party
        by_id[task.pk] = task
    for task in by_id.values():
        if task.parent_id in by_id:
            task.parent = by_id[task.parent_id]
    return list(by_id.values())
