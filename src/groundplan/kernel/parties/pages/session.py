"""Signing in and out, and changing a password."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView, LogoutView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _

from groundplan.kernel.parties import access, actions, registry
from groundplan.kernel.parties.models import User
from groundplan.lib.errors import GroundplanError


class SignInForm(AuthenticationForm):
    """Name and password."""

    error_messages = {
        "invalid_login": _("用户名或密码不正确。请检查后重试；连续多次失败将暂停登录。"),
        "inactive": _("用户名或密码不正确。请检查后重试；连续多次失败将暂停登录。"),
    }

    def __init__(self, request: HttpRequest | None = None, *args: object, **kwargs: object) -> None:
        super().__init__(request, *args, **kwargs)
        self.fields["username"].label = _("用户名")
        self.fields["password"].label = _("密码")
        for field in self.fields.values():
            field.widget.attrs["class"] = "form-control"


class PasswordForm(forms.Form):
    """The old password and twice the new one."""

    old = forms.CharField(
        label=_("原密码"),
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password", "class": "form-control"}),
    )
    new = forms.CharField(
        label=_("新密码"), widget=forms.PasswordInput(attrs={"autocomplete": "new-password", "class": "form-control"})
    )
    again = forms.CharField(
        label=_("再次输入新密码"),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password", "class": "form-control"}),
    )

    def clean_again(self) -> str:
        """Both entries of the new password agree."""
        if self.cleaned_data.get("new") != self.cleaned_data["again"]:
            raise forms.ValidationError(_("两次输入的新密码不一致。"))
        return str(self.cleaned_data["again"])


class SignIn(LoginView):
    """The sign-in page; Django rotates the session key, django-axes counts failures."""

    template_name = "parties/sign_in.html"
    authentication_form = SignInForm
    redirect_authenticated_user = True

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        """Open the session, or ask for what must follow the password."""
        user = form.get_user()
        further = registry.after_password(self.request, user, self.get_redirect_url()) if user else None
        return further or super().form_valid(form)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """The form, and the other ways in."""
        return super().get_context_data(ways=registry.offered_ways(), **kwargs)


@access.person
def password(request: HttpRequest) -> HttpResponse:
    """Change one's own password; the other sessions of the account end."""
    form = PasswordForm(request.POST or None)
    user = request.user
    if request.method == "POST" and form.is_valid() and isinstance(user, User):
        data = form.cleaned_data
        try:
            actions.change_password(actor=access.actor_of(request), user=user, old=data["old"], new=data["new"])
        except GroundplanError as error:
            form.add_error(None, error.detail)
        else:
            update_session_auth_hash(request, user)
            return redirect(_next(request))
    return render(request, "parties/password.html", {"form": form, "next": request.GET.get("next", "")})


def _next(request: HttpRequest) -> str:
    """Where the reader was going, if it is one of our pages."""
    target = request.POST.get("next", "")
    return target if url_has_allowed_host_and_scheme(target, {request.get_host()}) else "/"


urlpatterns: list[URLPattern] = [
    path("sign-in", SignIn.as_view(), name="sign-in"),
    path("sign-out", LogoutView.as_view(), name="sign-out"),
    path("account/password", password, name="password"),
]
