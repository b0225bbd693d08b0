"""One row of the vendor's file: what it tells, and what our rules say of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime, tzinfo

from django.utils import timezone
from django.utils.translation import gettext as _

from groundplan.lib import crypto
from groundplan.lib.tabular import Row
from groundplan.lib.worktime import CalendarMissing
from groundplan.systems.incidents.actions._rows import row_fault
from groundplan.systems.incidents.actions._taking import first_line
from groundplan.systems.incidents.beside import logic
from groundplan.systems.incidents.beside.judging import Judge
from groundplan.systems.incidents.beside.models import BesideFile, BesideRow
from groundplan.systems.incidents.errors import ReportInvalid
from groundplan.systems.incidents.logic.columns import TYPES, UnreadableMoment, read_moment
from groundplan.systems.incidents.logic.masking import mask_names, mask_text, storable
from groundplan.systems.incidents.logic.trial import Past, late_cause

MOMENTS = ("reported_at", "dispatched_at", "signed_at", "closed_at", "due_at")
YES = {"是", "有", "yes"}
LONGEST = 200
MOST_RETURNS = 32_000


@dataclass(frozen=True)
class Told:
    """What a row tells, without who reported it."""

    external_id: str
    title: str
    said_matter: str
    matter: str
    said_district: str
    type: str
    said_unit: str
    said_first: str
    said_final: str
    returns: int
    reported_at: datetime | None
    dispatched_at: datetime | None
    signed_at: datetime | None
    closed_at: datetime | None
    due_at: datetime | None

    @property
    def state(self) -> bytes:
        """What changes when anything of it does."""
        said = [str(getattr(self, each.name)) for each in fields(self)]
        return crypto.keyed_hash(json.dumps(said, ensure_ascii=False), purpose="incidents.beside")

    @property
    def told(self) -> datetime | None:
        """The last thing that it tells of; an older file tells less."""
        return max(filter(None, (self.reported_at, self.dispatched_at, self.signed_at, self.closed_at)), default=None)


def read_row(row: Row, columns: Mapping[str, str], judge: Judge, zone: tzinfo) -> Told:
    """What a row tells.

    Raises:
        ReportInvalid: it has no number, or a cell that should hold a time holds something else.
    """

    def text(field: str) -> str:
        return storable(row.text(columns[field])).strip() if field in columns else ""

    def moment(field: str) -> datetime | None:
        if not text(field):
            return None
        try:
            return read_moment(row.cells[columns[field]].value, zone)
        except UnreadableMoment:
            raise row_fault(row, columns[field], text(field)) from None

    if not text("external_id"):
        raise ReportInvalid(_("缺少工单编号。"), fields=[{"field": "external_id", "reason": "missing"}])
    said, words, returns = text("category"), text("title") or text("description"), text("returns")
    shown = mask_text(mask_names(first_line(words), text("reporter_name")), wholly=True).text if words else ""
    return Told(
        external_id=text("external_id")[:120], title=shown[:LONGEST], said_matter=_masked(said),
        matter=_masked(judge.matter(said, text("title"), text("description"))),
        said_district=text("district")[:LONGEST],
        type=TYPES.get(text("type"), ""), said_unit=text("unit")[:LONGEST], said_first=text("first_unit")[:LONGEST],
        said_final=text("final_unit")[:LONGEST],
        returns=min(int(returns), MOST_RETURNS) if returns.isdecimal() else int(returns.lower() in YES),
        **{name: moment(name) for name in MOMENTS},
    )  # fmt: skip


def _masked(text: str) -> str:
    """A word of the file that may turn out to be somebody's sentence."""
    return mask_text(text, wholly=True).text[:LONGEST]


def decided(told: Told, known: BesideRow | None, file: BesideFile, judge: Judge, now: datetime) -> BesideRow:
    """The row as it is kept: what the file tells, where we would have sent it, and who was right.

    Args:
        told: the newest state.
        known: the row as earlier files told it.
        file: the file at hand.
        judge: the rules in force.
        now: for cases that are still open.
    """
    district = judge.districts.get(told.said_district, "")
    ours, fired = judge.unit_for(told.matter, district)
    unit = judge.units.get(told.said_unit, "")
    first = judge.units.get(told.said_first, "") or (known.first_unit if known else "") or unit
    way = logic.Way(
        ours, first, judge.units.get(told.said_final, "") or unit, told.closed_at is not None, told.returns
    )  # fmt: skip
    made = BesideRow(
        run=file.run, external_id=told.external_id, first_file=known.first_file if known else file, last_file=file,
        day=_day(told, known, now), state=told.state, told=told.told, title=told.title, said_matter=told.said_matter,
        matter=told.matter, district=district, type=told.type, said_unit=told.said_unit, first_unit=way.first,
        final_unit=way.final, our_unit=ours, fired=fired[:LONGEST], returns=told.returns,
        verdict=logic.verdict(way, judge.agrees), avoided=logic.return_avoided(way, judge.agrees),
        unmapped=_unmapped(told, judge), incident_id=known.incident_id if known else None,
        **{name: getattr(told, name) for name in MOMENTS},
    )  # fmt: skip
    if known is not None:
        made.public_id = known.public_id
    _judge_time(made, judge, now)
    return made


def _day(told: Told, known: BesideRow | None, now: datetime) -> date:
    """The day it was reported on; without one, the day on which it was first seen."""
    if told.reported_at is not None:
        return timezone.localdate(told.reported_at)
    return known.day if known else timezone.localdate(now)


def _unmapped(told: Told, judge: Judge) -> str:
    """Which of its words nobody here knows: ``unit``, ``matter``, ``district``."""
    strange = {
        "unit": told.said_unit and told.said_unit not in judge.units,
        "matter": told.said_matter and not judge.knows_matter(told.matter),
        "district": told.said_district and told.said_district not in judge.districts,
    }
    return ",".join(name for name, is_strange in strange.items() if is_strange)


def _judge_time(row: BesideRow, judge: Judge, now: datetime) -> None:
    """Whether it is late, why, and when our clocks would have said so first."""
    limits, fired = judge.spans(row.type)
    row.limits_fired = fired[:LONGEST]
    past = Past(
        0, row.external_id, row.said_unit, row.reported_at, row.dispatched_at, row.signed_at, row.closed_at,
        row.due_at, row.returns,
    )  # fmt: skip
    try:
        row.our_due_at = judge.due(row.reported_at, row.type)
        row.limits_differ = logic.limits_differ(row.due_at, row.our_due_at)
        cause = late_cause(past, limits, judge.calendar, now)
        row.cause, row.late = cause or "", cause is not None
        row.warned_at = logic.warned_at(past, limits, judge.calendar, now) if row.late else None
    except CalendarMissing:
        # 日历缺失: nobody can say whether it is in time.
        return
