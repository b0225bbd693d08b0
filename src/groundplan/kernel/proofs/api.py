"""JSON door of proofs: heads and keys are public, records are for those who may read them."""

from __future__ import annotations

import datetime as dt
import json
from typing import Annotated, Any, Literal
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router, Schema, Status
from pydantic import Field

from groundplan.kernel.ledger import queries as ledger
from groundplan.kernel.parties import access
from groundplan.kernel.proofs import actions, queries
from groundplan.lib.errors import NotAllowed

router = Router()
Size = Annotated[int, Field(ge=1, le=200)]
TreeSize = Annotated[int, Field(ge=1, lt=2**62)]
Text = Annotated[str, Field(max_length=200)]


class HeadOut(Schema):
    """A signed tree head."""

    number: int
    size: int
    root: str
    at: dt.datetime
    key_id: str
    body: str
    signature: str


class HeadPage(Schema):
    """A page of heads, latest first."""

    items: list[HeadOut]
    next: str | None


class KeyOut(Schema):
    """A public key of the log."""

    key_id: str
    public_key: str
    fingerprint: str
    valid_from: dt.datetime
    valid_until: dt.datetime | None


class ConsistencyOut(Schema):
    """A consistency proof between two signed heads."""

    first: int
    second: int
    first_root: str
    second_root: str
    path: list[str]


class EntryOut(Schema):
    """A record."""

    id: UUID
    leaf_index: int
    at: dt.datetime
    actor: str
    action: str
    subject: str
    data: dict[str, Any]


class EntryPage(Schema):
    """A page of records."""

    items: list[EntryOut]
    next: str | None


class WebhookIn(Schema):
    """A new webhook."""

    name: Annotated[str, Field(min_length=1, max_length=100)]
    url: Annotated[str, Field(max_length=500)]
    types: Annotated[list[Text], Field(min_length=1, max_length=50)]
    audience: Annotated[list[Text], Field(max_length=50)] = []


class WebhookOut(Schema):
    """A webhook."""

    id: UUID
    name: str
    url: str
    types: list[str]
    audience: list[str]
    state: str
    paused_because: str
    position: int


class WebhookMade(Schema):
    """A new webhook's id and its secret, shown once."""

    id: UUID
    secret: str


class WebhookPage(Schema):
    """A page of webhooks."""

    items: list[WebhookOut]
    next: str | None


class LetterOut(Schema):
    """An event that could not be delivered."""

    id: UUID
    target: str
    event_id: UUID
    event_type: str
    subject: str
    attempts: int
    reason: str
    at: dt.datetime


class LetterPage(Schema):
    """A page of dead letters."""

    items: list[LetterOut]
    next: str | None


class Replay(Schema):
    """Which dead letters to try again; all when both are empty."""

    target: Annotated[str, Field(max_length=120)] = ""
    letters: Annotated[list[UUID], Field(max_length=1000)] = []


class Replayed(Schema):
    """How many will be tried."""

    count: int


class Filter(Schema):
    """Filters of the list of records."""

    subject: Text = ""
    actor: Text = ""
    action: Text = ""
    since: Text = ""
    until: Text = ""
    after: str | None = None
    size: Size = 50


def entry_out(row: Any) -> dict[str, Any]:
    """A record as the API gives it."""
    return {
        "id": row.entry_id, "leaf_index": row.leaf_index, "at": row.at, "actor": row.actor, "action": row.action,
        "subject": row.subject, "data": json.loads(bytes(row.body))["data"],
    }  # fmt: skip


def webhook_out(row: Any) -> dict[str, Any]:
    """A webhook as the API gives it."""
    names = ("name", "url", "types", "audience", "state", "paused_because", "position")
    return {"id": row.public_id, **{name: getattr(row, name) for name in names}}


def letter_out(row: Any) -> dict[str, Any]:
    """A dead letter as the API gives it."""
    return {
        "id": row.public_id, "target": row.target, "event_id": row.event.event_id, "event_type": row.event.type,
        "subject": row.event.subject, "attempts": row.attempts, "reason": row.reason, "at": row.at,
    }  # fmt: skip


def require_push(request: HttpRequest) -> None:
    """Let only those pass who manage webhooks."""
    if not queries.may_push(access.actor_of(request)):
        raise NotAllowed("Webhooks are for system administrators and the data office.")


