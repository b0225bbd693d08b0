"""旁路试算: an old export run through directory, limits and calendar of this city; reads everything, writes nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from groundplan.kernel.parties.models import Party
from groundplan.kernel.rules.logic import CompiledTable
from groundplan.lib import clock
from groundplan.lib.errors import GroundplanError
from groundplan.lib.tabular import Row
from groundplan.lib.tabular.streaming import open_table
from groundplan.lib.worktime import CalendarMissing
from groundplan.systems.incidents.beside.judging import Judge
from groundplan.systems.incidents.beside.logic import completed_columns
from groundplan.systems.incidents.errors import MappingInvalid
from groundplan.systems.incidents.logic import trial as logic
from groundplan.systems.incidents.logic.columns import TYPES, UnreadableMoment, read_moment

MOST_EXAMPLES = 20
MOMENTS = ("reported_at", "dispatched_at", "signed_at", "closed_at", "due_at")


@dataclass(frozen=True)
class Routed:
    """A case that went elsewhere than a directory says: from where to where, and the row that says so."""

    number: int
    external_id: str
    matter: str
    actual: str
    expected: str
    row: str


@dataclass
class Trial:
    """What a trial found.

    Args:
        read, imported: rows of the file, and those that could be read.
        quarantined: (row number, reason) of the others.
        columns: field -> header as used.
        compared: cases whose unit and directory row are both known.
        misrouted: those that went to another unit; ``pairs`` counts them as (actual, expected).
        unmatched: cases for which the directory names nobody (人工研判).
        unknown_units: names in the file that no unit of the city bears, with their number.
        judged, late: cases of which the file tells whether they were in time, and those that were not.
        causes: key of CAUSES -> number.
        changed: cases that the changed directory would send elsewhere; ``changes`` counts them as (before, after).
    """

    read: int = 0
    imported: int = 0
    quarantined: list[tuple[int, str]] = field(default_factory=list)
    columns: Mapping[str, str] = field(default_factory=dict)
    compared: int = 0
    misrouted: int = 0
    pairs: Counter[tuple[str, str]] = field(default_factory=Counter)
    examples: list[Routed] = field(default_factory=list)
    unmatched: int = 0
    unknown_units: Counter[str] = field(default_factory=Counter)
    judged: int = 0
    late: int = 0
    causes: Counter[str] = field(default_factory=Counter)
    changed: int = 0
    changes: Counter[tuple[str, str]] = field(default_factory=Counter)
    names: dict[str, Any] = field(default_factory=dict)


def run_trial(
    *,
    content: bytes | Path,
    filename: str,
    columns: Mapping[str, str] | None = None,
    changed: CompiledTable | None = None,
) -> Trial:
    """Run an old export beside the system (旁路): misrouting, causes of lateness, what a changed directory changes.

    It runs in a transaction that may only read: no case, record, event or notice can come of it.

    Args:
        content: XLSX, CSV or TSV of past cases, any columns; a text file given by its path may be of any length.
        filename: for messages.
        columns: field -> header; proposed from the headers when None.
        changed: a changed 派单目录 to compare with the one in force.

    Raises:
        UnreadableTable: the file is no table.
        MappingInvalid: no column holds matter, title or text.
        RuleUnknown: directory or limits are not loaded.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            # Inside another transaction it holds until the end of this block.
            cursor.execute("SET TRANSACTION READ ONLY")
        return _Run(content, filename, columns, changed).done()


class _Run:
    """One trial: what it looks up is read once."""

    def __init__(
        self, content: bytes | Path, filename: str, columns: Mapping[str, str] | None, changed: CompiledTable | None
    ) -> None:
        self.table = open_table(content, filename)
        # Columns that are kept for imports say nothing of the course of a case: what they leave out is proposed.
        self.columns = completed_columns(self.table.headers, dict(columns or {}), logic.ALL_FIELDS)
        if not {"category", "title", "description"} & set(self.columns):
            raise MappingInvalid(
                _("找不到“事项”“标题”或“内容”列。表中的列：%(found)s。") % {"found": "、".join(self.table.headers)},
                next_step=_("请指定列对应后重试。"),
            )
        self.table.require(*self.columns.values())
        self.judge, self.changed = Judge(), changed
        self.zone, self.now = timezone.get_current_timezone(), clock.now()
        self.found = Trial(columns=self.columns)

    def done(self) -> Trial:
        """Every row once."""
        for row in self.table.rows:
            self.found.read += 1
            try:
                self._case(row)
            except (GroundplanError, UnreadableMoment) as error:
                self.found.quarantined.append((row.number, str(error)))
            else:
                self.found.imported += 1
        named = {*self.judge.units.values()}
        self.found.names = {unit.code: unit.name for unit in Party.objects.filter(code__in=named)}
        return self.found

    def _text(self, row: Row, name: str) -> str:
        return row.text(self.columns[name]) if name in self.columns else ""

    def _case(self, row: Row) -> None:
        moments = {name: self._moment(row, name) for name in MOMENTS}
        returns = self._text(row, "returns")
        past = logic.Past(
            row.number, self._text(row, "external_id"), self._text(row, "unit"),
            moments["reported_at"], moments["dispatched_at"], moments["signed_at"], moments["closed_at"],
            moments["due_at"], int(returns) if returns.isdecimal() else int(returns in {"是", "有", "yes"}),
        )  # fmt: skip
        self._judge_time(past, TYPES.get(self._text(row, "type")))
        self._judge_way(row, past)

    def _moment(self, row: Row, name: str) -> datetime | None:
        if not self._text(row, name):
            return None
        header = self.columns[name]
        try:
            return read_moment(row.cells[header].value, self.zone)
        except UnreadableMoment:
            raise MappingInvalid(
                _("%(cell)s 的值“%(value)s”无法识别。")
                % {"cell": row.address(header), "value": self._text(row, name)[:60]}
            ) from None

    def _judge_time(self, past: logic.Past, kind: str | None) -> None:
        limits, _fired = self.judge.spans(kind or "")
        try:
            if logic.due_of(past, limits["total"], self.judge.calendar) is None:
                return
            cause = logic.late_cause(past, limits, self.judge.calendar, self.now)
        except CalendarMissing:
            # 日历缺失: nobody can say whether it was in time.
            return
        self.found.judged += 1
        if cause is not None:
            self.found.late += 1
            self.found.causes[cause] += 1

    def _judge_way(self, row: Row, past: logic.Past) -> None:
        matter = self.judge.matter(*(self._text(row, name) for name in ("category", "title", "description")))
        district = self.judge.districts.get(self._text(row, "district"), "")
        expected, fired = self.judge.unit_for(matter, district)
        if self.changed is not None:
            after, _row = self.judge.unit_for(matter, district, self.changed)
            if after != expected:
                self.found.changed += 1
                self.found.changes[(expected, after)] += 1
        actual = self.judge.units.get(past.unit, "")
        if past.unit and not actual:
            self.found.unknown_units[past.unit] += 1
        if not expected:
            self.found.unmatched += 1
        if not (actual and expected):
            return
        self.found.compared += 1
        if not self.judge.agrees(actual, expected):
            self.found.misrouted += 1
            self.found.pairs[(actual, expected)] += 1
            if len(self.found.examples) < MOST_EXAMPLES:
                self.found.examples.append(Routed(past.number, past.external_id, matter, actual, expected, fired))
