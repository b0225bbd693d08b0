"""我的账号: language, password, tokens, and the roles one holds."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from groundplan.kernel.parties import access, actions, queries
from groundplan.kernel.parties.models import ApiToken, User
from groundplan.kernel.parties.pages import forms
from groundplan.lib.errors import NotFound


@access.person
@never_cache
def mine(request: HttpRequest) -> HttpResponse:
    """My account; a new token is shown once."""
    user, actor, token = _me(request), access.actor_of(request), ""
    form = forms.TokenForm(request.POST or None)
    made: list[str] = []
    if request.method == "POST" and forms.tried(
        form, lambda data: made.append(actions.issue_token(actor=actor, user=user, **data)[1])
    ):
        form, token = forms.TokenForm(), made[0]
    context = {"form": form, "token": token, "me": user, "scopes": queries.scopes_shown(actor)}
    context["tokens"] = user.tokens.order_by("-id")[:50]
    context["language_form"] = forms.LanguageForm(initial={"language": user.language or settings.LANGUAGE_CODE})
    return render(request, "parties/mine.html", context)


@access.person
@require_POST
def language(request: HttpRequest) -> HttpResponse:
    """Remember the language in which I read."""
    form = forms.LanguageForm(request.POST)
    answer = redirect("my-account")
    if form.is_valid():
        chosen = form.cleaned_data["language"]
        actions.set_language(actor=access.actor_of(request), user=_me(request), language=chosen)
        answer.set_cookie(settings.LANGUAGE_COOKIE_NAME, chosen, samesite="Lax")
    return answer


@access.person
@require_POST
def revoke(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """End one of my tokens at once."""
    token = ApiToken.objects.filter(public_id=public_id, user=_me(request)).first()
    if token is None:
        raise NotFound
    actions.revoke_token(actor=access.actor_of(request), token=token)
    messages.success(request, _("令牌已撤销，立即失效。"))
    return redirect("my-account")


def _me(request: HttpRequest) -> User:
    return User.objects.get(public_id=access.actor_of(request).actor_id)


urlpatterns: list[URLPattern] = [
    path("account", mine, name="my-account"),
    path("account/language", language, name="my-language"),
    path("account/tokens/<uuid:public_id>/revoke", revoke, name="token-revoke"),
]
