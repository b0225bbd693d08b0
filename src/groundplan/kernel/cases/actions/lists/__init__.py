"""What is done with whole lists of cases."""

from groundplan.kernel.cases.actions.lists.exporting import Export, export_cases
from groundplan.kernel.cases.actions.lists.pushing import reconcile_todos, tell_todos

__all__ = ["Export", "export_cases", "reconcile_todos", "tell_todos"]
