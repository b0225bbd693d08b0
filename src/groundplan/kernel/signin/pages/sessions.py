"""What the session knows of a sign-in: a password that waits for its second step, and when identity was last shown."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth import login
from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from groundplan.kernel.parties.models import User
from groundplan.kernel.signin.logic.passkeys import Site
from groundplan.lib import clock

# How long a right password waits for its second step, and how long shown identity lets factors be changed.
WAITING = timedelta(minutes=5)
CONFIRMED = timedelta(minutes=10)
BACKEND = "django.contrib.auth.backends.ModelBackend"


def wait(request: HttpRequest, user: User, target: str) -> None:
    """Remember that a password was right, under a new session key."""
    request.session.cycle_key()
    request.session["signin-waiting"] = {
        "user": user.pk,
        "since": clock.world().timestamp(),
        "next": target,
        "hash": user.get_session_auth_hash(),
    }


def waiting(request: HttpRequest) -> tuple[User, str] | None:
    """Who waits for the second step, and where they were going; None when nobody does any more."""
    kept: dict[str, Any] | None = request.session.get("signin-waiting")
    if kept is None or _age(kept["since"]) > WAITING:
        return None
    user = User.objects.filter(pk=kept["user"], is_active=True).first()
    # A password that was changed meanwhile opens nothing.
    if user is None or user.get_session_auth_hash() != kept["hash"]:
        return None
    return user, kept["next"]


def open_session(request: HttpRequest, user: User, *, by: str = "") -> None:
    """Sign in, or strengthen the session of somebody who is."""
    request.session.pop("signin-waiting", None)
    if request.user.pk != user.pk:
        login(request, user, backend=BACKEND)
    else:
        request.session.cycle_key()
    strengthen(request, by)


def strengthen(request: HttpRequest, by: str) -> None:
    """Remember that identity was shown now, and by which second factor."""
    request.session["signin-confirmed"] = clock.world().timestamp()
    if by:
        request.session["signin-factor"] = by


def passed(request: HttpRequest) -> bool:
    """Whether this session has shown a second factor."""
    return bool(request.session.get("signin-factor"))


def confirmed(request: HttpRequest) -> bool:
    """Whether identity was shown a moment ago."""
    return _age(request.session.get("signin-confirmed", 0)) < CONFIRMED


def site(request: HttpRequest) -> Site:
    """The site as this browser sees it; its name was checked against GROUNDPLAN_HOSTS."""
    host = request.get_host()
    name = host.rpartition(":")[0] if host.rpartition(":")[2].isdigit() else host
    return Site(name, f"{request.scheme}://{host}", _("城基"))


def ours(request: HttpRequest, target: str) -> str:
    """Where the reader was going, if it is one of our pages."""
    safe = url_has_allowed_host_and_scheme(target, {request.get_host()})
    return target if safe and target else str(settings.LOGIN_REDIRECT_URL)


def _age(since: float) -> timedelta:
    return timedelta(seconds=abs(clock.world().timestamp() - float(since)))
