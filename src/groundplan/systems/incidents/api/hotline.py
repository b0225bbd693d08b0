"""The hotline's own part of the JSON door: objections, samples for audit, checks of replies."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from ninja import Router, Schema, Status
from pydantic import Field, StringConstraints

from groundplan.kernel.cases import queries as case_queries
from groundplan.kernel.parties import access
from groundplan.kernel.parties.access import AuthenticatedRequest
from groundplan.lib.keyset import page
from groundplan.lib.moments import Moment
from groundplan.systems.incidents import actions, queries
from groundplan.systems.incidents.models import Draw, Objection
from groundplan.systems.incidents.queries.hotline.replies import LABELS

router = Router()
calls = Router()
Code = Annotated[str, StringConstraints(max_length=64)]
Size = Annotated[int, Field(ge=1, le=200)]


class CallIn(Schema):
    """A call that rings."""

    caller: Annotated[str, StringConstraints(min_length=1, max_length=40)]
    operator: Code
    call_id: Annotated[str, StringConstraints(min_length=1, max_length=120)]


class CallOut(Schema):
    """Where the desk opens for it."""

    id: UUID
    page: str


class ObjectionIn(Schema):
    """An exclusion or an appeal."""

    kind: Literal["exclusion", "appeal"]
    ground: Code
    indicator: Code = ""
    statement: Annotated[str, StringConstraints(min_length=1, max_length=4000)]


class ObjectionOut(Schema):
    """An objection and what became of it."""

    case: UUID
    number: str
    unit: str
    kind: str
    indicator: str
    ground: str
    state: str
    outcome: str

    @staticmethod
    def of(made: Objection) -> dict[str, Any]:
        """The objection as it is answered."""
        return {
            "case": made.case.public_id, "number": made.case.number, "unit": made.unit.code, "kind": made.kind,
            "indicator": made.indicator, "ground": made.ground, "state": made.case.state, "outcome": made.case.outcome,
        }  # fmt: skip


class DrawIn(Schema):
    """What shall be drawn."""

    start: Moment
    end: Moment
    size: Size
    unit: Code = ""
    seed: Annotated[str, StringConstraints(max_length=80)] = ""


class DrawOut(Schema):
    """A sample: whoever has population, seed and size draws the same."""

    id: UUID
    start: datetime
    end: datetime
    unit: str | None
    seed: str
    digest: str
    size: int
    drawn_at: datetime


class DrawnOut(DrawOut):
    """A sample with its population and its cases."""

    population: list[str]
    same_again: bool
    cases: list[dict[str, Any]]


class DrawPage(Schema):
    """A page of samples."""

    items: list[DrawOut]
    next: str | None


class ReplyIn(Schema):
    """A reply before it is sent."""

    case: UUID
    reply: Annotated[str, StringConstraints(min_length=1, max_length=8000)]


class ReplyOut(Schema):
    """What is doubtful about it: key -> words; empty when nothing is."""

    findings: dict[str, dict[str, str]]


@router.post("/cases/{uuid:case_id}/objections", auth=access.signed_in, response={201: ObjectionOut})
@access.idempotent
def object_to(request: AuthenticatedRequest, case_id: UUID, payload: ObjectionIn) -> Status[Any]:
    """Ask for an exclusion (剔除), or appeal against a figure (申诉)."""
    made = actions.contest_appraisal(actor=request.actor, case=case_id, **payload.model_dump())
    return Status(201, ObjectionOut.of(made))


@router.get("/cases/{uuid:case_id}/objections", auth=access.signed_in, response=list[ObjectionOut])
def list_objections(request: AuthenticatedRequest, case_id: UUID) -> list[dict[str, Any]]:
    """The objections on a case that the reader sees."""
    about = case_queries.case_for(request.actor, case_id)
    return [ObjectionOut.of(made) for made in queries.objections_on(request.actor, about)]


@router.post("/audits", auth=access.signed_in, response={201: DrawnOut})
@access.idempotent
def draw(request: AuthenticatedRequest, payload: DrawIn) -> Status[Any]:
    """Draw a sample of closed cases for audit (抽查)."""
    return Status(201, _drawn(actions.draw_sample(actor=request.actor, **payload.model_dump())))


@router.get("/audits", auth=access.signed_in, response=DrawPage)
def list_draws(
    request: AuthenticatedRequest, after: Annotated[str, Field(max_length=200)] = "", size: Size = 50
) -> dict[str, Any]:
    """The samples, newest first."""
    found = page(queries.draws(request.actor), order=("-drawn_at", "-id"), after=after or None, size=size)
    return {"items": [_plain(made) for made in found.items], "next": found.next}


@router.get("/audits/{uuid:draw_id}", auth=access.signed_in, response=DrawnOut)
def read_draw(request: AuthenticatedRequest, draw_id: UUID) -> dict[str, Any]:
    """One sample with everything that is needed to draw it again."""
    return _drawn(queries.draw_for(request.actor, draw_id))


@router.post("/replies/check", auth=access.signed_in, response=ReplyOut)
def check_reply(request: AuthenticatedRequest, payload: ReplyIn) -> dict[str, Any]:
    """Check a reply before it is sent; nothing is kept."""
    case = case_queries.case_for(request.actor, payload.case)
    texts = queries.advise_reply(case, "handled", {"reply": payload.reply})
    return {"findings": {key: label for key, label in LABELS.items() if label in texts}}


def _plain(made: Draw) -> dict[str, Any]:
    plain = {name: getattr(made, name) for name in ("start", "end", "seed", "digest", "size", "drawn_at")}
    return {"id": made.public_id, "unit": made.unit.code if made.unit else None, **plain}


def _drawn(made: Draw) -> dict[str, Any]:
    rows = made.cases.select_related("about", "case", "unit").order_by("position")
    cases = [
        {
            "number": row.about.number, "audit": row.case.number, "unit": row.unit.code if row.unit else None,
            "outcome": row.case.outcome,
        }
        for row in rows
    ]  # fmt: skip
    return {**_plain(made), "population": made.population, "same_again": queries.redrawn(made), "cases": cases}


@calls.post("/calls", auth=access.signed_in, response={201: CallOut})
def ring(request: AuthenticatedRequest, payload: CallIn) -> Status[Any]:
    """Tell an operator's desk that a call rings (screen-pop); the same call told twice is one."""
    made = actions.announce_call(actor=request.actor, **payload.model_dump())
    return Status(201, {"id": made.public_id, "page": f"/intake?call={made.public_id}"})
