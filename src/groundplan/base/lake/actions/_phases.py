"""The three phases of every piece of work: the intent, Iceberg's commit (elsewhere), the completion or calling off."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils.translation import gettext as _

from groundplan.base.lake.engine import places
from groundplan.base.lake.errors import LoadRunning
from groundplan.base.lake.logic import Column, column_of
from groundplan.base.lake.models import LakeRun, LakeTable, Lineage
from groundplan.kernel.events import actions as events
from groundplan.kernel.ledger import actions as ledger
from groundplan.lib import clock, sql
from groundplan.lib.errors import GroundplanError

if TYPE_CHECKING:
    from groundplan.base.lake.engine.tables import Committed


@contextmanager
def alone_on(table: LakeTable, *, wait_s: float) -> Iterator[None]:
    """Nobody else writes the table meanwhile, in whatever process.

    Raises:
        LoadRunning: somebody does, and went on for longer than we wait.
    """
    with sql.held(f"lake:{table.pk}", wait_s=wait_s) as got:
        if not got:
            raise LoadRunning(
                _("数据表 %(name)s 正在装载或整理。") % {"name": table.identifier}, next_step=_("请稍后再试。")
            )
        table.refresh_from_db()
        yield


@transaction.atomic
def begin(*, table: LakeTable, kind: str, actor: str, run: LakeRun | None = None, **fields: Any) -> LakeRun:
    """Phase one: the intent."""
    if run is None:
        return LakeRun.objects.create(table=table, kind=kind, begun_by=actor, state="running", **fields)
    for name, value in {**fields, "state": "running"}.items():
        setattr(run, name, value)
    run.save()
    return run


@transaction.atomic
def complete(
    *, run: LakeRun, committed: Committed, said: Mapping[str, Any], began: float | None = None, reconciled: bool = False
) -> LakeRun:
    """Phase three: lineage, event, one record. A second completion of the same run changes nothing."""
    held = LakeRun.objects.select_for_update().select_related("table").get(pk=run.pk)
    if held.state != "running":
        return held
    table = LakeTable.objects.select_for_update().get(pk=held.table_id)
    table.columns = [each.plain() for each in kept(committed.columns, table.schema or _proposed(held))]
    table.snapshot, table.rows, table.changed_at = committed.snapshot, _rows(table), clock.now()
    table.save(update_fields=["columns", "snapshot", "rows", "changed_at"])
    held.state, held.progress, held.snapshot, held.ended_at = "done", 100, committed.snapshot, clock.now()
    held.rows_read, held.stored = int(said.get("read", 0)), int(said.get("stored", 0))
    held.quarantined, held.reconciled = int(said.get("quarantined", 0)), reconciled
    held.seconds = round(time.monotonic() - began, 3) if began is not None else 0.0
    held.save()
    rows = list(said.get("rows", ()))
    Lineage.objects.bulk_create(
        Lineage(run=held, source=str(each["name"])[:300], kind=each.get("kind", "file"), digest=each.get("digest", ""),
                bytes=each.get("bytes", 0), rows=rows[at] if at < len(rows) else 0)
        for at, each in enumerate(held.sources)
    )  # fmt: skip
    data = told(table, held)
    ledger.record(actor=held.begun_by, action=f"lake.{held.kind}", subject=table.subject, data=data)
    audience = [f"party:{table.provider_id}"] if table.provider_id else []
    name = "lake.loaded.v1" if held.kind == "load" else "lake.changed.v1"
    events.publish(type=name, subject=table.subject, data=data, actor=held.begun_by, audience=audience)
    shutil.rmtree(places.incoming_of(held.public_id), ignore_errors=True)
    return held


@transaction.atomic
def call_off(*, run: LakeRun, error: BaseException | None) -> None:
    """The other end: nothing was stored, and the reason is kept for those who asked."""
    from groundplan.base.lake.engine.writing import discard  # noqa: PLC0415

    held = LakeRun.objects.select_for_update().select_related("table").get(pk=run.pk)
    if held.state not in {"running", "waiting"}:
        return
    held.state, held.ended_at = "failed", clock.now()
    held.fault = fault_of(error)
    held.save(update_fields=["state", "ended_at", "fault"])
    data = {"run": str(held.public_id), "kind": held.kind, "reason": held.fault["code"]}
    ledger.record(actor=held.begun_by, action="lake.call_off", subject=held.table.subject, data=data)
    discard(held.table.public_id, held.public_id)
    shutil.rmtree(places.incoming_of(held.public_id), ignore_errors=True)


def fault_of(error: BaseException | None) -> dict[str, str]:
    """Why something failed, without values from the data."""
    if error is None:
        return {"code": "interrupted"}
    if isinstance(error, GroundplanError):
        return {"code": error.code, "detail": error.detail, "accepted": error.accepted, "next": error.next_step}
    return {"code": "internal", "detail": type(error).__name__}


def told(table: LakeTable, run: LakeRun) -> dict[str, Any]:
    """What log and event say of a run."""
    return {
        "table": table.identifier,
        "run": str(run.public_id),
        "kind": run.kind,
        "mode": run.mode,
        "sha256": run.digest,
        "snapshot": str(run.snapshot or ""),
        "read": run.rows_read,
        "stored": run.stored,
        "quarantined": run.quarantined,
    }


def kept(columns: Sequence[Column], before: Sequence[Column]) -> tuple[Column, ...]:
    """Columns by Iceberg, with what only we know of them: whether they are required, and their former names."""
    known = {each.id or at: each for at, each in enumerate(before, start=1)}
    return tuple(
        Column(each.name, each.type, old.required, each.id, old.former) if (old := known.get(each.id)) else each
        for each in columns
    )


def _proposed(run: LakeRun) -> tuple[Column, ...]:
    return tuple(map(column_of, run.options.get("columns", ())))


def _rows(table: LakeTable) -> int:
    from groundplan.base.lake.engine import tables  # noqa: PLC0415

    return tables.version(table.public_id).rows
