"""The JSON door of linkage: plans, responses, log, warnings, report."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from django.http import HttpResponse
from ninja import Router, Schema, Status
from pydantic import Field, StringConstraints

from groundplan.kernel.parties import access
from groundplan.kernel.parties.access import AuthenticatedRequest
from groundplan.lib.canonical import canonical_json
from groundplan.lib.keyset import page
from groundplan.systems.linkage import actions, queries
from groundplan.systems.linkage.logic.plan import LinkagePlan
from groundplan.systems.linkage.models import PlanVersion, PublicWarning, Response
from groundplan.systems.linkage.queries.reporting import report_sections

router = Router(auth=access.signed_in)
Long = Annotated[str, StringConstraints(min_length=1, max_length=4000)]
LevelName = Literal["I", "II", "III", "IV"]
Size = Annotated[int, Field(ge=1, le=200)]
Longitude = Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]
Latitude = Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)]
Code = Annotated[str, StringConstraints(max_length=12)]
Seen = Annotated[int, Field(ge=0, le=2_000_000_000)]


class PlanOut(Schema):
    """A version of a plan."""

    id: UUID
    key: str
    number: int
    label: dict[str, str]
    state: str
    origin: str
    drafted_by: str
    approved_by: str
    plan: dict[str, Any]


class StartIn(Schema):
    """What is told when a plan is started."""

    plan: UUID
    level: LevelName
    reason: Long
    place: Annotated[str, StringConstraints(max_length=300)] = ""
    district: Code = ""
    street: Code = ""
    point: tuple[Longitude, Latitude] | None = None
    exercise: bool = False


class TaskOut(Schema):
    """A task of a response."""

    key: str
    unit: str
    case: UUID
    number: str
    state: str
    signed_at: datetime | None
    done_at: datetime | None
    due_at: datetime | None


class ResponseOut(Schema):
    """A response."""

    id: UUID
    number: str
    plan: UUID
    level: str
    exercise: bool
    state: str
    reason: str
    place: str
    district: str
    started_at: datetime
    ended_at: datetime | None
    version: int


class ResponseFull(ResponseOut):
    """A response with its tasks."""

    tasks: list[TaskOut]


class ResponsePage(Schema):
    """A page of responses; ``next`` is the cursor to go on after."""

    items: list[ResponseOut]
    next: str | None


class LogOut(Schema):
    """A line of the situation log."""

    id: UUID
    at: datetime
    kind: str
    text: dict[str, str]
    actor_name: str
    record: UUID | None


class LogPage(Schema):
    """A page of the situation log."""

    items: list[LogOut]
    next: str | None


class LogIn(Schema):
    """A line to write."""

    text: Long


class LevelIn(Schema):
    """Another level."""

    level: LevelName
    reason: Long
    seen: Seen | None = None


class EndIn(Schema):
    """The end of a response."""

    conclusion: Long
    cancel_open: bool = False
    seen: Seen | None = None


class WarningIn(Schema):
    """A warning to draft."""

    kind: Literal["Alert", "Update", "Cancel"] = "Alert"
    headline: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    description: Long
    instruction: Annotated[str, StringConstraints(max_length=2000)] = ""
    radius_km: Annotated[float, Field(gt=0, le=500, allow_inf_nan=False)] = 1.0
    hours: Annotated[int, Field(ge=1, le=168)] = 6


class WarningOut(Schema):
    """A warning."""

    id: UUID
    identifier: str
    kind: str
    state: str
    expires_at: datetime


class DecisionIn(Schema):
    """Approve or refuse."""

    approve: bool
    reason: Annotated[str, StringConstraints(max_length=2000)] = ""


class SectionOut(Schema):
    """A part of the report."""

    title: dict[str, str]
    text: list[dict[str, str]]
    headers: list[dict[str, str]]
    rows: list[list[dict[str, str]]]


@router.get("/plans", response=list[PlanOut])
def list_plans(request: AuthenticatedRequest) -> list[dict[str, Any]]:
    """The plans that the reader's units command, drafts and those in force; at most 200."""
    found = queries.plans_for(request.actor).exclude(state="retired").order_by("key", "-number")[:200]
    return [_plan(each) for each in found]


@router.post("/plans", response={201: PlanOut})
@access.idempotent
def import_plan(request: AuthenticatedRequest, payload: LinkagePlan) -> Status[Any]:
    """Draft a plan; another person approves it."""
    content = canonical_json(payload.model_dump(mode="json", exclude_none=True))
    made = actions.import_plan(actor=request.actor, content=content, filename="plan.yaml", origin="api")
    return Status(201, _plan(made))


@router.post("/plans/{public_id}/approve", response=PlanOut)
def approve_plan(request: AuthenticatedRequest, public_id: UUID) -> dict[str, Any]:
    """Approve a draft."""
    return _plan(actions.approve_plan(actor=request.actor, version=public_id))


@router.post("/responses", response={201: ResponseFull})
@access.idempotent
def start(request: AuthenticatedRequest, payload: StartIn) -> Status[Any]:
    """Start a plan: all units get their case, or nothing happens."""
    key = request.headers.get("Idempotency-Key", "")
    return Status(201, _full(actions.start_plan(actor=request.actor, key=key, **payload.model_dump())))


