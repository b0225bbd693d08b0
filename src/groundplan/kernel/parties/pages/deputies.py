"""代理与委托: who does my work while I am away, whose work I do, and the same for the units that I lead."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from groundplan.kernel.parties import access, actions, queries
from groundplan.kernel.parties.logic import roles
from groundplan.kernel.parties.models import Deputation, Membership, User
from groundplan.kernel.parties.pages.forms import DayInput, offered, tried
from groundplan.lib import keyset
from groundplan.lib.errors import GroundplanError, NotFound
from groundplan.portal.templatetags.portal import label


class DeputyForm(forms.Form):
    """A deputy for a term."""

    post = forms.ChoiceField(label=gettext_lazy("被代理岗位"))
    deputy = forms.CharField(
        label=gettext_lazy("代理人用户名"), max_length=64, help_text=gettext_lazy("本单位或其上下级单位的在岗人员")
    )
    kind = forms.ChoiceField(label=gettext_lazy("类型"), choices=lambda: offered(roles.DEPUTY_KINDS))
    valid_from = forms.DateField(label=gettext_lazy("起始日期"), widget=DayInput())
    last_day = forms.DateField(label=gettext_lazy("截止日期（含当日）"), widget=DayInput())
    reason = forms.CharField(label=gettext_lazy("代理事由"), max_length=200)

    def __init__(self, actor: queries.Actor, *more: Any, **named: Any) -> None:
        super().__init__(*more, **named)
        self.posts = {str(row.public_id): row for row in queries.principals_of(actor)}
        post: Any = self.fields["post"]
        post.choices = [(key, _post_shown(row)) for key, row in self.posts.items()]
        self.initial.setdefault("valid_from", queries.today())

    def clean_deputy(self) -> User:
        """The user of the name."""
        try:
            return queries.user_named(self.cleaned_data["deputy"].strip())
        except GroundplanError:
            raise forms.ValidationError(_("没有这个用户。")) from None

    def terms(self) -> dict[str, Any]:
        """What the action is told."""
        given = dict(self.cleaned_data)
        row = self.posts[given.pop("post")]
        return {**given, "principal": row.user, "party": row.party, "roles": [row.role]}


@access.officer()
def deputies(request: HttpRequest) -> HttpResponse:
    """What concerns me; naming a deputy is a form of it."""
    actor = access.actor_of(request)
    form = DeputyForm(actor, request.POST or None)
    if request.method == "POST" and tried(form, lambda _data: actions.name_deputy(actor=actor, **form.terms())):
        messages.success(request, _("代理人已指定。"))
        return redirect("deputies")
    found = queries.deputies_shown(actor)
    page = keyset.page(found, order=("-valid_from", "-id"), after=request.GET.get("after"))
    rows = [(row, row.is_open and _may_end(actor, row)) for row in page.items]
    return render(request, "parties/deputies.html", {"form": form, "page": page, "rows": rows})


@access.officer()
@require_POST
def end(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """End one at once."""
    actor = access.actor_of(request)
    row = queries.deputies_shown(actor).filter(public_id=public_id).first()
    if row is None:
        raise NotFound
    actions.end_deputation(actor=actor, deputation=row)
    messages.success(request, _("代理已终止，办理记录保留。"))
    return redirect("deputies")


def _may_end(actor: queries.Actor, row: Deputation) -> bool:
    concerned = actor.user_id in {row.principal_id, row.deputy_id}
    return concerned or queries.may_name(actor, row.principal, row.party)


def _post_shown(row: Membership) -> str:
    return f"{row.user.display_name} · {row.party.shown_name} · {label(row.role_label)}"


urlpatterns: list[URLPattern] = [
    path("deputies", deputies, name="deputies"),
    path("deputies/<uuid:public_id>/end", end, name="deputy-end"),
]
