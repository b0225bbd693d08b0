"""Who a request is from, and which pages and operations it may open."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from groundplan.kernel.parties import registry
from groundplan.kernel.parties.logic import roles
from groundplan.kernel.parties.queries import ANONYMOUS, Actor, actor_for_token, actor_for_user
from groundplan.lib.errors import NotAllowed
from groundplan.portal.problems import problem_response

# What somebody whose password must change may still open.
OPEN_TO_NEWCOMERS = ("password", "sign-out", "sign-in", "set_language")


class AuthenticatedRequest(HttpRequest):
    """A request that has passed a door of this module: it names its actor."""

    actor: Actor


class Actors:
    """Middleware: the reader's language, and no page before a first password has been changed."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request."""
        if request.path.startswith(settings.STATIC_URL) or settings.SESSION_COOKIE_NAME not in request.COOKIES:
            return self.get_response(request)
        language = getattr(request.user, "language", "")
        if language and settings.LANGUAGE_COOKIE_NAME not in request.COOKIES:
            translation.activate(language)
            request.LANGUAGE_CODE = language
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:  # noqa: ARG002
        """Send those with a first password to the page that changes it."""
        if settings.SESSION_COOKIE_NAME not in request.COOKIES:
            return None
        name = request.resolver_match.url_name if request.resolver_match else ""
        if name in OPEN_TO_NEWCOMERS:
            return None
        if not getattr(request.user, "must_change_password", False):
            return registry.stopped(request) if request.user.is_authenticated else None
        if request.path.startswith("/api/"):
            return problem_response(NotAllowed(_("首次登录须先修改密码。"), next_step=reverse("password")))
        return redirect(f"{reverse('password')}?{urlencode({'next': request.get_full_path()})}")


def actor_of(request: HttpRequest) -> Actor:
    """Who sent a request: by session, by bearer token, else nobody in particular."""
    known: Actor | None = getattr(request, "_actor", None)
    if known is None:
        known = _find_actor(request)
        request._actor = known  # type: ignore[attr-defined]  # noqa: SLF001 - kept for the rest of the request.
    return known


def _find_actor(request: HttpRequest) -> Actor:
    scheme, _space, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return registry.actor_for(token.strip(), request) or actor_for_token(token.strip()) or ANONYMOUS
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return ANONYMOUS
    return actor_for_user(user)


def officer(*names: str) -> Callable[[Callable[..., HttpResponse]], Callable[..., HttpResponse]]:
    """Open a page to holders of one of these roles; of any role when none is named.

    The page receives ``request.actor``. Somebody who is not signed in is sent to the sign-in page.

    Raises:
        NotAllowed: the reader holds none of them.
    """
    unknown = set(names) - set(roles.ROLES)
    if unknown:
        raise ValueError(f"unknown roles: {', '.join(sorted(unknown))}")

    def decorate(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            actor = actor_of(request)
            if not actor.is_signed_in:
                return _to_sign_in(request)
            if not (actor.has_role(*names) if names else actor.scopes):
                raise NotAllowed(_("您的账号没有打开此页面的角色。"), next_step=_("如有需要，请联系安全管理员。"))
            request.actor = actor  # type: ignore[attr-defined]
            return view(request, *args, **kwargs)

        return guarded

    return decorate


def person(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Open a page to everybody who is signed in; the page receives ``request.actor``."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        actor = actor_of(request)
        if not actor.is_signed_in:
            return _to_sign_in(request)
        request.actor = actor  # type: ignore[attr-defined]
        return view(request, *args, **kwargs)

    return guarded


def _to_sign_in(request: HttpRequest) -> HttpResponse:
    if request.headers.get("HX-Request"):
        answer = HttpResponse(status=401)
        answer["HX-Redirect"] = reverse("sign-in")
        return answer
    return redirect_to_login(request.get_full_path())


def signed_in(request: HttpRequest) -> Actor | None:
    """Door of the API: a session or a bearer token. The operation finds the actor in ``request.auth``."""
    from ninja.errors import HttpError  # noqa: PLC0415
    from ninja.utils import check_csrf  # noqa: PLC0415

    actor = actor_of(request)
    if not actor.is_signed_in:
        return None
    # A browser sends its session cookie by itself, so a write by session must prove that our page sent it.
    if "Authorization" not in request.headers and check_csrf(request):
        raise HttpError(403, "CSRF check failed")
    request.actor = actor  # type: ignore[attr-defined]
    return actor
