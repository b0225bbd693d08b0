"""A candidate over stored decisions: one statement in PostgreSQL beside a streaming cursor with compiled closures.

Both sides start from the same rows in the same database and end with the same report: how many decisions go from which
answer to which, by unit and by group. The other side is written as one would write it by hand: a cursor of the server,
facts typed with the cheapest constructors, the compiled table, one dictionary of counts.
"""

from __future__ import annotations

import itertools
import json
import os
import statistics
import tempfile
import time
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

from rules_decide import DISTRICTS, TYPES, source

PEERS: tuple[str, ...] = ()
AMOUNTS = ("0", "1", "2.5", "3", "7.99", "8", "20", "99.5", "100", "250")
Counts = dict[tuple[str, str, str, str], int]
MADE_UP = "CREATE TEMPORARY TABLE made_up (number int PRIMARY KEY, facts jsonb, outputs jsonb, rows jsonb)"
# The same shuffle of made-up facts at every run: a multiplicative step through all of them.
DECISIONS = """
INSERT INTO rules_decision
    (public_id, version_id, subject, actor, applies_at, decided_at, rows, outputs, commitment)
SELECT gen_random_uuid(), %(version)s, 'case:' || gen_random_uuid(), 'bench', now(), now(), rows, outputs, ''
FROM generate_series(1, %(count)s) AS place JOIN made_up ON number = (place::bigint * 7919) %% %(facts)s
"""
FACTS = """
INSERT INTO rules_decision_facts (decision_id, facts, salt, retain_until)
SELECT made.id, known.facts, '', DATE '2030-01-01'
FROM (SELECT id, row_number() OVER (ORDER BY id) AS place FROM rules_decision) made
JOIN made_up known ON number = (place * 7919) %% %(facts)s
"""


def candidate() -> dict[str, Any]:
    """The table of ``rules.decide`` with a third of its answers changed."""
    table = source()
    for row in table["rows"][::3]:
        row["then"] = {**row["then"], "days": row["then"]["days"] + 2}
    return table


def fill(count: int, definition: dict[str, Any]) -> None:
    """So many decisions with the answers of the old table, their facts beside them."""
    from django.db import connection

    from groundplan.kernel.rules.logic import compile_table, parse_table
    from groundplan.kernel.rules.logic.values import to_json
    from groundplan.kernel.rules.models import RuleTable, RuleVersion

    table = parse_table(definition)
    compiled = compile_table(table)
    rule = RuleTable.objects.create(key=table.key, label=dict(table.label))
    version = RuleVersion.objects.create(
        rule=rule, version=1, state="in_force", origin="city", definition=table.definition(), digest=table.digest,
        drafted_by="bench", effective_from="2026-01-01",
    )  # fmt: skip
    combinations = itertools.product(TYPES, DISTRICTS, AMOUNTS, range(1, 91), (True, False))
    lines = []
    for number, (kind, district, amount, age, urgent) in enumerate(combinations):
        facts = {"type": kind, "district": district, "amount": Decimal(amount), "age": age, "urgent": urgent}
        told = compiled.evaluate(facts)
        stored = {name: to_json(value) for name, value in facts.items()}
        lines.append((number, json.dumps(stored), json.dumps(told.outputs), json.dumps(told.rows)))
    with connection.cursor() as cursor:
        cursor.execute(MADE_UP)
        cursor.executemany("INSERT INTO made_up VALUES (%s, %s, %s, %s)", lines)
        cursor.execute(DECISIONS, {"version": version.pk, "count": count, "facts": len(lines)})
        cursor.execute(FACTS, {"facts": len(lines)})


