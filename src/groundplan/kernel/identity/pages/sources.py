"""身份源: houses outside that say who somebody is, and the accounts tied to them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from groundplan.kernel.identity import actions, queries, registry
from groundplan.kernel.identity.pages.shared import offered, tried
from groundplan.kernel.parties import access
from groundplan.kernel.parties.logic.roles import ADMINISTRATORS
from groundplan.lib.errors import Invalid
from groundplan.lib.tabular import read_table

USERNAMES = ("用户名", "username")
SUBJECTS = ("对方用户标识", "subject")


class SourceForm(forms.Form):
    """What is told of a source; the options are lines ``name=value``."""

    kind = forms.ChoiceField(label=gettext_lazy("类型"))
    name = forms.CharField(label=gettext_lazy("按钮名称"), max_length=60)
    name_en = forms.CharField(label=gettext_lazy("按钮名称（英文）"), max_length=60, required=False)
    address = forms.URLField(label=gettext_lazy("服务地址"), max_length=300, assume_scheme="https")
    secret = forms.CharField(
        label=gettext_lazy("本系统的密钥"), max_length=300, widget=forms.PasswordInput(attrs={"autocomplete": "off"})
    )
    options = forms.CharField(
        label=gettext_lazy("参数"), widget=forms.Textarea(attrs={"rows": 6, "spellcheck": "false"}),
        help_text=gettext_lazy("每行一项，写作“参数名=值”；各类型所需参数见下表。"),
    )  # fmt: skip
    opens_accounts = forms.BooleanField(label=gettext_lazy("为未绑定的市民自动开户（不含任何角色）"), required=False)
    is_strong = forms.BooleanField(label=gettext_lazy("认可对方的双因素认证"), required=False)

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.fields["kind"].choices = offered((each.key, each.label) for each in registry.kinds())  # type: ignore[attr-defined]

    def clean_options(self) -> dict[str, str]:
        """The lines as a mapping."""
        lines = [line for line in self.cleaned_data["options"].splitlines() if line.strip()]
        if any("=" not in line for line in lines):
            raise forms.ValidationError(_("每行须写作“参数名=值”。"))
        return {name.strip(): value.strip() for name, _sign, value in (line.partition("=") for line in lines)}


class TieForm(forms.Form):
    """Whose account, and who they are at the source."""

    username = forms.CharField(label=gettext_lazy("用户名"), max_length=64)
    subject = forms.CharField(label=gettext_lazy("对方用户标识"), max_length=255)


@access.officer(*ADMINISTRATORS)
def sources(request: HttpRequest) -> HttpResponse:
    """All sources."""
    actor = access.actor_of(request)
    kinds = {each.key: each.label for each in registry.kinds()}
    rows = [(row, kinds.get(row.kind, {"en": row.kind})) for row in queries.sources(actor)[:200]]
    return render(request, "identity/sources.html", {"rows": rows, "proposes": actor.has_role("system_admin")})


@access.officer("system_admin")
def new_source(request: HttpRequest) -> HttpResponse:
    """Propose a source."""
    form, actor = SourceForm(request.POST or None), access.actor_of(request)
    made: list[Any] = []
    if request.method == "POST" and tried(form, lambda data: made.append(actions.propose_source(actor=actor, **data))):
        messages.success(request, _("已提交，由安全管理员审批。"))
        return redirect("identity-source", public_id=made[0].public_id)
    return render(request, "identity/source_new.html", {"form": form, "kinds": registry.kinds()})


@access.officer(*ADMINISTRATORS)
def source(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """One source; tying an account is a form of it."""
    actor, form = access.actor_of(request), TieForm(request.POST or None)
    if request.method == "POST" and tried(
        form, lambda data: actions.tie_account(actor=actor, source=public_id, **data)
    ):
        messages.success(request, _("已绑定。"))
        return redirect("identity-source", public_id=public_id)
    return render(request, "identity/source.html", _shown(request, public_id, form))


def _shown(request: HttpRequest, public_id: UUID, form: forms.Form, **more: object) -> dict[str, Any]:
    actor = access.actor_of(request)
    row = queries.source(actor, public_id)
    kind = registry.kind_of(row.kind)
    return {
        "row": row, "kind": kind.label if kind else {"en": row.kind}, "form": form, "options": row.options.items(),
        "back": request.build_absolute_uri(reverse("sign-in-back", args=[row.public_id])),
        "keeps": actor.has_role("system_admin"),
        "decides": actor.has_role("security_admin") and row.proposed_by_id != actor.user_id, **more,
    }  # fmt: skip


@access.officer("system_admin")
@require_POST
def import_ties(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Tie many accounts by a spreadsheet with the columns 用户名 and 对方用户标识."""
    upload = request.FILES.get("file")
    if upload is None:
        raise Invalid(_("请选择文件。"), accepted="XLSX, CSV")
    rows = _rows(upload.read(), str(upload.name))
    tied, wrong = actions.import_ties(actor=access.actor_of(request), source=public_id, rows=rows)
    return render(request, "identity/source.html", _shown(request, public_id, TieForm(), tied=tied, wrong=wrong))


def _rows(content: bytes, name: str) -> list[tuple[int, str, str]]:
    table = read_table(content, name)
    user = next((each for each in table.headers if each in USERNAMES), "")
    subject = next((each for each in table.headers if each in SUBJECTS), "")
    if not user or not subject:
        raise Invalid(_("表头须有“用户名”和“对方用户标识”两列。"), accepted="用户名, 对方用户标识")
    return [
        (row.number, str(row.cells[user].value or "").strip(), str(row.cells[subject].value or "").strip())
        for row in table.rows
    ]


@access.officer("security_admin")
@require_POST
def decide(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Approve or refuse as the second person."""
    grant = request.POST.get("grant") == "yes"
    actions.decide_source(actor=access.actor_of(request), source=public_id, grant=grant)
    messages.success(request, _("已批准。") if grant else _("已驳回。"))
    return redirect("identity-source", public_id=public_id)


@access.officer("system_admin", "security_admin")
@require_POST
def change(request: HttpRequest, public_id: UUID, change: str) -> HttpResponse:
    """Pause, resume or end."""
    actions.change_source(actor=access.actor_of(request), source=public_id, change=change)
    messages.success(request, _("已保存。"))
    return redirect("identity-source", public_id=public_id)


urlpatterns: list[URLPattern] = [
    path("identity/sources", sources, name="identity-sources"),
    path("identity/sources/new", new_source, name="identity-source-new"),
    path("identity/sources/<uuid:public_id>", source, name="identity-source"),
    path("identity/sources/<uuid:public_id>/ties", import_ties, name="identity-ties"),
    path("identity/sources/<uuid:public_id>/decide", decide, name="identity-source-decide"),
    *(
        path(f"identity/sources/<uuid:public_id>/{each}", change, {"change": each}, f"identity-source-{each}")
        for each in ("pause", "resume", "end")
    ),
]
