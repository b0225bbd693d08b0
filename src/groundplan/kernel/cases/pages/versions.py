"""The versions of a flow and how running cases go from one to another: try, propose, approve."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from groundplan.kernel.cases import actions
from groundplan.kernel.cases.errors import MigrationMoved
from groundplan.kernel.cases.models import ACTIVE_CASE, Case, FlowMigration
from groundplan.kernel.cases.pages import shown
from groundplan.kernel.cases.queries import migrating
from groundplan.kernel.cases.queries.flows import flow_of
from groundplan.kernel.parties.access import officer
from groundplan.kernel.parties.queries import Actor
from groundplan.lib.errors import GroundplanError

OFFICE = ("rule_editor", "data_office", "rule_approver")
STATES = {
    "proposed": (gettext_lazy("待批准"), "warn"),
    "approved": (gettext_lazy("正在迁移"), "active"),
    "done": (gettext_lazy("迁移结束"), "good"),
    "withdrawn": (gettext_lazy("已撤回"), "neutral"),
}


class MigrationForm(forms.Form):
    """From which version to which, by which mapping, and why."""

    from_version = forms.TypedChoiceField(label=gettext_lazy("原版本"), coerce=int)
    to_version = forms.TypedChoiceField(label=gettext_lazy("新版本"), coerce=int)
    mapping = forms.CharField(
        label=gettext_lazy("对应关系"),
        required=False,
        max_length=100_000,
        widget=forms.Textarea(attrs={"rows": 6, "spellcheck": "false"}),
        help_text=gettext_lazy("每行一项，例如 stages: {原环节: 新环节}。名称不变的不用写。"),
    )
    reason = forms.CharField(
        label=gettext_lazy("理由"), required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 2})
    )

    def __init__(self, key: str, data: Any = None) -> None:
        versions = migrating.versions_of(key)
        newest = versions[0].number
        before = versions[1].number if len(versions) > 1 else newest
        super().__init__(data, initial={"from_version": before, "to_version": newest})
        choices = [(each.number, _("第 %(number)s 版") % {"number": each.number}) for each in versions]
        for name in ("from_version", "to_version"):
            self.fields[name].choices = choices  # type: ignore[attr-defined]


@officer(*OFFICE)
def page(request: HttpRequest, key: str) -> HttpResponse:
    """The versions of a flow, how many cases run on each, and the migrations between them."""
    return render(request, "cases/versions.html", _context(request, key, MigrationForm(key)))


@officer(*OFFICE)
@require_POST
def propose(request: HttpRequest, key: str) -> HttpResponse:
    """Try a mapping, or propose it; a refusal shows the form again."""
    form, plan = MigrationForm(key, request.POST), None
    if form.is_valid():
        try:
            if "try" not in request.POST:
                return _proposed(request, key, form.cleaned_data)
            plan = _tried(key, form.cleaned_data)
        except GroundplanError as error:
            form.add_error(None, error.detail or str(error.title))
    context = {**_context(request, key, form), "plan": plan}
    return render(request, "cases/versions.html", context, status=422 if form.errors else 200)


@officer(*OFFICE)
@require_POST
def decide(request: HttpRequest, public_id: UUID, what: str) -> HttpResponse:
    """Approve or withdraw a migration; its cases move within the next minutes."""
    decided = {"approve": actions.approve_migration, "withdraw": actions.withdraw_migration}.get(what)
    if decided is None:
        raise MigrationMoved
    made = decided(actor=request.actor, migration=public_id)  # type: ignore[attr-defined]
    messages.success(request, _("已办理。"))
    return redirect("flow-versions", made.from_version.key)


def _proposed(request: HttpRequest, key: str, given: dict[str, Any]) -> HttpResponse:
    actions.propose_migration(
        actor=request.actor,  # type: ignore[attr-defined]
        key=key,
        from_number=given["from_version"],
        to_number=given["to_version"],
        mapping=given["mapping"],
        reason=given["reason"],
    )
    messages.success(request, _("已提交，待另一人批准。"))
    return redirect("flow-versions", key)


def _tried(key: str, given: dict[str, Any]) -> dict[str, Any]:
    old, new, mapping = migrating.checked_mapping(key, given["from_version"], given["to_version"], given["mapping"])
    plan, before, after = migrating.dry_run(old, new, mapping), flow_of(old.pk), flow_of(new.pk)
    moves = [
        (shown.stage_label(before, one), shown.stage_label(after, other), count)
        for (one, other), count in sorted(plan.moves.items())
    ]
    return {"moves": moves, "stays": plan.stays, "moving": plan.moving, "staying": plan.staying}


def _context(request: HttpRequest, key: str, form: MigrationForm) -> dict[str, Any]:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    versions = migrating.versions_of(key)
    running = [Case.objects.filter(flow_version=each, state__in=ACTIVE_CASE)[:1001].count() for each in versions]
    return {
        "key": key,
        "label": versions[0].label,
        "versions": list(zip(versions, running, strict=True)),
        "migrations": [_row(actor, each) for each in migrating.migrations_of(key)],
        "form": form if actor.has_role("rule_editor", "data_office") and len(versions) > 1 else None,
    }


def _row(actor: Actor, found: FlowMigration) -> dict[str, Any]:
    """A migration as the page lists it."""
    open_ = found.state == "proposed"
    return {
        "migration": found,
        "state": STATES[found.state],
        "mapping": [(name, value) for name, value in found.mapping.items() if value],
        "may_approve": open_ and actor.has_role("rule_approver") and found.proposed_by != actor.actor_id,
        "may_withdraw": open_,
    }
