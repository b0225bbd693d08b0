"""Who is killed: web processes, the worker, PostgreSQL and its guardian, in turns of chance."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random

LEAST_S, MOST_S = 1.5, 7.0
FOUND_WITHIN_S = 7.0
TARGETS = ("web", "worker", "postgres", "web", "postgres", "guardian")


def children(parent: int, word: str) -> list[int]:
    """The children of a process whose command line holds a word."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            above = (entry / "stat").read_text().rpartition(")")[2].split()[1]
            if above == str(parent) and word in (entry / "cmdline").read_text():
                found.append(int(entry.name))
        except OSError:
            continue
    return sorted(found)


class Killer(threading.Thread):
    """Sends SIGKILL every few seconds, at the latest every 15 s, until it is told to stop.

    Args:
        house: process id of the supervisor.
        state: the state folder, which says where PostgreSQL is.
        order: the source of chance.
    """

    def __init__(self, house: int, state: Path, order: Random) -> None:
        super().__init__(name="killer", daemon=True)
        self.house, self.state, self.order = house, state, order
        self.stopping = threading.Event()
        self.kills: Counter[str] = Counter()
        self.longest_pause_s = 0.0

    def run(self) -> None:
        """Kill."""
        last = time.monotonic()
        for target in self.turns():
            if self.stopping.wait(self.order.uniform(LEAST_S, MOST_S)):
                return
            if self.kill(target):
                self.kills[target] += 1
                self.longest_pause_s = max(self.longest_pause_s, time.monotonic() - last)
                last = time.monotonic()

    def turns(self) -> Iterator[str]:
        """Every kind of process, in an order of chance, again and again."""
        while True:
            yield from self.order.sample(TARGETS, len(TARGETS))

    def kill(self, target: str) -> bool:
        """Kill one process of a kind; False when none could be found in time."""
        end = time.monotonic() + FOUND_WITHIN_S
        while time.monotonic() < end and not self.stopping.is_set():
            pids = self.processes(target)
            if pids:
                try:
                    os.kill(self.order.choice(pids), signal.SIGKILL)
                except ProcessLookupError:
                    continue
                return True
            time.sleep(0.1)
        return False

    def processes(self, target: str) -> list[int]:
        """The processes of a kind that run now."""
        if target in {"web", "worker"}:
            return children(self.house, f"groundplan.cli.{target}")
        try:
            running = json.loads((self.state / "postgres" / "running.json").read_text())
        except (OSError, ValueError):
            return []
        return [running["postmaster" if target == "postgres" else "guardian"]]
