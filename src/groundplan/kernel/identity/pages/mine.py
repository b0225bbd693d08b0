"""登录绑定: one's own ties to houses outside, and what one lets applications know."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from groundplan.kernel.identity import actions, queries
from groundplan.kernel.identity.logic import words
from groundplan.kernel.parties import access


@access.person
def identities(request: HttpRequest) -> HttpResponse:
    """Ties, sources that can be tied, consents."""
    actor = access.actor_of(request)
    ties = queries.ties_of(actor)
    tied = {row.source_id for row in ties}
    consents = [(row, [words.SCOPES[each] for each in row.scope.split()]) for row in queries.consents_of(actor)]
    open_sources = [row for row in queries.open_sources() if row.pk not in tied]
    return render(request, "identity/mine.html", {"ties": ties, "sources": open_sources, "consents": consents})


@access.person
@require_POST
def untie(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """End a tie."""
    actions.untie(actor=access.actor_of(request), tie=public_id)
    messages.success(request, _("已解除绑定。"))
    return redirect("my-identities")


@access.person
@require_POST
def take_back(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Take a consent back."""
    actions.take_consent_back(actor=access.actor_of(request), consent=public_id)
    messages.success(request, _("已撤回授权，该应用的登录令牌立即失效。"))
    return redirect("my-identities")


urlpatterns: list[URLPattern] = [
    path("account/identities", identities, name="my-identities"),
    path("account/identities/ties/<uuid:public_id>/end", untie, name="tie-end"),
    path("account/identities/consents/<uuid:public_id>/end", take_back, name="consent-end"),
]
