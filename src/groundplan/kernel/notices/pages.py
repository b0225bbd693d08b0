"""消息: the notices of the reader, and the bell."""

from __future__ import annotations

import datetime as dt
from contextlib import suppress
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path, reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from groundplan.kernel.notices import actions, logic, queries
from groundplan.kernel.notices.errors import ChannelInvalid
from groundplan.kernel.parties import access
from groundplan.kernel.parties.queries import Actor
from groundplan.lib.errors import GroundplanError
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


@access.officer("system_admin")
@require_GET
def channels(request: HttpRequest) -> HttpResponse:
    """The channels out of the house and what became of their messages."""
    return render(request, "notices/channels.html", _shown())


@access.officer("system_admin")
@require_POST
def add_channel(request: HttpRequest) -> HttpResponse:
    """Set up a channel."""
    form = {name: request.POST.get(name, "") for name in FIELDS}
    options = {name: request.POST.get(name, "") for name in OPTIONS}
    try:
        actions.create_channel(
            actor=access.actor_of(request),
            **form,
            options=options,
            with_text="with_text" in request.POST,
            todos="todos" in request.POST,
        )
    except GroundplanError as error:
        context = {**_shown(), "form": {**form, **options, "secret": ""}, "error": error}
        return render(request, "notices/channels.html", context, status=error.status)
    return redirect("notice-channels")


@access.officer("system_admin")
@require_POST
def change_channel(request: HttpRequest, channel: UUID, change: str) -> HttpResponse:
    """Pause, resume or end a channel, or send its dead letters again."""
    actor = access.actor_of(request)
    if change == "replay":
        count = actions.replay_deliveries(actor=actor, channel=channel)
        messages.success(request, _("%(count)s 条消息将重新投递。") % {"count": count})
    else:
        actions.change_channel(actor=actor, channel=channel, change=change)
    return redirect("notice-channels")


@access.officer("system_admin")
@require_POST
def try_channel(request: HttpRequest, channel: UUID) -> HttpResponse:
    """Send a test message."""
    try:
        failed = actions.try_channel(actor=access.actor_of(request), channel=channel, to=request.POST.get("to", ""))
    except ChannelInvalid as error:
        messages.error(request, error.detail)
        return redirect("notice-channels")
    if failed:
        messages.error(request, _("测试消息未被接收：%(reason)s") % {"reason": failed})
    else:
        messages.success(request, _("测试消息已被接收。"))
    return redirect("notice-channels")


@access.person
@require_http_methods(["GET", "POST"])
def preference(request: HttpRequest) -> HttpResponse:
    """Where one is told outside the house, and when not."""
    actor, error = access.actor_of(request), None
    if request.method == "POST":
        try:
            actions.set_preference(actor=actor, **_wanted(request))
            messages.success(request, _("已保存。"))
            return redirect("notice-preference")
        except ChannelInvalid as refused:
            error = refused
    context = {"error": error, **_preference(actor)}
    return render(request, "notices/preference.html", context, status=422 if error else 200)


FIELDS = ("kind", "name", "address", "secret")
OPTIONS = ("sign_name", "template", "corp_id", "agent_id", "app_key", "tenant_id", "sender", "account")


def _shown() -> dict[str, Any]:
    return {"rows": queries.channel_statuses(), "kinds": logic.KINDS}


def _preference(actor: Actor) -> dict[str, Any]:
    row, addresses = queries.preference_of(actor)
    kinds = [
        {"key": key, "label": label, "address": addresses.get(key, ""), "off": bool(row and key in row.off)}
        for key, label in logic.KINDS.items()
    ]
    return {"row": row, "kinds": kinds}


def _wanted(request: HttpRequest) -> dict[str, Any]:
    def hour(name: str) -> dt.time | None:
        with suppress(ValueError):
            return dt.time.fromisoformat(request.POST.get(name, "")).replace(tzinfo=None)
        return None

    return {
        "addresses": {kind: request.POST.get(f"address-{kind}", "") for kind in logic.KINDS},
        "off": [kind for kind in logic.KINDS if f"on-{kind}" not in request.POST],
        "quiet_from": hour("quiet_from"),
        "quiet_until": hour("quiet_until"),
    }


urlpatterns: list[URLPattern] = [
    path("notices", notices, name="notices"),
    path("notices/read", read_all, name="notices-read-all"),
    path("notices/bell", bell, name="notices-bell"),
    path("notices/preference", preference, name="notice-preference"),
    path("notices/channels", channels, name="notice-channels"),
    path("notices/channels/add", add_channel, name="notice-channel-add"),
    path("notices/channels/<uuid:channel>/try", try_channel, name="notice-channel-try"),
    *(
        path(
            f"notices/channels/<uuid:channel>/{change}", change_channel, {"change": change}, f"notice-channel-{change}"
        )
        for change in ("pause", "resume", "end", "replay")
    ),
    path("notices/<uuid:public_id>", open_notice, name="notice"),
]
