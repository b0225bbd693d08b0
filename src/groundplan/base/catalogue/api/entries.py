"""Entries, versions and resources as JSON."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Query, Router, Schema, Status
from pydantic import Field, StringConstraints

from groundplan.base.catalogue import actions, queries
from groundplan.base.catalogue.logic.content import Content
from groundplan.base.catalogue.models import Entry, EntryVersion, Resource
from groundplan.kernel.parties import access
from groundplan.kernel.parties.access import AuthenticatedRequest, actor_of
from groundplan.lib.keyset import page

router = Router()
Text = Annotated[str, Field(max_length=200)]
Short = Annotated[str, Field(max_length=64)]
Reason = Annotated[str, StringConstraints(min_length=1, max_length=1000)]
Size = Annotated[int, Field(ge=1, le=100)]


class ShelfOut(Schema):
    """A shelf."""

    key: str
    kind: str
    label: dict[str, str]


class HitOut(Schema):
    """A result of a search."""

    id: UUID
    identifier: str
    title: dict[str, str]
    score: float


class FoundOut(Schema):
    """What a search found."""

    results: list[HitOut]
    total_estimate: int


class EntryOut(Schema):
    """An entry."""

    id: UUID
    identifier: str
    provider: str
    state: str
    number: int
    content: dict[str, Any]
    published_at: datetime | None
    mounted_at: datetime | None
    data_at: datetime | None
    changed_at: datetime


class EntryPage(Schema):
    """A page of entries; ``next`` is the cursor to go on after."""

    items: list[EntryOut]
    next: str | None


class EntryIn(Schema):
    """A new entry."""

    provider: Short
    identifier: Text = ""
    content: Content


class ChangeIn(Schema):
    """A change of an entry."""

    content: Content
    reason: Annotated[str, Field(max_length=1000)] = ""


class VersionOut(Schema):
    """A version of an entry and the case that decides on it."""

    id: UUID
    entry: UUID
    identifier: str
    number: int
    kind: str
    state: str
    case: UUID | None


class ReasonIn(Schema):
    """Why."""

    reason: Reason


class ResourceIn(Schema):
    """A resource to mount."""

    identifier: Annotated[str, Field(max_length=120)] = ""
    kind: Short = ""
    form: Annotated[str, Field(max_length=40)] = ""
    address: Annotated[str, Field(max_length=2000)] = ""
    mount: dict[str, Any] = {}


class ResourceOut(Schema):
    """A resource."""

    id: UUID
    identifier: str
    entry: UUID
    provider: str
    kind: str
    title: dict[str, str]
    form: str
    address: str
    state: str
    number: int
    rows: int | None
    data_at: datetime | None


class UpdateIn(Schema):
    """The data was brought up to date."""

    at: datetime | None = None
    rows: Annotated[int, Field(ge=0, lt=2**62)] | None = None
    digest: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{0,64}$")] = ""
    note: Annotated[str, Field(max_length=400)] = ""


class UpdateOut(Schema):
    """A version of the data."""

    resource: str
    number: int
    at: datetime


class HolderOut(Schema):
    """An entry that holds a data item; ``source`` is the unit that is its one source."""

    entry: UUID
    title: dict[str, str]
    provider: str
    element: str
    personal: str
    source: str | None


class FiltersIn(Schema):
    """What a search is narrowed to."""

    shelf: Short = ""
    provider: Short = ""
    sharing: Short = ""
    openness: Short = ""
    kind: Short = ""
    cycle: Short = ""
    mounted: Short = ""


@router.get("/shelves", response=list[ShelfOut])
def list_shelves(request: HttpRequest) -> list[dict[str, Any]]:  # noqa: ARG001 - everybody may read them.
    """The shelves in force."""
    return [{"key": each.key, "kind": each.kind, "label": each.label} for each in queries.shelves()]


@router.get("/search", response=FoundOut)
def search(request: HttpRequest, filters: Query[FiltersIn], text: Text = "", size: Size = 20) -> queries.Found:
    """Search the published entries that the reader sees."""
    return queries.search(actor_of(request), text, filters=queries.Filters(**filters.model_dump()), size=size)


@router.get("/holders", response=list[HolderOut])
def list_holders(request: HttpRequest, name: Annotated[str, Field(min_length=1, max_length=120)]) -> list[Any]:
    """Who holds a data item; at most 200."""
    found = queries.holders_of(actor_of(request), name)[:200]
    return [
        {
            "entry": each.entry.public_id, "title": each.entry.title, "provider": each.entry.provider.code,
            "element": each.name, "personal": each.personal, "source": each.source.code if each.source else None,
        }
        for each in found
    ]  # fmt: skip


@router.get("/entries", response=EntryPage)
def list_entries(
    request: HttpRequest,
    filters: Query[FiltersIn],
    after: Annotated[str, Field(max_length=200)] = "",
    size: Size = 50,
) -> dict[str, Any]:
    """The entries that the reader sees, newest first."""
    rows = queries.Filters(**filters.model_dump()).narrow(queries.entries_for(actor_of(request)))
    listed = page(rows, order=("-changed_at", "-id"), after=after or None, size=size)
    return {"items": [entry_out(each) for each in listed.items], "next": listed.next}


@router.get("/entries/{uuid:public_id}", response=EntryOut)
def read_entry(request: HttpRequest, public_id: UUID) -> dict[str, Any]:
    """One entry."""
    return entry_out(queries.entry_for(actor_of(request), public_id))


@router.post("/entries", auth=access.signed_in, response={201: VersionOut})
@access.idempotent
def write_entry(request: AuthenticatedRequest, payload: EntryIn) -> Status[Any]:
    """Write a new entry as a draft."""
    made = actions.write_entry(
        actor=request.actor, content=payload.content, provider=payload.provider, identifier=payload.identifier
    )
    return Status(201, version_out(made))


@router.post("/entries/{uuid:public_id}/versions", auth=access.signed_in, response={201: VersionOut})
@access.idempotent
def change_entry(request: AuthenticatedRequest, public_id: UUID, payload: ChangeIn) -> Status[Any]:
    """Write a change of an entry as a draft."""
    made = actions.write_entry(
        actor=request.actor, content=payload.content, entry=public_id, reason=payload.reason
    )  # fmt: skip
    return Status(201, version_out(made))


@router.get("/entries/{uuid:public_id}/versions", auth=access.signed_in, response=list[VersionOut])
def list_versions(request: AuthenticatedRequest, public_id: UUID) -> list[dict[str, Any]]:
    """The versions of an entry of one's own unit, newest first."""
    found = queries.entry_for(request.actor, public_id)
    return [version_out(each) for each in queries.versions_of(found)] if queries.edits_for(
        request.actor, found.provider_id
    ) else []  # fmt: skip


