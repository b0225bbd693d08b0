"""The page of a case: what it is, where it stands, what may be done, what was done and why."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.timezone import localdate

from groundplan.kernel.cases import queries, registry
from groundplan.kernel.cases.models import Case
from groundplan.kernel.cases.pages import shown
from groundplan.kernel.cases.pages.diagram import diagram_of_case
from groundplan.kernel.cases.pages.forms import form_for, units_listed
from groundplan.kernel.cases.queries.accounts import account_of
from groundplan.kernel.cases.queries.explaining import explain
from groundplan.kernel.cases.queries.offers import offers_for
from groundplan.kernel.cases.queries.subcases import above_shown, below_shown
from groundplan.kernel.ledger import queries as ledger
from groundplan.kernel.parties.access import officer
from groundplan.kernel.parties.logic.roles import PURPOSES
from groundplan.kernel.parties.queries import Actor
from groundplan.lib import clock


@officer()
def page(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """A case with everything that this officer may see of it and do with it."""
    case = queries.case_for(request.actor, public_id)  # type: ignore[attr-defined]
    return render(request, "cases/case.html", context_of(case, request))


@officer()
def live(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """The parts of the page that change: status, clock, tasks, timeline."""
    case = queries.case_for(request.actor, public_id)  # type: ignore[attr-defined]
    return render(request, "cases/_live.html", live_context(case))


@officer()
def printed(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """The case as a file on paper: what it is, what was done, by which records that can be proven."""
    case = queries.case_for(request.actor, public_id)  # type: ignore[attr-defined]
    context = context_of(case, request)
    head = ledger.head()
    context |= {"head": head, "root": bytes(head.root).hex() if head else ""}
    context |= {"printed_at": clock.now(), "timeline": list(reversed(context["timeline"]))}
    return render(request, "cases/print.html", context)


@officer()
def step(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """The case of a step, at the step: a stable address for notices and proofs."""
    found = queries.step_for(request.actor, public_id)  # type: ignore[attr-defined]
    address = redirect("case", found.case.public_id)
    address["Location"] += f"#step-{found.public_id}"
    return address


def live_context(case: Case) -> dict[str, Any]:
    """What the live part shows."""
    flow = queries.flow(case)
    tasks, steps = queries.tasks_of(case), queries.timeline(case)
    return {
        "explained": shown.explained(explain(case, flow, tasks, steps), flow),
        "late": case.overdue or any(task.overdue for task in tasks),
        "case": case,
        "noun": flow.noun,
        **_account_shown(case),
        "diagram": diagram_of_case(case, flow, tasks),
        "stage": shown.stage_label(flow, case.stage),
        "state": shown.STATES[case.state],
        "clock": shown.clock_shown(case, over=not case.active),
        "tasks": [
            {
                "task": task,
                "label": shown.stage_label(flow, task.stage, task.key),
                "kind": shown.TASK_KINDS[task.kind],
                "state": shown.TASK_STATES[task.state],
                "clock": shown.clock_shown(task, over=not task.active),
            }
            for task in tasks
            if task.active
        ],
        "timeline": [(each, shown.TONES.get(each.kind, "neutral"), shown.by_shown(each)) for each in reversed(steps)],
    }


def _account_shown(case: Case) -> dict[str, Any]:
    """The account on which a case stands, and whether its review is due."""
    account = account_of(case) if case.state == "on_account" else None
    late = account is not None and account.review_on <= localdate(clock.now())
    return {"account": account, "account_late": late}


def context_of(
    case: Case, request: HttpRequest, *, refused: Any = None, clear: dict[str, str] | None = None
) -> dict[str, Any]:
    """Everything that the page shows; ``refused`` is the form that was not accepted, ``clear`` what was unmasked."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    flow = queries.flow(case)
    forms = [
        (offer, refused[1] if refused and refused[0].key == offer.key else form_for(offer, case, flow))
        for offer in offers_for(actor, case, queries.active_tasks(case))
    ]
    return {
        **live_context(case),
        "flow": flow,
        "above": above_shown(actor, case),
        "below": shown.below_rows(below_shown(actor, case)),
        "data": shown.data_shown(case, flow),
        "personal": [
            (name, flow.fields[name].label, (clear or {}).get(name, value), name in (clear or {}))
            for name, value in queries.personal_shown(actor, case).items()
            if name in flow.fields
        ],
        "purposes": PURPOSES,
        "main_forms": [pair for pair in forms if pair[0].main],
        "other_forms": [pair for pair in forms if not pair[0].main],
        "refused": refused[0].key if refused else "",
        "units": units_listed() if any(offer.requires or offer.task for offer, _form in forms) else [],
        "attachments": queries.attachments(case),
        "panels": registry.panels_for(request, case),
        "ratings": list(case.ratings.order_by("-id")),
    }
