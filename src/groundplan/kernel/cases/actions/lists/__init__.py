"""What is done with whole lists of cases."""

from groundplan.kernel.cases.actions.lists.exporting import Export, export_cases

__all__ = ["Export", "export_cases"]
