"""Units' own work calendars from a spreadsheet: all or nothing; a calendar is followed by another, never changed."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from groundplan.kernel.parties.actions._duty import record, require
from groundplan.kernel.parties.actions._import import LANGUAGES, CellFault
from groundplan.kernel.parties.logic import sheets, worktimes
from groundplan.kernel.parties.models import Party, UnitCalendar
from groundplan.kernel.parties.queries import Actor
from groundplan.lib import tabular
from groundplan.lib.errors import Conflict, NotAllowed

MOST_ROWS = 5000
MOST_FAULTS = 500


@dataclass(frozen=True)
class CalendarImport:
    """What a file of calendars did, or would do: units that changed and that stayed, cells at fault."""

    units: int
    unchanged: int
    errors: tuple[CellFault, ...]
    taken: bool


class _Faults(list[CellFault]):
    def add(self, row: tabular.Row, header: str, say: Callable[[], str]) -> None:
        reason = {}
        for language in LANGUAGES:
            with translation.override(language):
                reason[language] = say()
        self.append(CellFault(row.address(header), reason))


def import_calendars(*, actor: Actor, content: bytes, filename: str, dry_run: bool = False) -> CalendarImport:
    """Take in units' own work calendars; a unit in the file keeps exactly the rows of the file from now on.

    Args:
        actor: the system, or the data office of the units.
        content: XLSX or CSV with the columns of ``worktimes.HEADERS``.
        filename: as the sender calls it.
        dry_run: only say what would happen.

    Returns:
        Counts, and the cells at fault with reasons in every language; a file with a fault changes nothing.

    Raises:
        NotAllowed: the actor is not of a data office.
        UnreadableTable: the file is no table of ours.
    """
    require(actor, "data_office")
    table = tabular.read_table(content, filename, most_rows=MOST_ROWS)
    table.require(*(header for header in worktimes.HEADERS if header not in {"截止日期", "休息日", "上班日"}))
    faults = _Faults()
    units = _units(actor, table, faults)
    wanted: dict[str, list[dict[str, Any]]] = {}
    for row in table.rows:
        made = _row(row, faults)
        if made is not None and row.text("机构编码") in units:
            _keep(wanted.setdefault(row.text("机构编码"), []), made, row, faults)
    with transaction.atomic():
        changed = {} if faults else _changed(units, wanted)
        taken = not faults and not dry_run
        if taken:
            for party, rows in changed.items():
                party.calendar = UnitCalendar.objects.create(
                    party=party, rows=rows, source=filename[:120], imported_by=actor.actor_id
                )
                party.save(update_fields=["calendar"])
            data = {"sha256": hashlib.sha256(content).hexdigest(), "units": len(changed)}
            record(actor, "parties.import_calendars", "calendars", data)
    return CalendarImport(len(changed), len(wanted) - len(changed), tuple(faults[:MOST_FAULTS]), taken)


def drop_calendar(*, actor: Actor, party: Party) -> Party:
    """Let a unit keep the city's calendar again; the one it had stays on record.

    Raises:
        NotAllowed: the actor is not of the unit's data office.
        Conflict: the unit has none of its own.
    """
    require(actor, "data_office")
    if not actor.covers(party.pk, "data_office"):
        raise NotAllowed(_("该机构不在您的管理范围内。"))
    with transaction.atomic():
        if not Party.objects.filter(pk=party.pk).exclude(calendar=None).update(calendar=None):
            raise Conflict(_("该机构没有单独的工作日历。"))
        record(actor, "parties.drop_calendar", f"party:{party.public_id}")
    party.refresh_from_db()
    return party


def _units(actor: Actor, table: tabular.Table, faults: _Faults) -> dict[str, Party]:
    """The units of a file by their codes; faults for codes that name none that the actor keeps."""
    codes = {row.text("机构编码") for row in table.rows}
    found = {party.code: party for party in Party.objects.on().filter(code__in=codes)}
    reach = None if actor.is_system else actor.party_ids("data_office")
    for row in table.rows:
        party = found.get(row.text("机构编码"))
        if party is None:
            faults.add(row, "机构编码", lambda: _("没有编码为此的机构。"))
        elif reach is not None and party.pk not in reach:
            faults.add(row, "机构编码", lambda: _("该机构不在您的管理范围内。"))
    return found


def _row(row: tabular.Row, faults: _Faults) -> dict[str, Any] | None:
    """A row as it is stored; None when a cell is at fault."""
    before = len(faults)
    cell = {header: row.cells[header].value if header in row.cells else None for header in worktimes.HEADERS}
    first = _read(row, "起始日期", faults, lambda: sheets.day(cell["起始日期"]), needed=True)
    last = _read(row, "截止日期", faults, lambda: sheets.day(cell["截止日期"]))
    hours = _read(row, "工作时段", faults, lambda: worktimes.hours(row.text("工作时段")))
    days = _read(row, "工作日", faults, lambda: worktimes.days(row.text("工作日")))
    off = _read(row, "休息日", faults, lambda: worktimes.listed(cell["休息日"]))
    on = _read(row, "上班日", faults, lambda: worktimes.listed(cell["上班日"]))
    if len(faults) > before:
        return None
    if last is not None and last < first:
        faults.add(row, "截止日期", lambda: _("截止日期早于起始日期。"))
    if days[0] == "week" and last is None:
        faults.add(row, "截止日期", lambda: _("按周规定工作日的须填写截止日期：其后的节假日尚未知。"))
    outside = [day for day in (*off, *on) if day < first or (last is not None and day > last)]
    if outside or set(off) & set(on):
        faults.add(row, "休息日", lambda: _("休息日与上班日须在起止日期内，且不得相同。"))
    if len(faults) > before:
        return None
    iso = [[day.isoformat() for day in each] for each in (off, on)]
    return {"first": first.isoformat(), "last": last.isoformat() if last else None, "hours": hours,
            "rule": days[0], "week": days[1], "off": iso[0], "on": iso[1]}  # fmt: skip


def _read(row: tabular.Row, header: str, faults: _Faults, read: Callable[[], Any], *, needed: bool = False) -> Any:
    try:
        found = read()
    except (ValueError, OverflowError):
        found = None
        faults.add(row, header, lambda: _("“%(text)s”写法有误。") % {"text": row.text(header)[:40]})
    else:
        if needed and found is None:
            faults.add(row, header, lambda: _("不能为空。"))
    return found


def _keep(rows: list[dict[str, Any]], made: dict[str, Any], row: tabular.Row, faults: _Faults) -> None:
    """Add a row to those of its unit, unless the two hold at one time."""
    latest = dt.date.max.isoformat()
    for other in rows:
        if made["first"] <= (other["last"] or latest) and other["first"] <= (made["last"] or latest):
            faults.add(row, "起始日期", lambda: _("同一机构的日期重叠。"))
            return
    rows.append(made)
    rows.sort(key=lambda each: str(each["first"]))


def _changed(units: dict[str, Party], wanted: dict[str, list[dict[str, Any]]]) -> dict[Party, list[dict[str, Any]]]:
    """The units whose calendar differs from the file, locked."""
    kept = Party.objects.select_for_update(of=("self",)).select_related("calendar")
    locked = kept.filter(pk__in=[units[code].pk for code in wanted]).order_by("pk")
    return {
        party: wanted[party.code]
        for party in locked
        if party.calendar is None or party.calendar.rows != wanted[party.code]
    }
