"""The API of reports."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Router, Schema, Status

from groundplan.commons.reports import actions, queries
from groundplan.commons.reports.logic.periods import Period
from groundplan.commons.reports.models import Report
from groundplan.commons.reports.queries import writing
from groundplan.kernel.parties import access
from groundplan.kernel.parties.access import AuthenticatedRequest
from groundplan.kernel.parties.queries import party_by_code
from groundplan.lib.errors import NotAllowed

router = Router()


class ReportOut(Schema):
    """A report without its sections."""

    id: UUID
    source: str
    kind: str
    title: dict[str, str]
    first: date
    last: date
    unit: str
    state: str
    number: str
    made_at: datetime
    version: int


class FullOut(ReportOut):
    """A report with its figures."""

    sections: list[dict[str, Any]]


class PageOut(Schema):
    """One page of reports."""

    items: list[ReportOut]
    next: str | None


class MakeIn(Schema):
    """What to report on."""

    source: str
    kind: str
    unit: str
    day: date | None = None
    first: date | None = None
    last: date | None = None
    about: dict[str, str] = {}


class SeenIn(Schema):
    """The version that the caller saw; a reason where one is asked for."""

    seen: int
    reason: str = ""


@router.get("/", auth=access.signed_in, response=PageOut)
def list_reports(request: AuthenticatedRequest, after: str | None = None, size: int = 30) -> dict[str, Any]:
    """Reports of the caller's units, newest first."""
    page = queries.report_page(_maker(request), after=after, size=size)
    return {"items": [_out(row) for row in page.items], "next": page.next}


@router.post("/", auth=access.signed_in, response={201: FullOut})
@access.idempotent
def make_report(request: HttpRequest, given: MakeIn) -> Status[dict[str, Any]]:
    """Make a draft."""
    actor = access.actor_of(request)
    period = Period(given.first, given.last) if given.first and given.last else None
    made = actions.make_report(
        actor=actor, source=given.source, kind=given.kind, unit=party_by_code(given.unit), day=given.day,
        period=period, about=given.about,
    )  # fmt: skip
    return Status(201, _full(made))


@router.get("/{public_id}", auth=access.signed_in, response=FullOut)
def read_report(request: AuthenticatedRequest, public_id: UUID) -> dict[str, Any]:
    """One report with its figures."""
    return _full(queries.report_for(_maker(request), public_id))


@router.get("/{public_id}/report.docx", auth=access.signed_in)
def read_docx(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """The report as DOCX, in Chinese."""
    found = queries.report_for(_maker(request), public_id)
    return HttpResponse(writing.docx_of(found, "zh-hans", _base(request)), content_type="application/octet-stream")


@router.get("/{public_id}/report.xlsx", auth=access.signed_in)
def read_xlsx(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """The report as XLSX, in Chinese."""
    found = queries.report_for(_maker(request), public_id)
    return HttpResponse(writing.xlsx_of(found, "zh-hans", _base(request)), content_type="application/octet-stream")


@router.post("/{public_id}/check", auth=access.signed_in, response=ReportOut)
def check_report(request: AuthenticatedRequest, public_id: UUID, given: SeenIn) -> dict[str, Any]:
    """A second person has read it."""
    return _out(actions.check_report(actor=_maker(request), report=public_id, seen=given.seen))


@router.post("/{public_id}/issue", auth=access.signed_in, response=ReportOut)
def issue_report(request: AuthenticatedRequest, public_id: UUID, given: SeenIn) -> dict[str, Any]:
    """Number a checked report."""
    return _out(actions.issue_report(actor=_maker(request), report=public_id, seen=given.seen))


@router.post("/{public_id}/withdraw", auth=access.signed_in, response=ReportOut)
def withdraw_report(request: AuthenticatedRequest, public_id: UUID, given: SeenIn) -> dict[str, Any]:
    """Take a report back, with a reason."""
    return _out(actions.withdraw_report(actor=_maker(request), report=public_id, seen=given.seen, reason=given.reason))


def _maker(request: AuthenticatedRequest) -> Any:
    if not request.actor.has_role(*queries.MAKERS):
        raise NotAllowed(accepted=", ".join(queries.MAKERS))
    return request.actor


def _base(request: HttpRequest) -> str:
    return request.build_absolute_uri("/").rstrip("/")


def _out(report: Report) -> dict[str, Any]:
    names = ("source", "kind", "title", "first", "last", "state", "number", "made_at", "version")
    return {"id": report.public_id, "unit": report.unit.code, **{name: getattr(report, name) for name in names}}


def _full(report: Report) -> dict[str, Any]:
    return {**_out(report), "sections": report.sections}
