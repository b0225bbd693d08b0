"""Writes of beside runs: start, take a file, end, and the switch to live that takes two people."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from pathlib import Path
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from groundplan.kernel.ledger.actions import record
from groundplan.kernel.parties import queries as parties
from groundplan.kernel.parties.queries import Actor
from groundplan.lib import clock
from groundplan.lib.errors import NotAllowed
from groundplan.systems.incidents.beside import queries
from groundplan.systems.incidents.beside.errors import BesideInvalid, BesideState
from groundplan.systems.incidents.beside.logic import COLUMNS
from groundplan.systems.incidents.beside.models import Beside, BesideBad, BesideFile, BesideRow, BesideStep
from groundplan.systems.incidents.beside.taking import Progress, Taking
from groundplan.systems.incidents.errors import MappingInvalid

UNIT = "hotline-office"
KEPT_DAYS = 180
LONGEST_RUN = timedelta(days=366)
Switch = Beside.Switch


@transaction.atomic
def start_beside(
    *,
    actor: Actor,
    name: str,
    ends_on: date,
    answerable: str,
    unit: str = UNIT,
    columns: Mapping[str, str] | None = None,
) -> Beside:
    """Start a run beside the vendor's system; it begins today.

    Args:
        actor: of the data office, or the system.
        name: 1 to 64 characters, never used before.
        ends_on: its last day, within a year.
        answerable: who answers for it, 1 to 64 characters.
        unit: code of the unit whose work the vendor's system does.
        columns: field -> header; what is left out is proposed from the first file.

    Raises:
        NotAllowed: the actor is not of the data office.
        BesideInvalid: ``fields`` names each part that cannot be accepted.
        PartyNotFound: no unit has this code.
    """
    if not actor.has_role(*queries.START):
        raise NotAllowed(_("旁路运行须由数据部门开始。"), accepted="data_office")
    today = timezone.localdate(clock.now())
    _check_start(name, answerable, today, ends_on, columns or {})
    keeper = min(actor.unit_ids(*queries.START), default=None)
    made = Beside.objects.create(
        name=name.strip(), unit=parties.party_by_code(unit), keeper_id=keeper, answerable=answerable.strip(),
        columns=dict(columns or {}), started_on=today, ends_on=ends_on, started_at=clock.now(),
        started_by=actor.actor_id,
    )  # fmt: skip
    _step(actor, made, "start", {"unit": unit, "ends_on": ends_on.isoformat()})
    return made


def _check_start(name: str, answerable: str, today: date, ends_on: date, columns: Mapping[str, str]) -> None:
    wrong = []
    for field, text in (("name", name), ("answerable", answerable)):
        if not 1 <= len(text.strip()) <= 64 or not text.isprintable():  # noqa: PLR2004 - the columns' length.
            wrong.append({"field": field, "reason": _("请填写 1 至 64 个字。")})
    if not today <= ends_on <= today + LONGEST_RUN:
        wrong.append({"field": "ends_on", "reason": _("结束日期须在今天之后一年以内。")})
    if Beside.objects.filter(name=name.strip()).exists():
        wrong.append({"field": "name", "reason": _("已有同名的旁路运行。")})
    strange = sorted(set(columns) - set(COLUMNS))
    if strange:
        wrong.append({"field": "columns", "reason": _("没有字段：%(names)s。") % {"names": "、".join(strange)}})
    if wrong:
        raise BesideInvalid("；".join(str(item["reason"]) for item in wrong), fields=wrong)


@transaction.atomic
def take_beside_file(
    *,
    actor: Actor,
    run: UUID | str,
    content: bytes | Path,
    filename: str,
    columns: Mapping[str, str] | None = None,
    progress: Progress | None = None,
) -> BesideFile:
    """Take in an export of the vendor's system and judge each row by our rules; nobody is touched by it.

    A row is known by the vendor's number however often it comes: an unchanged or older state changes nothing, a newer
    one is judged anew. Only in a run that is live do rows reported from its moment on, and still open there, become
    cases, each once.

    Args:
        actor: of the data office, an operator, or the system.
        run: public id or name.
        content: XLSX, CSV or TSV; UTF-8, UTF-16, GBK or GB18030. A text file given by its path may be of any length.
        filename: for messages.
        columns: field -> header; those kept with the run, completed from the headers, when None.
        progress: called with (rows done, rows in all, 0 if nobody knows) now and then.

    Returns:
        The file: read = fresh + changed + known + quarantined.

    Raises:
        BesideUnknown: no such run for the actor.
        NotAllowed: the actor may see the run but take in nothing.
        BesideState: the run is over.
        MappingInvalid: no column holds the number, or none the matter or text.
        UnreadableTable: the file is no table.
    """
    found = _held(actor, run)
    if not actor.has_role(*queries.TAKE):
        raise NotAllowed(_("您没有接收导出文件的角色。"), accepted="、".join(queries.TAKE))
    if not found.may_take():
        raise BesideState(
            _("旁路运行“%(name)s”已于 %(day)s 结束。") % {"name": found.name, "day": found.ends_on.isoformat()},
            next_step=_("如需继续，请先延长结束日期。"),
        )
    strange = sorted(set(columns or {}) - set(COLUMNS))
    if strange:
        raise MappingInvalid(_("没有字段：%(names)s。") % {"names": "、".join(strange)}, accepted="、".join(COLUMNS))
    return Taking(actor, found, content, filename, dict(columns or {})).done(progress)


@transaction.atomic
def set_beside_end(*, actor: Actor, run: UUID | str, ends_on: date, note: str = "") -> Beside:
    """Move the last day of a run; a run that is live goes on until its switch is taken back.

    Args:
        actor: of the data office, or the system.
        run: public id or name.
        ends_on: the new last day, today at the earliest and within a year.
        note: why.

    Raises:
        BesideUnknown: no such run for the actor.
        NotAllowed: the actor is not of the data office.
        BesideInvalid: the day lies before today or too far ahead.
        BesideState: its rows are erased already.
    """
    found = _held(actor, run)
    if not actor.has_role(*queries.START):
        raise NotAllowed(_("旁路运行须由数据部门结束或延长。"), accepted="data_office")
    if found.erased_on is not None:
        raise BesideState(_("该旁路运行的逐件数据已到期销毁。"))
    today = timezone.localdate(clock.now())
    if not today <= ends_on <= today + LONGEST_RUN:
        raise BesideInvalid(
            _("结束日期须在今天之后一年以内。"), fields=[{"field": "ends_on", "reason": ends_on.isoformat()}]
        )
    found.ends_on = ends_on
    found.save(update_fields=["ends_on"])
    _step(actor, found, "end", {"ends_on": ends_on.isoformat()}, note)
    return found


@transaction.atomic
def propose_switch(*, actor: Actor, run: UUID | str, live_from: datetime | None, note: str = "") -> Beside:
    """Propose that from a moment on new rows become cases; another person with another role decides.

    Args:
        actor: a person of the data office.
        run: public id or name.
        live_from: the moment, in the future.
        note: for whoever decides.

    Raises:
        BesideUnknown: no such run for the actor.
        NotAllowed: the actor is no person of the data office.
        BesideInvalid: the moment has passed.
        BesideState: it is proposed or live already, or over.
    """
    found = _held(actor, run)
    if actor.is_system or not actor.has_role(*queries.START):
        raise NotAllowed(_("切换须由数据部门的工作人员提出。"), accepted="data_office")
    if found.switch != Switch.OFF or not found.may_take():
        raise BesideState(_("该旁路运行已提出切换、已切换或已结束。"))
    if live_from is None or live_from <= clock.now():
        raise BesideInvalid(_("切换时间须在当前时间之后。"), fields=[{"field": "live_from", "reason": "past"}])
    found.switch, found.live_from, found.proposed_by = Switch.PROPOSED, live_from, actor.actor_id
    found.save(update_fields=["switch", "live_from", "proposed_by"])
    _step(actor, found, "propose", {"live_from": live_from}, note)
    return found


@transaction.atomic
def approve_switch(*, actor: Actor, run: UUID | str, note: str = "") -> Beside:
    """Approve a proposed switch: from its moment on new rows of further files become cases, each once.

    Args:
        actor: a supervisor or leader of the unit, another person than who proposed it.
        run: public id or name.
        note: kept with the step.

    Raises:
        BesideUnknown: no such run for the actor.
        NotAllowed: the actor is neither supervisor nor leader over the unit, or proposed it.
        BesideState: nothing is proposed, or the moment has passed meanwhile.
    """
    found = _held(actor, run)
    if actor.is_system or found.unit_id not in actor.party_ids(*queries.APPROVE):
        raise NotAllowed(_("切换须由该单位的监督员或领导批准。"), accepted="、".join(queries.APPROVE))
    if actor.actor_id == found.proposed_by:
        raise NotAllowed(_("提出切换的人不能自己批准。"), next_step=_("请由另一名监督员或领导批准。"))
    if found.switch != Switch.PROPOSED or found.live_from is None:
        raise BesideState(_("没有待批准的切换。"))
    if found.live_from <= clock.now():
        raise BesideState(_("所提的切换时间已过。"), next_step=_("请撤回后重新提出。"))
    found.switch, found.approved_by = Switch.LIVE, actor.actor_id
    found.save(update_fields=["switch", "approved_by"])
    _step(actor, found, "approve", {"live_from": found.live_from, "proposed_by": found.proposed_by}, note)
    return found


@transaction.atomic
def take_back_switch(*, actor: Actor, run: UUID | str, note: str) -> Beside:
    """Take a proposed or approved switch back; cases that were opened stay cases, further rows become none.

    Args:
        actor: of the data office, or a supervisor or leader of the unit; a person.
        run: public id or name.
        note: why.

    Raises:
        BesideUnknown: no such run for the actor.
        NotAllowed: the actor may neither propose nor approve.
        BesideInvalid: no reason is given.
        BesideState: nothing is proposed or live.
    """
    found = _held(actor, run)
    may = actor.has_role(*queries.START) or found.unit_id in actor.party_ids(*queries.APPROVE)
    if actor.is_system or not may:
        raise NotAllowed(_("您没有撤回切换的角色。"), accepted="、".join((*queries.START, *queries.APPROVE)))
    if not note.strip():
        raise BesideInvalid(_("请写明撤回的原因。"), fields=[{"field": "note", "reason": "missing"}])
    if found.switch == Switch.OFF:
        raise BesideState(_("没有可撤回的切换。"))
    was = found.switch
    found.switch, found.live_from, found.proposed_by, found.approved_by = Switch.OFF, None, "", ""
    found.save(update_fields=["switch", "live_from", "proposed_by", "approved_by"])
    _step(actor, found, "take_back", {"was": str(was)}, note)
    return found


@transaction.atomic
def forget_beside_rows() -> int:
    """Erase the rows of runs that ended more than 180 days ago; their figures by day are kept with the run.

    Returns:
        How many runs were erased.
    """
    before = timezone.localdate(clock.now()) - timedelta(days=KEPT_DAYS)
    ended = Beside.objects.select_for_update().filter(ends_on__lt=before, erased_on=None).exclude(switch=Switch.LIVE)
    count = 0
    for run in ended:
        days = queries.comparison(run).days
        run.figures = [{"day": day.isoformat(), "figures": figures} for day, figures in days]
        run.erased_on = timezone.localdate(clock.now())
        run.save(update_fields=["figures", "erased_on"])
        erased, _by_table = BesideRow.objects.filter(run=run).delete()
        BesideBad.objects.filter(file__run=run).delete()
        _step(parties.SYSTEM, run, "erase", {"rows": erased})
        count += 1
    return count


def _held(actor: Actor, run: UUID | str) -> Beside:
    """A run that the actor may see, locked until the transaction ends.

    Raises:
        BesideUnknown: none such.
    """
    found = queries.run_for(actor, run)
    return Beside.objects.select_for_update().get(pk=found.pk)


def _step(actor: Actor, run: Beside, kind: str, data: Mapping[str, object], note: str = "") -> None:
    """Keep a step of a run with its record; the note stays out of the log."""
    entry = record(
        actor=actor.actor_id, action=f"incidents.beside_{kind}", subject=f"beside:{run.public_id}", data=dict(data)
    )
    BesideStep.objects.create(
        run=run, at=clock.now(), kind=kind, actor=actor.actor_id, actor_name=actor.display_name[:120],
        note=note.strip()[:500], record=entry,
    )  # fmt: skip
