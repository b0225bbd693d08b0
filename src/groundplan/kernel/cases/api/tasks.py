"""The API of tasks: one operation for each action of a unit."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Router, Status

from groundplan.kernel.cases import actions
from groundplan.kernel.cases.api.schemas import (
    AccountIn,
    CaseOut,
    CompleteIn,
    ExtensionIn,
    ReasonIn,
    RulingIn,
    SeenIn,
    SubCaseIn,
    TaskOut,
    UnitIn,
    UnitReasonIn,
    actor_in,
)
from groundplan.kernel.parties.access import idempotent, signed_in

router = Router(auth=signed_in)


@router.post("/{uuid:task_id}/sign", response=TaskOut, summary="Sign for a task (签收)")
@idempotent
def sign(request: HttpRequest, task_id: UUID, given: SeenIn) -> dict[str, Any]:
    """The working clock starts."""
    return TaskOut.of(actions.sign_task(actor=actor_in(request), task=task_id, seen=given.seen))


@router.post("/{uuid:task_id}/complete", response=TaskOut, summary="Complete a task")
@idempotent
def complete(request: HttpRequest, task_id: UUID, given: CompleteIn) -> dict[str, Any]:
    """With one of the outcomes that the case offers."""
    return TaskOut.of(actions.complete_task(actor=actor_in(request), task=task_id, **given.dict()))


@router.post("/{uuid:task_id}/return", response=TaskOut, summary="Return a task (退单)")
@idempotent
def return_(request: HttpRequest, task_id: UUID, given: ReasonIn) -> dict[str, Any]:
    """It waits for its ruling; its unit stays the owner."""
    return TaskOut.of(actions.return_task(actor=actor_in(request), task=task_id, **given.dict()))


@router.post("/{uuid:task_id}/ruling", response=TaskOut, summary="Rule on a return (派单异议审核)")
@idempotent
def ruling(request: HttpRequest, task_id: UUID, given: RulingIn) -> dict[str, Any]:
    """Granted: dispatched anew. Otherwise its unit goes on."""
    made = actions.rule_return(
        actor=actor_in(request), task=task_id, seen=given.seen, uphold=given.granted, note=given.note
    )
    return TaskOut.of(made)


@router.post("/{uuid:task_id}/transfer", response=TaskOut, summary="Offer a task to another unit")
@idempotent
def transfer(request: HttpRequest, task_id: UUID, given: UnitReasonIn) -> dict[str, Any]:
    """The giver owns it until the other accepts (首接负责)."""
    made = actions.transfer_task(
        actor=actor_in(request), task=task_id, seen=given.seen, to_party=given.to, reason=given.reason
    )
    return TaskOut.of(made)


@router.post("/{uuid:task_id}/accept", response=TaskOut, summary="Accept an offered task")
@idempotent
def accept(request: HttpRequest, task_id: UUID, given: SeenIn) -> dict[str, Any]:
    """From now on this unit owns it."""
    return TaskOut.of(actions.accept_transfer(actor=actor_in(request), task=task_id, seen=given.seen))


@router.post("/{uuid:task_id}/refuse", response=TaskOut, summary="Refuse an offered task")
@idempotent
def refuse(request: HttpRequest, task_id: UUID, given: ReasonIn) -> dict[str, Any]:
    """It stays with who offered it."""
    return TaskOut.of(actions.refuse_transfer(actor=actor_in(request), task=task_id, **given.dict()))


@router.post("/{uuid:task_id}/redispatch", response=TaskOut, summary="Re-dispatch downwards (三级派单)")
@idempotent
def redispatch(request: HttpRequest, task_id: UUID, given: UnitIn) -> dict[str, Any]:
    """A unit below acts with its own clock inside this one's."""
    made = actions.redispatch_task(
        actor=actor_in(request), task=task_id, seen=given.seen, to_party=given.to, note=given.note
    )
    return TaskOut.of(made)


@router.post("/{uuid:task_id}/reassign", response=TaskOut, summary="Correct a dispatch (改派)")
@idempotent
def reassign(request: HttpRequest, task_id: UUID, given: UnitReasonIn) -> dict[str, Any]:
    """The controlling unit gives it to the right unit at once."""
    made = actions.reassign_task(
        actor=actor_in(request), task=task_id, seen=given.seen, to_party=given.to, reason=given.reason
    )
    return TaskOut.of(made)


@router.post("/{uuid:task_id}/assist", response=TaskOut, summary="Ask another unit to assist (协办)")
@idempotent
def assist(request: HttpRequest, task_id: UUID, given: UnitIn) -> dict[str, Any]:
    """The lead stays the owner."""
    made = actions.add_assisting(
        actor=actor_in(request), task=task_id, seen=given.seen, party=given.to, note=given.note
    )
    return TaskOut.of(made)


@router.post("/{uuid:task_id}/extension", response=TaskOut, summary="Ask for an extension (延期)")
@idempotent
def extension(request: HttpRequest, task_id: UUID, given: ExtensionIn) -> dict[str, Any]:
    """Another unit decides."""
    return TaskOut.of(actions.request_extension(actor=actor_in(request), task=task_id, **given.dict()))


@router.post("/{uuid:task_id}/extension-decision", response=TaskOut, summary="Decide on an extension")
@idempotent
def extension_decision(request: HttpRequest, task_id: UUID, given: RulingIn) -> dict[str, Any]:
    """Granted: task and total move by the same span."""
    made = actions.decide_extension(
        actor=actor_in(request), task=task_id, seen=given.seen, grant=given.granted, note=given.note
    )
    return TaskOut.of(made)


@router.post("/{uuid:task_id}/account", response=TaskOut, summary="Ask to put the case on account (挂账)")
@idempotent
def account(request: HttpRequest, task_id: UUID, given: AccountIn) -> dict[str, Any]:
    """A second person decides."""
    return TaskOut.of(actions.request_account(actor=actor_in(request), task=task_id, **given.dict()))


@router.post("/{uuid:task_id}/account-decision", response=TaskOut, summary="Decide on an account")
@idempotent
def account_decision(request: HttpRequest, task_id: UUID, given: RulingIn) -> dict[str, Any]:
    """Granted: the clocks stand still and the case is listed apart."""
    made = actions.decide_account(
        actor=actor_in(request), task=task_id, seen=given.seen, grant=given.granted, note=given.note
    )
    return TaskOut.of(made)


@router.post("/{uuid:task_id}/subcase", response={201: CaseOut}, summary="Open a case below a task")
@idempotent
def subcase(request: HttpRequest, task_id: UUID, given: SubCaseIn) -> Status[dict[str, Any]]:
    """The task may wait for its outcome."""
    made = actions.open_subcase(actor=actor_in(request), task=task_id, **given.dict())
    return Status(201, CaseOut.of(made.child))


@router.post("/{uuid:task_id}/stop-waiting", response=TaskOut, summary="Stop waiting for the cases below")
@idempotent
def stop_waiting(request: HttpRequest, task_id: UUID, given: ReasonIn) -> dict[str, Any]:
    """They go on, and so does the task."""
    return TaskOut.of(actions.stop_waiting(actor=actor_in(request), task=task_id, **given.dict()))
