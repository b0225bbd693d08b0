"""The organisation over HTTP: a public directory, more of it for those it concerns, writes for administrators."""

from __future__ import annotations

import datetime as dt
from typing import Any, Literal
from uuid import UUID

from django.http import HttpRequest
from ninja import Field, File, Router, Schema, Status
from ninja.files import UploadedFile

from groundplan.kernel.parties import access, actions, queries
from groundplan.kernel.parties.errors import PartyNotFound
from groundplan.kernel.parties.models import Deputation, User
from groundplan.lib import keyset
from groundplan.lib.errors import NotFound

router = Router()
Kind = Literal[
    "city", "department", "district", "street", "community", "zone", "vertical", "utility", "section", "firm", "person"
]
RelationKind = Literal["belongs_to", "guided_by", "territory_of", "reports_work_to", "maintains"]
Role = Literal["operator", "inspector", "grid_worker", "handler", "dispatcher", "supervisor", "leader"]
Labels = dict[Literal["zh-hans", "en"], str]
Code = Field(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f]+$")


class PartyOut(Schema):
    """What everybody may know of a unit."""

    id: UUID = Field(validation_alias="public_id")
    code: str
    kind: str
    name: dict[str, str]
    short_name: dict[str, str]
    division_code: str
    address: str
    public_phone: str
    duties: dict[str, str]
    valid_from: dt.date
    valid_until: dt.date | None


class RelationOut(Schema):
    """A dated relation."""

    kind: str
    from_party: UUID
    to_party: UUID
    valid_from: dt.date
    valid_until: dt.date | None

    @staticmethod
    def resolve_from_party(relation: Any) -> UUID:
        """Public id of the lower party."""
        return UUID(str(relation.from_party.public_id))

    @staticmethod
    def resolve_to_party(relation: Any) -> UUID:
        """Public id of the upper party."""
        return UUID(str(relation.to_party.public_id))


class IdentifierOut(Schema):
    """An identifier, masked if it is personal."""

    scheme: str
    masked: str


class MemberOut(Schema):
    """A role that a user holds in the unit."""

    user: UUID
    name: str
    role: str
    valid_until: dt.date | None


class PartyDetail(PartyOut):
    """A unit with its relations; members and identifiers only for those it concerns."""

    relations: list[RelationOut]
    merged_into: UUID | None = None
    members: list[MemberOut] | None = None
    identifiers: list[IdentifierOut] | None = None


class PartyPage(Schema):
    """A page of the directory; ``next`` is the cursor of the following one."""

    items: list[PartyOut]
    next: str | None


class PartyIn(Schema):
    """A new party."""

    kind: Kind
    code: str = Code
    name: Labels
    short_name: Labels = Field(default_factory=dict)
    division_code: str = Field("", pattern=r"^\d{0,12}$")
    address: str = Field("", max_length=200, pattern=r"^[^\x00]*$")
    public_phone: str = Field("", max_length=40, pattern=r"^[^\x00]*$")
    valid_from: dt.date | None = None


class RelationIn(Schema):
    """A new relation to another party."""

    kind: RelationKind
    to_party: UUID
    valid_from: dt.date | None = None
    valid_until: dt.date | None = None


class UnmaskIn(Schema):
    """Why a personal number must be seen in full."""

    purpose: Literal["handling", "verification", "correction", "lawful_request"]
    reference: str = Field("", max_length=64, pattern=r"^[^\x00]*$")


class NumberOut(Schema):
    """A number in full."""

    value: str


class ScopeOut(Schema):
    """A role of the caller."""

    role: str
    party: str
    territory: str
    until: dt.date | None
    behalf: str


class Me(Schema):
    """The caller."""

    id: str
    name: str
    scopes: list[ScopeOut]


@router.get("", response=PartyPage)
def list_parties(
    request: HttpRequest, kind: Kind | None = None, q: str = "", after: str | None = None, size: int = 50
) -> Any:
    """The directory of units, by the sound of their names; firms and people only for those who keep the register."""
    keeper = access.actor_of(request).has_role(*queries.KEEPERS)
    found = queries.directory(kind=kind or "", text=q[:100], private=keeper)
    return keyset.page(found, order=("sort_key", "id"), after=after, size=size)


@router.get("/me", response=Me, auth=access.signed_in)
def me(request: HttpRequest) -> Any:
    """Who the caller is, and in which roles."""
    actor = access.actor_of(request)
    return {"id": actor.actor_id, "name": actor.display_name, "scopes": queries.scopes_shown(actor)}


class DeputyOut(Schema):
    """Who does whose work, where, in which roles and how long; the last day is included."""

    id: UUID
    principal: str
    deputy: str
    unit: str
    roles: list[str]
    kind: str
    reason: str
    valid_from: dt.date
    last_day: dt.date

    @staticmethod
    def of(row: Deputation) -> dict[str, Any]:
        """The deputation as it is answered."""
        plain = ("kind", "reason", "valid_from", "last_day")
        people = {"principal": row.principal.username, "deputy": row.deputy.username, "unit": row.party.code}
        return {"id": row.public_id, "roles": row.role_names, **people, **{name: getattr(row, name) for name in plain}}


class DeputyPage(Schema):
    """A page of deputations, newest first."""

    items: list[DeputyOut]
    next: str | None


