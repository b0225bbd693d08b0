"""The JSON door of phones in the field: what to take along, photos one by one, work under a key of the phone."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from django.http import HttpResponse
from django.middleware.csrf import get_token
from ninja import File, Router, Schema, Status, UploadedFile
from pydantic import Field, StringConstraints

from groundplan.kernel.parties import access
from groundplan.kernel.parties.access import AuthenticatedRequest
from groundplan.lib import clock
from groundplan.lib.moments import Moment
from groundplan.systems.incidents.actions.doors import count_visit
from groundplan.systems.incidents.field import actions, queries

router = Router(auth=access.signed_in)
Longitude = Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]
Latitude = Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)]
Code = Annotated[str, StringConstraints(max_length=40)]
Long = Annotated[str, StringConstraints(max_length=8000)]
Value = Annotated[str, StringConstraints(max_length=20_000)] | int | bool | None


class SessionOut(Schema):
    """Who is signed in, and the token that a write of this session carries."""

    account: str
    name: str
    csrf: str
    now: datetime


class ReportPart(Schema):
    """A report written in the field."""

    text: Annotated[str, StringConstraints(min_length=1, max_length=20_000)]
    kind: Literal["component", "matter"]
    category: Code
    component: Code = ""
    urgency: Literal["normal", "urgent"] = "normal"
    place: Annotated[str, StringConstraints(max_length=300)] = ""
    point: tuple[Longitude, Latitude] | None = None
    cell: Code = ""


class TaskPart(Schema):
    """A task done in the field, as the worker had taken it along."""

    task: UUID
    seen: Annotated[int, Field(ge=0, le=2_000_000_000)]
    outcome: Code
    data: dict[Code, Value] = {}
    note: Annotated[str, StringConstraints(max_length=2000)] = ""


class CommentPart(Schema):
    """Words for a case whose task has gone on meanwhile."""

    case: UUID
    text: Annotated[str, StringConstraints(min_length=1, max_length=4000)]


class WorkIn(Schema):
    """One piece of work; exactly one of report, task and comment."""

    account: Annotated[str, StringConstraints(max_length=64)]
    done_at: Moment
    sent_at: Moment
    photos: Annotated[list[UUID], Field(max_length=50)] = []
    report: ReportPart | None = None
    task: TaskPart | None = None
    comment: CommentPart | None = None


class WorkOut(Schema):
    """What became of it."""

    key: UUID
    kind: str
    case: UUID
    number: str
    created: bool
    done_at: datetime
    received_at: datetime
    replayed: bool


class PhotoOut(Schema):
    """The photo is here."""

    key: UUID


@router.get("/session", response=SessionOut)
def session(request: AuthenticatedRequest, response: HttpResponse) -> dict[str, Any]:
    """Who is signed in on this phone; asked before anything is sent."""
    response["Cache-Control"] = "no-store"
    return {
        "account": request.actor.actor_id, "name": request.actor.display_name, "csrf": get_token(request),
        "now": clock.now(),
    }  # fmt: skip


@router.get("/bundle")
def bundle(request: AuthenticatedRequest, response: HttpResponse) -> dict[str, Any]:
    """What a worker takes along: own tasks with what they ask for, categories, cells of the grid."""
    count_visit(door="field-bundle", visitor=request.actor.actor_id)
    response["Cache-Control"] = "no-store"
    return queries.bundle(request.actor)


@router.post("/photos/{uuid:key}", response=PhotoOut)
def photo(request: AuthenticatedRequest, key: UUID, file: File[UploadedFile]) -> Any:
    """One photo; sent again under the same key it is the same photo."""
    count_visit(door="field", visitor=request.actor.actor_id)
    content = file.read(actions.PHOTO_BYTES + 1)
    return actions.keep_photo(actor=request.actor, key=key, name=file.name or "", content=content)


@router.put("/works/{uuid:key}", response={200: WorkOut, 201: WorkOut})
def work(request: AuthenticatedRequest, key: UUID, payload: WorkIn) -> Status[dict[str, Any]]:
    """One piece of work; the key in the address makes it the same work however often it is sent."""
    count_visit(door="field", visitor=request.actor.actor_id)
    parts = {name: part for name in actions.TAKERS if (part := getattr(payload, name)) is not None}
    kind, part = next(iter(parts.items())) if len(parts) == 1 else ("", None)
    found, replayed = actions.take_work(
        actor=request.actor, key=key, account=payload.account, kind=kind, given=part.model_dump() if part else {},
        photos=payload.photos, done_at=payload.done_at, sent_at=payload.sent_at,
    )  # fmt: skip
    answer = {
        **{name: getattr(found, name) for name in ("key", "kind", "created", "done_at", "received_at")},
        "case": found.case.public_id, "number": found.case.number, "replayed": replayed,
    }  # fmt: skip
    return Status(200 if replayed else 201, answer)
