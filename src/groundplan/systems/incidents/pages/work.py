"""Pages of those who report from the street: inspectors and grid workers."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from groundplan.kernel.parties import access
from groundplan.kernel.parties.access import AuthenticatedRequest
from groundplan.lib.errors import GroundplanError
from groundplan.lib.identity import uuid7
from groundplan.systems.incidents import actions, queries
from groundplan.systems.incidents.pages.forms import PatrolForm


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
