"""组织机构: the tree, one unit, and keeping the register."""

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
from groundplan.kernel.parties.errors import PartyNotFound
from groundplan.kernel.parties.logic import roles
from groundplan.kernel.parties.models import Party, Relation
from groundplan.kernel.parties.pages import forms
from groundplan.lib import keyset

KEEPER = "system_admin"


def organisation(request: HttpRequest) -> HttpResponse:
    """The tree of units by one kind of relation, or a list of those found; a public directory."""
    by, text, kind = (request.GET.get(name, "") for name in ("by", "q", "kind"))
    by, kind = by if by in roles.RELATIONS else "belongs_to", kind if kind in roles.KINDS else ""
    context: dict[str, Any] = {"by": by, "q": text, "kind": kind, "tabs": _tabs(by)}
    context["kinds"] = forms.offered({name: texts for name, texts in roles.KINDS.items() if name not in PRIVATE})
    if text or kind:
        found = queries.directory(kind=kind, text=text[:100])
        context["page"] = keyset.page(found, order=("sort_key", "id"), after=request.GET.get("after"))
    else:
        context["branches"] = queries.tree(by)
    context["keeps"] = access.actor_of(request).has_role(KEEPER)
    context["imports"] = access.actor_of(request).has_role(KEEPER, "security_admin")
    return render(request, "parties/organisation.html", context)


PRIVATE = roles.PRIVATE_KINDS


def _tabs(by: str) -> list[dict[str, Any]]:
    return [
        {"url": f"?by={name}", "text": text, "current": name == by} for name, text in forms.offered(roles.RELATIONS)
    ]


def unit(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """One unit: its directory entry and relations for everybody, members and numbers for those it concerns."""
    actor = access.actor_of(request)
    party = queries.visible_party(actor, public_id)
    context: dict[str, Any] = {"party": party, "keeps": actor.has_role(KEEPER)}
    context["relations"] = [(relation, relation.from_party_id == party.pk) for relation in queries.relations_of(party)]
    context["below"] = queries.tree(under=party, depth=2)
    if queries.sees_inside(actor, party):
        context["inside"] = True
        context["members"] = queries.memberships_of(party)
        context["identifiers"] = party.identifiers.order_by("scheme", "id")
        context["unmasks"] = actor.has_role(*actions.UNMASKERS)
    return render(request, "parties/unit.html", context)


@access.officer(KEEPER)
def new_unit(request: HttpRequest) -> HttpResponse:
    """Enter a unit in the register."""
    form = forms.NewUnitForm(request.POST or None)
    actor, made = access.actor_of(request), []
    if request.method == "POST" and forms.tried(
        form,
        lambda data: made.append(
            actions.create_party(actor=actor, kind=data["kind"], code=data["code"], **form.changes())
        ),
    ):
        return redirect("unit", public_id=made[0].public_id)
    return _form(request, form, _("新增机构"))


@access.officer(KEEPER)
def edit_unit(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Change what a unit is called and where it is found."""
    party = _kept(request, public_id)
    form = forms.UnitForm(request.POST or None, initial=forms.UnitForm.of(party))
    seen = request.POST.get("seen", "")
    version = int(seen) if seen.isdecimal() else party.version
    if request.method == "POST" and forms.tried(
        form,
        lambda _data: actions.update_party(actor=access.actor_of(request), party=party, seen=version, **form.changes()),
    ):
        return redirect("unit", public_id=party.public_id)
    return _form(request, form, _("修改机构信息"), party)


@access.officer(KEEPER)
def relate_unit(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Set a unit in relation to another."""
    party = _kept(request, public_id)
    form = forms.RelationForm(request.POST or None)
    if request.method == "POST" and forms.tried(
        form, lambda data: actions.relate(actor=access.actor_of(request), from_party=party, **data)
    ):
        return redirect("unit", public_id=party.public_id)
    return _form(request, form, _("新增关系"), party)


@access.officer(KEEPER)
def merge_unit(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Let a unit go into another."""
    party, form, into = _kept(request, public_id), forms.MergeForm(request.POST or None), list[Party]()
    actor = access.actor_of(request)
    if request.method == "POST" and forms.tried(
        form, lambda data: into.append(actions.merge_parties(actor=actor, absorbed=party, **data))
    ):
        messages.success(request, _("机构已并入，关系和人员已转移。"))
        return redirect("unit", public_id=into[0].public_id)
    return _form(request, form, _("并入其他机构"), party)


@access.officer(KEEPER)
@require_POST
def end_relation(request: HttpRequest, public_id: UUID, relation_id: int) -> HttpResponse:
    """Let a relation end today."""
    party = _kept(request, public_id)
    relation = Relation.objects.filter(pk=relation_id, from_party=party).first()
    if relation is None:
        raise PartyNotFound
    actions.end_relation(actor=access.actor_of(request), relation=relation)
    messages.success(request, _("关系已终止，历史记录保留。"))
    return redirect("unit", public_id=party.public_id)


@access.officer(KEEPER)
@require_POST
def end_unit(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Let a unit end today; it stays on record."""
    party = _kept(request, public_id)
    actions.end_party(actor=access.actor_of(request), party=party)
    messages.success(request, _("机构已终止，历史记录保留。"))
    return redirect("unit", public_id=party.public_id)


@access.officer(*actions.UNMASKERS)
@never_cache
def unmask(request: HttpRequest, public_id: UUID, scheme: str) -> HttpResponse:
    """Show a personal number in full, for a purpose."""
    actor = access.actor_of(request)
    party = queries.visible_party(actor, public_id)
    identifier = party.identifiers.filter(scheme=scheme).first()
    if identifier is None or not queries.sees_inside(actor, party):
        raise PartyNotFound
    form, shown = forms.UnmaskForm(request.POST or None), []
    if request.method == "POST":
        forms.tried(
            form, lambda data: shown.append(actions.unmask_identifier(actor=actor, identifier=identifier, **data))
        )
    context = {"form": form, "party": party, "identifier": identifier, "value": shown[0] if shown else ""}
    return render(request, "parties/unmask.html", context)


def _kept(request: HttpRequest, public_id: UUID) -> Party:
    """The unit that a keeper of the register is about to change."""
    return queries.visible_party(access.actor_of(request), public_id)


def _form(request: HttpRequest, form: Any, title: str, party: Party | None = None) -> HttpResponse:
    return render(request, "parties/form_page.html", {"form": form, "page_title": title, "party": party})


urlpatterns: list[URLPattern] = [
    path("organisation", organisation, name="organisation"),
    path("organisation/new", new_unit, name="unit-new"),
    path("organisation/<uuid:public_id>", unit, name="unit"),
    path("organisation/<uuid:public_id>/edit", edit_unit, name="unit-edit"),
    path("organisation/<uuid:public_id>/relate", relate_unit, name="unit-relate"),
    path("organisation/<uuid:public_id>/merge", merge_unit, name="unit-merge"),
    path("organisation/<uuid:public_id>/end", end_unit, name="unit-end"),
    path("organisation/<uuid:public_id>/relations/<int:relation_id>/end", end_relation, name="relation-end"),
    path("organisation/<uuid:public_id>/identifiers/<slug:scheme>", unmask, name="unmask"),
]
