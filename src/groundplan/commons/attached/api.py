"""The JSON door of attached systems."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from ninja import Router, Schema, Status
from pydantic import Field, StringConstraints

from groundplan.commons.attached import actions, queries
from groundplan.commons.attached.models import Code, Item, Order, System
from groundplan.kernel.parties import access
from groundplan.kernel.parties.access import AuthenticatedRequest
from groundplan.kernel.parties.queries import party_by_code
from groundplan.lib.keyset import page

router = Router(auth=access.signed_in)
Line = Annotated[str, StringConstraints(max_length=300)]
After = Annotated[str, Field(max_length=200)]
Size = Annotated[int, Field(ge=1, le=200)]


class SystemIn(Schema):
    """A system to attach."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=60)]
    kind: Annotated[str, StringConstraints(max_length=32)]
    address: Line
    secret: Annotated[str, StringConstraints(max_length=200)] = ""
    unit: Annotated[str, StringConstraints(max_length=64)]
    flow: Annotated[str, StringConstraints(max_length=64)]
    direction: Literal["both", "in", "out"] = "both"
    mapping: Annotated[str, StringConstraints(max_length=64_000)] = ""
    every_minutes: Annotated[int, Field(ge=1, le=1440)] = 5
    completes: bool = True


class SystemOut(Schema):
    """A system; its secret is never told."""

    id: UUID
    name: str
    kind: str
    direction: str
    flow: str
    unit: str
    state: str
    mapping_version: int
    seen_at: datetime | None
    down_since: datetime | None
    down_because: str


class ChangeIn(Schema):
    """What is to become of it."""

    change: Literal["pause", "resume", "end"]


class CodeIn(Schema):
    """A code of theirs and what it is here; empty to drop it."""

    kind: Literal["category", "unit", "state"]
    theirs: Annotated[str, StringConstraints(min_length=1, max_length=120)]
    ours: Annotated[str, StringConstraints(max_length=120)]


class CodesIn(Schema):
    """Codes."""

    codes: Annotated[list[CodeIn], Field(max_length=2000)]


class TakenOut(Schema):
    """How many waiting messages were taken in."""

    taken: int


class ItemOut(Schema):
    """A message of theirs, without what names a person."""

    id: UUID
    their_id: str
    kind: str
    state: str
    reason: str
    missing: list[list[str]]
    times: int
    received_at: datetime
    case: str | None
    raw: str


class ItemPage(Schema):
    """A page of messages."""

    items: list[ItemOut]
    next: str | None


class OrderOut(Schema):
    """An order of ours."""

    id: UUID
    case: str
    task: UUID
    their_id: str
    state: str
    their_state: str
    attempts: int
    reason: str
    differs: bool
    difference: str
    created_at: datetime
    sent_at: datetime | None


class OrderPage(Schema):
    """A page of orders."""

    items: list[OrderOut]
    next: str | None


class DayOut(Schema):
    """One day: every number of both sides."""

    day: date
    theirs: int | None
    whole: bool
    counts: dict[str, int]


class TurnOut(Schema):
    """What a turn did."""

    received: int
    states: int
    taken: int
    failed: str


class ReasonIn(Schema):
    """Why."""

    reason: Annotated[str, StringConstraints(min_length=1, max_length=300)]


@router.get("/systems", response=list[SystemOut])
def list_systems(request: AuthenticatedRequest) -> list[dict[str, Any]]:
    """The systems of the units that the reader answers for."""
    return [system_out(row) for row in queries.systems_for(request.actor)[: queries.MOST_SYSTEMS]]


@router.post("/systems", response={201: SystemOut})
@access.idempotent
def attach(request: AuthenticatedRequest, payload: SystemIn) -> Status[Any]:
    """Attach a system."""
    given = payload.model_dump()
    unit = party_by_code(given.pop("unit"))
    return Status(201, system_out(actions.add_system(actor=request.actor, unit=unit, **given)))


@router.get("/systems/{uuid:system}", response=SystemOut)
def read_system(request: AuthenticatedRequest, system: UUID) -> dict[str, Any]:
    """One system."""
    return system_out(queries.system_for(request.actor, system))


@router.post("/systems/{uuid:system}/change", response={204: None})
def change(request: AuthenticatedRequest, system: UUID, payload: ChangeIn) -> Status[None]:
    """Pause, resume or end it."""
    actions.change_system(actor=request.actor, system=system, change=payload.change)
    return Status(204, None)


@router.post("/systems/{uuid:system}/run", response=TurnOut)
def run(request: AuthenticatedRequest, system: UUID) -> actions.Turn:
    """One turn now."""
    return actions.run_system(actor=request.actor, system=system)


