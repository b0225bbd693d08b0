"""The JSON door of incidents: reports are public, everything else asks who reads."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from django.http import HttpRequest
from ninja import Router, Schema, Status
from pydantic import Field, StringConstraints

from groundplan.commons.zones.queries import is_outer
from groundplan.kernel.parties import access
from groundplan.kernel.parties.access import AuthenticatedRequest
from groundplan.lib.keyset import page
from groundplan.lib.moments import Moment
from groundplan.systems.incidents import actions, queries
from groundplan.systems.incidents.api import hotline
from groundplan.systems.incidents.beside import api as beside
from groundplan.systems.incidents.field import api as field
from groundplan.systems.incidents.logic.rates import KEYS
from groundplan.systems.incidents.models import Incident
from groundplan.systems.incidents.queries.outward import followed

router = Router()
router.add_router("/hotline", hotline.router)
router.add_router("", hotline.calls)
router.add_router("/field", field.router)
router.add_router("/beside", beside.router)
Text = Annotated[str, StringConstraints(max_length=200)]
Code = Annotated[str, StringConstraints(max_length=40)]
Longitude = Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]
Latitude = Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)]
Size = Annotated[int, Field(ge=1, le=200)]
FlowName = Literal["hotline", "city-management"]
System = Literal["wgs84", "cgcs2000", "gcj02", "bd09"]


class ReportIn(Schema):
    """A report as anybody may send it."""

    text: Annotated[str, StringConstraints(min_length=1, max_length=20_000)]
    flow: FlowName = "hotline"
    title: Text = ""
    type: Literal["", "consult", "help", "complaint", "report", "suggestion", "praise"] = ""
    kind: Literal["", "component", "matter"] = ""
    category: Code = ""
    component: Code = ""
    place: Annotated[str, StringConstraints(max_length=300)] = ""
    point: tuple[Longitude, Latitude] | None = None
    system: System = "wgs84"
    reporter_name: Code = ""
    reporter_phone: Code = ""


class OfficerReportIn(ReportIn):
    """A report that an officer enters, or another system through its account."""

    channel: Literal["phone", "inspector", "grid", "api"] = "api"
    urgency: Literal["normal", "urgent"] = "normal"
    external_id: Annotated[str, StringConstraints(max_length=120)] = ""
    reported_at: Moment | None = None


class LikelyOut(Schema):
    """An earlier report that may be the same."""

    number: str
    reason: str
    metres: int | None
    alike: int


class ReceiptOut(Schema):
    """What a reporter is given."""

    number: str
    code: str
    created: bool


class OfficerReceiptOut(ReceiptOut):
    """The receipt with what only officers see."""

    id: UUID
    case: UUID
    likely: list[LikelyOut]


class MilestoneOut(Schema):
    """One public line of what happened."""

    at: datetime
    label: dict[str, str]


class FollowOut(Schema):
    """The public view of a report."""

    number: str
    title: str
    state: str
    stage: dict[str, str]
    unit: dict[str, str]
    opened_at: datetime
    due_at: datetime | None
    closed_at: datetime | None
    reply: str
    milestones: list[MilestoneOut]
    may_rate: bool
    may_supplement: bool


class IncidentOut(Schema):
    """An incident as officers read it: without the reporter."""

    id: UUID
    case: UUID
    number: str
    title: str
    flow: str
    channel: str
    kind: str
    category: str
    proposed_category: str
    certainty: int
    text: str
    place: str
    point: tuple[float, float] | None
    district: str
    street: str
    community: str
    state: str
    stage: str
    reported_at: datetime
    due_at: datetime | None
    overdue: bool


class IncidentPage(Schema):
    """A page of incidents; ``next`` is the cursor to go on after."""

    items: list[IncidentOut]
    next: str | None


class RateOut(Schema):
    """So many of so many."""

    hits: int
    total: int
    share: str | None


class FiguresOut(Schema):
    """The rates of one unit in the period."""

    unit: str
    name: dict[str, str]
    rates: dict[str, RateOut]
    left_out: int
    example_score: str | None


class FeaturesOut(Schema):
    """GeoJSON (RFC 7946)."""

    type: str
    features: list[dict[str, Any]]
    numberReturned: int  # noqa: N815 - the member's name in OGC API Features.
    clustered: bool


@router.post("/reports", response={201: ReceiptOut, 200: ReceiptOut})
@access.idempotent
def report(request: HttpRequest, payload: ReportIn) -> Status[Any]:
    """Report something, without an account; keep number and code to follow it."""
    visitor = visitor_of(request)
    actions.count_visit(door="report", visitor=visitor)
    take_in = actions.hand_in_report if is_outer() else actions.report_incident
    receipt = take_in(actor=access.actor_of(request), channel="web", visitor=visitor, **payload.model_dump())
    return Status(201 if receipt.created else 200, receipt)


@router.get("/reports/{number}", response=FollowOut)
def follow(request: HttpRequest, number: Code, code: Code) -> queries.FollowView:
    """Follow a report by receipt number and code."""
    actions.count_visit(door="follow", visitor=visitor_of(request))
    return followed(number, code)


@router.post("/officer/reports", auth=access.signed_in, response={201: OfficerReceiptOut, 200: OfficerReceiptOut})
@access.idempotent
def enter_report(request: AuthenticatedRequest, payload: OfficerReportIn) -> Status[Any]:
    """Enter a report for somebody else, or hand one over from another system."""
    receipt = actions.report_incident(
        actor=request.actor, key=request.headers.get("Idempotency-Key", ""), **payload.model_dump()
    )
    answer = {
        "number": receipt.number, "code": receipt.code, "created": receipt.created, "id": receipt.incident.public_id,
        "case": receipt.case.public_id, "likely": queries.seen_likely(request.actor, receipt.incident),
    }  # fmt: skip
    return Status(201 if receipt.created else 200, answer)


@router.get("", auth=access.signed_in, response=IncidentPage)
def list_incidents(
    request: AuthenticatedRequest, after: Annotated[str, Field(max_length=200)] = "", size: Size = 50
) -> dict[str, Any]:
    """The incidents that the reader's units are involved in, newest first."""
    found = page(queries.incidents_for(request.actor), order=("-reported_at", "-id"), after=after or None, size=size)
    return {"items": [incident_out(incident) for incident in found.items], "next": found.next}


