"""What an action asks before it begins: does the flow allow it, may this actor, is there a reason, which unit."""

from __future__ import annotations

from django.utils.translation import gettext as _

from groundplan.kernel.cases.actions._move import Move
from groundplan.kernel.cases.errors import DataInvalid, NotForThisStage, NotYourTask, SecondPersonNeeded
from groundplan.kernel.cases.logic.flow import Outcome, Work
from groundplan.kernel.cases.models import Step, Task
from groundplan.kernel.cases.queries.owners import party_of_code
from groundplan.kernel.cases.queries.scope import controls, holds, may
from groundplan.kernel.parties.models import Party
from groundplan.kernel.parties.queries import Actor

ASKING = ("return", "extension_asked", "account_asked")


def require_allowed(work: Work, action: str) -> None:
    """Refuse an action that the flow does not list for this stage.

    Raises:
        NotForThisStage: it is not among ``allow``.
    """
    if action not in work.allow:
        raise NotForThisStage(
            _("本环节不允许“%(action)s”。") % {"action": action}, accepted=", ".join(work.allow) or "–"
        )


def require_reason(reason: str) -> str:
    """A reason is never empty.

    Raises:
        DataInvalid: it is.
    """
    text = reason.replace("\x00", "").strip()
    if not text:
        raise DataInvalid(_("请填写理由。"), fields=[{"field": "reason", "reason": "missing"}])
    return text[:2000]


def require_control(move: Move, actor: Actor) -> None:
    """Refuse who does not control the flow.

    Raises:
        NotYourTask: the actor is not of the controlling unit, in a controlling role.
    """
    if not controls(actor, move.case, move.flow):
        raise NotYourTask(accepted=", ".join(move.flow.control_roles))


def other_unit(mine: Task, code: str) -> Party:
    """The unit of a code, which is not the one that has the task.

    Raises:
        DataInvalid: it is the same unit, or it is no unit that can act today.
    """
    found = party_of_code(code)
    if found.pk == mine.party_id or not found.is_current:
        raise DataInvalid(
            _("请选择另一个现行单位。"),
            fields=[{"field": "to_party", "reason": "the same unit, or one that has ended"}],
        )
    return found


def require_another(move: Move, actor: Actor, task: Task) -> None:
    """Refuse who asked for a decision, in person or through a deputy: two people ask and decide.

    Raises:
        SecondPersonNeeded: the actor, or whom the actor stands in for here, asked for it.
    """
    if actor.is_system or task.parent is None:
        return
    asked = Step.objects.filter(case=move.case, task=task.parent, at=task.opened_at, kind__in=ASKING)
    people = {person for pair in asked.values_list("actor", "acting_for") for person in pair if person}
    filled = {each.actor_id for each in actor.stands_in if (each.role, each.party_id) == (task.role, task.party_id)}
    if actor.actor_id in people or (filled & people and not holds(actor.own(), task)):
        raise SecondPersonNeeded(_("申请人不得审批本人的申请，代理人亦同。"), next_step=_("请另一人审批。"))


def require_power(move: Move, actor: Actor, action: str) -> None:
    """Refuse who may not do something to the whole case.

    Raises:
        NotYourTask: the actor neither controls the flow nor holds a task whose stage allows it.
    """
    if not may(actor, action, move.case, move.flow, move.active()):
        raise NotYourTask(accepted=", ".join(move.flow.control_roles))


def require_apart(move: Move, task: Task, outcome: Outcome, actor: Actor) -> None:
    """Refuse an outcome to the person and to the unit that did what it judges, helpers and lower units included.

    Raises:
        NotYourTask: the actor, or the unit of the task, completed a stage that the outcome must be apart from.
    """
    if not outcome.apart_from:
        return
    done = Task.objects.filter(case=move.case, stage__in=outcome.apart_from, state="done")
    own = [(by, party) for by, party in done.values_list("done_by", "party_id")]
    if any(by == actor.actor_id or party == task.party_id for by, party in own):
        raise NotYourTask(
            _("处置人员和处置单位不能核查自己的处置结果。"), next_step=_("请由其他人员办理，或退回重新处置。")
        )
