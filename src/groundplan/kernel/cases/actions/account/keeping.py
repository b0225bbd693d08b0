"""What is on account: reviewed at its date, reminded of, taken off."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from groundplan.kernel.cases.actions import _clockwork as clockwork
from groundplan.kernel.cases.actions._loading import load_case, lock_case
from groundplan.kernel.cases.actions._move import Move
from groundplan.kernel.cases.actions._rights import require_reason
from groundplan.kernel.cases.actions.account._dates import checked_review
from groundplan.kernel.cases.actions.account.asking import CAUSE
from groundplan.kernel.cases.errors import NotForThisStage, NotYourTask
from groundplan.kernel.cases.models import ACTIVE_TASK, Account, Case, Task
from groundplan.kernel.cases.queries.accounts import account_of, keeps, may_end
from groundplan.kernel.cases.queries.flows import flow_of
from groundplan.kernel.notices import actions as notices
from groundplan.kernel.parties.queries import SYSTEM, Actor
from groundplan.lib import clock


@transaction.atomic
def review_account(*, actor: Actor, case: UUID | str, seen: int | None, note: str, review_on: date) -> Case:
    """Review an account: the case stays on it until the next date.

    Raises:
        CaseMoved: somebody else was faster.
        NotYourTask: the actor is not of the unit that approved it.
        NotForThisStage: the case is not on account.
        DataInvalid: nothing is said, or a date of review beyond what the flow allows.
    """
    move = load_case(actor, case, seen, "on_account")
    account = _account(move)
    if not keeps(actor, account, move.flow):
        raise NotYourTask(accepted=f"{move.flow.account.role} @ {account.keeper.code}")
    text = require_reason(note)
    day = checked_review(move, review_on)
    account.review_on, account.told_on, account.reviews = day, None, account.reviews + 1
    account.save(update_fields=["review_on", "told_on", "reviews"])
    first = move.step("account_reviewed", note=text, unit=account.keeper.name, day=day.isoformat())
    move.announce("case.account_reviewed.v1", review_on=day.isoformat())
    move.finish("review_account", first=first, data={"review_on": day.isoformat(), "times": account.reviews})
    return move.case


@transaction.atomic
def end_account(*, actor: Actor, case: UUID | str, seen: int | None, note: str) -> Case:
    """Take a case off account (销账): what was left of each clock is left again.

    Raises:
        CaseMoved: somebody else was faster.
        NotYourTask: the actor neither keeps the account nor holds a task that allows it.
        NotForThisStage: the case is not on account.
        DataInvalid: nothing is said.
    """
    move = load_case(actor, case, seen, "on_account")
    account = _account(move)
    if not may_end(actor, account, move.case, move.flow, move.active()):
        raise NotYourTask(accepted=f"{move.flow.account.role} @ {account.keeper.code}")
    text = require_reason(note)
    account.ended_at = move.now
    account.save(update_fields=["ended_at"])
    move.case.state = "open"
    for timed in (move.case, *move.active()):
        clockwork.resume(timed, CAUSE, move.now, move.flow.calendar)
    for task in move.active():
        clockwork.cap(task, move.case.due_at)
        move.change(task)
    first = move.step("account_ended", note=text)
    move.announce("case.taken_off_account.v1")
    move.finish("end_account", first=first)
    return move.case


def remind_accounts(*, batch: int = 500) -> int:
    """Tell the unit and who approved of each account whose date of review has come, once for each date.

    Returns:
        How many were due.
    """
    today = timezone.localdate(clock.now())
    due = Account.objects.filter(ended_at=None, told_on=None, review_on__lte=today).order_by("review_on", "id")
    return sum(_remind(case_id) for case_id in list(due.values_list("case_id", flat=True)[:batch]))


@transaction.atomic
def _remind(case_id: int) -> bool:
    case = lock_case(skip_locked=True, pk=case_id, state="on_account")
    if case is None:
        return False
    move = Move(SYSTEM, case, flow_of(case.flow_version_id), was_state=case.state)
    account = _account(move)
    today = timezone.localtime(move.now).date()
    if account.told_on is not None or account.review_on > today:
        return False
    account.told_on = today
    account.save(update_fields=["told_on"])
    roles = {task.role for task in Task.objects.filter(case=case, state__in=ACTIVE_TASK, party=account.unit)}
    first = move.step("account_due", day=account.review_on.isoformat())
    move.announce("case.account_due.v1", review_on=account.review_on.isoformat())
    move.finish("remind_account", first=first, data={"review_on": account.review_on.isoformat()})
    notices.notify(
        actor=SYSTEM,
        recipients=[(account.keeper_id, (move.flow.account.role,)), (account.unit_id, sorted(roles))],
        kind="case.account_due",
        title={"zh-hans": f"{case.number} 挂账复核到期", "en": f"{case.number}: the review of its account is due"},
        subject=f"case:{case.public_id}",
        url=f"/cases/{case.public_id}",
    )
    return True


def _account(move: Move) -> Account:
    found = account_of(move.case)
    if found is None:
        raise NotForThisStage(_("办件没有挂账。"))
    return found