@router.get("/heads", response=HeadPage)
def list_heads(request: HttpRequest, after: str | None = None, size: Size = 50) -> Any:  # noqa: ARG001 - ninja's.
    """Signed tree heads, latest first."""
    page = queries.heads(after=after, size=size)
    return {"items": [queries.head_document(row) for row in page.items], "next": page.next}


@router.get("/keys", response=list[KeyOut])
def list_keys(request: HttpRequest) -> Any:  # noqa: ARG001
    """The public keys that sign or signed, oldest first."""
    return queries.keys()


@router.get("/consistency", response=ConsistencyOut)
def show_consistency(request: HttpRequest, first: TreeSize, second: TreeSize) -> Any:  # noqa: ARG001
    """The proof that the later of two signed heads only adds to the earlier."""
    made = ledger.consistency_proof(first, second)
    return {
        "first": first, "second": second, "first_root": made.first.root.hex(), "second_root": made.second.root.hex(),
        "path": [step.hex() for step in made.path],
    }  # fmt: skip


@router.get("/consistency/file")
def show_consistency_file(request: HttpRequest, first: TreeSize, second: TreeSize) -> HttpResponse:  # noqa: ARG001
    """The same as the proof file that verify_consistency.py reads."""
    return HttpResponse(ledger.consistency_proof(first, second).file(), content_type="application/json; charset=utf-8")


@router.get("/entries", response=EntryPage, auth=access.signed_in)
def list_entries(request: HttpRequest, filters: Query[Filter]) -> Any:
    """Records, latest first for auditors; for others those of one subject, if they may read it."""
    actor = access.actor_of(request)
    if queries.may_audit(actor):
        narrowed = queries.Filters(**filters.dict(exclude={"after", "size"}))
        page = queries.records(narrowed, after=filters.after, size=filters.size)
    else:
        page = queries.records_of(actor, filters.subject, after=filters.after, size=filters.size)
    return {"items": [entry_out(row) for row in page.items], "next": page.next}


@router.get("/entries/{entry_id}", response=EntryOut, auth=access.signed_in)
def show_entry(request: HttpRequest, entry_id: UUID) -> Any:
    """One record."""
    return entry_out(queries.record(access.actor_of(request), entry_id))


@router.get("/entries/{entry_id}/proof", auth=access.signed_in)
def show_proof(request: HttpRequest, entry_id: UUID) -> HttpResponse:
    """The proof file of one record, as verify_proof.py reads it."""
    made = queries.proof(access.actor_of(request), entry_id)
    return HttpResponse(made.file(), content_type="application/json; charset=utf-8")


@router.get("/webhooks", response=WebhookPage, auth=access.signed_in)
def list_webhooks(request: HttpRequest, after: str | None = None, size: Size = 50) -> Any:
    """Webhooks, latest first."""
    require_push(request)
    page = queries.webhooks(after=after, size=size)
    return {"items": [webhook_out(row) for row in page.items], "next": page.next}


@router.post("/webhooks", response={201: WebhookMade}, auth=access.signed_in)
@access.idempotent
def create_webhook(request: HttpRequest, wanted: WebhookIn) -> Any:
    """Tell an address of events from now on; the answer holds the secret, shown this once."""
    public_id, secret = actions.create_webhook(actor=access.actor_of(request), **wanted.dict())
    return Status(201, {"id": public_id, "secret": secret})


@router.post("/webhooks/{webhook}/{change}", response={204: None}, auth=access.signed_in)
def change_webhook(request: HttpRequest, webhook: UUID, change: Literal["pause", "resume", "end"]) -> Any:
    """Pause, resume or end a webhook."""
    actions.change_webhook(actor=access.actor_of(request), webhook=webhook, change=change)
    return Status(204, None)


@router.get("/dead-letters", response=LetterPage, auth=access.signed_in)
def list_letters(request: HttpRequest, after: str | None = None, size: Size = 50) -> Any:
    """Events that could not be delivered, latest first."""
    require_push(request)
    page = queries.dead_letters(after=after, size=size)
    return {"items": [letter_out(row) for row in page.items], "next": page.next}


@router.post("/dead-letters/replay", response=Replayed, auth=access.signed_in)
def replay_letters(request: HttpRequest, wanted: Replay) -> Any:
    """Let dead letters be tried again."""
    count = actions.replay_letters(actor=access.actor_of(request), target=wanted.target, letters=wanted.letters)
    return {"count": count}
