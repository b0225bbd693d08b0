"""Pages of reports."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from groundplan.commons.reports import actions, queries, registry
from groundplan.commons.reports.logic.figures import cell_text
from groundplan.commons.reports.logic.periods import KINDS, Period
from groundplan.commons.reports.models import Report
from groundplan.commons.reports.pages.forms import LetterheadForm, MakeForm
from groundplan.commons.reports.queries import docx, writing
from groundplan.kernel.parties.access import AuthenticatedRequest, officer
from groundplan.kernel.parties.models import Party
from groundplan.kernel.parties.queries import party
from groundplan.lib.errors import GroundplanError

TYPES = {
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
STEPS = {"check": actions.check_report, "issue": actions.issue_report}


@officer(*queries.MAKERS)
@require_GET
def reports(request: AuthenticatedRequest) -> HttpResponse:
    """The reports of the reader's units, and the form for a new one."""
    return _list(request, MakeForm(units=queries.units_of(request.actor)))


@officer(*queries.MAKERS)
@require_POST
def make(request: AuthenticatedRequest) -> HttpResponse:
    """Make a draft."""
    form = MakeForm(request.POST, units=queries.units_of(request.actor))
    if not form.is_valid():
        return _list(request, form, status=422)
    given = form.cleaned_data
    period = Period(given["first"], given["last"]) if given["first"] and given["last"] else None
    try:
        made = actions.make_report(
            actor=request.actor, source=given["source"], kind=given["kind"], unit=party(given["unit"]),
            day=given["day"], period=period, about=form.about,
        )  # fmt: skip
    except GroundplanError as error:
        form.add_error(None, error.detail or str(error))
        return _list(request, form, status=error.status)
    return redirect("report-paper", made.public_id)


