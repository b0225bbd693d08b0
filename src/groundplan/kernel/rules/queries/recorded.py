"""The recorded decisions of a rule with a candidate's answers: in one statement, or streamed and one by one."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from django.db import connection, transaction

from groundplan.kernel.rules import registry
from groundplan.kernel.rules.errors import CellRefused
from groundplan.kernel.rules.logic import CompiledTable, Table
from groundplan.kernel.rules.logic.sqlform import ILL_TYPED, columns_sql, outcome_sql
from groundplan.kernel.rules.logic.values import from_json, to_json
from groundplan.kernel.rules.models import RuleVersion
from groundplan.lib import crypto
from groundplan.lib.errors import GroundplanError

CHUNK: Final = 5_000


class Kind(NamedTuple):
    """Decisions that are alike: the answers before and after as canonical JSON, the unit's code, the group."""

    before: str
    after: str
    unit: str
    group: str


@dataclass
class Tally:
    """How many decisions are of a kind, and the ids of the first and the last of them."""

    count: int
    first: int
    last: int


def canonical(answer: Mapping[str, Any]) -> str:
    """An answer as text; equal answers look alike."""
    return json.dumps(answer, sort_keys=True, ensure_ascii=False)


def recorded_sql(*, kept: str = "JOIN") -> str:
    """FROM and WHERE of the decisions of some versions (%s) as ``made``, with facts ``kept`` and unit ``held``.

    Args:
        kept: ``JOIN`` for those whose facts stand, ``LEFT JOIN`` for all.
    """
    return f"""
        FROM rules_decision made
        {kept} rules_decision_facts kept ON kept.decision_id = made.id
        LEFT JOIN ({registry.units_sql()}) held ON held.subject = made.subject
        WHERE made.version_id = ANY(%s)
    """


def versions_of(key: str) -> list[int]:
    """The ids of a rule's versions: as values, the planner knows how many decisions are theirs."""
    return list(RuleVersion.objects.filter(rule__key=key).values_list("id", flat=True))


def erased_by_unit(key: str) -> dict[str, int]:
    """How many decisions of a rule have no facts any more, by unit."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT coalesce(held.unit, ''), count(*) {recorded_sql(kept='LEFT JOIN')}"
            " AND kept.decision_id IS NULL GROUP BY 1",
            [versions_of(key)],
        )
        return dict(cursor.fetchall())


def in_bulk(key: str, table: Table, by: str | None) -> dict[Kind, Tally]:
    """One statement: the database answers every decision and counts what is alike."""
    columns, column_values = columns_sql(table, "kept.facts")
    outcome, outcome_values, answers = outcome_sql(table)
    # OFFSET 0 keeps the planner from taking the JSON apart once for every cell.
    statement = f"""
        SELECT before, after, unit, grouped, count(*), min(id), max(id) FROM (
            SELECT id, before, unit, grouped, {outcome} AS after FROM (
                SELECT made.id, made.outputs AS before, coalesce(held.unit, '') AS unit,
                    coalesce(kept.facts ->> %s, '') AS grouped, {columns}
                {recorded_sql()}
                OFFSET 0
            ) facts
        ) answered GROUP BY before, after, unit, grouped
    """  # noqa: S608 - built of column numbers and types; every value is a parameter.
    with connection.cursor() as cursor:
        cursor.execute(statement, [*outcome_values, by or "", *column_values, versions_of(key)])
        found = cursor.fetchall()
    told = [canonical(answer) for answer in answers]
    tallies: dict[Kind, Tally] = {}
    for before, after, unit, group, count, first, last in found:
        answer = json.loads(before) if isinstance(before, str) else before
        _add(tallies, Kind(canonical(answer), told[after], unit, group), count, first, last)
    return tallies


def one_by_one(key: str, candidate: CompiledTable, by: str | None) -> dict[Kind, Tally]:
    """Stream the decisions and evaluate each."""
    tallies: dict[Kind, Tally] = {}
    for number, outputs, facts, personal, unit in _stream(key):
        after = answer_of(candidate, facts, personal)
        group = facts.get(by) if by else None
        kind = Kind(canonical(outputs), canonical(after), unit, _group_text(group))
        _add(tallies, kind, 1, number, number)
    return tallies


def _group_text(value: Any) -> str:
    """A fact as ``->>`` writes it."""
    return "" if value is None else value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _add(tallies: dict[Kind, Tally], kind: Kind, count: int, first: int, last: int) -> None:
    known = tallies.get(kind)
    if known is None:
        tallies[kind] = Tally(count, first, last)
        return
    known.count += count
    known.first, known.last = min(known.first, first), max(known.last, last)


def _stream(key: str) -> Iterator[tuple[int, dict[str, Any], dict[str, Any], Any, str]]:
    """Rows through a cursor of the server, so that a million of them do not stand in memory."""
    with transaction.atomic(), connection.chunked_cursor() as cursor:
        cursor.execute(
            f"SELECT made.id, made.outputs, kept.facts, kept.personal, coalesce(held.unit, '') {recorded_sql()}",
            [versions_of(key)],
        )
        while rows := cursor.fetchmany(CHUNK):
            for number, outputs, facts, personal, unit in rows:
                yield number, _json(outputs), _json(facts), personal, unit


def _json(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value


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