class DeputyIn(Schema):
    """A deputy for a term; without ``principal`` for oneself."""

    deputy: str = Code
    principal: str | None = Field(None, max_length=64, pattern=r"^[^\x00-\x1f]+$")
    unit: str = Code
    roles: list[Role] = Field(min_length=1, max_length=10)
    kind: Literal["leave", "delegation"] = "leave"
    reason: str = Field(min_length=1, max_length=200)
    valid_from: dt.date
    last_day: dt.date


class CalendarFault(Schema):
    """A cell that cannot be taken."""

    cell: str
    reason: dict[str, str]


class CalendarsOut(Schema):
    """What a file of calendars did, or would do."""

    units: int
    unchanged: int
    taken: bool
    errors: list[CalendarFault]


@router.post("/calendars", response=CalendarsOut, auth=access.signed_in)
@access.idempotent
def import_calendars(request: HttpRequest, file: File[UploadedFile], dry_run: bool = False) -> Any:  # noqa: FBT001, FBT002 - ninja's signature.
    """Units' own work calendars from a spreadsheet, for the data office; with a fault nothing is taken."""
    done = actions.import_calendars(
        actor=access.actor_of(request), content=file.read(), filename=file.name or "", dry_run=dry_run
    )
    faults = [{"cell": fault.cell, "reason": dict(fault.reason)} for fault in done.errors]
    return {"units": done.units, "unchanged": done.unchanged, "taken": done.taken, "errors": faults}


@router.get("/deputies", response=DeputyPage, auth=access.signed_in)
def list_deputies(request: HttpRequest, after: str | None = None, size: int = 50) -> Any:
    """The deputations that concern the caller: as officer, as deputy, as leader of the unit."""
    found = queries.deputies_shown(access.actor_of(request))
    page = keyset.page(found, order=("-valid_from", "-id"), after=after, size=size)
    return {"items": [DeputyOut.of(row) for row in page.items], "next": page.next}


@router.post("/deputies", response={201: DeputyOut}, auth=access.signed_in)
@access.idempotent
def name_deputy(request: HttpRequest, payload: DeputyIn) -> Any:
    """Name a deputy (代理人), as the officer or as leader of the unit."""
    actor, given = access.actor_of(request), payload.model_dump()
    principal = given.pop("principal")
    made = actions.name_deputy(
        actor=actor,
        principal=queries.user_named(principal) if principal else User.objects.get(public_id=actor.actor_id),
        deputy=queries.user_named(given.pop("deputy")),
        party=queries.party_by_code(given.pop("unit")),
        **given,
    )
    return Status(201, DeputyOut.of(made))


@router.post("/deputies/{deputation_id}/end", response=DeputyOut, auth=access.signed_in)
@access.idempotent
def end_deputation(request: HttpRequest, deputation_id: UUID) -> Any:
    """End a deputation at once."""
    actor = access.actor_of(request)
    row = queries.deputies_shown(actor).filter(public_id=deputation_id).first()
    if row is None:
        raise NotFound
    return DeputyOut.of(actions.end_deputation(actor=actor, deputation=row))


@router.get("/{public_id}", response=PartyDetail, exclude_none=True)
def read_party(request: HttpRequest, public_id: UUID) -> Any:
    """One party: its directory entry and relations for everybody, the rest for those it concerns."""
    actor = access.actor_of(request)
    return _detail(actor, queries.visible_party(actor, public_id))


@router.post("", response={201: PartyOut}, auth=access.signed_in)
@access.idempotent
def create_party(request: HttpRequest, payload: PartyIn) -> Any:
    """Enter a party in the register; for system administrators."""
    made = actions.create_party(actor=access.actor_of(request), **payload.model_dump())
    return Status(201, made)


@router.post("/{public_id}/relations", response={201: RelationOut}, auth=access.signed_in)
@access.idempotent
def create_relation(request: HttpRequest, public_id: UUID, payload: RelationIn) -> Any:
    """Set a party in relation to another; for system administrators."""
    actor = access.actor_of(request)
    made = actions.relate(
        actor=actor,
        kind=payload.kind,
        from_party=queries.visible_party(actor, public_id),
        to_party=queries.visible_party(actor, payload.to_party),
        valid_from=payload.valid_from,
        valid_until=payload.valid_until,
    )
    return Status(201, made)


@router.post("/{public_id}/identifiers/{scheme}/unmask", response=NumberOut, auth=access.signed_in)
def unmask(request: HttpRequest, public_id: UUID, scheme: str, payload: UnmaskIn) -> Any:
    """A personal number in full, for a purpose; leaves a record."""
    actor = access.actor_of(request)
    party = queries.visible_party(actor, public_id)
    identifier = party.identifiers.filter(scheme=scheme).first() if queries.sees_inside(actor, party) else None
    if identifier is None:
        raise PartyNotFound(f"{public_id} has no such identifier.")
    value = actions.unmask_identifier(
        actor=actor, identifier=identifier, purpose=payload.purpose, reference=payload.reference
    )
    return {"value": value}


def _detail(actor: queries.Actor, party: Any) -> dict[str, Any]:
    """The fields of a party that an actor may see."""
    shown = PartyOut.from_orm(party).model_dump()
    shown["public_id"] = shown.pop("id")
    shown["relations"] = list(queries.relations_of(party))
    shown["merged_into"] = party.merged_into.public_id if party.merged_into else None
    if queries.sees_inside(actor, party):
        shown["members"] = [
            {
                "user": held.user.public_id,
                "name": held.user.display_name,
                "role": held.role,
                "valid_until": held.valid_until,
            }
            for held in queries.memberships_of(party)
        ]
        shown["identifiers"] = list(party.identifiers.order_by("scheme", "id"))
    return shown
