"""Reports a second through the public API beside the same endpoint that only inserts a row of a bare Django model.

Both are served alike: uvicorn, as many processes and page threads, the same PostgreSQL with the same durability. Ours
masks, finds the place, proposes the category, looks for doubles, decides limits, opens the case with its first task,
writes the record and the event; while it is measured its worker keeps the log and sends the events.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import re
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from soak import house, tell

PEERS = ("django-ninja", "uvicorn", "a2wsgi")
CLIENTS, WORKERS = 64, 2
# The public door takes 30 reports in ten minutes from one address; every visitor here is another one.
PATH = "/api/v1/incidents/reports"
PEER_TABLE = "intake_report"
DRAINED_WITHIN_S = 120.0
ROADS = ["人民路", "解放路", "中山路", "滨河路", "学府路", "迎宾大道", "和平街", "朝阳路", "文化路", "建设大街"]
FAULTS = ["路灯不亮", "井盖破损", "垃圾桶满溢", "共享单车占道", "行道树倾斜", "人行道塌陷", "污水外溢", "夜间施工噪音",
          "护栏损坏", "广告牌松动"]  # fmt: skip


@dataclass
class Seen:
    """What came of the reports of one phase."""

    statuses: Counter[int] = field(default_factory=Counter)
    times: list[float] = field(default_factory=list)
    broken: int = 0
    seconds: float = 0.0

    @property
    def rate(self) -> float:
        """Reports acknowledged a second."""
        return self.statuses[201] / self.seconds

    @property
    def errors(self) -> int:
        """What was not acknowledged."""
        return self.broken + sum(count for status, count in self.statuses.items() if status != 201)  # noqa: PLR2004 - HTTP's own number.


class Visitors:
    """Residents who report, each once, at places of chance in the city.

    Args:
        spots: longitude and latitude of where they are.
        seed: of the chance.
    """

    def __init__(self, spots: list[tuple[float, float]], seed: int) -> None:
        self.spots, self.order, self.count = spots, random.Random(seed), 0  # noqa: S311 - chance that can be repeated.

    def request(self) -> bytes:
        """One report as it goes over the wire, through the proxy that names its visitor."""
        self.count += 1
        order = self.order
        road, fault, number = order.choice(ROADS), order.choice(FAULTS), order.randrange(1, 2000)
        body = json.dumps(
            {
                "text": f"{road}{number}号门前{fault}，已有{order.randrange(2, 30)}天，第{self.count}次看到，请处理。",
                "flow": "hotline",
                "type": "complaint",
                "place": f"{road}{number}号",
                "point": order.choice(self.spots),
                "reporter_name": f"市民{self.count}",
                "reporter_phone": f"139{order.randrange(10**8):08d}",
            },
            ensure_ascii=False,
        ).encode()
        head = (
            f"POST {PATH} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            f"X-Forwarded-For: 10.{self.count >> 16 & 255}.{self.count >> 8 & 255}.{self.count & 255}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body


async def report_for(address: str, visitors: Visitors, seconds: float) -> Seen:
    """Let as many clients as ``CLIENTS`` report, each on a connection of its own, the next when it has its answer."""
    seen, parts = Seen(), urlsplit(address)
    begun = time.perf_counter()

    async def client() -> None:
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        while time.perf_counter() < begun + seconds:
            asked = time.perf_counter()
            writer.write(visitors.request())
            head = await reader.readuntil(b"\r\n\r\n")
            length = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
            await reader.readexactly(int(length[1]) if length else 0)
            seen.statuses[int(head.split(b" ", 2)[1])] += 1
            seen.times.append(time.perf_counter() - asked)
        writer.close()

    done = await asyncio.gather(*(client() for _ in range(CLIENTS)), return_exceptions=True)
    failed = [each for each in done if isinstance(each, BaseException)]
    seen.broken = len(failed)
    if failed:
        tell(f"{address}: {failed[0]!r}")
    seen.seconds = time.perf_counter() - begun
    return seen


@contextmanager
def peer(folder: Path) -> Iterator[str]:
    """The bare endpoint, on the same database server."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {**os.environ, "INTAKE_DATABASE_URL": os.environ["GROUNDPLAN_OWNER_DATABASE_URL"]}
    here = Path(__file__).parent
    create = [sys.executable, "-c", "import _intake_peer; _intake_peer.create_table()"]
    subprocess.run(create, env=environment, cwd=here, check=True)
    serve = [
        *(sys.executable, "-m", "uvicorn", "_intake_peer:application", "--no-access-log", "--log-level", "warning"),
        *("--port", str(port), "--workers", str(WORKERS)),
    ]
    with (folder / "peer.log").open("wb") as log:
        process = subprocess.Popen(serve, env=environment, cwd=here, stdout=log, stderr=log)
    try:
        for _try in range(300):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        else:
            message = f"the peer did not start: {(folder / 'peer.log').read_text()[-500:]}"
            raise RuntimeError(message)
        yield f"http://127.0.0.1:{port}/"
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


