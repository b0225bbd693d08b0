"""Signing in, or tying one's account, by a house outside."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from groundplan.kernel.identity import actions
from groundplan.kernel.identity.errors import SourceNotFound
from groundplan.kernel.identity.models import Source
from groundplan.kernel.parties import access
from groundplan.kernel.signin import registry as signin
from groundplan.lib.errors import GroundplanError

KEPT = "identity-going"


@never_cache
@require_GET
def sign_in_with(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Send the browser to a source, to come back signed in."""
    return _sent(request, public_id, {"next": request.GET.get("next", "")[:2000]})


@access.person
@never_cache
@require_POST
def tie_with(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Lead to a source, to come back with the account tied; a link, since a form may not end outside."""
    sent = _sent(request, public_id, {"tie": access.actor_of(request).actor_id})
    address = sent.headers.get("Location", "")
    return render(request, "identity/tie.html", {"address": address}) if address else sent


@never_cache
@require_GET
def come_back(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """The browser is back: let it in, or say why not; what was remembered serves once."""
    kept: dict[str, Any] | None = request.session.pop(KEPT, None)
    try:
        source = _source(public_id)
        outsider = actions.come_back(source=source, kept=kept, asked=request.GET.dict())
        if kept and kept.get("tie"):
            return _tied(request, source, outsider, kept["tie"])
        user = actions.come_in(source=source, outsider=outsider)
    except GroundplanError as error:
        return render(request, "identity/not_in.html", {"error": error}, status=error.status)
    strong = source.is_strong and outsider.strong
    return signin.let_in(request, user, (kept or {}).get("next", ""), strong=strong)


def _tied(request: HttpRequest, source: Source, outsider: Any, wanted: str) -> HttpResponse:
    actor = access.actor_of(request)
    # Somebody else has signed in in this browser meanwhile: nothing is tied to their account.
    if actor.actor_id != wanted:
        return redirect("sign-in")
    actions.tie_own_account(actor=actor, source=source, outsider=outsider)
    messages.success(request, _("已绑定，以后可以用“%(name)s”登录。") % {"name": source})
    return redirect("my-identities")


def _sent(request: HttpRequest, public_id: UUID, more: dict[str, str]) -> HttpResponse:
    back = request.build_absolute_uri(reverse("sign-in-back", args=[public_id]))
    try:
        address, kept = actions.send_out(source=_source(public_id), back=back)
    except GroundplanError as error:
        return render(request, "identity/not_in.html", {"error": error}, status=error.status)
    request.session[KEPT] = {**kept, **more}
    return redirect(address)


def _source(public_id: UUID) -> Source:
    found = Source.objects.filter(public_id=public_id, state="active").first()
    if found is None:
        raise SourceNotFound(_("没有这种登录方式，或已停用。"))
    return found


urlpatterns: list[URLPattern] = [
    path("sign-in/with/<uuid:public_id>", sign_in_with, name="sign-in-with"),
    path("sign-in/back/<uuid:public_id>", come_back, name="sign-in-back"),
    path("account/identities/<uuid:public_id>/tie", tie_with, name="tie-with"),
]
