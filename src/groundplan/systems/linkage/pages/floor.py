"""The page of a response: tasks, log, warnings, level, end, report."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from groundplan.kernel.parties import access
from groundplan.kernel.parties.access import AuthenticatedRequest
from groundplan.lib.errors import GroundplanError
from groundplan.systems.linkage import actions, queries
from groundplan.systems.linkage.logic import report
from groundplan.systems.linkage.models import Response
from groundplan.systems.linkage.pages.forms import EndForm, LevelForm, LogForm, WarningForm, spoken
from groundplan.systems.linkage.queries.reporting import report_sections

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


@require_GET
@access.officer()
def show_response(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """A response as it stands now."""
    return _page(request, queries.response_for(request.actor, public_id))


@require_GET
@access.officer()
def live(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """Tasks and log anew, after something happened."""
    response = queries.response_for(request.actor, public_id)
    return render(request, "linkage/_live.html", _standing(response))


@require_POST
@access.officer()
def write(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """Write a line of the log."""
    form = LogForm(request.POST)
    return _do(request, public_id, form, lambda asked: actions.write_log(
        actor=request.actor, response=public_id, text=asked["text"]))  # fmt: skip


@require_POST
@access.officer(*queries.COMMANDING)
def level(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """Raise or lower the level."""
    response = queries.response_for(request.actor, public_id)
    form = LevelForm(queries.plan_of(response.plan), request.POST)
    return _do(request, public_id, form, lambda asked: actions.change_level(
        actor=request.actor, response=public_id, seen=_seen(request), **asked))  # fmt: skip


@require_POST
@access.officer(*queries.COMMANDING)
def draft(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """Draft a warning."""
    form = WarningForm(request.POST)
    return _do(request, public_id, form, lambda asked: actions.draft_warning(
        actor=request.actor, response=public_id, **asked))  # fmt: skip


@require_POST
@access.officer(*queries.COMMANDING)
def end(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """End the response."""
    form = EndForm(request.POST)
    return _do(request, public_id, form, lambda asked: actions.end_response(
        actor=request.actor, response=public_id, seen=_seen(request), **asked))  # fmt: skip


@require_POST
@access.officer(*queries.COMMANDING)
def decide(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """Approve or refuse a warning."""
    found = actions.decide_warning(
        actor=request.actor, warning=public_id, approve=request.POST.get("decision") == "approve",
        reason=request.POST.get("reason", ""),
    )  # fmt: skip
    messages.success(request, _("已审批。"))
    return redirect("linkage-response", public_id=found.response.public_id)


@require_GET
@access.officer()
def warning_file(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """A warning as CAP 1.2."""
    found, content = queries.warning_xml(request.actor, public_id)
    headers = {"Content-Disposition": f'attachment; filename="cap-{found.public_id}.xml"'}
    return HttpResponse(content, content_type="application/cap+xml", headers=headers)


@require_GET
@access.officer()
def report_page(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """The report, written from the record."""
    response = queries.response_for(request.actor, public_id)
    return render(request, "linkage/report.html", {"response": response, "sections": report_sections(response)})


@require_GET
@access.officer()
def report_file(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """The report as an editable document."""
    response = queries.response_for(request.actor, public_id)
    title = _("%(plan)s总结报告") % {"plan": spoken(response.plan.label)}
    lead = f"{response.number} · {spoken(response.commander.name)}"
    content = report.write_docx(
        title, lead, _("演练") if response.exercise else "", report_sections(response), get_language() or "zh-hans"
    )
    headers = {"Content-Disposition": f'attachment; filename="{response.number}.docx"'}
    return HttpResponse(content, content_type=DOCX, headers=headers)


def _do(request: AuthenticatedRequest, public_id: UUID, form: Any, act: Any) -> HttpResponse:
    """Act on a valid form and go back; what is refused is said on the page."""
    if form.is_valid():
        try:
            act(form.cleaned_data)
        except GroundplanError as error:
            messages.error(request, " ".join(part for part in (error.detail or str(error), error.next_step) if part))
            return _page(request, queries.response_for(request.actor, public_id), status=error.status)
        return redirect("linkage-response", public_id=public_id)
    for errors in form.errors.values():
        messages.error(request, " ".join(str(error) for error in errors))
    return _page(request, queries.response_for(request.actor, public_id), status=422)


def _page(request: AuthenticatedRequest, response: Response, status: int = 200) -> HttpResponse:
    plan = queries.plan_of(response.plan)
    words = {"headline": spoken(response.plan.label)}
    if plan.warning and plan.warning.instruction:
        words["instruction"] = spoken(dict(plan.warning.instruction))
    context = {
        **_standing(response), "log_form": LogForm(), "end_form": EndForm(), "level_form": LevelForm(plan),
        "warning_form": WarningForm(initial=words) if plan.warning else None,
        "commands": queries.commands(request.actor, response.commander_id), "me": request.actor.actor_id,
    }  # fmt: skip
    return render(request, "linkage/response.html", context, status=status)


def _standing(response: Response) -> dict[str, Any]:
    plan, tasks = queries.plan_of(response.plan), queries.tasks_of(response)
    warnings = [
        {"it": each, "kind": report.WARNING_KINDS[each.kind], "state": report.WARNING_STATES[each.state]}
        for each in queries.warnings_of(response)
    ]
    return {
        "response": response, "plan": plan, "level": plan.levels[response.level],  # type: ignore[index]
        "tasks": [(task, report.STATES[task.state]) for task in tasks],
        "totals": [(each, report.KINDS[each.kind]) for each in queries.totals_of(each.task for each in tasks)],
        "log": queries.log_of(response), "warnings": warnings,
    }  # fmt: skip


def _seen(request: AuthenticatedRequest) -> int | None:
    text = request.POST.get("seen", "")
    return int(text) if text.isdecimal() and len(text) < 10 else None  # noqa: PLR2004 - no version is longer.
