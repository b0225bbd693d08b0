"""Signing in and out: lockout after failures, a new session key, a record of each without personal data."""

from __future__ import annotations

from typing import Any

from axes.helpers import get_cool_off
from django.conf import settings
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from groundplan.kernel.parties.actions._duty import record
from groundplan.kernel.parties.models import User
from groundplan.kernel.parties.queries import SYSTEM, actor_for_user
from groundplan.lib import crypto


def hashed_name(request: HttpRequest | None, credentials: dict[str, Any] | None = None) -> str:
    """What the lockout table keeps instead of the name: mistyped names are often passwords."""
    name = (credentials or {}).get("username") or (request.POST.get("username", "") if request else "")
    return crypto.keyed_hash(str(name).strip().casefold(), purpose="sign-in").hex()


def locked_out(request: HttpRequest, credentials: Any = None, *args: Any, **kwargs: Any) -> HttpResponse:  # noqa: ARG001
    """The page that says why signing in is paused, for how long, and what to do."""
    pause = get_cool_off(request)
    context = {
        "minutes": int(pause.total_seconds() // 60) if pause else 0,
        "limit": settings.AXES_FAILURE_LIMIT,
    }
    return render(request, "parties/locked_out.html", context, status=429)


def record_sign_in(sender: Any, request: HttpRequest, user: User, **kwargs: Any) -> None:  # noqa: ARG001
    """Leave a record that a user signed in."""
    with transaction.atomic():
        record(actor_for_user(user), "parties.sign_in", f"user:{user.actor_id}")


def record_sign_out(sender: Any, request: HttpRequest, user: User | None, **kwargs: Any) -> None:  # noqa: ARG001
    """Leave a record that a user signed out."""
    if user is not None:
        with transaction.atomic():
            record(actor_for_user(user), "parties.sign_out", f"user:{user.actor_id}")


def record_failure(sender: Any, credentials: dict[str, Any], **kwargs: Any) -> None:  # noqa: ARG001
    """Leave a record that signing in to an existing account failed; guesses at names would only flood the log."""
    user = User.objects.filter(username=str(credentials.get("username", ""))[:64]).first()
    if user is not None:
        with transaction.atomic():
            record(SYSTEM, "parties.refuse_sign_in", f"user:{user.actor_id}")


def connect() -> None:
    """Listen to Django's sign-in signals; called once from ``AppConfig.ready()``."""
    user_logged_in.connect(record_sign_in, dispatch_uid="parties.sign_in")
    user_logged_out.connect(record_sign_out, dispatch_uid="parties.sign_out")
    user_login_failed.connect(record_failure, dispatch_uid="parties.sign_in_failed")
