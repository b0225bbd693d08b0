"""What apps above may use of signing in: letting somebody in whom another house has confirmed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from groundplan.kernel.parties import registry as parties
from groundplan.kernel.parties.models import User
from groundplan.kernel.signin.pages import sessions
from groundplan.lib import clock


def let_in(request: HttpRequest, user: User, target: str, *, strong: bool) -> HttpResponse:
    """Open the session of somebody whom another house has confirmed; the account's own second factor still counts.

    Args:
        request: the browser.
        user: whose account it opens.
        target: where they were going; only pages of ours are gone to.
        strong: whether the house's second factor stands for ours.
    """
    if not strong:
        further = parties.after_password(request, user, target)
        if further is not None:
            return further
    sessions.open_session(request, user, by="house" if strong else "")
    return redirect(sessions.ours(request, target))


def shown_at(request: HttpRequest) -> datetime:
    """When the reader last showed who they are in this session."""
    since = request.session.get("signin-confirmed")
    return datetime.fromtimestamp(float(since), UTC) if since else clock.world()


def shown_within(request: HttpRequest, age: timedelta) -> bool:
    """Whether the reader showed who they are within this time."""
    since = request.session.get("signin-confirmed")
    return since is not None and clock.world() - datetime.fromtimestamp(float(since), UTC) <= age


def methods(request: HttpRequest) -> tuple[str, ...]:
    """By what they showed it (RFC 8176)."""
    by = str(request.session.get("signin-factor", ""))
    return ("pwd", "mfa") if by else ("pwd",)
