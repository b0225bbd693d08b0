"""Pages of those who enter reports: the operator on the phone, the inspector on the street."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from groundplan.kernel.parties import access
from groundplan.kernel.parties.access import AuthenticatedRequest
from groundplan.lib.errors import GroundplanError
from groundplan.lib.identity import uuid7
from groundplan.systems.incidents import actions, queries
from groundplan.systems.incidents.pages.forms import IntakeForm, PatrolForm

SHORTEST = 4


@require_http_methods(["GET", "POST"])
@access.officer("operator")
def intake(request: AuthenticatedRequest) -> HttpResponse:
    """Enter a call: the caller's history and likely duplicates appear while it is typed."""
    form = IntakeForm(
        request.POST or None, initial={"key": uuid7().hex, "reporter_phone": request.GET.get("phone", "")}
    )
    if request.method == "POST" and form.is_valid():
        asked = {name: value for name, value in form.cleaned_data.items() if name not in ("longitude", "latitude")}
        return _enter(
            request, "incidents/intake.html", form, channel="phone", flow="hotline", point=form.point(), **asked
        )
    return render(request, "incidents/intake.html", {"form": form}, status=422 if form.errors else 200)


@require_GET
@access.officer("operator")
def caller(request: AuthenticatedRequest) -> HttpResponse:
    """What this caller has reported before."""
    found = queries.caller_history(request.actor, request.GET.get("reporter_phone", "")[:40])
    return render(request, "incidents/caller_part.html", {"history": found})


@require_GET
@access.officer("operator", "inspector", "grid_worker")
def likely(request: AuthenticatedRequest) -> HttpResponse:
    """Earlier reports that may be the same, and the category that the text speaks of."""
    text = request.GET.get("text", "")[:2000]
    found = (
        queries.likely_for_text(request.actor, text, request.GET.get("place", "")[:300])
        if len(text) >= SHORTEST
        else []
    )
    kind, code, certainty = queries.proposed_category(("hotline",), text)
    proposed = queries.category((kind,), code) if code else None
    context = {"likely": found, "proposed": proposed, "certainty": round(certainty * 100)}
    return render(request, "incidents/likely_part.html", context)


@require_http_methods(["GET", "POST"])
@access.officer("inspector", "grid_worker")
def patrol(request: AuthenticatedRequest) -> HttpResponse:
    """Report what was found on the street."""
    form = PatrolForm(request.POST or None, request.FILES or None, initial={"key": uuid7().hex})
    if request.method == "POST" and form.is_valid():
        asked = form.cleaned_data
        kind, _colon, code = asked["category"].partition(":")
        return _enter(
            request, "incidents/patrol.html", form,
            channel="inspector" if request.actor.has_role("inspector") else "grid", flow="city-management",
            kind=kind, category=code, point=form.point(), files=[(file.name, file.read()) for file in asked["photos"]],
            **{name: asked[name] for name in ("text", "component", "urgency", "place", "key")},
        )  # fmt: skip
    return render(request, "incidents/patrol.html", {"form": form}, status=422 if form.errors else 200)


def _enter(request: AuthenticatedRequest, template: str, form: Any, **report: Any) -> HttpResponse:
    try:
        receipt = actions.report_incident(actor=request.actor, **report)
    except GroundplanError as error:
        form.add_error(None, " ".join(part for part in (error.detail or str(error), error.next_step) if part))
        return render(request, template, {"form": form}, status=error.status)
    messages.success(
        request,
        _("已受理：%(number)s，查询码 %(code)s。") % {"number": receipt.number, "code": receipt.code},
    )
    for other in queries.seen_likely(request.actor, receipt.incident):
        messages.warning(request, _("可能重复：%(number)s。") % {"number": other["number"]})
    return redirect(request.path)
