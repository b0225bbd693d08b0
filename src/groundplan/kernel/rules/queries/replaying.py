"""Replay (规则回溯测算): a candidate table over every recorded decision of a rule, before it binds the future."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from groundplan.kernel.rules.errors import ReplayRefused
from groundplan.kernel.rules.logic import CompiledTable, Table
from groundplan.kernel.rules.logic.effects import Verdict, check_directions, verdict
from groundplan.kernel.rules.logic.sqlform import is_expressible
from groundplan.kernel.rules.models import Decision, RuleVersion
from groundplan.kernel.rules.queries.recorded import Kind, Tally, erased_by_unit, in_bulk, one_by_one

EXAMPLES: Final = 20
# More are looked up, so that a reader who may not see some still gets others.
FOUND: Final = 200
SHOWN_SHARES: Final = 50
_ORDER: Final = {"worse": 0, "other": 1, "better": 2, "same": 3}


@dataclass(frozen=True)
class Outcome:
    """How many decisions went from one answer to another; an answer is outputs by name, or ``{"error": code}``."""

    before: dict[str, Any]
    after: dict[str, Any]
    count: int
    verdict: Verdict


@dataclass(frozen=True)
class Example:
    """One decision that would come out otherwise."""

    decision: UUID
    subject: str
    before: dict[str, Any]
    after: dict[str, Any]
    verdict: Verdict


@dataclass
class Share:
    """What a candidate does to the decisions of one unit (by its code) or one group (by the value of a fact)."""

    name: str
    compared: int = 0
    changed: int = 0
    worse: int = 0
    better: int = 0
    erased: int = 0


@dataclass(frozen=True)
class Replay:
    """What a candidate would have changed.

    Args:
        compared: decisions whose facts are still kept.
        changed: of these, how many come out otherwise.
        worse, better: of the changed, who would be worse or better off.
        erased: decisions whose facts are gone: counted, not guessed.
        outcomes: answers before and after with counts, changed ones first, largest first.
        examples: at most 200 changed decisions, worse ones first: the first and the last of each kind.
        units: by the unit that answers for the subject, most changed first; at most 50, the rest as ``…``.
        groups: by the value of the fact ``by``, likewise.
        by: the input by which groups are counted.
        bulk: whether the database answered in one statement.
    """

    compared: int
    changed: int
    worse: int
    better: int
    erased: int
    outcomes: tuple[Outcome, ...]
    examples: tuple[Example, ...]
    units: tuple[Share, ...]
    groups: tuple[Share, ...] = field(default=())
    by: str | None = None
    bulk: bool = True


def replay(
    key: str,
    candidate: CompiledTable,
    *,
    by: str | None = None,
    better: Mapping[str, str] | None = None,
    bulk: bool | None = None,
    most_streamed: int | None = None,
) -> Replay:
    """Run a candidate over the recorded decisions of a rule.

    Args:
        key: the rule whose decisions are read.
        candidate: the table to try.
        by: the input by whose values groups are counted.
        better: for outputs by name whether ``lower`` or ``higher`` is better, to say who is worse off.
        bulk: force one way or the other; by default SQL where it can answer, else one by one.
        most_streamed: refuse to go one by one over more decisions than this.

    Raises:
        ReplayRefused: ``by`` or ``better`` names nothing, or there is too much to stream.
    """
    wanted = dict(better or {})
    check_directions(wanted, candidate.table.outputs)
    _check_group(key, by)
    at_once = _same_types(key, candidate.table) and is_expressible(candidate.table) if bulk is None else bulk
    if not at_once and most_streamed is not None:
        count = Decision.objects.filter(version__rule__key=key)[: most_streamed + 1].count()
        if count > most_streamed:
            raise ReplayRefused("replay-large", limit=most_streamed, rule=key)
    tallies = in_bulk(key, candidate.table, by) if at_once else one_by_one(key, candidate, by)
    return _report(tallies, candidate.table, wanted, by, erased_by_unit(key), bulk=at_once)


def groupable(key: str) -> tuple[str, ...]:
    """The inputs by which the decisions of a rule can be grouped: recorded, not personal."""
    names: dict[str, None] = {}
    personal: set[str] = set()
    for definition in RuleVersion.objects.filter(rule__key=key).values_list("definition", flat=True):
        for item in definition["inputs"]:
            names.setdefault(item["name"])
            if item.get("personal"):
                personal.add(item["name"])
    return tuple(name for name in names if name not in personal)


def _check_group(key: str, by: str | None) -> None:
    if by is not None:
        known = groupable(key)
        if by not in known:
            raise ReplayRefused("replay-group", text=by[:100], known="、".join(known))


def _same_types(key: str, table: Table) -> bool:
    """Whether every version recorded the candidate's facts in the candidate's types, so that casts cannot fail."""
    ours = {item.name: item.type for item in table.inputs}
    for definition in RuleVersion.objects.filter(rule__key=key).values_list("definition", flat=True):
        for item in definition["inputs"]:
            if item.get("personal") or ours.get(item["name"], item["type"]) != item["type"]:
                return False
    return True


def _report(
    tallies: Mapping[Kind, Tally],
    table: Table,
    better: Mapping[str, str],
    by: str | None,
    erased: Mapping[str, int],
    *,
    bulk: bool,
) -> Replay:
    columns = {item.name: item for item in table.outputs}
    pairs: dict[tuple[str, str], Verdict] = {}
    counts: dict[tuple[str, str], int] = {}
    units = {name: Share(name, erased=count) for name, count in erased.items()}
    groups: dict[str, Share] = {}
    for kind, tally in tallies.items():
        pair = kind.before, kind.after
        if pair not in pairs:
            pairs[pair] = verdict(json.loads(kind.before), json.loads(kind.after), better, columns)
        counts[pair] = counts.get(pair, 0) + tally.count
        _count(units.setdefault(kind.unit, Share(kind.unit)), pairs[pair], tally.count)
        _count(groups.setdefault(kind.group, Share(kind.group)), pairs[pair], tally.count)
    outcomes = [Outcome(json.loads(b), json.loads(a), count, pairs[b, a]) for (b, a), count in counts.items()]
    outcomes.sort(key=lambda item: (item.before == item.after, -item.count, json.dumps([item.before, item.after])))
    whole = Share("")
    for item in outcomes:
        _count(whole, item.verdict, item.count)
    return Replay(
        compared=whole.compared,
        changed=whole.changed,
        worse=whole.worse,
        better=whole.better,
        erased=sum(erased.values()),
        outcomes=tuple(outcomes),
        examples=_examples(tallies, pairs),
        units=_largest(units),
        groups=_largest(groups) if by else (),
        by=by,
        bulk=bulk,
    )


def _count(share: Share, told: Verdict, count: int) -> None:
    share.compared += count
    share.changed += count if told != "same" else 0
    share.worse += count if told == "worse" else 0
    share.better += count if told == "better" else 0


def _largest(shares: Mapping[str, Share]) -> tuple[Share, ...]:
    """The most changed first; beyond fifty they are added up."""
    ordered = sorted(shares.values(), key=lambda item: (-item.changed, -item.compared, item.name))
    rest = Share("…")
    for item in ordered[SHOWN_SHARES:]:
        for name in ("compared", "changed", "worse", "better", "erased"):
            setattr(rest, name, getattr(rest, name) + getattr(item, name))
    return (*ordered[:SHOWN_SHARES], *([rest] if ordered[SHOWN_SHARES:] else []))


def _examples(tallies: Mapping[Kind, Tally], pairs: Mapping[tuple[str, str], Verdict]) -> tuple[Example, ...]:
    """The first and the last decision of each kind that changes."""
    chosen: dict[int, Kind] = {}
    for kind, tally in tallies.items():
        if pairs[kind.before, kind.after] != "same":
            chosen[tally.first] = chosen[tally.last] = kind
    order = sorted(chosen, key=lambda number: (_ORDER[pairs[chosen[number].before, chosen[number].after]], number))
    found = Decision.objects.in_bulk(order[:FOUND])
    examples = []
    for number in order[:FOUND]:
        made, kind = found.get(number), chosen[number]
        if made is not None:
            told = pairs[kind.before, kind.after]
            before, after = json.loads(kind.before), json.loads(kind.after)
            examples.append(Example(made.public_id, made.subject, before, after, told))
    return tuple(examples)
