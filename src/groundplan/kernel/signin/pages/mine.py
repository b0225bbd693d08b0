"""双因素认证: the factors of one's own account."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import segno
from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from groundplan.kernel.parties import access
from groundplan.kernel.parties.models import User
from groundplan.kernel.signin import actions, queries
from groundplan.kernel.signin.logic import codes, passkeys
from groundplan.kernel.signin.pages import sessions, steps
from groundplan.lib import crypto
from groundplan.lib.errors import GroundplanError


class NewAuthenticatorForm(forms.Form):
    """The code that a new authenticator shows."""

    name = forms.CharField(label=gettext_lazy("名称"), max_length=64, initial=gettext_lazy("我的手机"))
    code = forms.RegexField(
        r"^[\d\s\uff10-\uff19]{6,13}$",
        label=gettext_lazy("动态口令"),
        help_text=gettext_lazy("应用上显示的 6 位数字"),
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"}),
    )


class NewPasskeyForm(forms.Form):
    """The name of a new passkey, and the browser's answer."""

    name = forms.CharField(label=gettext_lazy("名称"), max_length=64, initial=gettext_lazy("本机通行密钥"))
    answer = forms.CharField(widget=forms.HiddenInput, required=False)


def delicate(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Open a page to those who have shown who they are within ten minutes; others show it first."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if sessions.confirmed(request):
            return view(request, *args, **kwargs)
        target = request.get_full_path() if request.method == "GET" else reverse("second-factors")
        return redirect(f"{reverse('show-identity')}?{urlencode({'next': target})}")

    return access.person(never_cache(guarded))


@access.person
@never_cache
def factors(request: HttpRequest) -> HttpResponse:
    """My factors, what my role asks for and by when."""
    user = _me(request)
    return render(request, "signin/factors.html", _overview(user))


def _overview(user: User) -> dict[str, Any]:
    held = list(queries.factors(user))
    return {
        "factors": held,
        "has_authenticator": any(row.kind == "totp" for row in held),
        "codes_left": queries.recovery_codes_left(user),
        "deadline": queries.deadline_of(user),
    }


@delicate
def new_authenticator(request: HttpRequest) -> HttpResponse:
    """Scan a QR code, type the code that appears."""
    user, secret = _me(request), _secret(request)
    form = NewAuthenticatorForm(request.POST or None, auto_id="id_%s")
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            fresh = actions.add_authenticator(
                actor=access.actor_of(request), user=user, secret=secret, name=data["name"], code=data["code"]
            )
        except GroundplanError as error:
            steps.refuse(form, error)
        else:
            del request.session["signin-secret"]
            return _done(request, fresh, "totp")
    return render(request, "signin/totp_new.html", {"form": form, **_picture(user, secret)})


def _secret(request: HttpRequest) -> bytes:
    """The secret being set up; the session keeps it sealed."""
    kept = request.session.get("signin-secret")
    if kept and request.method == "POST":
        return bytes.fromhex(crypto.decrypt(bytes.fromhex(kept)))
    secret = codes.new_secret()
    request.session["signin-secret"] = crypto.encrypt(secret.hex()).hex()
    return secret


def _picture(user: User, secret: bytes) -> dict[str, str]:
    """The QR code, drawn here, and the same as text for those who cannot scan it."""
    address = codes.address(secret, account=user.username, issuer=_("城基"))
    typed = address.partition("secret=")[2].partition("&")[0]
    grouped = " ".join(typed[start : start + 4] for start in range(0, len(typed), 4))
    return {"picture": segno.make(address, error="m").svg_data_uri(scale=5, border=4, light="#fff"), "typed": grouped}


@delicate
def new_passkey(request: HttpRequest) -> HttpResponse:
    """Let the browser make a passkey for this site."""
    user, form = _me(request), NewPasskeyForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            fresh = _registered(request, user, form.cleaned_data)
        except GroundplanError as error:
            steps.refuse(form, error)
        else:
            return _done(request, fresh, "passkey")
    options, request.session["signin-asked"] = passkeys.begin_registration(
        sessions.site(request), handle=user.public_id.bytes, name=user.username, known=queries.credentials(user)
    )
    return render(request, "signin/passkey_new.html", {"form": form, "options": options})


def _registered(request: HttpRequest, user: User, data: dict[str, Any]) -> list[str]:
    return actions.add_passkey(
        actor=access.actor_of(request),
        user=user,
        site=sessions.site(request),
        state=request.session.pop("signin-asked", None),
        answer=data["answer"],
        name=data["name"],
    )


def _done(request: HttpRequest, fresh: list[str], by: str) -> HttpResponse:
    """After a factor was set up: the first one brings recovery codes, shown once."""
    sessions.open_session(request, _me(request), by=by)
    if fresh:
        return render(request, "signin/codes.html", {"codes": fresh})
    messages.success(request, _("认证方式已设置。"))
    return redirect("second-factors")


@delicate
@require_POST
def recovery_codes(request: HttpRequest) -> HttpResponse:
    """Ten new recovery codes, shown once."""
    fresh = actions.renew_recovery_codes(actor=access.actor_of(request), user=_me(request))
    return render(request, "signin/codes.html", {"codes": fresh})


@delicate
@require_POST
def remove(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Take one of my factors off."""
    user = _me(request)
    actions.remove_factor(actor=access.actor_of(request), user=user, factor=queries.factor(user, public_id))
    if not queries.has_factor(user):
        request.session.pop("signin-factor", None)
    messages.success(request, _("认证方式已移除。"))
    return redirect("second-factors")


def _me(request: HttpRequest) -> User:
    return User.objects.get(public_id=access.actor_of(request).actor_id)


urlpatterns: list[URLPattern] = [
    path("account/second-factor", factors, name="second-factors"),
    path("account/second-factor/authenticator", new_authenticator, name="totp-new"),
    path("account/second-factor/passkey", new_passkey, name="passkey-new"),
    path("account/second-factor/codes", recovery_codes, name="recovery-codes"),
    path("account/second-factor/<uuid:public_id>/remove", remove, name="factor-remove"),
]
