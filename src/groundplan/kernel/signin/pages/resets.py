"""双因素管理: who lacks a factor that the role asks for, and resets by two people."""

from __future__ import annotations

from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from groundplan.kernel.parties import access
from groundplan.kernel.parties.logic.roles import ADMINISTRATORS
from groundplan.kernel.parties.queries import user_named
from groundplan.kernel.signin import actions, queries
from groundplan.kernel.signin.pages import steps
from groundplan.lib.errors import GroundplanError


class ResetForm(forms.Form):
    """Whose factors, and why."""

    username = forms.CharField(label=gettext_lazy("用户名"), max_length=64)
    reason = forms.CharField(
        label=gettext_lazy("核实方式与原因"), max_length=200, help_text=gettext_lazy("如何确认是本人，丢失了什么")
    )


@access.officer(*ADMINISTRATORS)
def resets(request: HttpRequest) -> HttpResponse:
    """Open requests, a form to ask, and who lacks a factor."""
    actor, form = access.actor_of(request), ResetForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            asked = user_named(form.cleaned_data["username"])
            actions.ask_reset(actor=actor, user=asked, reason=form.cleaned_data["reason"])
        except GroundplanError as error:
            steps.refuse(form, error)
        else:
            messages.success(request, _("申请已提交，由另一位管理员复核。"))
            return redirect("factor-resets")
    context = {"form": form, "resets": queries.open_resets(actor), "without": queries.users_without(actor)}
    return render(request, "signin/resets.html", {**context, "me": actor.user_id})


@access.officer(*ADMINISTRATORS)
@require_POST
def decide(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Grant or refuse as the second person."""
    actor, grant = access.actor_of(request), request.POST.get("grant") == "yes"
    actions.decide_reset(actor=actor, reset=queries.open_reset(actor, public_id), grant=grant)
    messages.success(request, _("已同意重置，原认证方式立即失效。") if grant else _("已驳回重置申请。"))
    return redirect("factor-resets")


urlpatterns: list[URLPattern] = [
    path("accounts/second-factors", resets, name="factor-resets"),
    path("accounts/second-factors/<uuid:public_id>", decide, name="factor-reset-decide"),
]
