"""Doors: who a request is from, which pages and operations it may open, and answers that are given once only."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from ninja.decorators import decorate_view

from groundplan.kernel.parties import roles
from groundplan.kernel.parties.errors import KeyReused, RequestInProgress
from groundplan.kernel.parties.models import IdempotencyKey
from groundplan.kernel.parties.queries import ANONYMOUS, Actor, actor_for_token, actor_for_user
from groundplan.lib import crypto
from groundplan.lib.errors import Invalid, NotAllowed
from groundplan.portal.problems import problem_response

KEY_LENGTH_MAX = 128
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
        if name in OPEN_TO_NEWCOMERS or not getattr(request.user, "must_change_password", False):
            return None
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
        return actor_for_token(token.strip()) or ANONYMOUS
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


def _answer_once(operation: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Give the stored answer to a request that is sent again with the same Idempotency-Key."""

    @wraps(operation)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        key = request.headers.get("Idempotency-Key", "")
        if not key:
            return operation(request, *args, **kwargs)
        if len(key) > KEY_LENGTH_MAX:
            return problem_response(Invalid("The Idempotency-Key is too long.", accepted="1 to 128 characters"))
        actor_id = actor_of(request).actor_id
        asked = hashlib.sha256(
            b"\0".join((str(request.method).encode(), request.get_full_path().encode(), request.body))
        )
        with transaction.atomic():
            if not _lock_key(actor_id, key):
                return problem_response(
                    RequestInProgress("A request with this Idempotency-Key is being answered.", next_step="Wait, retry")
                )
            stored = IdempotencyKey.objects.filter(actor_id=actor_id, key=key).first()
            if stored:
                return _replay(stored, asked.digest())
            answer = operation(request, *args, **kwargs)
            if answer.status_code >= 400:  # noqa: PLR2004 - RFC 9110: 4xx and 5xx are errors.
                transaction.set_rollback(True)  # Nothing was done, so the same key may try again.
            else:
                _store(answer, actor_id=actor_id, key=key, fingerprint=asked.digest())
            return answer

    return guarded


# Decorator for ninja operations, between the route and the function: an answer and its effect are one transaction.
idempotent = decorate_view(_answer_once)


def _lock_key(actor_id: str, key: str) -> bool:
    """Take the key until the end of the transaction; False when another request holds it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))", [f"answer:{actor_id}:{key}"])
        return bool(cursor.fetchone()[0])


def _replay(stored: IdempotencyKey, fingerprint: bytes) -> HttpResponse:
    if bytes(stored.fingerprint) != fingerprint:
        return problem_response(
            KeyReused("This Idempotency-Key came before with another request.", next_step="Use a new key.")
        )
    answer = HttpResponse(crypto.decrypt(bytes(stored.sealed)), status=stored.status, content_type=stored.content_type)
    answer["Idempotent-Replayed"] = "true"
    return answer


def _store(answer: HttpResponse, *, actor_id: str, key: str, fingerprint: bytes) -> None:
    """Keep the answer, encrypted: it may repeat what a resident told us."""
    IdempotencyKey.objects.create(
        actor_id=actor_id,
        key=key,
        fingerprint=fingerprint,
        status=answer.status_code,
        content_type=answer.headers.get("Content-Type", "application/json"),
        sealed=crypto.encrypt(answer.content.decode()),
    )
