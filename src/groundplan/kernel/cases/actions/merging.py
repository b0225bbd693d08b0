"""Duplicates: joined into one case (并单), and taken out again (拆单)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from groundplan.kernel.cases.actions import _clockwork as clockwork
from groundplan.kernel.cases.actions._loading import load_case
from groundplan.kernel.cases.actions._move import Move
from groundplan.kernel.cases.actions._rights import require_power, require_reason
from groundplan.kernel.cases.errors import CaseMoved, DataInvalid
from groundplan.kernel.cases.models import Case, Involvement, Task, Timed
from groundplan.kernel.parties.queries import Actor


@transaction.atomic
def merge_cases(*, actor: Actor, into: UUID | str, cases: Sequence[UUID | str], seen: int | None, reason: str) -> Case:
    """Join duplicates (并单): they end in the case that goes on, whose units see them all.

    Args:
        actor: of the controlling unit, or holder of a task that allows it.
        into: the case that goes on.
        cases: the duplicates.
        seen: version of the case that goes on.
        reason: why they are the same.

    Raises:
        CaseMoved: somebody else was faster.
        NotYourTask: the actor may not merge one of them.
        DataInvalid: no duplicates are named, or the case itself, or one of another flow.
    """
    main = load_case(actor, into, seen, "open")
    require_power(main, actor, "merge")
    text = require_reason(reason)
    others = []
    for public_id in sorted({str(each) for each in cases}):
        other = load_case(actor, public_id, None, "open")
        if other.case.pk == main.case.pk or other.case.flow != main.case.flow:
            raise DataInvalid(_("只能并入同一流程的另一办件。"), fields=[{"field": "cases", "reason": public_id}])
        require_power(other, actor, "merge")
        others.append(other)
    if not others:
        raise DataInvalid(_("请选择要并入的办件。"), fields=[{"field": "cases", "reason": "missing"}])
    first = main.step("merged_in", note=text, other="、".join(each.case.number for each in others))
    for involvement in Involvement.objects.filter(case__in=[each.case for each in others]).select_related("party"):
        if involvement.party_id not in main.involved:
            main.involve(involvement.party, "merged")
    already = set(Involvement.objects.filter(case=main.case).values_list("party_id", flat=True))
    main.involved = {party: part for party, part in main.involved.items() if party not in already}
    main.announce("case.merged.v1", merged=[str(each.case.public_id) for each in others])
    record = main.finish("merge", first=first, data={"merged": [each.case.number for each in others]})
    for other in others:
        _end_merged(other, main.case, record, text)
    return main.case


@transaction.atomic
def unmerge_case(*, actor: Actor, case: UUID | str, seen: int | None, reason: str) -> Case:
    """Take a duplicate out again (拆单): it goes on where it stood, with the time that was left of each clock.

    Its units stop seeing the case that it was joined to, unless they have another part in it.

    Args:
        actor: of the controlling unit, or holder of a task of the case that went on which allows joining.
        case: the case that had been joined to another.
        seen: its version.
        reason: why they are not the same.

    Raises:
        CaseMoved: somebody else was faster.
        NotYourTask: the actor may not.
        NotForThisStage: the case has not been joined to another.
    """
    # The case that goes on is locked first, as merging does it: two officers never wait for one another.
    into = Case.objects.filter(public_id=case, merged_into__isnull=False).values_list("merged_into__public_id").first()
    main = load_case(actor, into[0], None) if into else None
    move = load_case(actor, case, seen, "merged")
    if main is None or move.case.merged_into_id != main.case.pk or move.case.closed_at is None:
        raise CaseMoved
    require_power(main, actor, "merge")
    text = require_reason(reason)
    since = move.case.closed_at
    move.case.state, move.case.merged_into, move.case.closed_at = "open", None, None
    _go_on(move.case, since, move)
    _restore_tasks(move, since)
    first = move.step("unmerge", note=text, other=main.case.number)
    told = {"unmerged_from": str(main.case.public_id), "unmerged": str(move.case.public_id)}
    move.announce("case.unmerged.v1", **told)
    main.announce("case.unmerged.v1", **told)
    record = move.finish("unmerge", first=first, data={"from": main.case.number})
    _forget_units(main.case, move.case)
    main.step("unmerged_out", note=text, other=move.case.number)
    main.write(record)
    return move.case


def _restore_tasks(move: Move, since: datetime) -> None:
    """The tasks that ended with the merge bind their units again; an older merge that kept none enters its stage."""
    ended = Task.objects.filter(case=move.case, state="cancelled", done_at=since).select_related("party", "parent")
    for task in ended.order_by("id"):
        before = task.asks.get("before_merge")
        if before is None:
            continue
        task.asks = {name: value for name, value in task.asks.items() if name != "before_merge"}
        task.state, task.done_at, task.done_by, task.outcome = before["state"], None, "", ""
        for cause in before["held"]:
            clockwork.pause(move.case, cause, move.now)
        _go_on(task, since, move)
        clockwork.cap(task, move.case.due_at)
        move.tasks.append(task)
        move.change(task)
        move.involve(task.party, "owner" if task.kind == "work" else task.kind)
        move.announce("task.offered.v1", task=str(task.public_id), stage=task.stage, party=task.party.code)
    if not move.active():
        move.enter(move.case.stage)


def _go_on(timed: Timed, since: datetime, move: Move) -> None:
    """The time as a duplicate counts against nobody; a clock that stood still before goes on standing still."""
    if timed.clock_started_at is not None and not timed.paused_for:
        timed.pauses = [*timed.pauses, {"start": since.isoformat(), "end": move.now.isoformat()}]
    clockwork.refresh(timed, move.flow.calendar)


def _forget_units(main: Case, out: Case) -> None:
    """Units that saw the main case only through this duplicate see it no more."""
    staying = Involvement.objects.filter(case__merged_into=main).exclude(case=out).values("party_id")
    through = Involvement.objects.filter(case=out).values("party_id")
    Involvement.objects.filter(case=main, part="merged", party_id__in=through).exclude(party_id__in=staying).delete()


def _end_merged(other: Move, into: Case, record: UUID, note: str) -> None:
    """End a duplicate under the record of the merge."""
    for task in other.active():
        held = [cause for cause in other.case.paused_for if cause.endswith(f":{task.public_id}")]
        task.asks = {**task.asks, "before_merge": {"state": task.state, "held": held}}
    other.leave()
    other.case.state = "merged"
    other.case.merged_into = into
    other.end_case()
    other.step("merge", note=note, other=into.number)
    other.write(record)
