"""What directory, limits and calendar say of a case; each thing is looked up once for a whole file."""

from __future__ import annotations

from datetime import datetime

from groundplan.kernel.parties import queries as parties
from groundplan.kernel.parties.models import Party
from groundplan.kernel.rules import queries as rules
from groundplan.kernel.rules.logic import CompiledTable
from groundplan.lib.worktime import Span, WorkCalendar, calendar_for
from groundplan.systems.incidents.logic.likeness import propose_category
from groundplan.systems.incidents.logic.trial import misrouted
from groundplan.systems.incidents.queries.categories import categories
from groundplan.systems.incidents.queries.directory import district_codes, unit_codes

STEPS = ("accept", "sign", "handle", "total")


class Judge:
    """The rules in force, the units and the districts of this moment."""

    def __init__(self) -> None:
        _id, self.directory_version, self.directory = rules.version_in_force("dispatch-directory")
        _id, self.limits_version, self.limits = rules.version_in_force("hotline-limits")
        self.units, self.districts = unit_codes(), district_codes()
        self.calendar: WorkCalendar = calendar_for()
        self._territories = _territories()
        self._below: dict[str, frozenset[str]] = {}
        self._spans: dict[str, tuple[dict[str, Span], str]] = {}
        matters = categories("hotline")
        self._codes = {name: row.code for row in matters for name in (row.label.get("zh-hans", ""), row.code) if name}
        self._words = {row.code: row.words for row in matters}

    def matter(self, said: str, *texts: str) -> str:
        """The matter as the directory writes it: the file's own word if it is one, else what the text speaks of."""
        if said.strip() in self._codes:
            return self._codes[said.strip()]
        code, _certainty = propose_category(" ".join(filter(None, (said, *texts))), self._words)
        return code or said

    def knows_matter(self, code: str) -> bool:
        """Whether this is a matter of our list."""
        return code in self._words

    def unit_for(self, matter: str, district: str, table: CompiledTable | None = None) -> tuple[str, str]:
        """The unit that a directory names, empty for nobody, and the row that says so."""
        found = (table or self.directory).evaluate({"matter": matter or None, "district": district or None})
        fired = ", ".join(found.rows)
        if found.outputs["mode"] == "territory":
            return self._territories.get(district, ""), fired
        return (found.outputs.get("lead") or "") if found.outputs["mode"] == "direct" else "", fired

    def spans(self, kind: str) -> tuple[dict[str, Span], str]:
        """The limits of a type of request, and the row of ``hotline-limits`` that says so."""
        if kind not in self._spans:
            found = self.limits.evaluate({"type": kind or None, "urgency": None})
            self._spans[kind] = {name: Span.parse(str(found.outputs[name])) for name in STEPS}, ", ".join(found.rows)
        return self._spans[kind]

    def agrees(self, actual: str, named: str) -> bool:
        """Whether a unit is the named one or stands below it (三级派单)."""
        if named not in self._below:
            ids = parties.subordinates(*Party.objects.filter(code=named).values_list("id", flat=True))
            self._below[named] = frozenset(Party.objects.filter(pk__in=ids).values_list("code", flat=True))
        return not misrouted(actual, named, self._below[named])

    def due(self, reported: datetime | None, kind: str) -> datetime | None:
        """The deadline that our limits give.

        Raises:
            CalendarMissing: the calendar does not cover the year.
        """
        return None if reported is None else self.calendar.due(reported, self.spans(kind)[0]["total"])


def _territories() -> dict[str, str]:
    """District code -> code of the unit that the land belongs to."""
    units = Party.objects.on().filter(kind="district").exclude(division_code="").order_by("-id")
    return {unit.division_code: unit.code for unit in units}
