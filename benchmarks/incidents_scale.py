"""New reports at a steady rate, each through all stages to its end by way of the API: the city keeps up, or not.

The limit is the same city at the beginning: ``ratio`` is cases closed a second in the last fifth ÷ the first. The lag
is the age of the oldest event that is not yet delivered, or of the oldest record that is not yet in the log.
"""

from __future__ import annotations

import asyncio
import os
import random
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import cycle
from pathlib import Path
from typing import Any
from uuid import uuid4

from _wire import Wire
from soak import house, tell, tokens_for_everybody

PEERS: tuple[str, ...] = ()
RATE, QUICK_RATE = 20.0, 4.0
MINUTES, QUICK_MINUTES = 10.0, 0.25
LOOK_EVERY_S = 0.2
DRAINED_WITHIN_S = 300.0
ACTIVE = ("offered", "open")
ROADS = ["人民路", "解放路", "中山路", "滨河路", "学府路", "迎宾大道", "和平街", "朝阳路", "文化路", "建设大街"]
REPLY = "经现场核实，已更换损坏灯具并恢复照明，当日已电话告知反映人办理结果。"
# What officers do with a task of a stage: outcome and data.
DONE: dict[str, tuple[str, dict[str, Any]]] = {
    "accept": ("dispatch", {"type": "complaint", "matter": "路灯不亮"}),
    "assign": ("dispatch", {"lead_party": "urban-management"}),
    "territory": ("handled", {"reply": REPLY}),
    "handle": ("handled", {"reply": REPLY}),
    "callback": ("solved", {"solved": "yes", "satisfied": "yes"}),
}
LOOK = """SELECT t.public_id, t.version, t.stage, t.key, t.state, t.party_id, t.role
FROM cases_task t JOIN cases_case c ON c.id = t.case_id
WHERE c.id > %s AND c.flow = 'hotline' AND t.state IN ('offered', 'open') ORDER BY t.id LIMIT 2000"""


@dataclass
class Seen:
    """What came of it."""

    begun: datetime = field(default_factory=lambda: datetime.now(UTC))
    acknowledged: int = 0
    actions: int = 0
    put_off: int = 0
    strange: Counter[str] = field(default_factory=Counter)
    lags: list[float] = field(default_factory=list)
    times: list[float] = field(default_factory=list)


class Officers:
    """Everybody who works, and what they have in hand.

    Args:
        wire: to the API.
        tokens: bearer token by user.
        seen: where it is noted.
    """

    def __init__(self, wire: Wire, tokens: Mapping[int, str], seen: Seen) -> None:
        from groundplan.kernel.parties.models import Membership

        self.wire, self.tokens, self.seen = wire, tokens, seen
        held: dict[tuple[int, str], list[int]] = {}
        for party, role, user in Membership.objects.on().order_by("id").values_list("party_id", "role", "user_id"):
            held.setdefault((party, role), []).append(user)
        self.people: dict[tuple[int, str], Iterator[int]] = {key: cycle(users) for key, users in held.items()}
        self.in_hand: set[tuple[Any, int]] = set()
        self.working: set[asyncio.Task[None]] = set()

    def take(self, rows: list[tuple[Any, ...]]) -> None:
        """Begin on every task that nobody has in hand."""
        for task, version, stage, key, state, party, role in rows:
            if (task, version) in self.in_hand:
                continue
            self.in_hand.add((task, version))
            work = asyncio.create_task(self.work(str(task), version, stage, key, state, party, role))
            self.working.add(work)
            work.add_done_callback(self.working.discard)

    async def work(  # noqa: PLR0917 - the columns of a task.
        self, task: str, version: int, stage: str, key: str, state: str, party: int, role: str
    ) -> None:
        """Sign for one task, or complete it; whoever is asked to come back does."""
        people = self.people.get((party, role))
        if people is None:
            self.seen.strange[f"nobody is {role} in {party}"] += 1
            return
        outcome, data = ("done", {}) if key == "assist" else DONE[stage]
        last, body = ("sign", {}) if state == "offered" else ("complete", {"outcome": outcome, "data": data})
        headers = {"Authorization": f"Bearer {self.tokens[next(people)]}", "Idempotency-Key": uuid4().hex}
        while True:
            begun = time.perf_counter()
            status, answer, again = await self.wire.post(
                f"/api/v1/cases/tasks/{task}/{last}", {"seen": version, **body}, headers
            )
            if status not in {429, 503}:
                break
            self.seen.put_off += 1
            await asyncio.sleep(again or 1.0)
        self.seen.times.append(time.perf_counter() - begun)
        self.seen.actions += 1
        if status != 200:  # noqa: PLR2004 - HTTP's own number.
            self.seen.strange[f"{status} {answer.get('type', '')}"] += 1


async def residents(wire: Wire, spots: list[tuple[float, float]], rate: float, seconds: float, seen: Seen) -> None:
    """Report at moments of chance, whatever the server does (an open loop)."""
    order, count, due = random.Random(20260708), 0, time.perf_counter()  # noqa: S311 - chance that can be repeated.
    end, asked = due + seconds, []

    async def one(number: int) -> None:
        body = {
            "text": f"{order.choice(ROADS)}{order.randrange(1, 2000)}号门前路灯不亮，第{number}盏，请尽快维修。",
            "flow": "hotline", "type": "complaint", "point": order.choice(spots), "reporter_name": f"市民{number}",
            "reporter_phone": f"139{order.randrange(10**8):08d}",
        }  # fmt: skip
        address = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
        status = 503
        while status in {429, 503}:
            status, answer, again = await wire.post("/api/v1/incidents/reports", body, {"X-Forwarded-For": address})
            if status in {429, 503}:
                seen.put_off += 1
                await asyncio.sleep(again or 1.0)
        seen.acknowledged += status == 201  # noqa: PLR2004 - HTTP's own number.
        if status != 201:  # noqa: PLR2004 - the same.
            seen.strange[f"{status} {answer.get('type', '')}"] += 1

    while due < end:
        due += order.expovariate(rate)
        await asyncio.sleep(max(due - time.perf_counter(), 0))
        count += 1
        asked.append(asyncio.create_task(one(count)))
    await asyncio.gather(*asked)


