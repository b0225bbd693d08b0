"""The step after the password, showing identity again, and the gate before all pages."""

from __future__ import annotations

from urllib.parse import urlencode

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache

from groundplan.kernel.parties import access
from groundplan.kernel.parties.models import User, today
from groundplan.kernel.signin import actions, queries
from groundplan.kernel.signin.errors import SecondFactorRequired
from groundplan.kernel.signin.logic import passkeys
from groundplan.kernel.signin.pages import sessions
from groundplan.lib.errors import GroundplanError
from groundplan.portal.problems import problem_response

# What somebody without the factor that their role asks for may still open.
OPEN = {
    "second-factors", "totp-new", "passkey-new", "second-step", "show-identity", "password", "sign-out", "set-theme",
    "set_language", "notices-bell",
}  # fmt: skip


class CodeForm(forms.Form):
    """A code of the authenticator, or a recovery code."""

    code = forms.CharField(
        label=gettext_lazy("动态口令或恢复码"),
        max_length=64,
        widget=forms.TextInput(
            attrs={"class": "form-control", "autocomplete": "one-time-code", "autofocus": True, "spellcheck": "false"}
        ),
    )


class IdentityForm(forms.Form):
    """The password again."""

    password = forms.CharField(
        label=gettext_lazy("密码"),
        widget=forms.PasswordInput(attrs={"class": "form-control", "autocomplete": "current-password"}),
    )


def after_password(request: HttpRequest, user: User, target: str) -> HttpResponse | None:
    """After a right password: the second step, if the account has one."""
    if not queries.has_factor(user):
        sessions.strengthen(request, "")
        return None
    sessions.wait(request, user, target)
    return redirect("second-step")


@never_cache
def second_step(request: HttpRequest) -> HttpResponse:
    """Show a code or a passkey; then the session opens."""
    held = sessions.waiting(request)
    if held is None:
        return redirect("sign-in")
    user, target = held
    form = CodeForm(request.POST if "code" in request.POST else None)
    if request.method == "POST":
        by = _shown(request, user, form)
        if by:
            sessions.open_session(request, user, by=by)
            return redirect(sessions.ours(request, target))
    paused = any(
        "second-factor-paused" in error.code for error in form.errors.as_data().get("__all__", []) if error.code
    )
    context = {"form": form, "options": _asked(request, user), "target": target}
    return render(request, "signin/second.html", context, status=429 if paused else 200)


def _shown(request: HttpRequest, user: User, form: CodeForm) -> str:
    """By what the second step was passed; empty, with the reason in the form, when it was not."""
    answer = request.POST.get("answer", "")
    try:
        if answer:
            state = request.session.pop("signin-asked", None)
            return actions.pass_passkey(user=user, site=sessions.site(request), state=state, answer=answer)
        if form.is_valid():
            return actions.pass_code(user=user, code=form.cleaned_data["code"])
    except GroundplanError as error:
        refuse(form, error)
    return ""


def refuse(form: forms.Form, error: GroundplanError) -> None:
    """Say in a form why not."""
    if not form.is_bound:
        form.is_bound, form.data = True, form.data.copy() if hasattr(form.data, "copy") else {}
        form.full_clean()
        form.errors.clear()
    reason = " ".join(part for part in (error.detail, error.next_step) if part)
    form.add_error(None, forms.ValidationError(reason, code=error.code))


def _asked(request: HttpRequest, user: User) -> str:
    """What the browser is to ask the passkeys of a user; empty without any."""
    known = queries.credentials(user)
    if not known:
        return ""
    options, state = passkeys.begin_use(sessions.site(request), known=known)
    request.session["signin-asked"] = state
    return options


@access.person
@never_cache
def show_identity(request: HttpRequest) -> HttpResponse:
    """Show the password again, then the second factor if there is one, before something delicate."""
    user, target = (
        User.objects.get(public_id=access.actor_of(request).actor_id),
        request.POST.get("next") or request.GET.get("next", ""),
    )
    form = IdentityForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            actions.confirm_password(user=user, password=form.cleaned_data["password"])
        except GroundplanError as error:
            refuse(form, error)
        else:
            return after_password(request, user, target) or _confirmed(request, target)
    return render(request, "signin/identity.html", {"form": form, "next": target})


def _confirmed(request: HttpRequest, target: str) -> HttpResponse:
    sessions.strengthen(request, "")
    return redirect(sessions.ours(request, target))


def required_factor(request: HttpRequest) -> HttpResponse | None:
    """The gate: whose role asks for a second factor sets one up by the deadline, and shows it in each session."""
    required = queries.required_roles()
    name = request.resolver_match.url_name if request.resolver_match else ""
    if not required or name in OPEN or sessions.passed(request):
        return None
    user = request.user
    if not isinstance(user, User) or not access.actor_of(request).has_role(*required):
        return None
    if queries.has_factor(user):
        return _sent(request, "show-identity", _("本账号已设置双因素认证，请先完成验证。"))
    end = queries.deadline_of(user)
    if end is None or today() < end:
        return None
    return _sent(request, "second-factors", _("您的角色须进行双因素认证，请先完成设置。"))


def _sent(request: HttpRequest, name: str, reason: str) -> HttpResponse:
    """To the page that helps; programs get the reason."""
    if request.path.startswith("/api/"):
        return problem_response(SecondFactorRequired(reason, next_step=reverse(name)))
    if request.headers.get("HX-Request"):
        answer = HttpResponse(status=401)
        answer["HX-Redirect"] = reverse(name)
        return answer
    return redirect(f"{reverse(name)}?{urlencode({'next': request.get_full_path()})}")


urlpatterns: list[URLPattern] = [
    path("sign-in/second", second_step, name="second-step"),
    path("account/identity", show_identity, name="show-identity"),
]