@router.get("/systems/{uuid:system}/codes", response=list[CodeIn])
def list_codes(request: AuthenticatedRequest, system: UUID) -> list[Code]:
    """What codes of theirs mean here."""
    return list(queries.codes(queries.system_for(request.actor, system)))


@router.put("/systems/{uuid:system}/codes", response=TakenOut)
def put_codes(request: AuthenticatedRequest, system: UUID, payload: CodesIn) -> dict[str, int]:
    """Say what codes mean; what waited for them is taken in."""
    codes = [(each.kind, each.theirs, each.ours) for each in payload.codes]
    return {"taken": actions.set_codes(actor=request.actor, system=system, codes=codes)}


@router.get("/systems/{uuid:system}/items", response=ItemPage)
def list_items(  # noqa: PLR0917 - the parameters of the address.
    request: AuthenticatedRequest,
    system: UUID,
    what: str = "",
    kind: Literal["", "event", "status"] = "event",
    day: date | None = None,
    after: After = "",
    size: Size = 50,
) -> dict[str, Any]:
    """Messages of theirs; ``what``: received, taken, waiting, refused."""
    rows = queries.items(queries.system_for(request.actor, system), what, day, kind).select_related("system", "case")
    found = page(rows, order=("-id",), after=after or None, size=size)
    return {"items": [item_out(row) for row in found.items], "next": found.next}


@router.post("/items/{uuid:item}/refuse", response={204: None})
def refuse(request: AuthenticatedRequest, item: UUID, payload: ReasonIn) -> Status[None]:
    """Refuse a message that waits."""
    actions.refuse_item(actor=request.actor, item=item, reason=payload.reason)
    return Status(204, None)


@router.get("/systems/{uuid:system}/orders", response=OrderPage)
def list_orders(  # noqa: PLR0917 - the parameters of the address.
    request: AuthenticatedRequest,
    system: UUID,
    what: str = "",
    day: date | None = None,
    after: After = "",
    size: Size = 50,
) -> dict[str, Any]:
    """Our orders; ``what``: ordered, sent, acknowledged, unsent, failed, differing."""
    found = page(
        queries.orders(queries.system_for(request.actor, system), what, day), order=("-id",), after=after or None,
        size=size,
    )  # fmt: skip
    return {"items": [order_out(row) for row in found.items], "next": found.next}


@router.post("/orders/{uuid:order}/settle", response={204: None})
def settle(request: AuthenticatedRequest, order: UUID, payload: ReasonIn) -> Status[None]:
    """Say that a difference was dealt with."""
    actions.settle_order(actor=request.actor, order=order, note=payload.reason)
    return Status(204, None)


@router.post("/systems/{uuid:system}/replay", response=TakenOut)
def replay(request: AuthenticatedRequest, system: UUID) -> dict[str, int]:
    """Let what could not be sent be tried again."""
    return {"taken": actions.replay_orders(actor=request.actor, system=system)}


@router.get("/systems/{uuid:system}/reconciliation", response=list[DayOut])
def reconciliation(
    request: AuthenticatedRequest, system: UUID, days: Annotated[int, Field(ge=1, le=92)] = 14
) -> list[queries.DayCount]:
    """The last days, newest first."""
    return queries.reconciliation(queries.system_for(request.actor, system), days=days)


@router.post("/systems/{uuid:system}/reconciliation/{day}", response=DayOut)
def reconcile(request: AuthenticatedRequest, system: UUID, day: date) -> queries.DayCount:
    """Compare a day with their list, and take in what was missing."""
    done = actions.reconcile_system(actor=request.actor, system=system, day=day)
    return queries.reconciliation(done.system, days=1, until=day)[0]


def system_out(row: System) -> dict[str, Any]:
    """A system as programs read it."""
    plain = ("name", "kind", "direction", "flow", "state", "seen_at", "down_since", "down_because")
    return {
        "id": row.public_id, "unit": row.unit.code, "mapping_version": row.mapping["version"],
        **{name: getattr(row, name) for name in plain},
    }  # fmt: skip


def item_out(row: Item) -> dict[str, Any]:
    """A message as programs read it."""
    plain = ("their_id", "kind", "state", "reason", "missing", "times", "received_at")
    case = row.case.number if row.case else None
    return {"id": row.public_id, "case": case, "raw": queries.raw(row), **{name: getattr(row, name) for name in plain}}


def order_out(row: Order) -> dict[str, Any]:
    """An order as programs read it."""
    plain = (
        "their_id", "state", "their_state", "attempts", "reason", "differs", "difference", "created_at", "sent_at",
    )  # fmt: skip
    return {
        "id": row.public_id, "case": row.task.case.number, "task": row.task.public_id,
        **{name: getattr(row, name) for name in plain},
    }  # fmt: skip
