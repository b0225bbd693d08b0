"""Opening a case below a task."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from groundplan.kernel.cases.actions._loading import load_task
from groundplan.kernel.cases.actions._move import Move
from groundplan.kernel.cases.actions._rights import require_reason
from groundplan.kernel.cases.actions.opening import open_case
from groundplan.kernel.cases.errors import NotForThisStage, TooDeep
from groundplan.kernel.cases.logic.flow import Flow
from groundplan.kernel.cases.models import SubCase
from groundplan.kernel.cases.queries.flows import flow_of, version_in_force
from groundplan.kernel.cases.queries.scope import require_holder
from groundplan.kernel.cases.queries.subcases import above
from groundplan.kernel.parties.queries import Actor

MOST_DEPTH = 3
MOST_OPEN = 20
MINE = ("work", "child")


@transaction.atomic
def open_subcase(
    *, actor: Actor, task: UUID | str, seen: int | None, flow: str, title: str, note: str = "", waits: bool = True
) -> SubCase:
    """Open a case of another flow below a task; the task may wait for its outcome.

    The new case takes the values of fields that both flows have with the same type, and the place; never personal
    ones. Its units see nothing of the case above, and the other way round nobody's sight is widened.

    Args:
        actor: a member of the unit that has the task.
        task: public id of the task.
        seen: version of the task that the actor saw.
        flow: key of the flow, one that the stage lists under ``subcases``.
        title: one line that names it, without personal data.
        note: what is asked for; the first line of the new case's timeline after its opening.
        waits: whether the task is held until the case ends.

    Raises:
        CaseMoved: somebody else was faster.
        NotYourTask: the task is with another unit or role.
        NotForThisStage: the stage does not list this flow, or too many are open.
        TooDeep: below as many cases already, or below a case of the same flow.
    """
    move, mine = load_task(actor, task, seen, "open")
    require_holder(actor, mine)
    rule = move.work_of(mine).subcases.get(flow)
    if rule is None or mine.kind not in MINE:
        known = ", ".join(move.work_of(mine).subcases) or "–"
        raise NotForThisStage(_("本环节不能办理“%(flow)s”子件。") % {"flow": flow}, accepted=known)
    chain = above(move.case)
    if len(chain) >= MOST_DEPTH or flow in {move.case.flow, *(each.flow for each in chain)}:
        raise TooDeep(
            _("子件最多 %(most)d 层，且不得再办理同一流程的子件。") % {"most": MOST_DEPTH},
            accepted=f"<= {MOST_DEPTH}",
        )
    if SubCase.objects.filter(task=mine, ended_at=None).count() >= MOST_OPEN:
        raise NotForThisStage(_("未办结的子件过多。"), accepted=f"<= {MOST_OPEN}")
    child = open_case(
        actor=actor,
        flow=flow,
        title=title,
        data=_carried(move, flow_of(version_in_force(flow).pk)),
        point=None if move.case.longitude is None else (move.case.longitude, move.case.latitude or 0.0),
        division_codes=move.case.divisions,
        channel="subcase",
        subject=f"case:{move.case.public_id}",
    )
    made = SubCase.objects.create(task=mine, child=child, waits=waits, sets=dict(rule.sets))
    if waits:
        mine.state = "waiting"
    move.change(mine)
    text = require_reason(note) if note.strip() else ""
    first = move.step("subcase", task=mine, note=text, unit=mine.party.name, other=child.number)
    told = {"child": str(child.public_id), "child_flow": child.flow}
    move.announce("case.subcase_opened.v1", **told)
    move.finish("open_subcase", first=first, data={"task": str(mine.public_id), **told, "waits": waits})
    return made


def _carried(move: Move, below: Flow) -> dict[str, Any]:
    """The values that both flows know by the same name and type; nothing personal."""
    return {
        name: move.case.data[name]
        for name, field in move.flow.fields.items()
        if move.case.data.get(name) is not None
        and name in below.fields
        and (field.type, field.values) == (below.fields[name].type, below.fields[name].values)
        and not field.personal
        and not below.fields[name].personal
    }
