"""The JSON door of beside runs: files in, figures and rows out, the switch."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from django.http import HttpRequest
from ninja import File, Router, Schema, Status, UploadedFile
from pydantic import Field, StringConstraints

from groundplan.kernel.parties import access
from groundplan.kernel.parties.access import AuthenticatedRequest
from groundplan.lib.keyset import page
from groundplan.lib.moments import Moment
from groundplan.systems.incidents.beside import actions, queries
from groundplan.systems.incidents.beside.models import Beside, BesideRow

router = Router(auth=access.signed_in)
Name = Annotated[str, StringConstraints(min_length=1, max_length=64)]
Note = Annotated[str, StringConstraints(max_length=500)]
Header = Annotated[str, StringConstraints(max_length=200)]
Cursor = Annotated[str, Field(max_length=200)]
Size = Annotated[int, Field(ge=1, le=200)]
FigureName = Literal[
    "rows", "differ", "ours", "vendor", "undecided", "unlisted", "limits", "late", "warned", "returned", "avoided",
    "unmapped", "opened",
]  # fmt: skip


class StartIn(Schema):
    """A new run."""

    name: Name
    ends_on: date
    answerable: Name
    unit: Name = actions.UNIT
    columns: dict[Name, Header] = {}


class SwitchIn(Schema):
    """A step of the switch: ``propose`` with its moment, ``approve``, ``take_back`` with its reason."""

    step: Literal["propose", "approve", "take_back"]
    live_from: Moment | None = None
    note: Note = ""


class EndIn(Schema):
    """Another last day."""

    ends_on: date


class RunOut(Schema):
    """A run."""

    id: UUID
    name: str
    unit: str
    answerable: str
    started_on: date
    ends_on: date
    switch: str
    live_from: datetime | None
    takes: bool


class RunPage(Schema):
    """A page of runs."""

    items: list[RunOut]
    next: str | None


class FileOut(Schema):
    """What became of a file: read = fresh + changed + known + quarantined."""

    id: UUID
    read: int
    fresh: int
    changed: int
    known: int
    quarantined: int
    opened: int
    unopened: int
    digest: str
    record: UUID


class DayOut(Schema):
    """The figures of a day."""

    day: date
    figures: dict[str, int]


class ReportOut(Schema):
    """The comparison of a run by day and in all."""

    run: RunOut
    total: dict[str, int]
    days: list[DayOut]
    erased: bool


class RowOut(Schema):
    """A row: what was told, what we say, and on what ground."""

    id: UUID
    number: str
    day: date
    matter: str
    district: str
    first_unit: str
    final_unit: str
    our_unit: str
    verdict: str
    returns: int
    late: bool
    cause: str
    due_at: datetime | None
    our_due_at: datetime | None
    warned_at: datetime | None
    unmapped: list[str]
    ground: dict[str, Any]
    record: UUID
    case: UUID | None


class RowPage(Schema):
    """A page of rows."""

    items: list[RowOut]
    next: str | None


@router.get("", response=RunPage)
def list_runs(request: AuthenticatedRequest, after: Cursor = "", size: Size = 50) -> dict[str, Any]:
    """The runs that the reader sees, newest first."""
    found = page(queries.runs_for(request.actor), order=("-started_at", "-id"), after=after or None, size=size)
    return {"items": [run_out(run) for run in found.items], "next": found.next}


@router.post("", response={201: RunOut})
@access.idempotent
def start_run(request: HttpRequest, payload: StartIn) -> Status[Any]:
    """Start a run (data office)."""
    made = actions.start_beside(actor=access.actor_of(request), **payload.model_dump())
    return Status(201, run_out(made))


@router.post("/{uuid:run}/files", response={201: FileOut})
@access.idempotent
def take_file(request: HttpRequest, run: UUID, file: File[UploadedFile]) -> Status[Any]:
    """Hand in an export of the vendor's system."""
    made = actions.take_beside_file(
        actor=access.actor_of(request), run=run, content=file.read(), filename=file.name or "file"
    )
    names = ("read", "fresh", "changed", "known", "quarantined", "opened", "unopened", "digest", "record")
    return Status(201, {"id": made.public_id, **{name: getattr(made, name) for name in names}})


@router.get("/{uuid:run}", response=ReportOut)
def report(request: AuthenticatedRequest, run: UUID) -> dict[str, Any]:
    """The comparison by day and in all."""
    found = queries.run_for(request.actor, run)
    compared = queries.comparison(found)
    days = [{"day": day, "figures": figures} for day, figures in compared.days]
    return {"run": run_out(found), "total": compared.total, "days": days, "erased": compared.erased}


@router.get("/{uuid:run}/rows", response=RowPage)
def list_rows(  # noqa: PLR0917 - the parameters of an address.
    request: AuthenticatedRequest,
    run: UUID,
    figure: FigureName = "rows",
    day: date | None = None,
    after: Cursor = "",
    size: Size = 50,
) -> dict[str, Any]:
    """The rows behind a figure, newest day first."""
    rows = queries.rows_of(queries.run_for(request.actor, run), figure=figure, day=day)
    found = page(rows, order=("-day", "-id"), after=after or None, size=size)
    return {"items": [row_out(row) for row in found.items], "next": found.next}


@router.post("/{uuid:run}/switch", response=RunOut)
@access.idempotent
def switch(request: HttpRequest, run: UUID, payload: SwitchIn) -> dict[str, Any]:
    """Propose, approve or take back the switch to live; proposing and approving take two people of two roles."""
    actor = access.actor_of(request)
    if payload.step == "propose":
        return run_out(actions.propose_switch(actor=actor, run=run, live_from=payload.live_from, note=payload.note))
    act = actions.approve_switch if payload.step == "approve" else actions.take_back_switch
    return run_out(act(actor=actor, run=run, note=payload.note))


@router.post("/{uuid:run}/end", response=RunOut)
@access.idempotent
def end_run(request: HttpRequest, run: UUID, payload: EndIn) -> dict[str, Any]:
    """Move the last day of a run."""
    return run_out(actions.set_beside_end(actor=access.actor_of(request), run=run, ends_on=payload.ends_on))


def run_out(run: Beside) -> dict[str, Any]:
    """A run as API and command show it."""
    names = ("name", "answerable", "started_on", "ends_on", "live_from")
    return {
        **{name: getattr(run, name) for name in names},
        "id": run.public_id, "unit": run.unit.code, "switch": str(run.switch), "takes": run.may_take(),
    }  # fmt: skip


def row_out(row: BesideRow) -> dict[str, Any]:
    """A row as the API shows it."""
    names = ("day", "matter", "district", "first_unit", "final_unit", "our_unit", "verdict", "returns", "late", "cause",
             "due_at", "our_due_at", "warned_at")  # fmt: skip
    return {
        **{name: getattr(row, name) for name in names},
        "id": row.public_id, "number": row.external_id, "unmapped": [kind for kind in row.unmapped.split(",") if kind],
        "ground": {
            "dispatch-directory": {"version": row.last_file.directory_version, "row": row.fired},
            "hotline-limits": {"version": row.last_file.limits_version, "row": row.limits_fired},
        },
        "record": row.last_file.record, "case": row.incident.case.public_id if row.incident else None,
    }  # fmt: skip