def streamed(key: str, compiled: Any) -> Counts:
    """By hand: stream, type the facts, evaluate, count."""
    from django.db import connection, transaction

    from groundplan.kernel.rules.registry import units_sql

    counts: Counter[tuple[str, str, str, str]] = Counter()
    evaluate = compiled.evaluate
    with transaction.atomic(), connection.chunked_cursor() as cursor:
        cursor.execute(
            "SELECT made.outputs::text, kept.facts::text, held.unit FROM rules_decision made"  # noqa: S608 - our own words.
            " JOIN rules_decision_facts kept ON kept.decision_id = made.id"
            f" LEFT JOIN ({units_sql()}) held ON held.subject = made.subject"
            " JOIN rules_version version ON version.id = made.version_id"
            " JOIN rules_table rule ON rule.id = version.rule_id WHERE rule.key = %s",
            [key],
        )
        while rows := cursor.fetchmany(5_000):
            for before, text, unit in rows:
                facts = json.loads(text)
                facts["amount"] = Decimal(facts["amount"])
                outputs = evaluate(facts).outputs
                counts[before, f"{outputs['days']} {outputs['unit']}", unit or "", facts["district"]] += 1
    found: Counter[tuple[str, str, str, str]] = Counter()
    for (before, after, unit, group), count in counts.items():
        days, _, name = after.partition(" ")
        answer = {"days": int(days), "unit": name}
        found[_text(json.loads(before)), _text(answer), unit, group] += count
    return dict(found)


def _text(answer: dict[str, Any]) -> str:
    return json.dumps(answer, sort_keys=True, ensure_ascii=False)


def told(replay: Any) -> tuple[Any, ...]:
    """What both sides must agree on."""
    outcomes = sorted((_text(item.before), _text(item.after), item.count) for item in replay.outcomes)
    groups = sorted((share.name, share.compared, share.changed) for share in replay.groups)
    return outcomes, groups, sorted((share.name, share.compared, share.changed) for share in replay.units)


def told_by_hand(counts: Counts) -> tuple[Any, ...]:
    """The same of the side written by hand."""
    outcomes: Counter[tuple[str, str]] = Counter()
    shares: list[dict[str, list[int]]] = [{}, {}]
    for (before, after, unit, group), count in counts.items():
        outcomes[before, after] += count
        for share, name in zip(shares, (group, unit), strict=True):
            known = share.setdefault(name, [0, 0])
            known[0] += count
            known[1] += count if before != after else 0
    groups, units = ([*sorted((name, *known) for name, known in share.items())] for share in shares)
    return sorted((*pair, count) for pair, count in outcomes.items()), groups, units


def run(*, quick: bool) -> dict[str, Any]:
    """Both sides in turn over decisions of a new installation."""
    os.environ.pop("DATABASE_URL", None)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        os.environ["GROUNDPLAN_STATE"] = folder
        from groundplan.cli import context

        context.setup_django()
        held = context.open_database()
        if held is None:
            message = "the benchmark needs the embedded PostgreSQL"
            raise RuntimeError(message)
        try:
            return measured(held.owner_url, 50_000 if quick else 1_000_000, 3)
        finally:
            from django.db import connection

            connection.close()
            held.release()
            end = time.monotonic() + 15
            while held.is_guarded and time.monotonic() < end:
                time.sleep(0.1)


def measured(owner_url: str, count: int, runs: int) -> dict[str, Any]:
    """The figures."""
    import psycopg

    from groundplan.kernel.rules import queries
    from groundplan.kernel.rules.logic import compile_table, parse_table

    fill(count, source())
    # The server does this by itself after a load, some time later; only the owner of the tables may ask for it.
    with psycopg.connect(owner_url, autocommit=True) as owner:
        owner.execute("VACUUM ANALYZE rules_decision, rules_decision_facts")
    compiled = compile_table(parse_table(candidate()))
    times: dict[str, list[float]] = {"ours": [], "other": []}
    equal, bulk, changed = True, True, 0
    for _run in range(runs):
        begun = time.perf_counter()
        found = queries.replay("bench", compiled, by="district")
        times["ours"].append(time.perf_counter() - begun)
        begun = time.perf_counter()
        counts = streamed("bench", compiled)
        times["other"].append(time.perf_counter() - begun)
        equal = equal and found.compared == count and told(found) == told_by_hand(counts)
        bulk, changed = bulk and found.bulk, found.changed
    fast, slow = (statistics.median(times[side]) for side in ("ours", "other"))
    return {
        "what": "a candidate over recorded decisions, 30 rows x 5 inputs, counted by outcome, unit and group",
        "peer": "a streaming cursor with compiled closures",
        "ours": round(count / fast),
        "other": round(count / slow),
        "ratio": round(slow / fast, 2),
        "unit": "decisions/s",
        "settings": f"{count} decisions of which {changed} change, both sides from the rows in PostgreSQL",
        "runs": runs,
        "equal": equal and bulk,
        "seconds": round(fast, 2),
    }
