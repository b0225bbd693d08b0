"""Pages of appraisal: objections on a case, samples for audit, replies with doubts."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from groundplan.commons.knowledge.queries import EDITORS
from groundplan.kernel.cases.models import Case
from groundplan.kernel.parties import access
from groundplan.kernel.parties.access import AuthenticatedRequest, actor_of
from groundplan.lib import clock
from groundplan.lib.errors import GroundplanError
from groundplan.systems.incidents import actions, queries
from groundplan.systems.incidents.logic.rates import INDICATORS
from groundplan.systems.incidents.pages.hotline.forms import DrawForm, ObjectionForm, shown
from groundplan.systems.incidents.pages.statistics import period_of
from groundplan.systems.incidents.queries.hotline.replies import LABELS


@require_POST
@access.officer()
def contest(request: AuthenticatedRequest, case_id: UUID) -> HttpResponse:
    """Object to what a case counts for, and go to the objection."""
    form = ObjectionForm(request.POST)
    if form.is_valid():
        try:
            made = actions.contest_appraisal(actor=request.actor, case=case_id, **form.cleaned_data)
        except GroundplanError as error:
            form.add_error(None, error.detail or str(error))
        else:
            messages.success(request, _("考核异议已提交，由热线办另一人审核。"))
            return redirect("case", made.case.public_id)
    for errors in form.errors.values():
        messages.error(request, " ".join(str(error) for error in errors))
    return redirect("case", case_id)


@require_http_methods(["GET", "POST"])
@access.officer("dispatcher", "supervisor")
def audits(request: AuthenticatedRequest) -> HttpResponse:
    """The samples drawn so far, and a form to draw one."""
    today = timezone.localtime(clock.now()).date()
    form = DrawForm(request.POST or None, initial={"start": today.replace(day=1), "end": today})
    if request.method == "POST" and form.is_valid():
        try:
            return redirect("hotline-audit", _drawn(request, form.cleaned_data).public_id)
        except GroundplanError as error:
            form.add_error(None, error.detail or str(error))
    context = {"form": form, "draws": queries.draws(request.actor)[:50]}
    return render(request, "incidents/hotline/audits.html", context, status=422 if form.errors else 200)


@require_GET
@access.officer("dispatcher", "supervisor")
def audit(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """One sample: seed, population and its cases with their results."""
    draw = queries.draw_for(request.actor, public_id)
    rows = draw.cases.select_related("about", "case", "unit").order_by("position")
    context = {"draw": draw, "rows": rows, "same": queries.redrawn(draw), "population": len(draw.population)}
    return render(request, "incidents/hotline/audit.html", context)


@require_GET
@access.officer("dispatcher", "supervisor")
def replies(request: AuthenticatedRequest) -> HttpResponse:
    """The replies of a period with what is doubtful about them."""
    period = period_of(request)
    every = request.GET.get("all") == "1"
    rows = queries.replies(request.actor, start=period.start, end=period.end, doubtful=False)
    doubtful = [row for row in rows if row.findings]
    context = {"period": period, "rows": (rows if every else doubtful)[:500], "every": every}
    context |= {"checked": len(rows), "doubtful": len(doubtful)}
    return render(request, "incidents/hotline/replies.html", context)


def hotline_panel(request: HttpRequest, case: Case) -> tuple[str, dict[str, Any]] | None:
    """The panel of a hotline case: type's rules, first receiver, reply check, objections."""
    actor = actor_of(request)
    units = queries.contestable_units(actor, case) if case.state in ("open", "suspended", "closed") else []
    named = {indicator.key: indicator.label for indicator in INDICATORS}
    return "incidents/hotline/panel.html", {
        "case": case,
        "rule": queries.type_rule(str(case.data.get("type") or "")),
        "first": queries.first_receiver(case),
        "findings": [LABELS[key] for key in queries.reply_findings(case)],
        "objections": [(row, named.get(row.indicator)) for row in queries.objections_on(actor, case)],
        "form": ObjectionForm(auto_id="objection-%s") if units else None,
        "unit": units[0] if units else None,
        "teaches": case.state == "closed" and case.data.get("may_publish") is True and actor.has_role(*EDITORS),
    }


def audit_panel(request: HttpRequest, case: Case) -> tuple[str, dict[str, Any]] | None:  # noqa: ARG001 - a panel maker.
    """The panel of an audit or objection: the case that it is about."""
    linked = getattr(case, "audit", None) if case.flow == "hotline-audit" else getattr(case, "objection", None)
    if linked is None:
        return None
    named = {indicator.key: shown(indicator.label) for indicator in INDICATORS}
    findings = [LABELS[key] for key in queries.reply_findings(linked.about)]
    figure = named.get(getattr(linked, "indicator", ""), "")
    return "incidents/hotline/about.html", {"about": linked.about, "findings": findings, "figure": figure}


def _drawn(request: AuthenticatedRequest, asked: dict[str, Any]) -> Any:
    zone = timezone.get_current_timezone()
    return actions.draw_sample(
        actor=request.actor,
        start=datetime.combine(asked["start"], time(0), tzinfo=zone),
        end=datetime.combine(asked["end"] + timedelta(days=1), time(0), tzinfo=zone),
        size=asked["size"],
        unit=asked["unit"].strip(),
        seed=asked["seed"],
    )
