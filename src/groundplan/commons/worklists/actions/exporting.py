"""Lists taken out as files: for a stated purpose, row by row, with one record of the digest of what left."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from groundplan.commons.worklists.errors import ExportInvalid
from groundplan.kernel.ledger.actions import record
from groundplan.kernel.parties.logic.roles import PURPOSES
from groundplan.kernel.parties.queries import Actor
from groundplan.lib.errors import NotAllowed
from groundplan.lib.identity import uuid7
from groundplan.lib.tabular.streaming import csv_chunks, xlsx_chunks

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FORMATS: dict[str, tuple[str, str]] = {
    "csv": ("csv", "text/csv; charset=utf-8"),
    "gb18030": ("csv", "text/csv; charset=gb18030"),
    "xlsx": ("xlsx", XLSX),
}


@dataclass(frozen=True)
class ListFile:
    """A file on its way; the record is left when the last piece has gone, or the way broke off."""

    filename: str
    content_type: str
    pieces: Iterator[bytes]


def export_listing(
    *, actor: Actor, listing: str, headers: Sequence[str], rows: Iterable[Sequence[Any]], purpose: str, form: str
) -> ListFile:
    """A list as CSV or XLSX in pieces; no cell is a formula, memory does not grow with its length.

    Args:
        actor: who takes it out; the rows are what the list shows them.
        listing: name of the list, for the record.
        headers: column titles.
        rows: values, made as they go.
        purpose: one of ``parties.roles.PURPOSES``.
        form: ``csv`` (UTF-8 with byte order mark), ``gb18030`` or ``xlsx``.

    Raises:
        NotAllowed: the actor holds no office.
        ExportInvalid: no such form or purpose.
    """
    if not actor.scopes:
        raise NotAllowed
    if form not in FORMATS or purpose not in PURPOSES:
        raise ExportInvalid(_("请选择导出目的和格式。"), accepted=", ".join([*FORMATS, *PURPOSES]))
    ending, content_type = FORMATS[form]
    name = f"{listing}-{uuid7().hex[:12]}"
    data = {"list": listing, "purpose": purpose, "form": form}
    return ListFile(f"{name}.{ending}", content_type, _recorded(actor, f"export:{name}", data, headers, rows))


def _recorded(
    actor: Actor, subject: str, data: dict[str, str], headers: Sequence[str], rows: Iterable[Sequence[Any]]
) -> Iterator[bytes]:
    digest, told = hashlib.sha256(), {"rows": 0, "complete": False}

    def counted() -> Iterator[Sequence[Any]]:
        for row in rows:
            told["rows"] += 1
            yield row

    encoding = "gb18030" if data["form"] == "gb18030" else "utf-8"
    pieces = (
        xlsx_chunks(headers, counted()) if data["form"] == "xlsx" else csv_chunks(headers, counted(), encoding=encoding)
    )
    try:
        for piece in pieces:
            digest.update(piece)
            yield piece
        told["complete"] = True
    finally:
        # Also when the reader went away in the middle: what has left the house stands in the log.
        with transaction.atomic():
            record(
                actor=actor.actor_id,
                action="worklists.export_listing",
                subject=subject,
                data={**data, **told, "sha256": digest.hexdigest()},
            )
