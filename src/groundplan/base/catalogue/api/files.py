"""Files as JSON: lists taken in with their problems, the catalogue as DCAT-AP."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import File, Form, Router, Schema, Status
from ninja.files import UploadedFile
from pydantic import Field

from groundplan.base.catalogue import actions, queries
from groundplan.base.catalogue.models import Load
from groundplan.kernel.parties import access
from groundplan.kernel.parties.access import AuthenticatedRequest, actor_of
from groundplan.lib.errors import Invalid
from groundplan.lib.keyset import page

files = Router()
Size = Annotated[int, Field(ge=1, le=200)]
Pairs = Annotated[dict[str, Annotated[str, Field(max_length=400)]], Field(max_length=40)]


class MappingIn(Schema):
    """Which column is which field, and the values of what the list lacks."""

    name: Annotated[str, Field(min_length=1, max_length=64)]
    columns: Pairs
    defaults: Pairs = {}


class ImportIn(Schema):
    """What an import is told beside the file; ``defaults`` is a JSON object of field and value."""

    mapping: Annotated[str, Field(max_length=64)] = ""
    defaults: Annotated[str, Field(max_length=4000)] = "{}"
    prefix: Annotated[str, Field(max_length=60)] = ""
    publish: bool = False


class MappingOut(Schema):
    """A kept mapping."""

    name: str
    columns: dict[str, str]
    defaults: dict[str, str]


class LoadOut(Schema):
    """A load: read = stored + changed + repeated + refused."""

    id: UUID
    file_name: str
    form: str
    columns: dict[str, str]
    published: bool
    read: int
    stored: int
    changed: int
    repeated: int
    refused: int
    loaded_at: datetime


class ProblemOut(Schema):
    """What is wrong with a row."""

    row: int
    cell: str
    field: str
    reason: str
    value: str


class ProblemPage(Schema):
    """A page of problems; ``next`` is the cursor to go on after."""

    items: list[ProblemOut]
    next: str | None


@files.put("/mappings", auth=access.signed_in, response=MappingOut)
def save_mapping(request: AuthenticatedRequest, payload: MappingIn) -> Any:
    """Keep a mapping under a name."""
    return actions.save_mapping(actor=request.actor, **payload.model_dump())


@files.post("/imports", auth=access.signed_in, response={201: LoadOut})
@access.idempotent
def import_entries(request: AuthenticatedRequest, file: File[UploadedFile], asked: Form[ImportIn]) -> Status[Any]:
    """Take in a list of entries."""
    made = actions.import_entries(
        actor=request.actor, content=file.read(), filename=file.name or "",
        **{**asked.model_dump(), "defaults": _pairs(asked.defaults)},
    )  # fmt: skip
    return Status(201, load_out(made))


@files.get("/imports/{uuid:public_id}", auth=access.signed_in, response=LoadOut)
def read_load(request: AuthenticatedRequest, public_id: UUID) -> dict[str, Any]:
    """One load."""
    return load_out(queries.load_for(request.actor, public_id))


@files.get("/imports/{uuid:public_id}/problems", auth=access.signed_in, response=ProblemPage)
def list_problems(
    request: AuthenticatedRequest,
    public_id: UUID,
    after: Annotated[str, Field(max_length=200)] = "",
    size: Size = 50,
) -> dict[str, Any]:
    """What is wrong with the rows of a load, in the order of the file."""
    rows = queries.load_for(request.actor, public_id).problems.all()
    listed = page(rows, order=("row", "id"), after=after or None, size=size)
    return {"items": [each.__dict__ for each in listed.items], "next": listed.next}


@files.get("/export", response={200: None})
def export(request: HttpRequest, form: Literal["dcat-ap-jsonld", "dcat-ap-turtle"] = "dcat-ap-jsonld") -> HttpResponse:
    """What the reader sees of the catalogue as DCAT-AP 3.0."""
    content = queries.exported(actor_of(request), form, request.build_absolute_uri("/"))
    return HttpResponse(content, content_type=queries.FORMS[form][1])


def load_out(load: Load) -> dict[str, Any]:
    """A load as it is answered."""
    names = ("file_name", "form", "columns", "published", "read", "stored", "changed", "repeated", "refused",
             "loaded_at")  # fmt: skip
    return {**{name: getattr(load, name) for name in names}, "id": load.public_id}


def _pairs(text: str) -> dict[str, str]:
    """A JSON object of texts.

    Raises:
        Invalid: it is none.
    """
    try:
        found = json.loads(text or "{}")
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict) or not all(isinstance(each, str) for each in found.values()):
        raise Invalid("defaults", accepted='{"shelf": "legal-persons"}')
    return found
