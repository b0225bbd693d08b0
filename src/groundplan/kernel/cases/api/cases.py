"""The API of whole cases: lists, one case, its course."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router, Status

from groundplan.kernel.cases import actions, queries
from groundplan.kernel.cases.api.schemas import (
    AccountOut,
    BelowOut,
    CaseOut,
    CommentIn,
    DetailOut,
    ExplanationOut,
    FlowOut,
    ListQuery,
    MergeIn,
    NoteIn,
    PageOut,
    RatingIn,
    ReasonIn,
    ReviewIn,
    SeenIn,
    StepOut,
    SuspendIn,
    TaskOut,
    UnmaskIn,
    UnmaskOut,
    actor_in,
)
from groundplan.kernel.cases.pages.diagram import bpmn_answer
from groundplan.kernel.cases.queries.accounts import account_of
from groundplan.kernel.cases.queries.explaining import explain
from groundplan.kernel.cases.queries.lists import Filters
from groundplan.kernel.cases.queries.offers import offers_for
from groundplan.kernel.cases.queries.subcases import above_shown, below_shown
from groundplan.kernel.parties.access import idempotent, signed_in
from groundplan.kernel.parties.queries import Actor

router = Router(auth=signed_in)


@router.get("/", response=PageOut, summary="Cases of the actor's units")
def list_cases(request: HttpRequest, asked: Query[ListQuery]) -> dict[str, Any]:
    """A page of the to-do, done or whole list."""
    filters = Filters(asked.flow, asked.state, asked.stage, asked.overdue, asked.district, asked.text.replace("\0", ""))
    page = queries.queue(actor_in(request), asked.kind, filters, asked.after, asked.size)
    items = [{**CaseOut.of(row.case), "task": TaskOut.of(row.task) if row.task else None} for row in page.items]
    return {"items": items, "next": page.next}


@router.get("/flows", response=list[FlowOut], summary="Flows in force")
def list_flows(request: HttpRequest) -> list[Any]:  # noqa: ARG001 - ninja's signature.
    """The flows that new cases use."""
    return list(queries.flows_in_force())


@router.get("/flows/{slug:key}/bpmn", summary="BPMN 2.0 file of a flow in force")
def get_bpmn(request: HttpRequest, key: str) -> HttpResponse:  # noqa: ARG001 - ninja's signature.
    """The flow as BPMN 2.0 XML with its drawing."""
    return bpmn_answer(key)


@router.get("/{uuid:case_id}", response=DetailOut, summary="One case")
def get_case(request: HttpRequest, case_id: UUID) -> dict[str, Any]:
    """A case with its data, its active tasks and what the actor may do with it."""
    return detail(actor_in(request), case_id)


@router.get("/{uuid:case_id}/timeline", response=list[StepOut], summary="Timeline of a case")
def get_timeline(request: HttpRequest, case_id: UUID) -> list[dict[str, Any]]:
    """The steps of a case, oldest first."""
    return [StepOut.of(step) for step in queries.timeline(queries.case_for(actor_in(request), case_id))]


@router.get("/{uuid:case_id}/explanation", response=ExplanationOut, summary="Why here, why late, what next")
def get_explanation(request: HttpRequest, case_id: UUID) -> dict[str, Any]:
    """Computed from rule, flow and clock."""
    case = queries.case_for(actor_in(request), case_id)
    answers = explain(case, queries.flow(case), queries.tasks_of(case), queries.timeline(case))
    return ExplanationOut.of(answers)


@router.post("/{uuid:case_id}/suspend", response=CaseOut, summary="Suspend (挂起)")
@idempotent
def suspend(request: HttpRequest, case_id: UUID, given: SuspendIn) -> dict[str, Any]:
    """Its clocks stand still."""
    return CaseOut.of(actions.suspend_case(actor=actor_in(request), case=case_id, **given.dict()))


@router.post("/{uuid:case_id}/resume", response=CaseOut, summary="Resume")
@idempotent
def resume(request: HttpRequest, case_id: UUID, given: SeenIn) -> dict[str, Any]:
    """Its clocks go on."""
    return CaseOut.of(actions.resume_case(actor=actor_in(request), case=case_id, **given.dict()))


@router.post("/{uuid:case_id}/account-review", response=CaseOut, summary="Review an account (挂账复核)")
@idempotent
def account_review(request: HttpRequest, case_id: UUID, given: ReviewIn) -> dict[str, Any]:
    """It stays on account until the next date."""
    return CaseOut.of(actions.review_account(actor=actor_in(request), case=case_id, **given.dict()))


@router.post("/{uuid:case_id}/account-end", response=CaseOut, summary="Take off account (销账)")
@idempotent
def account_end(request: HttpRequest, case_id: UUID, given: NoteIn) -> dict[str, Any]:
    """Its clocks go on."""
    return CaseOut.of(actions.end_account(actor=actor_in(request), case=case_id, **given.dict()))


@router.post("/{uuid:case_id}/supervise", response=CaseOut, summary="Supervise (督办)")
@idempotent
def supervise(request: HttpRequest, case_id: UUID, given: ReasonIn) -> dict[str, Any]:
    """Formal pressure; its owner is told."""
    made = actions.supervise_case(actor=actor_in(request), case=case_id, seen=given.seen, text=given.reason)
    return CaseOut.of(made)


@router.post("/{uuid:case_id}/merge", response=CaseOut, summary="Join duplicates (并单)")
@idempotent
def merge(request: HttpRequest, case_id: UUID, given: MergeIn) -> dict[str, Any]:
    """They end in this case."""
    made = actions.merge_cases(
        actor=actor_in(request), into=case_id, cases=given.cases, seen=given.seen, reason=given.reason
    )
    return CaseOut.of(made)


@router.post("/{uuid:case_id}/unmerge", response=CaseOut, summary="Take a duplicate out again (拆单)")
@idempotent
def unmerge(request: HttpRequest, case_id: UUID, given: ReasonIn) -> dict[str, Any]:
    """It goes on where it stood."""
    return CaseOut.of(actions.unmerge_case(actor=actor_in(request), case=case_id, **given.dict()))


@router.post("/{uuid:case_id}/reopen", response=CaseOut, summary="Reopen")
@idempotent
def reopen(request: HttpRequest, case_id: UUID, given: ReasonIn) -> dict[str, Any]:
    """The total clock starts anew."""
    return CaseOut.of(actions.reopen_case(actor=actor_in(request), case=case_id, **given.dict()))


@router.post("/{uuid:case_id}/cancel", response=CaseOut, summary="Cancel")
@idempotent
def cancel(request: HttpRequest, case_id: UUID, given: ReasonIn) -> dict[str, Any]:
    """It ends without outcome."""
    return CaseOut.of(actions.cancel_case(actor=actor_in(request), case=case_id, **given.dict()))


@router.post("/{uuid:case_id}/comments", response={201: StepOut}, summary="Comment")
@idempotent
def add_comment(request: HttpRequest, case_id: UUID, given: CommentIn) -> Status[dict[str, Any]]:
    """Every unit in the case reads it."""
    return Status(201, StepOut.of(actions.comment(actor=actor_in(request), case=case_id, text=given.text)))


@router.post("/{uuid:case_id}/ratings", response={201: RatingIn}, summary="Rate, or record a call-back")
@idempotent
def add_rating(request: HttpRequest, case_id: UUID, given: RatingIn) -> Status[dict[str, Any]]:
    """What the reporter says."""
    actions.rate_case(actor=actor_in(request), case=case_id, **given.dict())
    return Status(201, given.dict())


@router.post("/{uuid:case_id}/unmask", response=UnmaskOut, summary="Show a personal value for a purpose")
def unmask(request: HttpRequest, case_id: UUID, given: UnmaskIn) -> dict[str, str]:
    """It leaves a record; the answer is not kept."""
    value = actions.unmask_field(actor=actor_in(request), case=case_id, field=given.field, purpose=given.purpose)
    return {"value": value}


def detail(actor: Actor, case_id: UUID) -> dict[str, Any]:
    """A case as ``DetailOut``."""
    case = queries.case_for(actor, case_id)
    tasks, account = queries.active_tasks(case), account_of(case)
    upper = above_shown(actor, case)
    offers = [
        {
            "action": offer.action,
            "label": dict(offer.label),
            "task": offer.task.public_id if offer.task else None,
            "outcome": offer.outcome,
            "requires": list(offer.requires),
            "optional": list(offer.optional),
        }
        for offer in offers_for(actor, case, tasks)
    ]
    return {
        **CaseOut.of(case),
        "data": case.data,
        "personal": queries.personal_shown(actor, case),
        "divisions": case.divisions,
        "longitude": case.longitude,
        "latitude": case.latitude,
        "account": AccountOut.of(account) if account else None,
        "above": upper.number if upper else None,
        "below": [BelowOut.of(each) for each in below_shown(actor, case)],
        "tasks": [TaskOut.of(task) for task in tasks],
        "offers": offers,
    }