def look(after: int) -> list[tuple[Any, ...]]:
    """The tasks that wait for somebody."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(LOOK, [after])
        return list(cursor.fetchall())


def lag() -> float:
    """How far events and log are behind, s."""
    from groundplan.kernel.events import queries
    from groundplan.kernel.ledger.models import Pending

    oldest = Pending.objects.order_by("id").values_list("at", flat=True).first()
    waiting = (datetime.now(UTC) - oldest).total_seconds() if oldest else 0.0
    return max(queries.lag().oldest_s, waiting)


async def lived(address: str, spots: list[tuple[float, float]], rate: float, seconds: float) -> Seen:
    """Let the city live: residents report, officers work, once a second somebody looks at the lag."""
    from groundplan.kernel.cases.models import Case

    seen, wire = Seen(), Wire(address)
    after = await asyncio.to_thread(lambda: Case.objects.order_by("-id").values_list("id", flat=True).first() or 0)
    tokens = await asyncio.to_thread(tokens_for_everybody)
    officers = await asyncio.to_thread(Officers, wire, tokens, seen)
    seen.begun = datetime.now(UTC)
    reporting = asyncio.create_task(residents(wire, spots, rate, seconds, seen))
    end, next_lag = time.monotonic() + seconds + DRAINED_WITHIN_S, 0.0
    while time.monotonic() < end:
        rows = await asyncio.to_thread(look, after)
        officers.take(rows)
        if time.monotonic() >= next_lag and not reporting.done():
            seen.lags.append(await asyncio.to_thread(lag))
            next_lag = time.monotonic() + 1
        if reporting.done() and not rows and not officers.working:
            break
        await asyncio.sleep(LOOK_EVERY_S)
    await reporting
    return seen


def run(*, quick: bool, minutes: float | None = None) -> dict[str, Any]:
    """Build the sample city in a fresh folder and let it live."""
    seconds = 60 * (minutes or (QUICK_MINUTES if quick else MINUTES))
    with tempfile.TemporaryDirectory(prefix="groundplan-scale-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        state = Path(folder) / "state"
        os.environ |= {"GROUNDPLAN_MODE": "demo", "GROUNDPLAN_STATE": str(state), "GROUNDPLAN_CITY": "兰汀市 | Lanting"}
        for name in ("DATABASE_URL", "GROUNDPLAN_OWNER_DATABASE_URL", "GROUNDPLAN_CLOCK"):
            os.environ.pop(name, None)
        from groundplan.cli import context

        context.setup_django()
        try:
            return measured(Path(folder), QUICK_RATE if quick else RATE, seconds)
        finally:
            context.discard_state(state)


def measured(folder: Path, rate: float, seconds: float) -> dict[str, Any]:
    """The figures of one run."""
    from incidents_intake import spots_in_the_city

    from groundplan.demo import city
    from groundplan.kernel.cases.models import Case
    from groundplan.kernel.cases.queries import ownerless_count
    from groundplan.systems.incidents.models import Incident

    city.build(tell=tell)
    before = Incident.objects.count()
    with house(folder / "address") as (_process, address):
        seen = asyncio.run(lived(address, spots_in_the_city(), rate, seconds))
    stored = Incident.objects.count() - before
    closings = Case.objects.filter(flow="hotline", state="closed", closed_at__gt=seen.begun).values_list(
        "closed_at", flat=True
    )
    moments = sorted((moment - seen.begun).total_seconds() for moment in closings)
    start, end = rates(moments, seconds)
    lags, times = sorted(seen.lags), sorted(seen.times)
    return {
        "ratio": round(end / start, 3),
        "ours": round(end, 2),
        "other": round(start, 2),
        "unit": "cases closed a second",
        "what": f"{rate:.0f} new reports a second, each through acceptance, dispatch, signing, handling and call-back",
        "peer": "the same city at the beginning (limit)",
        "settings": f"{seconds / 60:.1f} minutes, 2 web processes, officers and residents over the API of one machine",
        "runs": 1,
        "equal": stored == seen.acknowledged == len(moments) and not seen.strange and ownerless_count() == 0,
        "lag_p95_s": round(lags[int(len(lags) * 0.95)], 2),
        "lag_most_s": round(lags[-1], 2),
        "acknowledged": seen.acknowledged,
        "stored": stored,
        "closed": len(moments),
        "actions": seen.actions,
        "actions.p50_ms": round(statistics.median(times) * 1000, 1),
        "actions.p95_ms": round(times[int(len(times) * 0.95)] * 1000, 1),
        "put_off": seen.put_off,
        "strange": dict(seen.strange),
    }


def rates(moments: list[float], seconds: float) -> tuple[float, float]:
    """Cases closed a second in the first and in the last fifth of the time in which people report."""
    settled = seconds / 10
    fifth = (seconds - settled) / 5
    start = sum(settled < moment <= settled + fifth for moment in moments) / fifth
    end = sum(seconds - fifth < moment <= seconds for moment in moments) / fifth
    return max(start, 1 / fifth), end
