"""The JSON door of the lake; for officers only."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest, StreamingHttpResponse
from ninja import File, Form, Query, Router, Schema, Status
from ninja.files import UploadedFile
from pydantic import Field

from groundplan.base.lake import actions, queries
from groundplan.base.lake.models import LakeRun, LakeTable
from groundplan.kernel.parties.access import actor_of, idempotent, signed_in
from groundplan.kernel.parties.queries import party_by_code
from groundplan.lib import keyset

router = Router(auth=signed_in)
Name = Annotated[str, Field(min_length=1, max_length=120, pattern="^[^\x00]*$")]
Size = Annotated[int, Field(ge=1, le=200)]
Text = Annotated[str, Field(max_length=400, pattern="^[^\x00]*$")]


class TableOut(Schema):
    """A table of the lake."""

    identifier: str
    title: dict[str, str]
    provider: str
    columns: list[dict[str, Any]]
    key: list[str]
    rows: int
    snapshot: str
    changed_at: datetime

    @staticmethod
    def resolve_provider(table: LakeTable) -> str:
        """The code of the unit that answers for it."""
        return table.provider.code if table.provider else ""

    @staticmethod
    def resolve_snapshot(table: LakeTable) -> str:
        """The current snapshot; as text, since it has more digits than a browser's number."""
        return str(table.snapshot or "")


class TablePage(Schema):
    """A page of tables."""

    items: list[TableOut]
    next: str | None


class RunOut(Schema):
    """A load or other work on a table."""

    run: str
    table: str
    kind: str
    mode: str
    state: str
    progress: int
    read: int
    stored: int
    quarantined: int
    seconds: float
    snapshot: str
    sources: list[dict[str, Any]]
    fault: dict[str, Any]
    begun_at: datetime
    ended_at: datetime | None

    @staticmethod
    def of(run: LakeRun) -> dict[str, Any]:
        """As the API shows it."""
        fields = (
            "kind",
            "mode",
            "state",
            "progress",
            "stored",
            "quarantined",
            "seconds",
            "sources",
            "fault",
            "begun_at",
            "ended_at",
        )
        return {
            **{name: getattr(run, name) for name in fields},
            "run": str(run.public_id),
            "table": run.table.identifier,
            "read": run.rows_read,
            "snapshot": str(run.snapshot or ""),
        }


class RunPage(Schema):
    """A page of loads and other work."""

    items: list[RunOut]
    next: str | None


class SnapshotOut(Schema):
    """A state of a table."""

    id: str
    at: datetime
    rows: int
    run: str
    current: bool


class PreviewOut(Schema):
    """The first rows as texts."""

    names: list[str]
    rows: list[list[str]]


class LoadIn(Schema):
    """How a file is to be loaded."""

    mode: Text = "append"
    key: Text = ""
    encoding: Text = ""
    provider: Text = ""


class BackTo(Schema):
    """A snapshot to go back to."""

    snapshot: Annotated[str, Field(pattern=r"^\d{1,19}$")]


@router.get("/tables", response=TablePage)
def list_tables(request: HttpRequest, *, after: Annotated[str, Query(max_length=500)] = "", size: Size = 50) -> Any:
    """The tables that the reader may see, by identifier."""
    page = keyset.page(queries.tables_for(actor_of(request)), order=("identifier",), after=after or None, size=size)
    return {"items": page.items, "next": page.next}


@router.get("/tables/{identifier}", response=TableOut)
def get_table(request: HttpRequest, identifier: Name) -> Any:
    """One table."""
    return queries.table_for(actor_of(request), identifier)


@router.get("/tables/{identifier}/preview", response=PreviewOut)
def get_preview(
    request: HttpRequest, identifier: Name, *, snapshot: Annotated[str, Query(pattern=r"^\d{0,19}$")] = ""
) -> Any:
    """The first hundred rows, of the current or an earlier snapshot."""
    table = queries.table_for(actor_of(request), identifier)
    return queries.preview(table, int(snapshot) if snapshot else None)


@router.get("/tables/{identifier}/snapshots", response=list[SnapshotOut])
def list_snapshots(request: HttpRequest, identifier: Name) -> Any:
    """The snapshots that the table can go back to."""
    found = queries.snapshots(queries.table_for(actor_of(request), identifier))
    return [
        {"id": str(each.id), "at": each.at, "rows": each.rows, "run": each.run, "current": each.current}
        for each in found
    ]


@router.get("/tables/{identifier}/runs", response=RunPage)
def list_runs(
    request: HttpRequest, identifier: Name, *, after: Annotated[str, Query(max_length=500)] = "", size: Size = 50
) -> Any:
    """The loads and other work on a table, the latest first."""
    actor = actor_of(request)
    found = queries.runs_for(actor).filter(table=queries.table_for(actor, identifier))
    page = keyset.page(found, order=("-id",), after=after or None, size=size)
    return {"items": [RunOut.of(each) for each in page.items], "next": page.next}


@router.post("/tables/{identifier}/loads", response={202: RunOut})
@idempotent
def load(
    request: HttpRequest, identifier: Name, file: Annotated[UploadedFile, File()], order: Annotated[LoadIn, Form()]
) -> Any:
    """Take a file in; a worker loads it. Ask for the run until its state is ``done`` or ``failed``."""
    run = actions.receive_files(
        actor=actor_of(request), resource=identifier, files=[(file.name or "file.csv", file)], mode=order.mode,
        key=[each.strip() for each in order.key.split(",") if each.strip()], encoding=order.encoding,
        provider=party_by_code(order.provider) if order.provider else None,
    )  # fmt: skip
    return Status(202, RunOut.of(run))


@router.post("/tables/{identifier}/rollback", response={200: RunOut})
def roll_back(request: HttpRequest, identifier: Name, body: BackTo) -> Any:
    """Make an earlier snapshot the current one."""
    return RunOut.of(actions.roll_back(actor=actor_of(request), resource=identifier, snapshot=int(body.snapshot)))


@router.get("/runs/{run}", response=RunOut)
def get_run(request: HttpRequest, run: UUID) -> Any:
    """One load or other work."""
    return RunOut.of(queries.run_for(actor_of(request), run))


@router.get("/runs/{run}/quarantine", response={200: None})
def get_quarantine(request: HttpRequest, run: UUID) -> Any:
    """The rows of a load that did not fit, as CSV."""
    held = queries.run_for(actor_of(request), run)
    return StreamingHttpResponse(queries.quarantine_csv(held), content_type="text/csv; charset=utf-8")
