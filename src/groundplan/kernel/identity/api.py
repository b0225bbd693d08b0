"""The API of identity: clients and sources for administrators."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Literal
from uuid import UUID

from django.http import HttpRequest
from ninja import Router, Schema, Status
from pydantic import Field, StringConstraints

from groundplan.kernel.identity import actions, queries
from groundplan.kernel.parties import access
from groundplan.kernel.parties.queries import party_by_code
from groundplan.lib import keyset

router = Router(auth=access.signed_in)
Line = Annotated[str, StringConstraints(max_length=300)]


class ClientOut(Schema):
    """A client; never its secret."""

    id: UUID
    client_id: str
    name: str
    kind: str
    unit: str
    scopes: list[str]
    redirect_uris: list[str]
    state: str
    account: str | None
    created_at: dt.datetime

    @staticmethod
    def resolve_id(row: Any) -> UUID:
        """The public id."""
        return UUID(str(row.public_id))

    @staticmethod
    def resolve_unit(row: Any) -> str:
        """Code of the unit that answers for it."""
        return str(row.unit.code)

    @staticmethod
    def resolve_account(row: Any) -> str | None:
        """User name of a program's account."""
        return row.account.username if row.account else None


class ClientPage(Schema):
    """A page of clients; ``next`` is the cursor of the following one."""

    items: list[ClientOut]
    next: str | None


class ClientIn(Schema):
    """What is told of a client."""

    kind: Literal["machine", "site"]
    name: Annotated[str, StringConstraints(min_length=1, max_length=60)]
    unit: Annotated[str, StringConstraints(max_length=64)]
    scopes: Annotated[list[Annotated[str, StringConstraints(max_length=20)]], Field(max_length=5)]
    username: Annotated[str, StringConstraints(max_length=41)] = ""
    redirect_uris: Annotated[list[Line], Field(max_length=10)] = []


class DecisionIn(Schema):
    """Whether it is let in."""

    grant: bool


class SecretOut(Schema):
    """A secret, told once."""

    client_id: str
    client_secret: str


class SourceOut(Schema):
    """A source of identities; never its secret."""

    id: UUID
    kind: str
    name: dict[str, str]
    address: str
    state: str
    ties: int

    @staticmethod
    def resolve_id(row: Any) -> UUID:
        """The public id."""
        return UUID(str(row.public_id))

    @staticmethod
    def resolve_ties(row: Any) -> int:
        """How many accounts are tied."""
        return int(row.held)


@router.get("/clients", response=ClientPage)
def list_clients(request: HttpRequest, after: str | None = None, size: int = 50) -> Any:
    """All clients, the newest first; administrators only."""
    return keyset.page(queries.clients(access.actor_of(request)), order=("-id",), after=after, size=size)


@router.post("/clients", response={201: ClientOut})
@access.idempotent
def propose_client(request: HttpRequest, payload: ClientIn) -> Status[Any]:
    """Propose a client; it opens nothing until a security administrator approves."""
    given = {**payload.model_dump(), "unit": party_by_code(payload.unit)}
    return Status(201, actions.propose_client(actor=access.actor_of(request), **given))


@router.get("/clients/{public_id}", response=ClientOut)
def show_client(request: HttpRequest, public_id: UUID) -> Any:
    """One client."""
    return queries.client(access.actor_of(request), public_id)


@router.post("/clients/{public_id}/decision", response=ClientOut)
def decide_client(request: HttpRequest, public_id: UUID, payload: DecisionIn) -> Any:
    """Approve or refuse as the second person."""
    actions.decide_client(actor=access.actor_of(request), client=public_id, grant=payload.grant)
    return queries.client(access.actor_of(request), public_id)


@router.post("/clients/{public_id}/secret", response={201: SecretOut})
def renew_secret(request: HttpRequest, public_id: UUID, *, at_once: bool = False) -> Status[Any]:
    """Make a secret; with ``at_once`` the one before and all tokens end now."""
    actor = access.actor_of(request)
    secret = actions.renew_secret(actor=actor, client=public_id, at_once=at_once)
    return Status(201, {"client_id": queries.client(actor, public_id).client_id, "client_secret": secret})


@router.post("/clients/{public_id}/{change}", response=ClientOut)
def change_client(request: HttpRequest, public_id: UUID, change: Literal["pause", "resume", "end"]) -> Any:
    """Pause, resume or end a client."""
    actions.change_client(actor=access.actor_of(request), client=public_id, change=change)
    return queries.client(access.actor_of(request), public_id)


@router.get("/sources", response=list[SourceOut])
def list_sources(request: HttpRequest) -> Any:
    """All sources of identities; administrators only."""
    return [row for row, _ties in queries.sources_with_ties(access.actor_of(request))]
