"""Takes over the reports of another system, closed and open, in sets; see docs/second-city.md."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.utils.translation import gettext as _

from groundplan.kernel.cases import actions as cases
from groundplan.kernel.ledger.actions import record
from groundplan.kernel.parties.queries import Actor
from groundplan.lib import crypto, sql
from groundplan.lib.errors import NotAllowed
from groundplan.lib.identity import uuid7
from groundplan.lib.sql import rows as sql_rows
from groundplan.systems.incidents import queries
from groundplan.systems.incidents.actions._taking import acknowledge, fingerprint_of
from groundplan.systems.incidents.logic.history import Mapped, PastRow, RowUnfit, past_row
from groundplan.systems.incidents.logic.masking import mask_text, storable
from groundplan.systems.incidents.models import Incident, Load, QuarantinedRow

BATCH = 10_000
Progress = Callable[[int], None]
_STAGED = {
    "line": "int4", "public_id": "uuid", "case_public_id": "uuid", "receipt": "text", "category": "text",
    "text": "text", "hidden_parts": "int2", "place": "text", "longitude": "float8", "latitude": "float8",
    "district": "text", "reporter": "text", "reported_at": "timestamptz", "fingerprint": "bytea", "external_id": "text",
}  # fmt: skip


@dataclass(frozen=True)
class _Prepared:
    """One report on its way: its case, and the values of its incident."""

    case: cases.PastCase
    incident: dict[str, Any]


@dataclass(frozen=True)
class _Known:
    """What is looked up once for an import: codes of categories by any of their names, fields of the flow."""

    matters: Mapping[str, str]
    fields: frozenset[str]


def import_history(
    *,
    actor: Actor,
    rows: Iterable[Mapping[str, Any]],
    mapped: Mapped,
    file_name: str,
    digest: str,
    batch: int = BATCH,
    progress: Progress | None = None,
) -> Load:
    """Take over past reports with their units, target times, ends and replies; batch by batch, one record a batch.

    A report whose number is there already is passed over, so an interrupted import is simply started again. A row that
    cannot be read is kept apart with its reason. Likely duplicates are not sought: that was judged at the time.

    Args:
        actor: the data office or the system.
        rows: column -> value, one after another.
        mapped: how they are read.
        file_name: for the load.
        digest: SHA-256 of the file.
        batch: rows in one transaction.
        progress: called with the count of rows read.

    Returns:
        The load: read = stored + repeated + quarantined.

    Raises:
        NotAllowed: the actor is not of the data office.
        HistoryUnfit: the flow has no way as the mapping says.
    """
    if not actor.has_role("data_office"):
        raise NotAllowed(_("导入历史办件须由数据部门进行。"), accepted="data_office")
    load = Load.objects.create(
        file_name=file_name[:255], digest=digest, flow=mapped.flow, columns=mapped.columns.model_dump(),
        loaded_by=actor.actor_id,
    )  # fmt: skip
    known = _Known(queries.matters_of(mapped), queries.field_names(mapped.flow))
    left = iter(rows)
    while some := list(islice(left, batch)):
        _take_batch(actor, load, some, mapped, known)
        if progress:
            progress(load.read)
    with transaction.atomic():
        data = {"digest": digest, "read": load.read, "stored": load.stored, "repeated": load.repeated}
        record(
            actor=actor.actor_id, action="incidents.import_history", subject=f"load:{load.public_id}",
            data={**data, "quarantined": load.quarantined, "history": mapped.history},
        )  # fmt: skip
    return load


@transaction.atomic
def _take_batch(actor: Actor, load: Load, some: Sequence[Mapping[str, Any]], mapped: Mapped, known: _Known) -> None:
    found: dict[str, PastRow] = {}
    faulty: list[QuarantinedRow] = []
    for number, raw in enumerate(some, start=load.read + 1):
        try:
            row = past_row(raw, mapped)
        except RowUnfit as fault:
            cells = json.dumps({name: str(value) for name, value in raw.items()}, ensure_ascii=False)
            faulty.append(QuarantinedRow(load=load, number=number, reason=str(fault), cells=crypto.encrypt(cells)))
            continue
        found.setdefault(row.number, row)
    there = Incident.objects.filter(channel=mapped.channel, external_id__in=list(found))
    for name in list(there.values_list("external_id", flat=True)):
        del found[name]
    prepared = [_prepared(actor, row, mapped, known) for row in found.values()]
    if prepared:
        way = cases.PastWay(
            mapped.flow, mapped.take.stage, mapped.take.outcome, mapped.work.stage, mapped.work.outcome
        )  # fmt: skip
        source = f"load:{load.public_id} {load.read + 1}-{load.read + len(some)}"
        done = cases.record_past_cases(actor=actor, way=way, cases=[one.case for one in prepared], source=source)
        _write_incidents(prepared, done.numbers, mapped, load)
        transaction.on_commit(lambda: acknowledge(len(prepared)))
    QuarantinedRow.objects.bulk_create(faulty)
    load.read += len(some)
    load.stored += len(prepared)
    load.quarantined += len(faulty)
    load.repeated = load.read - load.stored - load.quarantined
    load.save(update_fields=["read", "stored", "repeated", "quarantined"])


def _prepared(actor: Actor, row: PastRow, mapped: Mapped, known: _Known) -> _Prepared:
    said = queries.past_report(row, mapped, known.matters)
    original = storable(said["text"])
    # As the intake does for a report that names no type.
    wholly = mapped.flow == "hotline"
    masked = mask_text(original, wholly=wholly)
    incident_id, case_id = uuid7(), uuid7()
    place = mask_text(storable(row.place), wholly=wholly).text[:300]
    data = {
        "matter": said["category"] or None, "district": row.district or None, "urgency": "normal",
        "channel": mapped.channel, "place": place or None, "description": masked.text, **said["extra"],
    }  # fmt: skip
    case = cases.PastCase(
        public_id=case_id,
        title=mask_text(storable(row.title), wholly=wholly).text.strip(),
        opened_at=row.opened_at,
        closed_at=row.closed_at,
        data={name: value for name, value in data.items() if value is not None and name in known.fields},
        taken={mapped.take.field: row.unit},
        ended=queries.past_reply(row, mapped),
        channel=mapped.channel,
        reporter=f"receipt:{incident_id}",
        personal={"original_text": original} if masked.hidden else {},
        point=row.point,
        divisions={"district": row.district} if row.district else {},
    )
    incident = {
        "public_id": incident_id, "case_public_id": case_id, "category": said["category"], "text": masked.text,
        "hidden_parts": min(masked.hidden, 999), "place": place,
        "longitude": row.point[0] if row.point else None, "latitude": row.point[1] if row.point else None,
        "district": row.district, "reporter": f"receipt:{incident_id}", "reported_at": row.opened_at,
        "fingerprint": fingerprint_of(
            mapped.channel, mapped.flow, original, row.place, repr(row.point), actor.actor_id, "", row.number
        ),
        "external_id": row.number[:120],
    }  # fmt: skip
    return _Prepared(case, incident)


def _write_incidents(prepared: Sequence[_Prepared], numbers: Mapping[UUID, str], mapped: Mapped, load: Load) -> None:
    columns = {name: f"p.{name}" for name in _STAGED if name not in {"line", "case_public_id"}} | {
        "case_id": "c.id", "received_at": "p.reported_at", "certainty": "100",
        "channel": ("%s", mapped.channel), "kind": ("%s", mapped.kind), "load_id": ("%s", load.pk),
    }  # fmt: skip
    source = "FROM incidents_past p JOIN cases_case c ON c.public_id = p.case_public_id ORDER BY p.line"
    with connection.cursor() as cursor:
        cursor.execute(sql.named("groundplan.systems.incidents", "past_staging"))
        sql.copy_rows(
            cursor, "incidents_past", tuple(_STAGED), tuple(_STAGED.values()),
            ([line if name == "line" else one.incident.get(name, numbers[one.case.public_id]) for name in _STAGED]
             for line, one in enumerate(prepared)),
        )  # fmt: skip
        cursor.execute(*sql_rows.insert_select(Incident, columns, source))
        cursor.execute("DROP TABLE incidents_past")
