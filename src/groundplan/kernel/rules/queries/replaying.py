"""Replay (规则回溯测算): a candidate table over every recorded decision of a rule, before it binds the future."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.db import connection

from groundplan.kernel.rules.errors import CellRefused
from groundplan.kernel.rules.logic import CompiledTable, Table
from groundplan.kernel.rules.logic.sqlform import ILL_TYPED, columns_sql, is_expressible, outcome_sql
from groundplan.kernel.rules.logic.values import from_json, to_json
from groundplan.kernel.rules.models import Decision, RuleVersion
from groundplan.lib import crypto
from groundplan.lib.errors import GroundplanError

EXAMPLES: Final = 20


@dataclass(frozen=True)
class Outcome:
    """How many decisions went from one answer to another; an answer is outputs by name, or ``{"error": code}``."""

    before: dict[str, Any]
    after: dict[str, Any]
    count: int


@dataclass(frozen=True)
class Example:
    """One decision that would come out otherwise."""

    decision: UUID
    subject: str
    before: dict[str, Any]
    after: dict[str, Any]


@dataclass(frozen=True)
class Replay:
    """What a candidate would have changed.

    Args:
        compared: decisions whose facts are still kept.
        changed: of these, how many come out otherwise.
        erased: decisions whose facts are gone.
        outcomes: answers before and after with counts, changed ones first, largest first.
        examples: at most 20 changed decisions, oldest first.
        bulk: whether the database answered in one statement.
    """

    compared: int
    changed: int
    erased: int
    outcomes: tuple[Outcome, ...]
    examples: tuple[Example, ...]
    bulk: bool


def replay(key: str, candidate: CompiledTable, *, bulk: bool | None = None) -> Replay:
    """Run a candidate over the recorded decisions of a rule.

    Args:
        key: the rule whose decisions are read.
        candidate: the table to try.
        bulk: force one way or the other; by default SQL where it can answer, else one by one.
    """
    in_bulk = _same_types(key, candidate.table) and is_expressible(candidate.table) if bulk is None else bulk
    counts, examples = _in_bulk(key, candidate.table) if in_bulk else _one_by_one(key, candidate)
    erased = Decision.objects.filter(version__rule__key=key, facts__isnull=True).count()
    outcomes = [Outcome(json.loads(before), json.loads(after), count) for (before, after), count in counts.items()]
    outcomes.sort(key=lambda item: (item.before == item.after, -item.count, json.dumps([item.before, item.after])))
    return Replay(
        compared=sum(item.count for item in outcomes),
        changed=sum(item.count for item in outcomes if item.before != item.after),
        erased=erased,
        outcomes=tuple(outcomes),
        examples=tuple(examples),
        bulk=in_bulk,
    )


def _same_types(key: str, table: Table) -> bool:
    """Whether every version recorded the candidate's facts in the candidate's types, so that casts cannot fail."""
    ours = {item.name: item.type for item in table.inputs}
    for definition in RuleVersion.objects.filter(rule__key=key).values_list("definition", flat=True):
        for item in definition["inputs"]:
            if item.get("personal") or ours.get(item["name"], item["type"]) != item["type"]:
                return False
    return True


def _canonical(answer: Mapping[str, Any]) -> str:
    return json.dumps(answer, sort_keys=True, ensure_ascii=False)


def _one_by_one(key: str, candidate: CompiledTable) -> tuple[Counter[tuple[str, str]], list[Example]]:
    """Stream the decisions and evaluate each."""
    counts: Counter[tuple[str, str]] = Counter()
    examples: list[Example] = []
    for public_id, subject, outputs, facts, personal in _stream(key):
        after = answer_of(candidate, facts, personal)
        counts[_canonical(outputs), _canonical(after)] += 1
        if outputs != after and len(examples) < EXAMPLES:
            examples.append(Example(public_id, subject, outputs, after))
    return counts, examples


def _stream(key: str) -> Iterator[tuple[UUID, str, dict[str, Any], dict[str, Any], Any]]:
    rows = Decision.objects.filter(version__rule__key=key, facts__isnull=False).order_by("id")
    yield from rows.values_list("public_id", "subject", "outputs", "facts__facts", "facts__personal").iterator(
        chunk_size=5_000
    )


def answer_of(candidate: CompiledTable, facts: Mapping[str, Any], personal: Any) -> dict[str, Any]:
    """The candidate's answer to stored facts: outputs, or the code of the error."""
    stored = dict(facts)
    if personal is not None:
        stored |= json.loads(crypto.decrypt(bytes(personal)))
    try:
        given = {i.name: from_json(i.type, stored[i.name]) for i in candidate.table.inputs if i.name in stored}
        outputs = candidate.evaluate(given).outputs
    except CellRefused:
        return {"error": ILL_TYPED}
    except GroundplanError as refused:
        # A required fact that was recorded as absent is missing, not of another type.
        is_absent = refused.code == ILL_TYPED and stored.get(refused.extra.get("fact", "")) is None
        return {"error": "fact-missing" if is_absent else refused.code}
    return {name: to_json(value) for name, value in outputs.items()}


def _in_bulk(key: str, table: Table) -> tuple[Counter[tuple[str, str]], list[Example]]:
    """Two statements: the counts of all pairs of answers, and the first changed decisions."""
    columns, column_values = columns_sql(table, "kept.facts")
    outcome, outcome_values = outcome_sql(table)
    # OFFSET 0 keeps the planner from taking the JSON apart once for every cell.
    answers = f"""
        SELECT id, public_id, subject, outputs AS before, {outcome} AS after
        FROM (
            SELECT made.id, made.public_id, made.subject, made.outputs, {columns}
            FROM rules_decision made
            JOIN rules_decision_facts kept ON kept.decision_id = made.id
            JOIN rules_version version ON version.id = made.version_id
            JOIN rules_table rule ON rule.id = version.rule_id
            WHERE rule.key = %s
            OFFSET 0
        ) facts
    """  # noqa: S608 - built of column numbers and types; every value is a parameter.
    values = [*outcome_values, *column_values, key]
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT before::text, after::text, count(*) FROM ({answers}) a GROUP BY before, after", values)  # noqa: S608
        found = cursor.fetchall()
        cursor.execute(
            f"SELECT public_id, subject, before::text, after::text FROM ({answers}) a WHERE before <> after ORDER BY id LIMIT %s",  # noqa: S608, E501
            [*values, EXAMPLES],
        )
        changed = cursor.fetchall()
    counts: Counter[tuple[str, str]] = Counter()
    for before, after, count in found:
        counts[_canonical(json.loads(before)), _canonical(json.loads(after))] += count
    examples = [Example(each, subject, json.loads(old), json.loads(new)) for each, subject, old, new in changed]
    return counts, examples
