"""消息: the notices of the reader, and the bell."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path, reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from groundplan.kernel.notices import actions, queries
from groundplan.kernel.parties import access
from groundplan.portal import desk
from groundplan.portal.context import item
from groundplan.portal.navigation import registry


@access.person
def notices(request: HttpRequest) -> HttpResponse:
    """One's own notices, newest first; the whole page or the live part of it."""
    actor = access.actor_of(request)
    unread_only = request.GET.get("show") == "unread"
    page = queries.notices_for(actor, unread_only=unread_only, after=request.GET.get("after"), size=30)
    context = {"page": page, "unread_only": unread_only, "unread": queries.unread(actor)}
    context["waiting"] = desk.shown(desk.total(request)) if actor.scopes else None
    fragment = bool(request.headers.get("HX-Request"))
    return render(request, "notices/list.html" if fragment else "notices/notices.html", context)


@access.person
@require_POST
def open_notice(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Mark a notice as read and go to what it is about."""
    notice = actions.read_notice(actor=access.actor_of(request), public_id=public_id)
    if notice.url and url_has_allowed_host_and_scheme(notice.url, allowed_hosts=None):
        return redirect(notice.url)
    return redirect("notices")


@access.person
@require_POST
def read_all(request: HttpRequest) -> HttpResponse:
    """Mark all as read."""
    actions.read_all_notices(actor=access.actor_of(request))
    return redirect("notices")


@access.person
def bell(request: HttpRequest) -> HttpResponse:
    """The number of unread notices, as a fragment of the layout."""
    entry = next(entry for entry in registry.entries if entry.url_name == "notices")
    return render(request, "notices/bell.html", {"item": item(entry, reverse("notices"), request)})


urlpatterns: list[URLPattern] = [
    path("notices", notices, name="notices"),
    path("notices/read", read_all, name="notices-read-all"),
    path("notices/bell", bell, name="notices-bell"),
    path("notices/<uuid:public_id>", open_notice, name="notice"),
]
