"""The doors of OAuth 2.0 and OpenID Connect towards applications."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749.errors import AccessDeniedError
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path, reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from groundplan.kernel.identity import actions, queries
from groundplan.kernel.identity.logic import words
from groundplan.kernel.parties import access
from groundplan.kernel.parties.models import User
from groundplan.kernel.signin import registry as signin
from groundplan.portal.security import let_forms_lead_to

# Asked to show identity anew, what was shown this long ago counts.
JUST_NOW = timedelta(seconds=60)


@never_cache
@require_http_methods(["GET", "POST"])
def authorize(request: HttpRequest) -> HttpResponse:
    """Ask a signed-in user whether an application may know who they are (Core 1.0, clause 3.1.2)."""
    user = request.user if isinstance(request.user, User) else None
    try:
        grant = actions.SERVER.get_consent_grant(request, end_user=user)
    except OAuth2Error as error:
        return _refused(request, error)
    prompts = str(grant.request.payload.data.get("prompt", "")).split()
    if user is None or (_stale(request, prompts) and "none" not in prompts):
        return redirect_to_login(request.get_full_path()) if user is None else _shown_again(request)
    return _answered(request, grant, user, prompts)


def _answered(request: HttpRequest, grant: Any, user: User, prompts: list[str]) -> HttpResponse:
    row, scope = grant.client.row, grant.client.get_allowed_scope(grant.request.payload.scope)
    login = queries.Login(user, signin.shown_at(request), signin.methods(request))
    known = "consent" not in prompts and queries.has_consent(row, user, scope)
    if request.method == "POST" and "allow" not in request.POST:
        return _refused(request, AccessDeniedError(redirect_uri=grant.request.payload.redirect_uri), grant)
    if request.method == "POST":
        actions.give_consent(actor=access.actor_of(request), client=row, scope=scope)
    elif not known and "none" in prompts:
        return _refused(request, AccessDeniedError(redirect_uri=grant.request.payload.redirect_uri), grant)
    elif not known:
        scopes = [words.SCOPES[each] for each in scope.split()]
        page = render(request, "identity/consent.html", {"client": row, "scopes": scopes})
        return let_forms_lead_to(page, grant.request.payload.redirect_uri)
    answer = actions.SERVER.create_authorization_response(grant.request, grant_user=login, grant=grant)
    return HttpResponse(status=answer.status_code, headers=dict(answer.headers))


def _stale(request: HttpRequest, prompts: list[str]) -> bool:
    """Whether the application wants identity shown more recently than it was (``prompt=login``, ``max_age``)."""
    age = request.GET.get("max_age", "")
    wanted = timedelta(seconds=int(age[:9])) if age.isascii() and age.isdigit() else None
    if "login" in prompts:
        wanted = JUST_NOW
    return wanted is not None and not signin.shown_within(request, max(wanted, JUST_NOW))


def _shown_again(request: HttpRequest) -> HttpResponse:
    return redirect(f"{reverse('show-identity')}?{urlencode({'next': request.get_full_path()})}")


def _refused(request: HttpRequest, error: OAuth2Error, grant: Any = None) -> HttpResponse:
    """Back to the application with the reason, if we know it; else a page, and no redirect (RFC 6749, 4.1.2.1)."""
    if grant is not None:
        error.state = grant.request.payload.state
    if getattr(error, "redirect_uri", None):
        answer = actions.SERVER.handle_error_response(None, error)
        return HttpResponse(status=answer.status_code, headers=dict(answer.headers))
    return render(request, "identity/refused.html", {"reason": error.error}, status=400)


@csrf_exempt
@never_cache
@require_POST
def token(request: HttpRequest) -> HttpResponse:
    """RFC 6749, clause 3.2."""
    return actions.give_token(request)


@csrf_exempt
@never_cache
@require_POST
def revoke(request: HttpRequest) -> HttpResponse:
    """RFC 7009."""
    return actions.take_back(request)


@csrf_exempt
@never_cache
@require_http_methods(["GET", "POST"])
def userinfo(request: HttpRequest) -> HttpResponse:
    """What an application may know of the user of its token (Core 1.0, clause 5.3)."""
    scheme, _space, text = request.headers.get("Authorization", "").partition(" ")
    found = queries.token_named(text.strip()) if scheme.lower() == "bearer" else None
    if found is None or found.client.kind != "site":
        return JsonResponse(
            {"error": "invalid_token"}, status=401, headers={"WWW-Authenticate": 'Bearer error="invalid_token"'}
        )
    return JsonResponse(queries.told(found.client, found.user, found.scope))


@require_GET
def jwks(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - Django's signature.
    """Our public keys (RFC 7517)."""
    return JsonResponse(actions.published_keys(), headers={"Cache-Control": "public, max-age=3600"})


@require_GET
def discovery(request: HttpRequest) -> HttpResponse:
    """How we work (OpenID Connect Discovery 1.0, RFC 8414)."""
    base = queries.issuer(request)
    doors = {name: base + reverse(view) for name, view in DOORS.items()}
    return JsonResponse({"issuer": base, **doors, **SUPPORTED}, headers={"Cache-Control": "public, max-age=3600"})


DOORS = {
    "authorization_endpoint": "oauth-authorize",
    "token_endpoint": "oauth-token",
    "userinfo_endpoint": "oauth-userinfo",
    "jwks_uri": "oauth-jwks",
    "revocation_endpoint": "oauth-revoke",
}
SUPPORTED = {
    "response_types_supported": ["code"],
    "grant_types_supported": ["authorization_code", "client_credentials"],
    "subject_types_supported": ["pairwise"],
    "id_token_signing_alg_values_supported": ["RS256"],
    "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
    "code_challenge_methods_supported": ["S256"],
    "scopes_supported": list(words.SCOPES),
    "claims_supported": ["sub", "name", "preferred_username", "locale", "units", "auth_time", "amr"],
    "ui_locales_supported": ["zh-Hans", "en"],
}

urlpatterns: list[URLPattern] = [
    path("oauth/authorize", authorize, name="oauth-authorize"),
    path("oauth/token", token, name="oauth-token"),
    path("oauth/revoke", revoke, name="oauth-revoke"),
    path("oauth/userinfo", userinfo, name="oauth-userinfo"),
    path("oauth/jwks", jwks, name="oauth-jwks"),
    path(".well-known/openid-configuration", discovery, name="openid-configuration"),
    path(".well-known/oauth-authorization-server", discovery, name="oauth-server"),
]