@router.get("/responses", response=ResponsePage)
def list_responses(
    request: AuthenticatedRequest, after: Annotated[str, Field(max_length=200)] = "", size: Size = 50
) -> dict[str, Any]:
    """The responses that the reader's units command or have a task in, newest first."""
    found = page(queries.responses_for(request.actor), order=("-started_at", "-id"), after=after or None, size=size)
    return {"items": [_brief(each) for each in found.items], "next": found.next}


@router.get("/responses/{public_id}", response=ResponseFull)
def read_response(request: AuthenticatedRequest, public_id: UUID) -> dict[str, Any]:
    """One response with its tasks."""
    return _full(queries.response_for(request.actor, public_id))


@router.get("/responses/{public_id}/log", response=LogPage)
def read_log(
    request: AuthenticatedRequest, public_id: UUID, after: Annotated[str, Field(max_length=200)] = "", size: Size = 50
) -> dict[str, Any]:
    """The situation log, oldest first."""
    response = queries.response_for(request.actor, public_id)
    found = page(response.log.all(), order=("at", "id"), after=after or None, size=size)
    return {"items": [{**each.__dict__, "id": each.public_id} for each in found.items], "next": found.next}


@router.post("/responses/{public_id}/log", response={201: LogOut})
@access.idempotent
def write_log(request: AuthenticatedRequest, public_id: UUID, payload: LogIn) -> Status[Any]:
    """Write a line of the log."""
    made = actions.write_log(actor=request.actor, response=public_id, text=payload.text)
    return Status(201, {**made.__dict__, "id": made.public_id})


@router.post("/responses/{public_id}/level", response=ResponseFull)
def change_level(request: AuthenticatedRequest, public_id: UUID, payload: LevelIn) -> dict[str, Any]:
    """Raise or lower the level."""
    return _full(actions.change_level(actor=request.actor, response=public_id, **payload.model_dump()))


@router.post("/responses/{public_id}/end", response=ResponseFull)
def end(request: AuthenticatedRequest, public_id: UUID, payload: EndIn) -> dict[str, Any]:
    """End a response."""
    return _full(actions.end_response(actor=request.actor, response=public_id, **payload.model_dump()))


@router.get("/responses/{public_id}/report", response=list[SectionOut])
def read_report(request: AuthenticatedRequest, public_id: UUID) -> list[dict[str, Any]]:
    """The report, written from the record."""
    found = report_sections(queries.response_for(request.actor, public_id))
    return [
        {
            "title": each.title,
            "text": list(each.text),
            "headers": list(each.headers),
            "rows": [list(r) for r in each.rows],
        }
        for each in found
    ]


@router.post("/responses/{public_id}/warnings", response={201: WarningOut})
@access.idempotent
def draft_warning(request: AuthenticatedRequest, public_id: UUID, payload: WarningIn) -> Status[Any]:
    """Draft a warning."""
    made = actions.draft_warning(actor=request.actor, response=public_id, **payload.model_dump())
    return Status(201, _warning(made))


@router.post("/warnings/{public_id}/decision", response=WarningOut)
def decide_warning(request: AuthenticatedRequest, public_id: UUID, payload: DecisionIn) -> dict[str, Any]:
    """Approve or refuse a warning that somebody else drafted."""
    return _warning(actions.decide_warning(actor=request.actor, warning=public_id, **payload.model_dump()))


@router.get("/warnings/{public_id}/cap", response={200: None})
def read_warning(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """A warning as CAP 1.2 XML."""
    _found, content = queries.warning_xml(request.actor, public_id)
    return HttpResponse(content, content_type="application/cap+xml")


def _plan(version: PlanVersion) -> dict[str, Any]:
    names = ("key", "number", "label", "state", "origin")
    return {
        **{name: getattr(version, name) for name in names}, "id": version.public_id, "plan": version.document,
        "drafted_by": version.drafted_name, "approved_by": version.approved_name,
    }  # fmt: skip


def _brief(response: Response) -> dict[str, Any]:
    names = (
        "number", "level", "exercise", "state", "reason", "place", "district", "started_at", "ended_at", "version"
    )  # fmt: skip
    facts = {name: getattr(response, name) for name in names}
    return {**facts, "id": response.public_id, "plan": response.plan.public_id}


def _full(response: Response) -> dict[str, Any]:
    tasks = [
        {
            "key": each.task.key, "unit": each.linked.party.code, "case": each.linked.case.public_id,
            "number": each.linked.case.number, "state": each.state, "signed_at": each.signed_at,
            "done_at": each.done_at, "due_at": each.due_at,
        }
        for each in queries.tasks_of(response)
    ]  # fmt: skip
    return {**_brief(response), "tasks": tasks}


def _warning(warning: PublicWarning) -> dict[str, Any]:
    names = ("identifier", "kind", "state", "expires_at")
    return {**{name: getattr(warning, name) for name in names}, "id": warning.public_id}
