"""Twice the load that can be carried: what those feel who are let in, and what the rest is told.

The limit is the same server at a comfortable load: ``ratio`` is the 95th percentile there ÷ that of what is accepted at
twice the capacity. A second part opens streams and slow clients beside ordinary readers.
"""

from __future__ import annotations

import asyncio
import random
import re
import signal
import statistics
import tempfile
import time
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from web_pages import requests_per_second, start

PEERS: tuple[str, ...] = ()
PAGE = "/sign-in"
COMFORT, OVER = 0.4, 2.0
STREAMS, SLOW = 200, 50
MOST_OPEN = 900
SETTLE_S, QUICK_S, LONG_S = 3.0, 5.0, 30.0
ASKED = f"GET {PAGE} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
STREAM = b"GET /streams/events HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n"
TRICKLE = b"POST /api/v1/incidents/reports HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n{"
Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass
class Seen:
    """What came of the requests of one phase."""

    times: list[float] = field(default_factory=list)
    refused: int = 0
    silent: int = 0  # Refused without saying when to come back.
    failed: int = 0

    @property
    def p95_ms(self) -> float:
        """The 95th percentile of accepted requests, ms."""
        return statistics.quantiles(self.times, n=20)[-1] * 1000 if len(self.times) > 1 else float("nan")

    @property
    def asked(self) -> int:
        """How many requests there were."""
        return len(self.times) + self.refused + self.failed


class Readers:
    """Readers who come when they like, at a rate, whatever the server does (an open loop)."""

    def __init__(self, address: str) -> None:
        parts = urlsplit(address)
        self.host, self.port = parts.hostname or "", parts.port or 0
        self.free: deque[Connection] = deque()
        self.open = 0

    async def connection(self) -> Connection:
        """A connection that nobody uses, or a new one."""
        while self.free:
            reader, writer = self.free.pop()
            if not reader.at_eof() and not writer.is_closing():
                return reader, writer
        return await asyncio.open_connection(self.host, self.port)

    async def ask(self, seen: Seen, due: float) -> None:
        """One request; its time counts from the moment at which the reader wanted it."""
        if self.open >= MOST_OPEN:
            seen.failed += 1
            return
        self.open += 1
        try:
            reader, writer = await self.connection()
            writer.write(ASKED)
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            length = re.search(rb"content-length: (\d+)", head)
            await reader.readexactly(int(length[1]) if length else 0)
            self.free.append((reader, writer))
        except (OSError, asyncio.IncompleteReadError):
            seen.failed += 1
            return
        finally:
            self.open -= 1
        status = int(head.split(b" ", 2)[1])
        if status in {429, 503}:
            seen.refused += 1
            seen.silent += b"\r\nretry-after: " not in head
        elif status == 200:  # noqa: PLR2004 - HTTP's own number.
            seen.times.append(time.perf_counter() - due)
        else:
            seen.failed += 1

    async def come(self, rate: float, seconds: float) -> Seen:
        """Come at a rate for so long, at moments of chance (Poisson); the first moments are for settling."""
        seen, settling = Seen(), Seen()
        begun = due = time.perf_counter()
        asked = []
        while due < begun + SETTLE_S + seconds:
            due += random.expovariate(rate)
            await asyncio.sleep(max(due - time.perf_counter(), 0))
            asked.append(asyncio.create_task(self.ask(seen if due > begun + SETTLE_S else settling, due)))
        await asyncio.gather(*asked)
        return seen


async def nuisances(address: str, stop: asyncio.Event) -> list[asyncio.Task[int]]:
    """Open streams, and clients whose bodies trickle in; each says at the end how far it came."""
    parts = urlsplit(address)

    async def listen() -> int:
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        writer.write(STREAM)
        head = await reader.readuntil(b"\r\n\r\n")
        await stop.wait()
        writer.close()
        return int(b" 200 " in head.split(b"\r\n", 1)[0])

    async def trickle() -> int:
        _reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        writer.write(TRICKLE)
        while not stop.is_set():
            writer.write(b" ")
            await asyncio.sleep(0.5)
        writer.close()
        return 1

    made = [asyncio.create_task(listen()) for _ in range(STREAMS)]
    made += [asyncio.create_task(trickle()) for _ in range(SLOW)]
    await asyncio.sleep(2)
    return made


async def phases(address: str, seconds: float) -> tuple[float, Seen, Seen, Seen, int]:
    """Capacity, the usual, twice the capacity, and the usual beside streams and slow clients."""
    await requests_per_second(address, PAGE, 2.0)
    capacity, _failed = await requests_per_second(address, PAGE, 3.0)
    await asyncio.sleep(SETTLE_S)
    readers = Readers(address)
    usual = await readers.come(capacity * COMFORT, seconds)
    over = await readers.come(capacity * OVER, seconds)
    await asyncio.sleep(2 * SETTLE_S)
    stop = asyncio.Event()
    made = await nuisances(address, stop)
    beside = await readers.come(capacity * COMFORT, seconds)
    stop.set()
    served = sum(await asyncio.gather(*made))
    return capacity, usual, over, beside, served


def run(*, quick: bool) -> dict[str, Any]:
    """Measure on a real installation in a fresh folder."""
    with tempfile.TemporaryDirectory() as folder:
        server, address = start(Path(folder))
        try:
            capacity, usual, over, beside, served = asyncio.run(phases(address, QUICK_S if quick else LONG_S))
        finally:
            server.send_signal(signal.SIGTERM)
            server.communicate()
    return {
        "ratio": round(usual.p95_ms / over.p95_ms, 3),
        "ours": round(over.p95_ms, 1),
        "other": round(usual.p95_ms, 1),
        "unit": "ms (95th percentile)",
        "what": "requests let in while twice the capacity is asked for",
        "peer": f"the same server at {COMFORT:.0%} of its capacity (limit; the load comes from the same machine)",
        "settings": f"{PAGE}, 1 web process, 16 page threads, arrivals by chance",
        "runs": 1,
        "equal": over.silent == 0 and beside.failed == 0 and served == STREAMS + SLOW,
        "capacity_per_s": round(capacity, 1),
        "accepted.ratio": round(over.p95_ms / usual.p95_ms, 2),
        "accepted_per_s": round(len(over.times) / (QUICK_S if quick else LONG_S), 1),
        "refused.share": round(over.refused / over.asked, 3),
        "refused.with_retry_after": over.refused - over.silent,
        "failed.share": round(over.failed / over.asked, 4),
        "usual.refused": usual.refused,
        "beside.p95_ms": round(beside.p95_ms, 1),
        "beside.ratio": round(beside.p95_ms / usual.p95_ms, 2),
        "beside.refused": beside.refused,
        "beside.streams_and_slow": served,
    }
