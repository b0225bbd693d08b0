"""What a column may hold, how a text becomes such a value, and why one does not."""

from __future__ import annotations

from groundplan.base.lake.logic.columns import TYPES, Column, Matching, TypeOfColumn, column_of
from groundplan.base.lake.logic.proposing import propose
from groundplan.base.lake.logic.values import REASONS, mended, reason_text

__all__ = [
    "REASONS",
    "TYPES",
    "Column",
    "Matching",
    "TypeOfColumn",
    "column_of",
    "mended",
    "propose",
    "reason_text",
]