@router.post("/versions/{uuid:public_id}/submit", auth=access.signed_in, response=VersionOut)
def submit_entry(request: AuthenticatedRequest, public_id: UUID) -> dict[str, Any]:
    """Submit a version: a case decides on it."""
    actions.submit_entry(actor=request.actor, version=public_id)
    return version_out(queries.version_for(request.actor, public_id))


@router.post("/versions/{uuid:public_id}/discard", auth=access.signed_in, response=VersionOut)
def discard_draft(request: AuthenticatedRequest, public_id: UUID) -> dict[str, Any]:
    """Throw a draft away."""
    return version_out(actions.discard_draft(actor=request.actor, version=public_id))


@router.post("/entries/{uuid:public_id}/offline", auth=access.signed_in, response=VersionOut)
def ask_offline(request: AuthenticatedRequest, public_id: UUID, payload: ReasonIn) -> dict[str, Any]:
    """Ask to take an entry offline."""
    actions.ask_offline(actor=request.actor, entry=public_id, reason=payload.reason)
    return version_out(queries.versions_of(queries.entry_for(request.actor, public_id))[0])


@router.get("/entries/{uuid:public_id}/resources", response=list[ResourceOut])
def list_resources(request: HttpRequest, public_id: UUID) -> list[dict[str, Any]]:
    """The resources of an entry, at most 200."""
    actor = actor_of(request)
    found = queries.resources_for(actor).filter(entry=queries.entry_for(actor, public_id)).order_by("id")[:200]
    return [resource_out(each) for each in found]


@router.post("/entries/{uuid:public_id}/resources", auth=access.signed_in, response={201: ResourceOut})
@access.idempotent
def mount_resource(request: AuthenticatedRequest, public_id: UUID, payload: ResourceIn) -> Status[Any]:
    """Mount a resource at a published entry."""
    made = actions.mount_resource(actor=request.actor, entry=public_id, **payload.model_dump())
    return Status(201, resource_out(made))


@router.get("/resources/{identifier}", response=ResourceOut)
def read_resource(request: HttpRequest, identifier: str) -> dict[str, Any]:
    """One resource."""
    return resource_out(queries.resource_for(actor_of(request), identifier))


@router.post("/resources/{identifier}/updates", auth=access.signed_in, response={201: UpdateOut})
@access.idempotent
def note_update(request: AuthenticatedRequest, identifier: str, payload: UpdateIn) -> Status[Any]:
    """Note that the data was brought up to date."""
    given = payload.model_dump()
    made = actions.note_update(actor=request.actor, resource=identifier, note_text=given.pop("note"), **given)
    return Status(201, {"resource": identifier, "number": made.number, "at": made.at})


@router.post("/resources/{identifier}/end", auth=access.signed_in, response=ResourceOut)
def end_resource(request: AuthenticatedRequest, identifier: str, payload: ReasonIn) -> dict[str, Any]:
    """End a resource."""
    return resource_out(actions.end_resource(actor=request.actor, resource=identifier, reason=payload.reason))


def entry_out(entry: Entry) -> dict[str, Any]:
    """An entry as it is answered."""
    names = ("identifier", "state", "number", "content", "published_at", "mounted_at", "data_at", "changed_at")
    plain = {name: getattr(entry, name) for name in names}
    return {**plain, "id": entry.public_id, "provider": entry.provider.code}


def version_out(version: EntryVersion) -> dict[str, Any]:
    """A version as it is answered."""
    return {
        "id": version.public_id, "entry": version.entry.public_id, "identifier": version.entry.identifier,
        "number": version.number, "kind": version.kind, "state": version.state,
        "case": version.case.public_id if version.case else None,
    }  # fmt: skip


def resource_out(resource: Resource) -> dict[str, Any]:
    """A resource as it is answered."""
    names = ("identifier", "kind", "title", "form", "address", "state", "number", "rows", "data_at")
    plain = {name: getattr(resource, name) for name in names}
    return {
        **plain, "id": resource.public_id, "entry": resource.entry.public_id, "provider": resource.provider.code
    }  # fmt: skip