@officer(*queries.MAKERS)
@require_GET
def paper(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """One report as it reads, with its files and what is to be done with it."""
    found, language = queries.report_for(request.actor, public_id), _language()
    fields = writing.fields_of(found, language)
    parts = [_shown(section, language) for section in found.sections]
    context = {"report": found, "fields": fields, "parts": parts, "may": _may(request, found)}
    return render(request, "reports/paper.html", context)


@officer(*queries.MAKERS)
@require_GET
def download(request: AuthenticatedRequest, public_id: UUID, form: str) -> HttpResponse:
    """The report as DOCX or XLSX."""
    found, base = queries.report_for(request.actor, public_id), request.build_absolute_uri("/").rstrip("/")
    content = (writing.docx_of if form == "docx" else writing.xlsx_of)(found, _language(), base)
    return _file(content, f"{found.kind}-{found.first}-{found.last}.{form}", TYPES[form])


@officer(*queries.MAKERS)
@require_POST
def step(request: AuthenticatedRequest, public_id: UUID, what: str) -> HttpResponse:
    """Check, issue, withdraw a report, or keep its edited text."""
    given: dict[str, Any] = {
        "actor": request.actor, "report": public_id, "seen": int(request.POST.get("seen", "0")[:9] or 0)
    }  # fmt: skip
    try:
        if what == "withdraw":
            actions.withdraw_report(**given, reason=request.POST.get("reason", ""))
        elif what == "text":
            handed_in = request.FILES.get("text")
            content = handed_in.read(docx.LARGEST + 1) if handed_in else b""
            actions.keep_text(**given, content=content, name=str(handed_in.name) if handed_in else "")
        else:
            STEPS[what](**given)
    except GroundplanError as error:
        messages.error(request, error.detail or str(error))
    return redirect("report-paper", public_id)


@officer(*queries.MAKERS)
@require_POST
def schedule(request: AuthenticatedRequest) -> HttpResponse:
    """Have a report drafted by itself, or no longer."""
    given = request.POST
    hour = given.get("hour", "7")
    try:
        actions.set_schedule(
            actor=request.actor, source=given.get("source", ""), kind=given.get("kind", ""),
            unit=party(UUID(given.get("unit", ""))), active=given.get("active") == "1",
            hour=int(hour) if hour.isdecimal() and len(hour) < 3 else -1,  # noqa: PLR2004 - two digits.
        )  # fmt: skip
    except (GroundplanError, ValueError) as error:
        messages.error(request, str(error))
    return redirect("reports")


@officer("leader", "data_office")
def letterhead(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """How the papers of a unit look."""
    unit = _own(request, public_id)
    head = queries.letterhead_of(unit)
    form = LetterheadForm(
        request.POST or None, request.FILES or None,
        initial={"organ": head.organ.get("zh-hans"), "organ_en": head.organ.get("en"), "sign": head.sign},
    )  # fmt: skip
    if request.method == "POST" and form.is_valid() and _set_letterhead(request, unit, form):
        return redirect("reports")
    status = 422 if form.errors else 200
    return render(request, "reports/letterhead.html", {"unit": unit, "form": form, "head": head}, status=status)


@officer("leader", "data_office")
@require_GET
def template(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """The template that a unit's papers are made with, to be edited and handed in again."""
    own = queries.template_of(queries.letterhead_of(_own(request, public_id)))
    return _file(own or docx.shipped_template(), "letterhead.docx", TYPES["docx"])


def _own(request: AuthenticatedRequest, public_id: UUID) -> Party:
    unit = party(public_id)
    queries.require_unit(request.actor, unit, "leader", "data_office")
    return unit


def _set_letterhead(request: AuthenticatedRequest, unit: Party, form: LetterheadForm) -> bool:
    """Whether the letterhead could be set; the form says why not."""
    given = form.cleaned_data
    handed_in = given["template"]
    try:
        actions.set_letterhead(
            actor=request.actor, unit=unit, organ={"zh-hans": given["organ"], "en": given["organ_en"]},
            sign=given["sign"], template=handed_in.read(docx.LARGEST + 1) if handed_in else None,
        )  # fmt: skip
    except GroundplanError as error:
        form.add_error("template", error.detail or str(error))
        return False
    messages.success(request, _("红头设置已保存。"))
    return True


def _list(request: AuthenticatedRequest, form: MakeForm, status: int = 200) -> HttpResponse:
    page = queries.report_page(request.actor, after=request.GET.get("after"))
    context = {
        "page": page, "form": form, "kinds": KINDS, "sources": registry.sources,
        "units": queries.units_of(request.actor),
        "schedules": queries.schedules_for(request.actor),
        "may_head": request.actor.has_role("leader", "data_office"),
    }  # fmt: skip
    return render(request, "reports/list.html", context, status=status)


def _may(request: AuthenticatedRequest, report: Report) -> dict[str, bool]:
    checks = request.actor.covers(report.unit_id, *queries.CHECKERS)
    return {
        "edit": report.state == "draft",
        "check": checks and report.state == "draft" and report.made_by != request.actor.actor_id,
        "wait": report.state == "draft" and not (checks and report.made_by != request.actor.actor_id),
        "issue": checks and report.state == "checked",
        "withdraw": checks and report.state != "withdrawn",
    }


def _shown(section: dict[str, Any], language: str) -> dict[str, Any]:
    """A section for the page: cells in words, and the columns of its chart as a table of its own."""
    table, chart = section["table"], section["chart"]
    shown: dict[str, Any] = {**section, "rows": [], "chart_rows": []}
    if table:
        shown["rows"] = [
            [{"text": cell_text(cell, language), "url": cell["url"], "word": cell["kind"] == "text",
              "header": header} for cell, header in zip(row, table["headers"], strict=True)]
            for row in table["rows"]
        ]  # fmt: skip
    if chart and shown["rows"]:
        shown["chart_rows"] = [(row[0]["text"], row[chart["column"]]["text"]) for row in shown["rows"]]
    return shown


def _language() -> str:
    return "en" if (translation.get_language() or "").startswith("en") else "zh-hans"


def _file(content: bytes, name: str, kind: str) -> HttpResponse:
    return HttpResponse(content, content_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'})


urlpatterns = [
    path("reports", reports, name="reports"),
    path("reports/make", make, name="report-make"),
    path("reports/schedule", schedule, name="report-schedule"),
    path("reports/letterheads/<uuid:public_id>", letterhead, name="report-letterhead"),
    path("reports/letterheads/<uuid:public_id>/template.docx", template, name="report-template"),
    path("reports/<uuid:public_id>", paper, name="report-paper"),
    path("reports/<uuid:public_id>/report.docx", download, {"form": "docx"}, name="report-docx"),
    path("reports/<uuid:public_id>/report.xlsx", download, {"form": "xlsx"}, name="report-xlsx"),
    path("reports/<uuid:public_id>/check", step, {"what": "check"}, name="report-check"),
    path("reports/<uuid:public_id>/issue", step, {"what": "issue"}, name="report-issue"),
    path("reports/<uuid:public_id>/withdraw", step, {"what": "withdraw"}, name="report-withdraw"),
    path("reports/<uuid:public_id>/text", step, {"what": "text"}, name="report-text"),
]
