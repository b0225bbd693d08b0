"""Reads of rules: evaluate without a trace, the table of a day, a decision and its reasons."""

from __future__ import annotations

import difflib
import json
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from threading import Lock
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Prefetch

from groundplan.kernel.rules.errors import DecisionUnknown, RuleNotInForce, RuleUnknown, VersionUnknown, reason_text
from groundplan.kernel.rules.logic import CompiledTable, Evaluation, RowReason, compile_table, gaps, parse_table
from groundplan.kernel.rules.logic.checking import Gaps, example_text
from groundplan.kernel.rules.logic.table import Table
from groundplan.kernel.rules.logic.values import Labels, from_json
from groundplan.kernel.rules.models import Decision, DecisionFacts, RuleTable, RuleVersion
from groundplan.kernel.rules.queries import replaying
from groundplan.kernel.rules.queries.replaying import Replay
from groundplan.lib import clock, crypto, sql

_MAX_COMPILED: Final = 500
_lock = Lock()
_compiled: OrderedDict[str, CompiledTable] = OrderedDict()
# key -> (stamp, [(from, until, version id, version number, digest)])
_in_force: dict[str, tuple[UUID, list[tuple[date, date | None, int, int, str]]]] = {}


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


def _unknown(key: str) -> RuleUnknown:
    keys = RuleTable.objects.values_list("key", flat=True)
    return RuleUnknown(key[:64], difflib.get_close_matches(key[:64], list(keys), n=3, cutoff=0.5))


def version_in_force(key: str, on: date | None = None) -> tuple[int, int, CompiledTable]:
    """Id, number and compiled table of the version in force on a day.

    Raises:
        RuleUnknown: no rule has this key.
        RuleNotInForce: no version was in force that day.
    """
    row = sql.run("SELECT id, stamp FROM rules_table WHERE key = %s", [key]).fetchone()
    if row is None:
        raise _unknown(key)
    rule_id, stamp = row
    known = _in_force.get(key)
    if known is None or known[0] != stamp:
        spans = RuleVersion.objects.filter(rule_id=rule_id, state=RuleVersion.State.IN_FORCE).order_by("effective_from")
        known = _in_force[key] = (
            stamp,
            [
                (item.effective_from, item.effective_until, item.pk, item.version, item.digest)
                for item in spans.defer("definition")
                if item.effective_from is not None
            ],
        )
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


@dataclass(frozen=True)
class DecisionView:
    """A decision with what is still known of its facts.

    Args:
        decision: the stored row.
        compiled: the table of its version.
        facts: typed facts, None when they were erased; personal ones only when asked for.
        hidden: names of facts that are kept but not shown.
        reasons: for every row the cells that failed, empty without facts.
    """

    decision: Decision
    compiled: CompiledTable
    facts: Mapping[str, Any] | None
    hidden: tuple[str, ...]
    reasons: tuple[RowReason, ...]

    @property
    def version(self) -> RuleVersion:
        """The version that decided."""
        return self.decision.version


def decision(public_id: UUID, *, personal: bool = False) -> DecisionView:
    """A decision and its reasons. Whether somebody may see it is asked of ``registry.reader_of(subject)``.

    Raises:
        DecisionUnknown: there is none.
    """
    found = Decision.objects.select_related("version__rule").filter(public_id=public_id).first()
    if found is None:
        raise DecisionUnknown
    compiled = compiled_version(found.version.digest, found.version_id)
    kept = DecisionFacts.objects.filter(pk=found.pk).first()
    if kept is None:
        return DecisionView(found, compiled, None, (), ())
    whole = dict(kept.facts)
    if kept.personal is not None:
        whole |= json.loads(crypto.decrypt(bytes(kept.personal)))
    typed = {item.name: from_json(item.type, whole.get(item.name)) for item in compiled.table.inputs}
    _, reasons = compiled.explain(typed)
    hidden = () if personal else tuple(item.name for item in compiled.table.inputs if item.personal)
    fired = frozenset(found.rows)
    shown = tuple(reason._replace(fired=reason.row in fired) for reason in reasons)
    return DecisionView(found, compiled, {k: v for k, v in typed.items() if k not in hidden}, hidden, shown)


