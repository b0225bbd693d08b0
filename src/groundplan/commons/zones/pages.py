"""The page of the exchange between two zones: state, pairing, packets, refused files."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from groundplan.commons.zones import actions, queries
from groundplan.commons.zones.logic.packet import REASONS
from groundplan.commons.zones.registry import READERS
from groundplan.kernel.parties import access
from groundplan.kernel.parties.access import AuthenticatedRequest
from groundplan.lib.errors import GroundplanError
from groundplan.lib.keyset import page

MOST_SHOWN = 20


@require_GET
@access.officer(*READERS)
def overview(request: AuthenticatedRequest) -> HttpResponse:
    """Where the exchange stands."""
    return _shown(request)


@require_GET
@access.officer(*READERS)
def key_file(_request: AuthenticatedRequest) -> HttpResponse:
    """This zone's public keys as a file."""
    queries.require_zone()
    headers = {"Content-Disposition": f'attachment; filename="zone-{queries.side()}.json"'}
    return HttpResponse(queries.key_file(), content_type="application/json", headers=headers)


@require_POST
@access.officer("system_admin")
def propose(request: AuthenticatedRequest) -> HttpResponse:
    """Bring the other zone's key file."""
    file = request.FILES.get("file")
    content = file.read(10_000) if file else b""
    return _do(
        request, lambda: actions.propose_zone(actor=request.actor, content=content), _("已提出配对，请安全管理员确认。")
    )


@require_POST
@access.officer("security_admin")
def confirm(request: AuthenticatedRequest) -> HttpResponse:
    """Confirm its fingerprint."""
    given = request.POST.get("fingerprint", "")[:200]
    return _do(request, lambda: actions.confirm_zone(actor=request.actor, fingerprint=given), _("配对已生效。"))


@require_POST
@access.officer("system_admin", "security_admin")
def end(request: AuthenticatedRequest) -> HttpResponse:
    """End the pairing."""
    return _do(request, lambda: actions.end_zone(actor=request.actor), _("配对已终止，本区密钥已作废。"))


def _do(request: AuthenticatedRequest, action: Any, done: str) -> HttpResponse:
    try:
        action()
    except GroundplanError as error:
        return _shown(request, error=error)
    messages.success(request, done)
    return redirect("zones")


def _shown(request: AuthenticatedRequest, error: GroundplanError | None = None) -> HttpResponse:
    found = page(queries.packets(request.actor), order=("-at", "-id"), after=request.GET.get("after"), size=MOST_SHOWN)
    refused = [(each, REASONS[each.reason]) for each in queries.refusals(request.actor)[:MOST_SHOWN]]
    context = {
        "state": queries.state(), "peer": queries.peer(), "page": found, "refused": refused, "error": error,
        "may_propose": request.actor.has_role("system_admin"), "may_confirm": request.actor.has_role("security_admin"),
    }  # fmt: skip
    return render(request, "zones/zones.html", context, status=error.status if error else 200)


urlpatterns = [
    path("zones", overview, name="zones"),
    path("zones/key", key_file, name="zones-key"),
    path("zones/propose", propose, name="zones-propose"),
    path("zones/confirm", confirm, name="zones-confirm"),
    path("zones/end", end, name="zones-end"),
]
