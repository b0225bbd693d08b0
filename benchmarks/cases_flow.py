"""Whole persisted cases a second: opened, a rule stage, three tasks at once, a check whose outcome decides, closed.

Three sides on one server with its durability on, each with the same number of processes: ours through the public
actions (five transactions a case, with records, events, steps, clocks and rights); SpiffWorkflow with its state read
before and saved after each of the same five steps, as any process may take the next one; and hand-written SQL that
inserts and updates the same rows in the same five transactions, learnt from one case of ours.
"""

from __future__ import annotations

import json
import os
import pickle
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

PEERS = ("spiffworkflow",)
WORKERS = 2
SIDES = ("ours", "peer", "floor")
PEER_TABLE = """
CREATE TABLE bench_peer (id uuid PRIMARY KEY, state json NOT NULL, done boolean NOT NULL DEFAULT false);
GRANT ALL ON bench_peer TO PUBLIC
"""
RULE = """
rule: bench-lead
label: {zh-hans: 主办单位, en: Lead}
effective_from: 2020-01-01
hit: first
inputs: {kind: {type: string, label: {zh-hans: 类别, en: Kind}}}
outputs: {lead: {type: string, label: {zh-hans: 主办, en: Lead}}}
rows:
  - {id: r1, when: {kind: '"lamp"'}, then: {lead: lamps}}
  - {id: r2, when: {kind: '"tree"'}, then: {lead: parks}}
default: {id: r3, then: {lead: office}}
"""
FLOW = """
flow: bench
label: {zh-hans: 基准, en: Benchmark}
noun: {zh-hans: 工单, en: case}
fields:
  kind: {type: string, label: {zh-hans: 类别, en: Kind}}
  lead: {type: party, label: {zh-hans: 主办, en: Lead}}
total: 10 work_days
start: direct
stages:
  direct:
    kind: rule
    rule: bench-lead
    sets: {lead: lead}
    next: [{to: other, when: {lead: '"office"'}}, {to: handle}]
  handle:
    kind: parallel
    label: {zh-hans: 承办, en: Handling}
    to: check
    tasks:
      first: {label: {zh-hans: 主办, en: Lead}, owner: {field: lead}, role: handler, limit: 5 work_days}
      second: {label: {zh-hans: 协办一, en: Second}, owner: {party: parks}, role: handler, limit: 3 work_days}
      third: {label: {zh-hans: 协办二, en: Third}, owner: {party: office}, role: handler, limit: 3 work_days}
  check:
    kind: task
    label: {zh-hans: 核查, en: Check}
    owner: {party: office}
    role: handler
    limit: 1 work_days
    outcomes:
      fine: {label: {zh-hans: 合格, en: Fine}, to: closed}
      again: {label: {zh-hans: 重办, en: Again}, to: handle}
  closed: {kind: end, label: {zh-hans: 办结, en: Closed}, outcome: closed}
  other: {kind: end, label: {zh-hans: 转办, en: Passed on}, outcome: other}
"""


class Ours:
    """Runs cases through the public actions, as an officer of the three units."""

    def __init__(self) -> None:
        """Find the units."""
        from groundplan.kernel.parties.models import Party
        from groundplan.kernel.parties.queries import Actor, Scope

        units = Party.objects.filter(code__in=("office", "lamps", "parks")).values_list("pk", flat=True)
        self.actor = Actor("officer", 1, "officer", tuple(Scope("handler", pk) for pk in units))

    def moves(self, number: int) -> Any:
        """One whole case, a transaction at a time."""
        from groundplan.kernel.cases import actions, queries

        case = actions.open_case(
            actor=self.actor, flow="bench", title=f"路灯不亮{number}", data={"kind": "lamp"}, channel="web"
        )
        yield case
        for outcome in ("done", "done", "done", "fine"):
            task = queries.active_tasks(case)[0]
            yield actions.complete_task(actor=self.actor, task=task.public_id, seen=task.version, outcome=outcome)

    def one(self, number: int) -> bool:
        """One whole case; whether it ended where it should."""
        from groundplan.kernel.cases.models import Case

        case, *rest = list(self.moves(number))
        return len(rest) == 4 and Case.objects.filter(pk=case.pk, state="closed", data__lead="lamps").exists()  # noqa: PLR2004


def work(side: str, given: str) -> None:
    """One process of a side: for each line run so many cases, say in what time and whether all ended well."""
    from groundplan.cli import context

    context.setup_django(migrate=False)
    runner: Any = Ours()
    if side == "peer":
        from _flow_peer import Peer

        runner = Peer(os.environ["DATABASE_URL"])
    elif side == "floor":
        from _flow_floor import Floor

        runner = Floor(os.environ["DATABASE_URL"], pickle.loads(Path(given).read_bytes()))  # noqa: S301 - our own file.
    print("ready", flush=True)
    for line in sys.stdin:
        begun = time.perf_counter()
        good = sum(runner.one(number) for number in range(int(line))) == int(line)
        print(json.dumps([time.perf_counter() - begun, good]), flush=True)


