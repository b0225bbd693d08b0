"""接入应用: programs and applications that may ask for tokens."""

from __future__ import annotations

from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from groundplan.kernel.identity import actions, queries
from groundplan.kernel.identity.logic import words
from groundplan.kernel.identity.pages.shared import offered, tried
from groundplan.kernel.parties import access
from groundplan.kernel.parties.logic.roles import ADMINISTRATORS
from groundplan.kernel.parties.queries import party_by_code
from groundplan.lib import keyset


class ClientForm(forms.Form):
    """What is told of a client."""

    kind = forms.ChoiceField(label=gettext_lazy("类型"))
    name = forms.CharField(label=gettext_lazy("应用名称"), max_length=60)
    unit = forms.CharField(label=gettext_lazy("责任机构编码"), max_length=64)
    scopes = forms.MultipleChoiceField(label=gettext_lazy("权限范围"), widget=forms.CheckboxSelectMultiple)
    username = forms.CharField(
        label=gettext_lazy("账号用户名"),
        max_length=41,
        required=False,
        help_text=gettext_lazy("程序接入必填，如 app-traffic"),
    )
    redirect_uris = forms.CharField(
        label=gettext_lazy("回调地址"), required=False, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("单点登录应用必填，每行一个完整地址"),
    )  # fmt: skip

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.fields["kind"].choices = offered(words.CLIENT_KINDS)  # type: ignore[attr-defined]
        self.fields["scopes"].choices = offered(words.SCOPES)  # type: ignore[attr-defined]


@access.officer(*ADMINISTRATORS)
def clients(request: HttpRequest) -> HttpResponse:
    """All clients, the newest first."""
    actor = access.actor_of(request)
    page = keyset.page(queries.clients(actor), order=("-id",), after=request.GET.get("after"))
    return render(request, "identity/clients.html", {"page": page, "proposes": actor.has_role("system_admin")})


@access.officer("system_admin")
def new_client(request: HttpRequest) -> HttpResponse:
    """Propose a client."""
    form, actor = ClientForm(request.POST or None), access.actor_of(request)
    made = []

    def propose(data: dict[str, object]) -> None:
        given = {**data, "unit": party_by_code(str(data["unit"])), "redirect_uris": str(data["redirect_uris"]).split()}
        made.append(actions.propose_client(actor=actor, **given))  # type: ignore[arg-type]

    if request.method == "POST" and tried(form, propose):
        messages.success(request, _("已提交，由安全管理员审批。"))
        return redirect("identity-client", public_id=made[0].public_id)
    return render(request, "identity/client_new.html", {"form": form})


@access.officer(*ADMINISTRATORS)
def client(request: HttpRequest, public_id: UUID, secret: str = "") -> HttpResponse:
    """One client; a secret that was just made is shown once."""
    actor = access.actor_of(request)
    row = queries.client(actor, public_id)
    context = {
        "row": row, "secret": secret, "tokens": queries.live_tokens(row), "issuer": queries.issuer(request),
        "scopes": [words.SCOPES[each] for each in row.scopes], "keeps": actor.has_role("system_admin"),
        "decides": actor.has_role("security_admin") and row.proposed_by_id != actor.user_id,
    }  # fmt: skip
    return render(request, "identity/client.html", context)


@access.officer("security_admin")
@require_POST
def decide(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Approve or refuse as the second person."""
    grant = request.POST.get("grant") == "yes"
    actions.decide_client(actor=access.actor_of(request), client=public_id, grant=grant)
    messages.success(request, _("已批准。") if grant else _("已驳回。"))
    return redirect("identity-client", public_id=public_id)


@access.officer("system_admin")
@never_cache
@require_POST
def renew_secret(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Make a secret, shown once."""
    at_once = request.POST.get("at_once") == "yes"
    secret = actions.renew_secret(actor=access.actor_of(request), client=public_id, at_once=at_once)
    return client(request, public_id, secret)


@access.officer("system_admin", "security_admin")
@require_POST
def change(request: HttpRequest, public_id: UUID, change: str) -> HttpResponse:
    """Pause, resume or end."""
    actions.change_client(actor=access.actor_of(request), client=public_id, change=change)
    messages.success(request, _("已保存。"))
    return redirect("identity-client", public_id=public_id)


urlpatterns: list[URLPattern] = [
    path("identity/clients", clients, name="identity-clients"),
    path("identity/clients/new", new_client, name="identity-client-new"),
    path("identity/clients/<uuid:public_id>", client, name="identity-client"),
    path("identity/clients/<uuid:public_id>/decide", decide, name="identity-client-decide"),
    path("identity/clients/<uuid:public_id>/secret", renew_secret, name="identity-client-secret"),
    *(
        path(f"identity/clients/<uuid:public_id>/{each}", change, {"change": each}, f"identity-client-{each}")
        for each in ("pause", "resume", "end")
    ),
]
