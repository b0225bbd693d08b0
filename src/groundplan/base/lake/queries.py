"""Reads of the lake: what an actor may see, a table as of a snapshot, what a load left in quarantine."""

from __future__ import annotations

import codecs
import csv
import io
import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db.models import OuterRef, Q, QuerySet, Subquery, Sum
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from groundplan.base.catalogue.models import Resource
from groundplan.base.lake.errors import LakeRunNotFound, LakeTableNotFound
from groundplan.base.lake.logic import datastore, reason_text
from groundplan.base.lake.logic.values import NUMBER
from groundplan.base.lake.models import LakeRun, LakeTable
from groundplan.kernel.parties.queries import Actor
from groundplan.lib import tabular
from groundplan.lib.errors import NotAllowed
from groundplan.lib.tabular.streaming import harmless

# Those who load for their unit, and those who answer for the whole lake.
STEWARDS = ("handler", "supervisor", "leader")
KEEPERS = ("data_office",)
READERS = (*STEWARDS, *KEEPERS)
PREVIEW_ROWS = 100
LONGEST_SHOWN = 200
BATCH = 2000


@dataclass(frozen=True)
class Preview:
    """The first rows of a table as texts."""

    names: list[str]
    rows: list[list[str]]


@dataclass(frozen=True)
class Snapshot:
    """A state of a table that can be gone back to."""

    id: int
    at: datetime
    rows: int
    run: str
    current: bool


def tables_for(actor: Actor) -> QuerySet[LakeTable]:
    """The tables an actor may see and load: the data office all, officers those that their units provide."""
    found = LakeTable.objects.select_related("provider").order_by("identifier")
    if actor.has_role(*KEEPERS):
        return found
    return found.filter(provider_id__in=actor.party_ids(*STEWARDS))


def table_for(actor: Actor, identifier: str) -> LakeTable:
    """One table.

    Raises:
        LakeTableNotFound: unknown, or not for this actor.
    """
    found = tables_for(actor).filter(identifier=identifier).first()
    if found is None:
        raise LakeTableNotFound(_("没有标识为“%(name)s”的数据表。") % {"name": identifier[:120]})
    return found


def table_by_id(actor: Actor, public_id: UUID) -> LakeTable:
    """One table by its public id.

    Raises:
        LakeTableNotFound: unknown, or not for this actor.
    """
    found = tables_for(actor).filter(public_id=public_id).first()
    if found is None:
        raise LakeTableNotFound(_("没有这张数据表。"))
    return found


def runs_for(actor: Actor) -> QuerySet[LakeRun]:
    """The work on the tables that an actor may see, the latest first."""
    found = LakeRun.objects.select_related("table", "table__provider").order_by("-id")
    return found if actor.has_role(*KEEPERS) else found.filter(table__in=tables_for(actor).values("pk"))


def run_for(actor: Actor, run: UUID) -> LakeRun:
    """One load or other work.

    Raises:
        LakeRunNotFound: unknown, or on a table that is not for this actor.
    """
    found = runs_for(actor).filter(public_id=run).first()
    if found is None:
        raise LakeRunNotFound(_("没有这条装载记录。"))
    return found


def listed_tables(actor: Actor) -> QuerySet[LakeTable]:
    """The tables of an actor with ``bad`` rows in quarantine, the time of the ``last`` load and its ``last_state``."""
    loads = LakeRun.objects.filter(table=OuterRef("pk"), kind="load").order_by("-id")
    bad = loads.order_by().values("table").annotate(total=Sum("quarantined")).values("total")
    return tables_for(actor).annotate(
        bad=Subquery(bad), last=Subquery(loads.values("begun_at")[:1]), last_state=Subquery(loads.values("state")[:1])
    )


def snapshots(table: LakeTable) -> list[Snapshot]:
    """The snapshots that a table can go back to, the newest first, with the load that made each."""
    from groundplan.base.lake.engine import tables  # noqa: PLC0415

    return [
        Snapshot(each.id, datetime.fromtimestamp(each.at_ms / 1000, tz=UTC), each.rows, each.run, each.current)
        for each in tables.snapshots(table.public_id)
    ]


def same_load(*, table: LakeTable, digest: str, mode: str, key: Sequence[str]) -> LakeRun | None:
    """The load of the same files in the same mode whose effect stands, if there is one.

    An appended file stands until the table is replaced; a replaced or merged one until anything else is loaded.
    What was rolled back does not stand.
    """
    from groundplan.base.lake.engine import tables  # noqa: PLC0415 - Iceberg is read only where it is needed.

    done = table.runs.filter(kind__in=("load", "erasure"), state="done", snapshot__isnull=False)
    before = done.filter(kind="load", digest=digest, mode=mode).order_by("-id").first()
    if before is None or list(before.options.get("key", [])) != list(key):
        return None
    line = set(tables.ancestors(table.public_id))
    since = [run for run in done.filter(pk__gt=before.pk) if run.snapshot in line]
    undone = since if mode != "append" else [run for run in since if run.mode == "replace"]
    return before if before.snapshot in line and not undone else None


def preview(table: LakeTable, snapshot: int | None = None) -> Preview:
    """The first rows of a table.

    Raises:
        SnapshotNotFound: no such snapshot.
    """
    from groundplan.base.lake.engine import engine, tables  # noqa: PLC0415
    from groundplan.base.lake.engine.duck import quoted  # noqa: PLC0415

    version = tables.version(table.public_id, snapshot)
    if not version.columns:
        return Preview([], [])
    names = ", ".join(f"left({quoted(each.name)}::VARCHAR, {LONGEST_SHOWN})" for each in version.columns)
    answer = engine().query(f"SELECT {names} FROM t LIMIT {PREVIEW_ROWS}", tables={"t": version})  # noqa: S608
    rows = [["" if value is None else str(value) for value in row] for row in answer.rows()]
    return Preview([each.name for each in version.columns], rows)


