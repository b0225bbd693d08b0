"""Decisions by a table of 30 rows and 5 inputs, outputs and fired row returned, beside zen-engine (static loader)."""

from __future__ import annotations

import gc
import os
import random
import statistics
import time
from collections.abc import Callable, Mapping
from typing import Any

PEERS = ("zen-engine",)
TYPES = ["咨询", "求助", "投诉", "举报", "建议"]
DISTRICTS = ["东河区", "西山区", "南湖区", "北城区"]
DECISIONS, RUNS = 20_000, 7


def source() -> dict[str, Any]:
    """The table: enumeration, text, two numbers, a truth value; half of the cells are ranges or several values."""
    rows: list[dict[str, Any]] = []
    for kind in TYPES:
        for low, high in ((0, 3), (3, 8), (8, 100)):
            for urgent in ("true", "false"):
                number = len(rows)
                when = {"type": f'"{kind}"', "amount": f"[{low}..{high})", "urgent": urgent}
                if number % 3 == 0:
                    when["district"] = 'not("东河区")' if number % 2 else '"东河区", "西山区", "南湖区"'
                if number % 4 == 0:
                    when["age"] = ">= 18"
                rows.append({"id": f"r{number}", "when": when, "then": {"days": number, "unit": f"单位{number % 7}"}})
    return {
        "rule": "bench",
        "label": "基准",
        "hit": "first",
        "inputs": {
            "type": {"type": "enumeration", "label": "类型", "values": TYPES},
            "district": {"type": "string", "label": "区"},
            "amount": {"type": "decimal", "label": "金额"},
            "age": {"type": "integer", "label": "年龄"},
            "urgent": {"type": "boolean", "label": "紧急"},
        },
        "outputs": {"days": {"type": "integer", "label": "天"}, "unit": {"type": "string", "label": "单位"}},
        "rows": rows,
        "default": {"id": "default", "then": {"days": "99", "unit": "其他"}},
    }


def for_zen(table: Mapping[str, Any]) -> dict[str, Any]:
    """The same table as a decision model of the peer; the id of the row is one more output."""

    def cell(text: str) -> str:
        if text.startswith("not("):
            return f"$ != {text[4:-1]}"
        return text

    columns = [{"id": f"i-{name}", "name": name, "field": name} for name in table["inputs"]]
    outputs = [{"id": f"o-{name}", "name": name, "field": name} for name in (*table["outputs"], "row")]
    rules = []
    for row in [*table["rows"], {**table["default"], "when": {}}]:
        rule = {"_id": row["id"]}
        rule |= {f"i-{name}": cell(row["when"].get(name, "")) for name in table["inputs"]}
        rule |= {"o-days": str(row["then"]["days"]), "o-unit": f'"{row["then"]["unit"]}"', "o-row": f'"{row["id"]}"'}
        rules.append(rule)
    return {
        "nodes": [
            {"id": "in", "type": "inputNode", "name": "request"},
            {"id": "table", "type": "decisionTableNode", "name": "table",
             "content": {"hitPolicy": "first", "inputs": columns, "outputs": outputs, "rules": rules}},
            {"id": "out", "type": "outputNode", "name": "response"},
        ],
        "edges": [
            {"id": "a", "sourceId": "in", "targetId": "table", "type": "edge"},
            {"id": "b", "sourceId": "table", "targetId": "out", "type": "edge"},
        ],
    }  # fmt: skip


def made_up_facts(count: int) -> list[dict[str, Any]]:
    """Facts as JSON gives them, floats among the amounts, seeded."""
    chance = random.Random(20260301)  # noqa: S311 - sample facts.
    amounts = [0, 1, 2.5, 3, 7.99, 8, 20, 99.5, 100, 250]
    return [
        {
            "type": chance.choice(TYPES),
            "district": chance.choice(DISTRICTS),
            "amount": chance.choice(amounts),
            "age": chance.randint(1, 90),
            "urgent": chance.random() < 0.5,  # noqa: PLR2004 - a coin.
        }
        for _ in range(count)
    ]


def rate(decide: Callable[[dict[str, Any]], Any], facts: list[dict[str, Any]]) -> float:
    """Decisions a second, one after the other."""
    gc.collect()
    start = time.perf_counter()
    for each in facts:
        decide(each)
    return len(facts) / (time.perf_counter() - start)


def run(*, quick: bool) -> dict[str, Any]:
    """Interleaved runs of both sides, plain and explained; answers compared for all facts."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "groundplan.config.settings")
    os.environ["GROUNDPLAN_MODE"] = "test"
    import django
    import zen

    django.setup()
    from groundplan.kernel.rules.logic import compile_table, parse_table

    table = source()
    ours = compile_table(parse_table(table))
    engine = zen.ZenEngine({"loader": {"type": "static", "content": {"bench": for_zen(table)}}})
    facts = made_up_facts(2_000 if quick else DECISIONS)

    def peer(each: dict[str, Any]) -> Any:
        return engine.evaluate("bench", each)

    def peer_traced(each: dict[str, Any]) -> Any:
        return engine.evaluate("bench", each, {"trace": True})

    def answers(each: dict[str, Any]) -> bool:
        mine, theirs = ours.evaluate(each), peer(each)["result"]
        return {**mine.outputs, "row": mine.rows[0]} == theirs

    equal = all(answers(each) for each in facts)
    few = facts[: len(facts) // 4]
    sides = {"ours": ours.evaluate, "other": peer}
    explained = {"ours": ours.explain, "other": peer_traced}
    plain_rates = interleaved(sides, facts, 3 if quick else RUNS)
    told_rates = interleaved(explained, few, 3 if quick else RUNS)
    return {
        "what": "decisions with outputs and fired row, 30 rows x 5 inputs",
        "peer": "zen-engine, static loader",
        "ours": round(plain_rates["ours"]),
        "other": round(plain_rates["other"]),
        "ratio": round(plain_rates["ours"] / plain_rates["other"], 2),
        "unit": "decisions/s",
        "settings": f"{len(facts)} seeded facts, one thread, table loaded beforehand on both sides",
        "runs": 3 if quick else RUNS,
        "equal": equal,
        "explained.ours": round(told_rates["ours"]),
        "explained.other": round(told_rates["other"]),
        "explained.ratio": round(told_rates["ours"] / told_rates["other"], 2),
    }


def interleaved(
    sides: Mapping[str, Callable[[dict[str, Any]], Any]], facts: list[dict[str, Any]], runs: int
) -> dict[str, float]:
    """The median rate of each side, the sides taking turns."""
    found: dict[str, list[float]] = {name: [] for name in sides}
    for _run in range(runs):
        for name, decide in sides.items():
            found[name].append(rate(decide, facts))
    return {name: statistics.median(rates) for name, rates in found.items()}