def drain() -> float:
    """Wait until log and events have caught up, s; what one side left over is not the other's burden."""
    from groundplan.kernel.events import queries as events
    from groundplan.kernel.ledger.models import Pending

    begun = time.monotonic()
    while Pending.objects.exists() or events.lag().waiting or events.lag().undelivered:
        if time.monotonic() > begun + DRAINED_WITHIN_S:
            message = "log or events did not catch up"
            raise RuntimeError(message)
        time.sleep(0.1)
    return time.monotonic() - begun


def run(*, quick: bool) -> dict[str, Any]:
    """Build the sample city in a fresh folder and measure both ends in turn."""
    with tempfile.TemporaryDirectory(prefix="groundplan-intake-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        state = Path(folder) / "state"
        os.environ |= {"GROUNDPLAN_MODE": "demo", "GROUNDPLAN_STATE": str(state), "GROUNDPLAN_CITY": "兰汀市 | Lanting"}
        for name in ("DATABASE_URL", "GROUNDPLAN_OWNER_DATABASE_URL", "GROUNDPLAN_CLOCK"):
            os.environ.pop(name, None)
        from groundplan.cli import context

        context.setup_django()
        try:
            return measured(Path(folder), quick=quick)
        finally:
            context.discard_state(state)


def measured(folder: Path, *, quick: bool) -> dict[str, Any]:
    """The figures of one run."""
    from groundplan.demo import city
    from groundplan.systems.incidents.models import Incident

    runs, seconds = (3, 4.0) if quick else (5, 20.0)
    city.build(tell=tell)
    spots = spots_in_the_city()
    visitors = Visitors(spots, 20260708)
    ours: list[Seen] = []
    other: list[Seen] = []
    slowest_drain = 0.0
    with house(folder / "address") as (_process, address), peer(folder) as bare:
        for end in (address, bare):
            asyncio.run(report_for(end, visitors, 2.0))
            drain()
        before, rows_before = Incident.objects.count(), peer_rows()
        for _run in range(runs):
            for end, results in ((address, ours), (bare, other)):
                results.append(asyncio.run(report_for(end, visitors, seconds)))
                slowest_drain = max(slowest_drain, drain())
        stored, rows = Incident.objects.count() - before, peer_rows() - rows_before
    mine, theirs = statistics.median(each.rate for each in ours), statistics.median(each.rate for each in other)
    acknowledged = sum(each.statuses[201] for each in ours)
    errors = sum(each.errors for each in (*ours, *other))
    times = sorted(taken for each in ours for taken in each.times)
    return {
        "ratio": round(mine / theirs, 3),
        "ours": round(mine, 1),
        "other": round(theirs, 1),
        "unit": "reports/s",
        "what": "reports acknowledged through the public API",
        "peer": "the same endpoint that inserts one row of a bare Django model (limit)",
        "settings": f"{CLIENTS} clients, {WORKERS} web processes with 16 page threads, all on one machine",
        "runs": runs,
        "equal": errors == 0 and stored == acknowledged and rows == sum(each.statuses[201] for each in other),
        "errors": errors,
        "statuses": {str(status): count for status, count in sum((each.statuses for each in ours), Counter()).items()},
        "stored": stored,
        "acknowledged": acknowledged,
        "p50_ms": round(times[len(times) // 2] * 1000, 1),
        "p95_ms": round(times[int(len(times) * 0.95)] * 1000, 1),
        "drained_s": round(slowest_drain, 1),
    }


def spots_in_the_city() -> list[tuple[float, float]]:
    """Places of chance inside the city, longitude and latitude."""
    import numpy as np

    from groundplan.kernel.places import queries
    from groundplan.kernel.places.models import Division

    west, south, east, north = Division.objects.filter(level="city").latest("id").bbox or (0, 0, 0, 0)
    points = np.random.default_rng(20260708).uniform((west, south), (east, north), (10_000, 2))
    inside = points[queries.locate(points).district != ""]
    return [(float(longitude), float(latitude)) for longitude, latitude in inside]


def peer_rows() -> int:
    """How many rows the peer holds."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {PEER_TABLE}")  # noqa: S608 - our own table name.
        return int(cursor.fetchone()[0])
