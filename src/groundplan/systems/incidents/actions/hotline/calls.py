"""The operator's desk: calls that ring, and a call entered, answered or sent for dispatch in one step."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from groundplan.kernel.cases import actions as cases
from groundplan.kernel.cases import queries as case_queries
from groundplan.kernel.events import actions as events
from groundplan.kernel.ledger.actions import record
from groundplan.kernel.parties import queries as parties
from groundplan.kernel.parties.errors import UserNotFound
from groundplan.kernel.parties.queries import Actor
from groundplan.lib import clock, crypto
from groundplan.lib.errors import NotAllowed
from groundplan.systems.incidents import queries
from groundplan.systems.incidents.actions.report import Receipt, report_incident
from groundplan.systems.incidents.errors import CallInvalid, ReportInvalid
from groundplan.systems.incidents.logic.masking import normal_phone
from groundplan.systems.incidents.models import Call

KEPT = timedelta(days=7)
LONGEST_NUMBER, FEWEST_DIGITS, MOST_DIGITS = 40, 3, 20
NEXT = ("keep", "dispatch", "answer")


@transaction.atomic
def announce_call(*, actor: Actor, caller: str, operator: str, call_id: str) -> Call:
    """Tell an operator's desk that a call rings (screen-pop); the same call told twice is one.

    Args:
        actor: the account of the telephone system: an operator's account of the same unit as the one who is called.
        caller: the number, in any form; kept encrypted for seven days.
        operator: user name of who is called.
        call_id: the call's name at the telephone system.

    Raises:
        NotAllowed: the actor may not ring at this desk, or there is no such operator.
        CallInvalid: ``fields`` names what does not fit.
    """
    number, name = normal_phone(caller[:LONGEST_NUMBER]), call_id.replace("\x00", "").strip()
    if not FEWEST_DIGITS <= len(number) <= MOST_DIGITS or not 1 <= len(name) <= 120:  # noqa: PLR2004 - the column's width.
        raise CallInvalid(
            _("来电号码须为 3 至 20 位数字，并须有通话编号。"), fields=[{"field": "caller", "reason": "3..20 digits"}]
        )
    try:
        called = parties.actor_named(operator.replace("\x00", "")[:64])
    except UserNotFound:
        called = parties.ANONYMOUS
    if not called.unit_ids("operator") & actor.unit_ids("operator"):
        raise NotAllowed(_("该话务员不在本单位，不能弹屏。"))
    known = Call.objects.filter(external_id=name).first()
    if known is not None:
        if known.told_by != actor.actor_id:
            raise NotAllowed(_("该通话由其他系统登记。"))
        return known
    now = clock.now()
    Call.objects.filter(rang_at__lt=now - KEPT).delete()
    made = Call.objects.create(
        external_id=name, operator=called.actor_id, number=crypto.encrypt(number), rang_at=now, told_by=actor.actor_id
    )
    record(
        actor=actor.actor_id, action="incidents.announce_call", subject=f"call:{made.public_id}",
        data={"operator": called.actor_id},
    )  # fmt: skip
    events.publish(
        type="call.ringing.v1",
        subject=f"call:{made.public_id}",
        data={"call": str(made.public_id)},
        actor=actor.actor_id,
        audience=[f"user:{called.actor_id}"],
    )
    return made


@transaction.atomic
def enter_call(
    *,
    actor: Actor,
    following: str = "keep",
    reply: str = "",
    join: UUID | str | None = None,
    call: UUID | str | None = None,
    **report: Any,
) -> Receipt:
    """Enter a call and do what the operator decided while the caller spoke.

    Args:
        actor: the operator.
        following: ``keep`` leaves the case at the desk, ``dispatch`` sends it on, ``answer`` closes it with ``reply``.
        reply: what the caller was told, for ``answer``.
        join: an incident that the caller speaks of too: the new case is joined to it (并单).
        call: the call that rang.
        report: as for ``report_incident``.

    Raises:
        ReportInvalid: as for a report; nothing is joined, answered or sent on without what it needs.
        NotFound: no such incident to join, or not for this actor.
        NotYourTask, NotForThisStage: the flow does not let the actor do it.
    """
    if following not in NEXT or (following == "answer" and not reply.strip()):
        raise ReportInvalid(
            _("当场答复须填写答复内容。"), fields=[{"field": "reply", "reason": "missing"}], accepted=", ".join(NEXT)
        )
    other = queries.incident_for(actor, join) if join else None
    receipt = report_incident(actor=actor, channel="phone", flow="hotline", **report)
    if call:
        Call.objects.filter(public_id=call, operator=actor.actor_id, incident=None).update(incident=receipt.incident)
    if not receipt.created:
        return receipt
    if other is not None:
        cases.merge_cases(
            actor=actor,
            into=other.case.public_id,
            cases=[receipt.case.public_id],
            seen=None,
            reason=_("来电人反映同一问题，一并办理。"),
        )
    elif following != "keep":
        _complete(actor, receipt, following, reply.strip())
    return receipt


def _complete(actor: Actor, receipt: Receipt, following: str, reply: str) -> None:
    """Complete the acceptance of a case that was just entered.

    Raises:
        ReportInvalid: it has no type or matter to be sent on with.
    """
    data = receipt.case.data
    if following == "dispatch" and not data.get("matter"):
        raise ReportInvalid(_("未能判定事项，请选择事项后派单。"), fields=[{"field": "category", "reason": "missing"}])
    task = case_queries.active_tasks(receipt.case)[0]
    given = {"type": data.get("type")}
    given |= {"reply": reply} if following == "answer" else {"matter": data.get("matter")}
    outcome = "answered" if following == "answer" else "dispatch"
    cases.complete_task(actor=actor, task=task.public_id, seen=None, outcome=outcome, data=given)