@router.get("/map", auth=access.signed_in, response=FeaturesOut)
def incident_map(
    request: AuthenticatedRequest,
    *,
    west: Longitude,
    south: Latitude,
    east: Longitude,
    north: Latitude,
    zoom: Annotated[float, Field(ge=0, le=24, allow_inf_nan=False)] = 12,
    state: Literal["active", "overdue", "closed", "all"] = "active",
    flow: Literal["", "hotline", "city-management"] = "",
) -> dict[str, Any]:
    """The incidents of a viewport as GeoJSON, joined into clusters where they are many."""
    return queries.map_features(request.actor, bbox=(west, south, east, north), zoom=zoom, state=state, flow=flow)


@router.get("/indicators", auth=access.signed_in, response=list[FiguresOut])
def indicators(request: AuthenticatedRequest, flow: FlowName, start: Moment, end: Moment) -> list[dict[str, Any]]:
    """The rates of the reader's units for what fell into a period."""
    return [
        {
            "unit": row.unit.code,
            "name": row.unit.name,
            "rates": {
                key: {"hits": row.rates[key].hits, "total": row.rates[key].total,
                      "share": None if row.rates[key].share is None else str(row.rates[key].share)}
                for key in KEYS
            },
            "left_out": row.left_out,
            "example_score": None if row.score is None else str(row.score),
        }
        for row in queries.figures(request.actor, flow=flow, start=start, end=end)
    ]  # fmt: skip


@router.get("/{uuid:public_id}", auth=access.signed_in, response=IncidentOut)
def read_incident(request: AuthenticatedRequest, public_id: UUID) -> dict[str, Any]:
    """One incident that the reader may see."""
    return incident_out(queries.incident_for(request.actor, public_id))


def incident_out(incident: Incident) -> dict[str, Any]:
    """An incident as the API shows it."""
    case = incident.case
    has_point = incident.longitude is not None and incident.latitude is not None
    return {
        **{name: getattr(incident, name) for name in (
            "channel", "kind", "category", "proposed_category", "certainty", "text", "place", "district", "street",
            "community", "reported_at")},
        "id": incident.public_id,
        "case": case.public_id,
        "number": case.number,
        "title": case.title,
        "flow": case.flow,
        "point": (incident.longitude, incident.latitude) if has_point else None,
        "state": case.state,
        "stage": case.stage,
        "due_at": case.due_at,
        "overdue": case.overdue,
    }  # fmt: skip


def visitor_of(request: HttpRequest) -> str:
    """What tells visitors apart: the address that the server saw."""
    return str(request.META.get("REMOTE_ADDR", ""))
