"""Turns a city's 派单目录 spreadsheet into the next version of the rule ``dispatch-directory``."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from groundplan.kernel.parties.queries import Actor
from groundplan.kernel.rules import actions as rules
from groundplan.systems.incidents import queries


@transaction.atomic
def import_directory(*, actor: Actor, content: bytes, filename: str) -> Any:
    """Read a 派单目录 (matter, district, lead unit, assisting units, basis) as a draft of the dispatch rule.

    Units are named by code, name or short name; ``属地`` as the lead unit sends to the unit of the report's district.
    Nothing is taken in when one cell cannot be read.

    Args:
        actor: a rule editor.
        content: XLSX or CSV.
        filename: for messages.

    Returns:
        The draft version; it is approved and put in force as any rule.

    Raises:
        MappingInvalid: a column is missing, or ``cells`` names each cell with an unknown unit or district.
    """
    text = queries.directory_text(content, filename)
    return rules.import_table(actor=actor, content=text.encode(), filename=filename.rsplit(".", 1)[0] + ".yaml")
