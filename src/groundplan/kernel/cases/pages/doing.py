"""The buttons of the case page: each form becomes one action."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from groundplan.kernel.cases import actions, queries, registry
from groundplan.kernel.cases.errors import CaseNotFound, NotForThisStage
from groundplan.kernel.cases.models import Case
from groundplan.kernel.cases.pages.case import context_of
from groundplan.kernel.cases.pages.forms import ActionForm, form_for
from groundplan.kernel.cases.queries.offers import Offer, offers_for
from groundplan.kernel.files.actions import store_file
from groundplan.kernel.parties.access import officer
from groundplan.kernel.parties.queries import Actor
from groundplan.lib.errors import Conflict, GroundplanError

Given = dict[str, Any]
FIELD = "field_"


@officer()
@require_POST
def do(request: HttpRequest, public_id: UUID, action: str) -> HttpResponse:
    """Carry out one offered action and go back to the case, or show the form again with what was wrong."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    case = queries.case_for(actor, public_id)
    offer = _wanted(actor, case, action, request.POST)
    form = form_for(offer, case, queries.flow(case), request.POST, request.FILES)
    if form.is_valid() and not _doubtful(case, offer, form, request):
        try:
            with transaction.atomic():
                _carry_out(actor, case, offer, form.cleaned_data)
        except GroundplanError as error:
            form.add_error(None, error.detail or str(error.title))
        else:
            messages.success(request, _("已办理。"))
            return redirect("case", public_id)
    return render(request, "cases/case.html", context_of(case, request, refused=(offer, form)), status=422)


