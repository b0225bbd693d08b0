"""Pages of plans: list, import, one version, approve, start."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from groundplan.kernel.parties import access
from groundplan.kernel.parties.access import AuthenticatedRequest
from groundplan.lib.errors import GroundplanError
from groundplan.lib.identity import uuid7
from groundplan.lib.keyset import page
from groundplan.systems.linkage import actions, queries
from groundplan.systems.linkage.errors import PlanInvalid
from groundplan.systems.linkage.logic.plan import MOST_BYTES, span_words
from groundplan.systems.linkage.logic.workbook import template
from groundplan.systems.linkage.models import PlanVersion
from groundplan.systems.linkage.pages.forms import PlanFileForm, StartForm

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FLOOR = ("dispatcher", "supervisor", "leader", "handler")
COMMANDING = queries.COMMANDING


@require_GET
@access.officer(*FLOOR)
def overview(request: AuthenticatedRequest) -> HttpResponse:
    """Responses under way, suggestions, plans."""
    found = page(
        queries.responses_for(request.actor), order=("-started_at", "-id"), after=request.GET.get("after"), size=20
    )
    plans = list(queries.plans_for(request.actor).exclude(state="retired").order_by("key", "-number"))
    context = {
        "page": found, "plans": plans, "suggestions": queries.suggestions_for(request.actor)[:10],
        "figures": queries.figures(request.actor), "commanding": request.actor.has_role(*COMMANDING),
    }  # fmt: skip
    return render(request, "linkage/overview.html", context)


@require_GET
@access.officer(*COMMANDING)
def template_file(_request: AuthenticatedRequest) -> HttpResponse:
    """The workbook to fill in."""
    headers = {"Content-Disposition": 'attachment; filename="linkage-plan.xlsx"'}
    return HttpResponse(template(), content_type=XLSX, headers=headers)


@require_http_methods(["GET", "POST"])
@access.officer(*COMMANDING)
def import_file(request: AuthenticatedRequest) -> HttpResponse:
    """Import a plan as a draft; what is wrong is listed place by place."""
    form, problems = PlanFileForm(request.POST or None, request.FILES or None), []
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        try:
            made = actions.import_plan(actor=request.actor, content=file.read(MOST_BYTES + 1), filename=file.name)
        except PlanInvalid as refused:
            problems = refused.extra.get("problems", [])
            form.add_error("file", refused.detail)
        else:
            return redirect("linkage-plan", public_id=made.public_id)
    context = {"form": form, "problems": problems}
    return render(request, "linkage/import.html", context, status=422 if form.errors else 200)


@require_GET
@access.officer(*COMMANDING)
def show_plan(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """One version of a plan, with what starting it would do."""
    version = queries.plan_version(request.actor, public_id)
    return _plan_page(request, version, StartForm(queries.plan_of(version), initial={"key": uuid7().hex}))


@require_POST
@access.officer(*COMMANDING)
def approve(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """Approve a draft."""
    actions.approve_plan(actor=request.actor, version=public_id)
    messages.success(request, _("已批准，即时生效。"))
    return redirect("linkage-plan", public_id=public_id)


@require_POST
@access.officer(*COMMANDING)
def retire(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """Withdraw a draft, or take a plan out of force."""
    actions.retire_plan(actor=request.actor, version=public_id, reason=request.POST.get("reason", ""))
    messages.success(request, _("已停用。"))
    return redirect("linkage")


@require_POST
@access.officer(*COMMANDING)
def start(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """直启."""
    version = queries.plan_version(request.actor, public_id)
    form = StartForm(queries.plan_of(version), request.POST)
    if not form.is_valid():
        return _plan_page(request, version, form, status=422)
    try:
        made = actions.start_plan(actor=request.actor, plan=public_id, **form.cleaned_data)
    except GroundplanError as error:
        form.add_error(None, " ".join(part for part in (error.detail or str(error), error.next_step) if part))
        return _plan_page(request, version, form, status=error.status)
    return redirect("linkage-response", public_id=made.public_id)


def _plan_page(request: AuthenticatedRequest, version: PlanVersion, form: Any, status: int = 200) -> HttpResponse:
    plan = queries.plan_of(version)
    tasks = [
        {"task": task, "role": plan.roles[task.role], "levels": "、".join(plan.levels_of(task)),
         "limit": span_words(task.limit), "sign_limit": span_words(task.sign_limit),
         "unit": queries.unit_of(task, district="", street="") if task.unit.party else None}
        for task in plan.tasks
    ]  # fmt: skip
    context = {
        "version": version, "plan": plan, "tasks": tasks, "form": form, "levels": plan.ordered,
        "totals": queries.totals_of(plan.tasks),
        "may_approve": version.state == "draft" and version.drafted_by != request.actor.actor_id,
    }  # fmt: skip
    return render(request, "linkage/plan.html", context, status=status)