def datastore_rows(actor: Actor, resource: Resource, asked: Mapping[str, Any]) -> dict[str, Any]:
    """Rows of a resource as CKAN's ``datastore_search`` answers them: ``filters``, ``q``, ``fields``, ``sort``, pages.

    Who may load a table may read its rows; who else may is a matter of grants.

    Args:
        actor: the reader.
        resource: of the catalogue; its rows are those of the table with the same identifier.
        asked: CKAN's arguments; names of columns are checked, values are bound, nothing of it is SQL.

    Raises:
        NotAllowed: the rows are not for this actor.
        Invalid: no such column, or an argument of the wrong form.
    """
    from groundplan.base.lake.engine import engine, tables  # noqa: PLC0415
    from groundplan.base.lake.engine.duck import quoted  # noqa: PLC0415

    try:
        table = table_for(actor, resource.identifier)
    except LakeTableNotFound:
        raise NotAllowed from None
    version = tables.version(table.public_id, None)
    question = datastore.question(asked, {each.name: each.type for each in version.columns}, quoted)
    held = {"t": version}
    rows = engine().query(question.rows, tables=held, parameters=question.values).rows() if version.columns else []
    total = version.rows
    if question.narrowed:
        total = int(engine().query(question.count, tables=held, parameters=question.values).rows()[0][0])
    names = [name for name, _kind in question.columns]
    return {
        "resource_id": resource.identifier,
        "fields": [{"id": name, "type": datastore.TYPES[kind]} for name, kind in question.columns],
        "records": [dict(zip(names, map(datastore.plain, row), strict=True)) for row in rows],
        "limit": question.limit, "offset": question.offset, "total": total, "total_was_estimated": False,
    }  # fmt: skip


def quarantine(run: LakeRun) -> tuple[list[str], Iterator[list[Any]]]:
    """The rows of a load that did not fit, as a table to mend and load again.

    Returns:
        Its titles, those in 〔〕 are remarks and ignored when it is loaded; and its rows.
    """
    from groundplan.base.lake.engine import places  # noqa: PLC0415

    path = places.quarantine_of(run.public_id)
    remarks = [f"〔{each}〕" for each in (_("文件"), _("行号"), _("列"), _("值"), _("原因"))]
    if not path.exists():
        return remarks, iter(())
    headers = _headers_of(path)
    return [*remarks, *headers], _bad_rows(path, headers)


def quarantine_csv(run: LakeRun) -> Iterator[bytes]:
    """The same as CSV in pieces; numbers stay numbers, other cells that a spreadsheet would run get an apostrophe."""
    headers, rows = quarantine(run)
    yield codecs.BOM_UTF8
    lines = itertools.chain([headers], rows)
    while batch := list(itertools.islice(lines, BATCH)):
        text = io.StringIO()
        csv.writer(text).writerows([[_harmless(tabular.as_text(value)) for value in row] for row in batch])
        yield text.getvalue().encode()


def figures() -> dict[str, int]:
    """What the lake holds: ``rows``, rows in ``quarantined``, intents ``open`` and ``reconciled`` ones."""
    loads = LakeRun.objects.filter(kind="load")
    return {
        "rows": LakeTable.objects.aggregate(total=Sum("rows"))["total"] or 0,
        "quarantined": loads.aggregate(total=Sum("quarantined"))["total"] or 0,
        "open": LakeRun.objects.filter(Q(state="running") | Q(state="waiting")).count(),
        "reconciled": LakeRun.objects.filter(reconciled=True).count(),
    }


def kept_files() -> list[Path]:
    """Every file that the lake's tables, quarantines and waiting uploads need, as of the moment of the transaction."""
    from groundplan.base.lake.engine import places, tables  # noqa: PLC0415

    found: dict[Path, None] = {}
    for table in LakeTable.objects.exclude(snapshot=None).order_by("id"):
        location = tables.location_of(table.public_id)
        if location is not None:
            found.update(dict.fromkeys(tables.files_of(location)))
    for run in LakeRun.objects.filter(kind="load", state="done", quarantined__gt=0).order_by("id"):
        found[places.quarantine_of(run.public_id)] = None
    for run in LakeRun.objects.filter(state="waiting").order_by("id"):
        found.update(dict.fromkeys(sorted(places.incoming_of(run.public_id).glob("*"))))
    return [path for path in found if path.exists()]


def _harmless(text: str) -> str:
    return text if NUMBER.fullmatch(text) else harmless(text)


def _headers_of(path: Any) -> list[str]:
    import pyarrow.parquet as pq  # noqa: PLC0415

    found: dict[str, None] = {}
    for batch in pq.ParquetFile(path).iter_batches(columns=["cells"]):
        for cells in batch.column(0).to_pylist():
            found.update(dict.fromkeys(json.loads(cells)))
    return [name for name in found if not name.startswith("〔")] + [name for name in found if name.startswith("〔")]


def _bad_rows(path: Any, headers: list[str]) -> Iterator[list[Any]]:
    import pyarrow.parquet as pq  # noqa: PLC0415

    language = (get_language() or "zh-hans").lower()
    for batch in pq.ParquetFile(path).iter_batches():
        for row in batch.to_pylist():
            problems, cells = json.loads(row["problems"]), json.loads(row["cells"])
            said = "；".join(
                f"{column} {reason_text(code, kind, language)}".strip() for column, _value, code, kind in problems
            )
            at = "；".join(column for column, *_rest in problems if column)
            values = "；".join(value for _column, value, *_rest in problems if value)
            yield [row["source"], row["row"], at, values, said, *(cells.get(name) for name in headers)]