@officer()
@require_POST
def unmask(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Show one personal value in the clear, once, for a recorded purpose."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    field = request.POST.get("field", "")
    value = actions.unmask_field(actor=actor, case=public_id, field=field, purpose=request.POST.get("purpose", ""))
    case = queries.case_for(actor, public_id)
    answer = render(request, "cases/case.html", context_of(case, request, clear={field: value}))
    answer["Cache-Control"] = "no-store"
    return answer


def _doubtful(case: Case, offer: Offer, form: ActionForm, request: HttpRequest) -> bool:
    """Whether the officer is first shown what is doubtful about a form; sent a second time it is taken as it is."""
    if offer.action != "complete" or request.POST.get("advised"):
        return False
    given = {name.removeprefix(FIELD): value for name, value in form.cleaned_data.items() if name.startswith(FIELD)}
    form.advice = registry.advice_for(case, offer.outcome, given)
    return bool(form.advice)


def _wanted(actor: Actor, case: Case, action: str, data: Any) -> Offer:
    """The offer that a form was made of, if it still stands.

    Raises:
        NotForThisStage: it is not offered to this actor now; usually because somebody else was faster.
    """
    asked = (action, data.get("outcome", ""), data.get("task", ""))
    for offer in offers_for(actor, case, queries.active_tasks(case)):
        if (offer.action, offer.outcome, str(offer.task.public_id) if offer.task else "") == asked:
            return offer
    if any(str(task.public_id) == asked[2] for task in queries.tasks_of(case)):
        raise Conflict(_("办件已被他人处理，请刷新页面后再办理。"), next_step=_("请返回办件页面。"))
    raise NotForThisStage(_("当前不能这样办理。"))


def _carry_out(actor: Actor, case: Case, offer: Offer, given: Given) -> None:
    files = [
        store_file(actor=actor.actor_id, name=each.name, content=each, subject=f"case:{case.public_id}")
        for each in given.get("files", [])
    ]
    if offer.action == "complete":
        _complete(actor, offer, given, files)
    elif offer.task is not None:
        action, words = _TASK[offer.action]
        action(**_task(actor, offer, given), **words(given))
    elif offer.action == "comment":
        actions.comment(actor=actor, case=case.public_id, text=given["text"], files=files)
    elif offer.action == "merge":
        _merge(actor, case, given)
    elif offer.action == "rate":
        _rate(actor, case, given)
    else:
        action, words = _CASE[offer.action]
        action(actor=actor, case=case.public_id, seen=given["seen"], **words(given))


def _complete(actor: Actor, offer: Offer, given: Given, files: list[Any]) -> None:
    flow = queries.flow(offer.task.case)  # type: ignore[union-attr]
    values = {name.removeprefix(FIELD): value for name, value in given.items() if name.startswith(FIELD)}
    actions.complete_task(
        **_task(actor, offer, given),
        outcome=offer.outcome,
        data={name: value for name, value in values.items() if not flow.fields[name].personal},
        personal={name: value for name, value in values.items() if flow.fields[name].personal and value},
        note=given["note"],
        files=files,
    )


def _task(actor: Actor, offer: Offer, given: Given) -> Given:
    if offer.task is None:
        raise CaseNotFound
    return {"actor": actor, "task": offer.task.public_id, "seen": given["seen"]}


_Words = Callable[[Given], Given]
_TASK: dict[str, tuple[Callable[..., Any], _Words]] = {
    "sign": (actions.sign_task, lambda given: {}),  # noqa: ARG005 - one signature.
    "accept": (actions.accept_transfer, lambda given: {}),  # noqa: ARG005
    "refuse": (actions.refuse_transfer, lambda given: _only(given, "reason")),
    "uphold": (actions.rule_return, lambda given: {"uphold": True, **_only(given, "note")}),
    "overrule": (actions.rule_return, lambda given: {"uphold": False, **_only(given, "note")}),
    "grant": (actions.decide_extension, lambda given: {"grant": True, **_only(given, "note")}),
    "deny": (actions.decide_extension, lambda given: {"grant": False, **_only(given, "note")}),
    "return": (actions.return_task, lambda given: _only(given, "reason")),
    "transfer": (actions.transfer_task, lambda given: _only(given, "to_party", "reason")),
    "reassign": (actions.reassign_task, lambda given: _only(given, "to_party", "reason")),
    "redispatch": (actions.redispatch_task, lambda given: _only(given, "to_party", "note")),
    "assist": (actions.add_assisting, lambda given: {"party": given["to_party"], **_only(given, "note")}),
    "subcase": (actions.open_subcase, lambda given: _only(given, "flow", "title", "note", "waits")),
    "stop_waiting": (actions.stop_waiting, lambda given: _only(given, "reason")),
    "account": (actions.request_account, lambda given: _only(given, "reason", "review_on")),
    "account_grant": (actions.decide_account, lambda given: {"grant": True, **_only(given, "note")}),
    "account_deny": (actions.decide_account, lambda given: {"grant": False, **_only(given, "note")}),
    "extend": (
        actions.request_extension,
        lambda given: {"span": f"{given['amount']} {given['unit']}", **_only(given, "reason")},
    ),
}
_CASE: dict[str, tuple[Callable[..., Any], _Words]] = {
    "suspend": (actions.suspend_case, lambda given: _only(given, "reason", "until")),
    "resume": (actions.resume_case, lambda given: _only(given, "note")),
    "account_review": (actions.review_account, lambda given: _only(given, "note", "review_on")),
    "account_end": (actions.end_account, lambda given: _only(given, "note")),
    "supervise": (actions.supervise_case, lambda given: _only(given, "text")),
    "unmerge": (actions.unmerge_case, lambda given: _only(given, "reason")),
    "reopen": (actions.reopen_case, lambda given: _only(given, "reason")),
    "cancel": (actions.cancel_case, lambda given: _only(given, "reason")),
}


def _only(given: Given, *names: str) -> Given:
    return {name: given[name] for name in names}


def _merge(actor: Actor, case: Case, given: Given) -> None:
    numbers = [part.strip() for part in given["cases"].replace("，", ",").replace("、", ",").split(",") if part.strip()]
    found = dict(Case.objects.filter(number__in=numbers).values_list("number", "public_id"))
    missing = [number for number in numbers if number not in found]
    if missing:
        raise CaseNotFound(_("没有编号为 %(numbers)s 的办件。") % {"numbers": "、".join(missing)})
    actions.merge_cases(
        actor=actor, into=case.public_id, cases=list(found.values()), seen=given["seen"], reason=given["reason"]
    )


def _rate(actor: Actor, case: Case, given: Given) -> None:
    actions.rate_case(
        actor=actor,
        case=case.public_id,
        source="callback",
        reached=given["reached"] == "true",
        solved={"true": True, "false": False}.get(given["solved"]),
        satisfaction=given["satisfaction"],
        note=given["note"],
    )
