"""A page with one query, through the dispatcher, beside the raw path of the same server (a limit, not a peer)."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

PEERS: tuple[str, ...] = ()
BROWSERS = 64
PAGE, RAW = "/sign-in", "/healthz"


def start(state: Path) -> tuple[subprocess.Popen[str], str]:
    """A real installation in a fresh state folder; the address of its front page."""
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("GROUNDPLAN_", "DATABASE_URL"))
    }
    for role in ("SYSTEM", "SECURITY", "AUDIT"):
        environment[f"GROUNDPLAN_{role}_ADMIN"] = f"{role.lower()}:bench-{os.urandom(8).hex()}"
    with (state / "log").open("w") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "groundplan.cli", "up", "--port", "0"],
            env={**environment, "GROUNDPLAN_STATE": str(state)},
            stdout=log,
            stderr=subprocess.PIPE,
            text=True,
        )
    for line in server.stderr or ():
        found = re.search(r"http://\S+", line)
        if found:
            return server, found[0]
    message = "the server did not start"
    raise RuntimeError(message)


async def one_answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, path: str) -> bool:
    """Ask on an open connection and read the whole answer; plain sockets, so that we measure the server."""
    writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    head = await reader.readuntil(b"\r\n\r\n")
    length = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
    if length is None:
        return False
    await reader.readexactly(int(length[1]))
    return head.startswith(b"HTTP/1.1 200")


async def requests_per_second(address: str, path: str, seconds: float) -> tuple[float, int]:
    """Answers a second for as many browsers as ``BROWSERS``, each on a connection of its own, and the failed ones."""
    counts = {True: 0, False: 0}
    parts = urlsplit(address)
    begun = time.perf_counter()

    async def browse() -> None:
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        while time.perf_counter() < begun + seconds:
            counts[await one_answer(reader, writer, path)] += 1
        writer.close()

    done = await asyncio.gather(*(browse() for _ in range(BROWSERS)), return_exceptions=True)
    broken = sum(isinstance(each, BaseException) for each in done)
    return counts[True] / (time.perf_counter() - begun), counts[False] + broken


def run(*, quick: bool) -> dict[str, Any]:
    """Measure both paths in turn."""
    runs, seconds = (3, 3.0) if quick else (7, 10.0)
    pages: list[float] = []
    raw: list[float] = []
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        server, address = start(Path(folder))
        try:
            asyncio.run(requests_per_second(address, PAGE, 2.0))
            for _ in range(runs):
                for path, results in ((PAGE, pages), (RAW, raw)):
                    rate, bad = asyncio.run(requests_per_second(address, path, seconds))
                    results.append(rate)
                    failed += bad
        finally:
            server.send_signal(signal.SIGTERM)
            server.communicate()
    ours, other = statistics.median(pages), statistics.median(raw)
    return {
        "ratio": round(ours / other, 4),
        "ours": round(ours, 1),
        "other": round(other, 1),
        "unit": "requests/s",
        "what": "ordinary pages through the dispatcher",
        "peer": "the raw path of the same server (limit; the load generator runs on the same machine)",
        "settings": f"{BROWSERS} browsers, 1 web process, 16 page threads, clients on the same machine",
        "runs": runs,
        "equal": failed == 0,
        "failed": failed,
    }