def rule(key: str) -> RuleTable:
    """One rule.

    Raises:
        RuleUnknown: none has this key.
    """
    found = RuleTable.objects.filter(key=key).first()
    if found is None:
        raise _unknown(key)
    return found


def version(public_id: UUID) -> RuleVersion:
    """One version with its rule.

    Raises:
        VersionUnknown: there is none.
    """
    found = RuleVersion.objects.select_related("rule").filter(public_id=public_id).first()
    if found is None:
        raise VersionUnknown
    return found


def standing(item: RuleVersion, on: date | None = None) -> str:
    """Where a version stands on a day: draft, approved, scheduled, in_force, superseded or retired."""
    day = on or city_day()
    if item.state != RuleVersion.State.IN_FORCE or item.effective_from is None:
        return item.state
    if item.effective_from > day:
        return "scheduled"
    return "superseded" if item.effective_until is not None and item.effective_until <= day else "in_force"


def compiled_of(item: RuleVersion) -> CompiledTable:
    """The compiled table of a version."""
    return compiled_version(item.digest, item.pk)


@lru_cache(maxsize=200)
def _gaps_by_digest(digest: str, version_id: int) -> Gaps:
    compiled = compiled_version(digest, version_id)
    if compiled.table.default is not None or compiled.table.hit == "collect":
        return Gaps((), complete=True)
    return gaps(compiled)


def gaps_of(item: RuleVersion) -> Gaps:
    """Facts to which no row of a version applies, with examples; none where a default row stands."""
    return _gaps_by_digest(item.digest, item.pk)


def because(table: Table, rows: tuple[str, ...]) -> tuple[Labels, ...]:
    """The basis of each fired row, else of the table."""
    fired = [row for row in (*table.rows, *([table.default] if table.default else [])) if row.id in rows]
    return tuple(row.basis for row in fired if row.basis) or table.basis


@dataclass(frozen=True)
class Summary:
    """One rule in the list: the version in force today, if any, and how many versions wait."""

    rule: RuleTable
    in_force: RuleVersion | None
    waiting: int


def summaries() -> list[Summary]:
    """Every rule by key."""
    day = city_day()
    held = RuleVersion.objects.defer("definition").order_by("version")
    found = []
    for item in RuleTable.objects.order_by("key").prefetch_related(Prefetch("versions", held)):
        versions = list(item.versions.all())
        current = next((version for version in versions if standing(version, day) == "in_force"), None)
        waiting = sum(standing(version, day) in ("draft", "approved", "scheduled") for version in versions)
        found.append(Summary(item, current, waiting))
    return found


def labels() -> dict[str, Labels]:
    """What every rule is called, by key."""
    return dict(RuleTable.objects.values_list("key", "label"))


def gap_texts(item: RuleVersion) -> list[str]:
    """What no row of a version covers, in words."""
    compiled = compiled_of(item)
    return [reason_text("gap", {"example": example_text(compiled, found)}) for found in gaps_of(item).examples]


def replay(
    key: str,
    candidate: CompiledTable,
    *,
    by: str | None = None,
    better: Mapping[str, str] | None = None,
    bulk: bool | None = None,
    most_streamed: int | None = None,
) -> Replay:
    """What a candidate would have changed in the recorded decisions of a rule (规则回溯测算).

    Args:
        key: the rule whose decisions are read.
        candidate: the table to try.
        by: the input by whose values groups are counted.
        better: for outputs by name whether ``lower`` or ``higher`` is better, to say who is worse off.
        bulk: force SQL or one-by-one; by default SQL where it can answer.
        most_streamed: refuse to go one by one over more decisions than this.

    Raises:
        RuleUnknown: no rule has this key.
        ReplayRefused: ``by`` or ``better`` names nothing, or there is too much to stream.
    """
    rule(key)
    return replaying.replay(key, candidate, by=by, better=better, bulk=bulk, most_streamed=most_streamed)
