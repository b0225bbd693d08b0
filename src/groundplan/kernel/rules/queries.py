"""Reads of rules: evaluate without a trace, the table of a day, a decision and its reasons."""

from __future__ import annotations

import difflib
from collections import OrderedDict
from collections.abc import Mapping
from datetime import date, datetime
from threading import Lock
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.conf import settings

from groundplan.kernel.rules.errors import RuleNotInForce, RuleUnknown
from groundplan.kernel.rules.logic import CompiledTable, Evaluation, compile_table, parse_table
from groundplan.kernel.rules.models import RuleTable, RuleVersion
from groundplan.lib import clock

_MAX_COMPILED: Final = 500
_lock = Lock()
_compiled: OrderedDict[str, CompiledTable] = OrderedDict()
# key -> (stamp, [(from, until, version id, version number, digest)])
_in_force: dict[str, tuple[int, list[tuple[date, date | None, int, int, str]]]] = {}


def city_day(moment: datetime | None = None) -> date:
    """The calendar day of the city at a moment, now by default."""
    return (moment or clock.now()).astimezone(ZoneInfo(settings.TIME_ZONE)).date()


def compiled_version(digest: str, version_id: int) -> CompiledTable:
    """The compiled form of a version; kept by the digest of its text, which never changes."""
    with _lock:
        found = _compiled.get(digest)
        if found is not None:
            _compiled.move_to_end(digest)
            return found
    definition = RuleVersion.objects.values_list("definition", flat=True).get(pk=version_id)
    made = compile_table(parse_table(definition))
    with _lock:
        _compiled[digest] = made
        while len(_compiled) > _MAX_COMPILED:
            _compiled.popitem(last=False)
    return made


def version_in_force(key: str, on: date | None = None) -> tuple[int, int, CompiledTable]:
    """Id, number and compiled table of the version in force on a day.

    Raises:
        RuleUnknown: no rule has this key.
        RuleNotInForce: no version was in force that day.
    """
    row = RuleTable.objects.filter(key=key).values_list("id", "stamp").first()
    if row is None:
        keys = RuleTable.objects.values_list("key", flat=True)
        raise RuleUnknown(key[:64], difflib.get_close_matches(key[:64], list(keys), n=3, cutoff=0.5))
    rule_id, stamp = row
    known = _in_force.get(key)
    if known is None or known[0] != stamp:
        spans = RuleVersion.objects.filter(rule_id=rule_id, state=RuleVersion.State.IN_FORCE).order_by("effective_from")
        found = list(spans.values_list("effective_from", "effective_until", "id", "version", "digest"))
        known = _in_force[key] = (stamp, [(start, end, *rest) for start, end, *rest in found if start])
    day = on or city_day()
    for start, end, version_id, number, digest in reversed(known[1]):
        if start <= day and (end is None or day < end):
            return version_id, number, compiled_version(digest, version_id)
    raise RuleNotInForce(key, day)


def table(key: str, on: date | None = None) -> CompiledTable:
    """The table in force on a day, ready to evaluate.

    Raises:
        RuleUnknown, RuleNotInForce: see version_in_force.
    """
    return version_in_force(key, on)[2]


def evaluate(key: str, facts: Mapping[str, Any], on: date | None = None) -> Evaluation:
    """What the rule says, without leaving a trace.

    Raises:
        RuleUnknown, RuleNotInForce: no table for that day.
        FactMissing, FactUnknown, FactIllTyped: naming the fact.
        NoRowMatches: nothing applies and there is no default row.
    """
    return table(key, on).evaluate(facts)
