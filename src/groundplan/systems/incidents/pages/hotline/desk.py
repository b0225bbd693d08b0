"""话务受理: a call is entered by keyboard; number, history, knowledge and likely duplicates come by themselves."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from groundplan.commons.knowledge import queries as knowledge
from groundplan.kernel.parties import access
from groundplan.kernel.parties.access import AuthenticatedRequest
from groundplan.kernel.parties.queries import Actor
from groundplan.lib.errors import GroundplanError
from groundplan.lib.identity import uuid7
from groundplan.systems.incidents import actions, queries
from groundplan.systems.incidents.pages.forms import TYPES, IntakeForm
from groundplan.systems.incidents.queries.hotline import calls

SHORTEST = 4


class DeskForm(IntakeForm):
    """A call, and what the operator decides while the caller speaks."""

    type = forms.ChoiceField(label=gettext_lazy("诉求类型"), choices=TYPES, initial="complaint")
    urgency = forms.ChoiceField(
        label=gettext_lazy("紧急程度"), choices=[("normal", gettext_lazy("一般")), ("urgent", gettext_lazy("紧急"))],
        required=False,
    )  # fmt: skip
    reply = forms.CharField(
        label=gettext_lazy("当场答复"), max_length=8000, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )
    following = forms.ChoiceField(choices=[(name, name) for name in ("keep", "dispatch", "answer")], required=False)
    join = forms.UUIDField(required=False, widget=forms.HiddenInput)
    call = forms.UUIDField(required=False, widget=forms.HiddenInput)


@require_http_methods(["GET", "POST"])
@access.officer("operator")
def intake(request: AuthenticatedRequest) -> HttpResponse:
    """Enter a call; the desk comes back empty for the next one."""
    number = request.GET.get("caller", request.GET.get("phone", ""))[:40]
    number = calls.number_of(request.actor, request.GET.get("call", "")) or number
    call = request.GET.get("call", "") if number else ""
    initial = {"key": uuid7().hex, "reporter_phone": number, "call": call}
    form = DeskForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid() and _entered(request, form):
        return redirect(request.path)
    number = request.POST.get("reporter_phone", number)[:40]
    context = _desk(request.actor, form, number)
    return render(request, "incidents/intake.html", context, status=422 if form.errors else 200)


@require_GET
@access.officer("operator")
def ringing(request: AuthenticatedRequest) -> HttpResponse:
    """The calls that ring now."""
    return render(request, "incidents/hotline/ringing_part.html", {"ringing": calls.ringing(request.actor)})


@require_GET
@access.officer("operator")
def caller(request: AuthenticatedRequest) -> HttpResponse:
    """What this caller has reported before."""
    found = queries.caller_history(request.actor, request.GET.get("reporter_phone", "")[:40])
    return render(request, "incidents/caller_part.html", {"history": found})


@require_GET
@access.officer("operator", "inspector", "grid_worker")
def likely(request: AuthenticatedRequest) -> HttpResponse:
    """What belongs to the words so far: articles, earlier reports that may be the same, the matter they speak of."""
    text = request.GET.get("text", "")[:2000]
    long_enough = len(text.strip()) >= SHORTEST
    found = queries.likely_for_text(request.actor, text, request.GET.get("place", "")[:300]) if long_enough else []
    kind, code, certainty = queries.proposed_category(("hotline",), text)
    context = {
        "articles": [(row, knowledge.current_version(row)) for row in knowledge.matching(request.actor, text, most=3)]
        if long_enough
        else [],
        "likely": found,
        "joins": request.actor.has_role("operator"),
        "proposed": queries.category((kind,), code) if code else None,
        "certainty": round(certainty * 100),
    }
    return render(request, "incidents/likely_part.html", context)


@require_GET
@access.officer("operator")
def answer(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """The field of the answer, filled with an article's."""
    version = knowledge.current_version(knowledge.article_in_force(request.actor, public_id))
    form = DeskForm(initial={"reply": version.answer if version else ""})
    return render(request, "incidents/hotline/reply_part.html", {"form": form, "focus": True})


def _entered(request: AuthenticatedRequest, form: DeskForm) -> bool:
    """Whether the call was taken in; else the form says why not."""
    asked = {name: value for name, value in form.cleaned_data.items() if name not in ("longitude", "latitude")}
    asked["following"], asked["urgency"] = asked["following"] or "keep", asked["urgency"] or "normal"
    try:
        receipt = actions.enter_call(actor=request.actor, point=form.point(), **asked)
    except GroundplanError as error:
        form.add_error(None, " ".join(part for part in (error.detail or str(error), error.next_step) if part))
        return False
    shown = {"number": receipt.number, "code": receipt.code}
    messages.success(request, _("已受理：%(number)s，查询码 %(code)s。") % shown)
    for other in queries.seen_likely(request.actor, receipt.incident) if not asked["join"] else []:
        messages.warning(request, _("可能重复：%(number)s。") % {"number": other["number"]})
    return True


def _desk(actor: Actor, form: DeskForm, number: str) -> dict[str, Any]:
    return {
        "form": form,
        "known": bool(number),
        "history": queries.caller_history(actor, number) if number else [],
        "ringing": calls.ringing(actor),
    }
