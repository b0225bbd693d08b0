"""Takes in a spreadsheet of reports, whatever its columns: row by row through the same door as every report."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from django.db import transaction
from django.utils.translation import gettext as _

from groundplan.kernel.ledger.actions import record
from groundplan.kernel.parties.queries import Actor
from groundplan.kernel.places import queries as places
from groundplan.lib import clock
from groundplan.lib.errors import GroundplanError, NotAllowed
from groundplan.lib.tabular import Row
from groundplan.lib.tabular.streaming import TableStream, open_table
from groundplan.systems.incidents.actions._rows import report_of, sealed_cells
from groundplan.systems.incidents.actions.report import DOOR_ROLES, report_incident
from groundplan.systems.incidents.errors import MappingInvalid
from groundplan.systems.incidents.logic.columns import (
    FIELDS,
    propose_mapping,
)
from groundplan.systems.incidents.models import ColumnMapping, Load, QuarantinedRow

TELL_EVERY = 500
Progress = Callable[[int, int], None]


@transaction.atomic
def save_mapping(*, actor: Actor, name: str, flow: str, columns: Mapping[str, str]) -> ColumnMapping:
    """Keep under a name which column is which field; the same name replaces it.

    Args:
        actor: an operator or the data office.
        name: 1 to 64 characters.
        flow: the flow that files of this kind go to.
        columns: field -> header.

    Raises:
        MappingInvalid: an unknown field, or none for the text.
    """
    unknown = sorted(set(columns) - set(FIELDS))
    if unknown or not ({"description", "title"} & set(columns)) or not name.strip():
        raise MappingInvalid(
            _("请指定“内容”或“标题”所在的列。")
            if not unknown
            else _("没有字段：%(names)s。") % {"names": "、".join(unknown)},
            accepted="、".join(FIELDS),
        )
    saved, _created = ColumnMapping.objects.update_or_create(
        name=name.strip()[:64],
        defaults={"columns": dict(columns), "flow": flow, "saved_at": clock.now(), "saved_by": actor.actor_id},
    )
    record(actor=actor.actor_id, action="incidents.save_mapping", subject=f"mapping:{saved.pk}", data={"flow": flow})
    return saved


@transaction.atomic
def import_reports(
    *,
    actor: Actor,
    content: bytes | Path,
    filename: str,
    flow: str = "hotline",
    columns: Mapping[str, str] | None = None,
    system: str = "wgs84",
    progress: Progress | None = None,
) -> Load:
    """Take in a file of reports. Rows that cannot be taken in are kept apart with the reason; the rest goes on.

    A row that is there already (same number of the source, or the same report within an hour) is not stored twice.

    Args:
        actor: an operator, the data office, or the system.
        content: XLSX, CSV or TSV; UTF-8, UTF-16, GBK or GB18030. A text file given by its path may be of any length.
        filename: for messages.
        flow: ``hotline`` or ``city-management``.
        columns: field -> header; proposed from the headers when None.
        system: the coordinate system of the columns of the place.
        progress: called with (rows done, rows in all, 0 if nobody knows) now and then.

    Returns:
        The load: read = stored + repeated + quarantined.

    Raises:
        NotAllowed: the actor is neither operator nor of the data office.
        MappingInvalid: no column holds the text.
        UnreadableTable: the file is no table.
    """
    if not actor.has_role(*DOOR_ROLES["file"]):
        raise NotAllowed(_("您没有批量导入的角色。"), accepted="、".join(DOOR_ROLES["file"]))
    table = open_table(content, filename)
    mapping = dict(columns) if columns else propose_mapping(table.headers)
    _check_mapping(mapping, table)
    load = Load.objects.create(
        file_name=filename[:255], digest=table.digest, flow=flow, columns=mapping,
        loaded_by=actor.actor_id,
    )  # fmt: skip
    districts = {
        name: row.code for row in places.divisions(level="district") for name in (*row.name.values(), row.code)
    }
    counted = {"stored": 0, "repeated": 0, "quarantined": 0}
    done = 0
    for done, row in enumerate(table.rows, start=1):
        counted[_take_row(actor, load, row, mapping, flow, system, districts)] += 1
        if progress and done % TELL_EVERY == 0:
            progress(done, table.total)
    load.read = done
    load.stored, load.repeated, load.quarantined = counted["stored"], counted["repeated"], counted["quarantined"]
    load.save(update_fields=["read", "stored", "repeated", "quarantined"])
    record(
        actor=actor.actor_id,
        action="incidents.import_reports",
        subject=f"load:{load.public_id}",
        data={"digest": load.digest, "flow": flow, "read": load.read, **counted},
    )
    return load


def _take_row(  # noqa: PLR0917 - one call, each argument named as here.
    actor: Actor, load: Load, row: Row, mapping: Mapping[str, str], flow: str, system: str, districts: Mapping[str, str]
) -> str:
    """Take one row in; whatever is wrong with it becomes its reason."""
    try:
        with transaction.atomic():
            asked = report_of(row, mapping, districts)
            receipt = report_incident(
                actor=actor, channel="file", flow=flow, system=system, load=load,
                visitor=f"{load.digest}:{row.number}", **asked,
            )  # fmt: skip
    except GroundplanError as error:
        QuarantinedRow.objects.create(load=load, number=row.number, reason=str(error)[:1000], cells=sealed_cells(row))
        return "quarantined"
    return "stored" if receipt.created else "repeated"


def _check_mapping(mapping: Mapping[str, str], table: TableStream) -> None:
    if not ({"description", "title"} & set(mapping)):
        raise MappingInvalid(
            _("找不到“内容”或“标题”列。表中的列：%(found)s。") % {"found": "、".join(table.headers)},
            next_step=_("请指定列对应后重试。"),
        )
    unknown = sorted(set(mapping) - set(FIELDS))
    if unknown:
        raise MappingInvalid(_("没有字段：%(names)s。") % {"names": "、".join(unknown)}, accepted="、".join(FIELDS))
    table.require(*mapping.values())
