"""用户与角色: accounts for system administrators, roles for security administrators, reading for auditors."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from groundplan.kernel.parties import access, actions, queries
from groundplan.kernel.parties.errors import UserNotFound
from groundplan.kernel.parties.logic import roles
from groundplan.kernel.parties.models import Membership, User
from groundplan.kernel.parties.pages import forms
from groundplan.lib import keyset
from groundplan.portal.worklists import remembered

ADMINISTRATORS = roles.ADMINISTRATORS


@access.officer(*ADMINISTRATORS)
@remembered("accounts")
def accounts(request: HttpRequest) -> HttpResponse:
    """All accounts, by name."""
    text = request.GET.get("q", "")[:100]
    page = keyset.page(queries.users(text), order=("username", "id"), after=request.GET.get("after"))
    opens = access.actor_of(request).has_role("system_admin")
    return render(request, "parties/accounts.html", {"page": page, "q": text, "opens": opens})


@access.officer(*ADMINISTRATORS)
def account(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """One account with its roles; granting is a form of it."""
    user, actor = _user(public_id), access.actor_of(request)
    form = forms.GrantForm(request.POST or None)
    if request.method == "POST" and forms.tried(
        form, lambda data: actions.grant_membership(actor=actor, user=user, **data)
    ):
        messages.success(request, _("角色已授予。"))
        return redirect("account", public_id=public_id)
    return render(request, "parties/account.html", _shown(actor, user, form))


def _shown(actor: queries.Actor, user: User, form: forms.GrantForm) -> dict[str, Any]:
    held = Membership.objects.select_related("party").filter(user=user).order_by("-valid_from", "-id")
    return {
        "user_shown": user,
        "memberships": [(row, row.valid_until is None or row.valid_until > queries.today()) for row in held],
        "form": form,
        "grants": actor.has_role("security_admin") and actor.user_id != user.pk,
        "keeps": actor.has_role("system_admin") and actor.user_id != user.pk,
        "resets": actor.has_role(queries.keeper_of(user)) and actor.user_id != user.pk,
    }


@access.officer("system_admin")
@never_cache
def new_account(request: HttpRequest) -> HttpResponse:
    """Open an account; its first password is shown once."""
    form, actor = forms.UserForm(request.POST or None), access.actor_of(request)
    made: list[User] = []
    if request.method == "POST" and forms.tried(form, lambda data: made.append(actions.add_user(actor=actor, **data))):
        return _password(request, made[0], actions.reset_password(actor=actor, user=made[0]))
    return render(request, "parties/form_page.html", {"form": form, "page_title": _("新建账号")})


@access.officer(*ADMINISTRATORS)
@never_cache
@require_POST
def reset_password(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Give an account a new first password, shown once."""
    user = _user(public_id)
    return _password(request, user, actions.reset_password(actor=access.actor_of(request), user=user))


@access.officer("system_admin")
@require_POST
def close_account(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Close an account; what it did stays on record."""
    actions.close_user(actor=access.actor_of(request), user=_user(public_id))
    messages.success(request, _("账号已停用，历史记录保留。"))
    return redirect("account", public_id=public_id)


@access.officer("security_admin")
@require_POST
def end_membership(request: HttpRequest, public_id: UUID, membership_id: UUID) -> HttpResponse:
    """Let a role end today."""
    held = Membership.objects.filter(user=_user(public_id), public_id=membership_id).first()
    if held is None:
        raise UserNotFound
    actions.end_membership(actor=access.actor_of(request), membership=held)
    messages.success(request, _("角色已终止，历史记录保留。"))
    return redirect("account", public_id=public_id)


def _user(public_id: UUID) -> User:
    user = User.objects.filter(public_id=public_id).first()
    if user is None:
        raise UserNotFound
    return user


def _password(request: HttpRequest, user: User, password: str) -> HttpResponse:
    return render(request, "parties/first_password.html", {"user_shown": user, "password": password})


urlpatterns: list[URLPattern] = [
    path("accounts", accounts, name="accounts"),
    path("accounts/new", new_account, name="account-new"),
    path("accounts/<uuid:public_id>", account, name="account"),
    path("accounts/<uuid:public_id>/password", reset_password, name="account-password"),
    path("accounts/<uuid:public_id>/close", close_account, name="account-close"),
    path("accounts/<uuid:public_id>/roles/<uuid:membership_id>/end", end_membership, name="membership-end"),
]