def prepare(owner_url: str, folder: Path) -> None:
    """Units, rule and flow; and what each transaction of one case writes, for the hand-written side."""
    import psycopg
    from _flow_floor import difference, snapshot
    from django.db import transaction

    from groundplan.kernel.cases import actions
    from groundplan.kernel.parties.models import Party
    from groundplan.kernel.parties.queries import SYSTEM, Actor, Scope
    from groundplan.kernel.rules import actions as rules

    for code in ("office", "lamps", "parks"):
        Party.objects.create(kind="department", code=code, name={"zh-hans": code, "en": code}, valid_from="2020-01-01")
    office = Party.objects.get(code="office").pk
    editor, approver = (
        Actor(role, number, role, (Scope(role, office),)) for number, role in ((1, "rule_editor"), (2, "rule_approver"))
    )
    with transaction.atomic():
        draft = rules.import_table(actor=editor, content=RULE.encode(), filename="bench.yaml")
        rules.approve(actor=approver, version=draft.public_id)
        rules.put_in_force(actor=approver, version=draft.public_id)
        actions.import_flow(actor=SYSTEM, text=FLOW)
    with psycopg.connect(owner_url, autocommit=True) as owner:
        owner.execute(PEER_TABLE)
        ours = Ours()
        ours.one(0)
        before, learnt = snapshot(owner), []
        for _move in ours.moves(1):
            after = snapshot(owner)
            learnt.append(difference(before, after))
            before = after
    (folder / "moves").write_bytes(pickle.dumps(learnt))


def run(*, quick: bool) -> dict[str, Any]:
    """Measure the three sides in turn on a new installation."""
    runs, count = (3, 8) if quick else (7, 100)
    for name in ("DATABASE_URL", "GROUNDPLAN_OWNER_DATABASE_URL"):
        os.environ.pop(name, None)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        state = Path(folder) / "state"
        Path(folder).chmod(0o755)
        state.mkdir(mode=0o755)
        os.environ["GROUNDPLAN_STATE"] = str(state)
        from groundplan.cli import context

        context.setup_django()
        held = context.open_database()
        if held is None:
            message = "the benchmark needs the embedded PostgreSQL"
            raise RuntimeError(message)
        try:
            prepare(held.owner_url, Path(folder))
            return measured(held.owner_url, Path(folder), runs, count)
        finally:
            context.discard_state(state)


def child(side: str, folder: Path) -> subprocess.Popen[str]:
    """A process of one side."""
    return subprocess.Popen(
        [sys.executable, __file__, side, str(folder / "moves")],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip


def answer(process: subprocess.Popen[str]) -> str:
    """The next line that a child prints."""
    line = process.stdout.readline() if process.stdout else ""
    if not line:
        message = "a process of the benchmark ended early"
        raise RuntimeError(message)
    return line


def rate(workers: list[subprocess.Popen[str]], count: int) -> tuple[float, bool]:
    """Cases a second of all processes of a side, and whether all ended well."""
    begun = time.perf_counter()
    for worker in workers:
        worker.stdin.write(f"{count}\n")  # type: ignore[union-attr]  # opened as a pipe.
        worker.stdin.flush()  # type: ignore[union-attr]
    told = [json.loads(answer(worker)) for worker in workers]
    return len(workers) * count / (time.perf_counter() - begun), all(good for _seconds, good in told)


def rows_of(owner: Any) -> dict[str, int]:
    """How many rows stand in each table that a case touches."""
    from _flow_floor import TABLES

    return {table: owner.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in TABLES}  # noqa: S608


def measured(owner_url: str, folder: Path, runs: int, count: int) -> dict[str, Any]:
    """The figures."""
    import psycopg

    sides = {side: [child(side, folder) for _ in range(WORKERS)] for side in SIDES}
    rates: dict[str, list[float]] = {side: [] for side in SIDES}
    grown: dict[str, list[dict[str, int]]] = {side: [] for side in SIDES}
    equal = True
    try:
        for workers in sides.values():
            for worker in workers:
                answer(worker)
        with psycopg.connect(owner_url, autocommit=True) as owner:
            for turn in range(runs + 1):
                for side, workers in sides.items():
                    before = rows_of(owner)
                    found, good = rate(workers, count if turn else 5)
                    equal &= good
                    if turn:
                        rates[side].append(found)
                        grown[side].append({table: rows - before[table] for table, rows in rows_of(owner).items()})
            done = owner.execute("SELECT count(*) FROM bench_peer WHERE done").fetchone()
            equal &= done is not None and done[0] == WORKERS * (runs * count + 5)
    finally:
        for workers in sides.values():
            for worker in workers:
                worker.communicate("")
    # Hand-written SQL must have left as many rows in every table as ours.
    equal &= grown["ours"] == grown["floor"]
    ours, peer, floor = (statistics.median(rates[side]) for side in SIDES)
    return {
        "what": "whole cases: a rule stage, three tasks at once, a check that decides; five transactions each",
        "peer": "SpiffWorkflow, state read from and saved to the same PostgreSQL at each step",
        "ours": round(ours, 2),
        "other": round(peer, 2),
        "ratio": round(ours / peer, 3),
        "unit": "cases/s",
        "settings": f"{WORKERS} processes a side, {WORKERS * count} cases a run, fsync on all sides",
        "runs": runs,
        "equal": equal,
        "floor.cases_s": round(floor, 2),
        "floor.ratio": round(ours / floor, 3),
        "floor.rows": sum(grown["floor"][0].values()) // (WORKERS * count),
    }


if __name__ == "__main__":
    work(sys.argv[1], sys.argv[2])
