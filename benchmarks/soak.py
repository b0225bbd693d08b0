"""The demo day at high speed through the API while web, worker and PostgreSQL are killed (kill -9) at random.

The limit is the same installation left in peace: ``ratio`` is requests acknowledged a second under kills ÷ without.
"""

from __future__ import annotations

import heapq
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

PEERS: tuple[str, ...] = ()
HERE = Path(__file__).parent
CLIENTS = 3
QUICK_S, CALM_SHARE = 26.0, 0.2
DRAINED_WITHIN_S = 120.0
# Answers before the killing begins, and the longest wait for them, s: processes are measured once they are warm.
WARM = 30
BETWEEN = timedelta(minutes=1)


def run(*, quick: bool, minutes: float | None = None) -> dict[str, Any]:
    """Build the sample city in a fresh folder, serve it, live in it, kill; then look whether anything is missing."""
    seconds = (minutes or 3.0) * 60 if not quick else QUICK_S
    with tempfile.TemporaryDirectory(prefix="groundplan-soak-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        state = Path(folder) / "state"
        os.environ |= {"GROUNDPLAN_MODE": "demo", "GROUNDPLAN_STATE": str(state), "GROUNDPLAN_CITY": "兰汀市 | Lanting"}
        for name in ("DATABASE_URL", "GROUNDPLAN_OWNER_DATABASE_URL", "GROUNDPLAN_CLOCK"):
            os.environ.pop(name, None)
        from groundplan.cli import context

        context.setup_django()
        try:
            return soaked(state, Path(folder), seconds)
        finally:
            context.discard_state(state)


def soaked(state: Path, folder: Path, seconds: float) -> dict[str, Any]:
    """The figures of one run."""
    from groundplan.demo import city

    city.build(tell=tell)
    tokens = tokens_for_everybody()
    received = folder / "received"
    begin_day(seconds)
    with subscriber(received, folder / "subscriber"), house(folder / "address") as (process, address):
        told = lived(process.pid, state, address, tokens, seconds)
        drain(address, received)
        found = verdict(told, received)
    kept = found["acknowledged"] == found["stored"] and found["answers.acknowledged"] == found["answers.stored"]
    whole = found["ledger.ok"] and not (found["events.lost"] or found["cases.ownerless"] or found["clients.unanswered"])
    return {**figures(told), **found, "equal": bool(kept and whole and not told.strange)}


def tell(text: str) -> None:
    """Say what is being done."""
    print(f"soak: {text}", file=sys.stderr, flush=True)


def tokens_for_everybody() -> dict[int, str]:
    """A bearer token for each user, for the clients."""
    from groundplan.kernel.parties import actions
    from groundplan.kernel.parties.models import User
    from groundplan.kernel.parties.queries import SYSTEM

    return {user.pk: actions.issue_token(actor=SYSTEM, user=user, name="soak")[1] for user in User.objects.all()}


def begin_day(seconds: float) -> None:
    """Let the clock of all processes run so fast that the rest of the sample day passes in this run."""
    from groundplan.demo.day import BEGINS, ENDS

    speed = max((ENDS - BEGINS).total_seconds() / seconds, 1.0)
    os.environ["GROUNDPLAN_CLOCK"] = f"{BEGINS.isoformat()}|{datetime.now(UTC).isoformat()}|{speed}"


@contextmanager
def running(script: str, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """A process of this benchmark; the variables of the database are its own affair."""
    environment = {name: value for name, value in os.environ.items() if "DATABASE_URL" not in name}
    environment["SUPERVISOR_PID"] = str(os.getpid())
    with Path(arguments[-1]).with_suffix(".log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, str(HERE / script), *arguments], env=environment, stdout=log, stderr=log
        )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


@contextmanager
def house(said: Path) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """The installation under test, with its address."""
    with running("_soak_house.py", str(said)) as process:
        address = waited(said, process)
        wait_until_ready(address)
        yield process, address


@contextmanager
def subscriber(received: Path, said: Path) -> Iterator[None]:
    """A subscriber to every event since the beginning."""
    from groundplan.kernel.events import actions

    received.touch()
    with running("_soak_subscriber.py", str(received), str(said)) as process:
        actions.add_webhook(name="soak", url=waited(said, process), types=["*"], from_start=True)
        yield


def waited(said: Path, process: subprocess.Popen[bytes]) -> str:
    """What a process wrote when it was there."""
    end = time.monotonic() + 60
    while not (said.exists() and said.read_text()):
        if process.poll() is not None or time.monotonic() > end:
            message = f"{said.name} did not start: {said.with_suffix('.log').read_text()[-500:]}"
            raise RuntimeError(message)
        time.sleep(0.05)
    return said.read_text()


def wait_until_ready(address: str) -> None:
    """Wait for database, migrations and worker."""
    import httpx

    end = time.monotonic() + DRAINED_WITHIN_S
    while time.monotonic() < end:
        try:
            if httpx.get(f"{address}readyz", timeout=10, trust_env=False).status_code == httpx.codes.OK:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.2)
    message = "the installation did not become ready"
    raise RuntimeError(message)


def lived(house_pid: int, state: Path, address: str, tokens: Mapping[int, str], seconds: float) -> Any:
    """Let several days run at once, first in peace, then under kills; what the clients were told."""
    from _soak_doors import Told
    from _soak_killing import Killer

    told, stop = Told(), threading.Event()
    told.refused, told.strange = Counter(), Counter()
    order = Random(20260708)  # noqa: S311 - chance that can be repeated, no secret.
    clients = [
        threading.Thread(target=client, args=(number, address, tokens, told, stop), daemon=True)
        for number in range(CLIENTS)
    ]
    killer = Killer(house_pid, state, order)
    tell("one part in peace")
    begun = time.monotonic()
    for each in clients:
        each.start()
    calm_until, warm_until = begun + seconds * CALM_SHARE, begun + WARM
    while (now := time.monotonic()) < calm_until or (len(told.keys) < WARM and now < warm_until):
        time.sleep(0.1)
    told.calm, calm_s = len(told.keys), time.monotonic() - begun
    tell("killing")
    killer.start()
    stop.wait(seconds * (1 - CALM_SHARE))
    told.rates = (told.calm / calm_s, (len(told.keys) - told.calm) / (time.monotonic() - begun - calm_s))
    killer.stopping.set()
    killer.join()
    stop.set()
    # Whatever was asked is asked until it is answered: nothing stays half known.
    for each in clients:
        each.join(240)
    told.unanswered = sum(each.is_alive() for each in clients)
    told.killer, told.seconds = killer, seconds
    return told


def client(number: int, address: str, tokens: Mapping[int, str], told: Any, stop: threading.Event) -> None:
    """Live one day after the other through the API until told to stop."""
    from _soak_doors import Doors, steadily
    from django.db import connection

    from groundplan.demo.day import Day

    doors = Doors(address, tokens, told, Random(number))  # noqa: S311 - the same.
    for seed in count(1000 + number, CLIENTS):
        if stop.is_set():
            break
        day = quickened(steadily(partial(Day.planned, seed, doors=doors)))
        while day.turns and not stop.is_set():
            steadily(partial(day.take, heapq.heappop(day.turns)))
        told.refused.update(day.agents.refused)
        told.strange.update(day.agents.strange)
    connection.close()


def quickened(day: Any) -> Any:
    """The same day with something coming in every few moments: the installation is to be kept busy."""
    from groundplan.demo.arrivals import Arrival
    from groundplan.demo.day import BEGINS

    coming = [turn for turn in sorted(day.turns) if isinstance(turn.deed, Arrival)]
    for at, turn in enumerate(coming):
        turn.at = BEGINS + at * BETWEEN
    # Looking for overdue cases is the worker's own work here.
    day.turns = coming
    return day


def drain(address: str, received: Path) -> None:
    """Wait until the log and the event log hold everything, and the subscriber has heard it."""
    from _soak_doors import steadily

    tell("waiting until all is delivered")
    wait_until_ready(address)
    end = time.monotonic() + DRAINED_WITHIN_S
    while time.monotonic() < end and not steadily(lambda: drained(received)):
        time.sleep(0.3)
    tell(f"waited {DRAINED_WITHIN_S - (end - time.monotonic()):.0f} s")


def drained(received: Path) -> bool:
    """Whether nothing is on its way any more."""
    from groundplan.kernel.events.models import Outgoing, StoredEvent
    from groundplan.kernel.ledger.models import Pending

    if Outgoing.objects.exists() or Pending.objects.exists():
        return False
    heard = {line.split(" ", 1)[0] for line in received.read_text().splitlines()}
    return StoredEvent.objects.count() <= len(heard)


def verdict(told: Any, received: Path) -> dict[str, Any]:
    """What is missing: of what clients were told yes to, and of what the database says."""
    from groundplan.demo.checking import cases_figures
    from groundplan.kernel.events.models import Counter as Positions
    from groundplan.kernel.events.models import StoredEvent
    from groundplan.kernel.ledger import queries as ledger
    from groundplan.kernel.parties.models import IdempotencyKey
    from groundplan.systems.incidents.models import Incident

    lines = [line.split(" ") for line in received.read_text().splitlines()]
    heard = {line[0] for line in lines}
    opened = {line[2] for line in lines if line[1] == "case.opened.v1"}
    completed = {line[3] for line in lines if line[1] == "task.completed.v1"}
    published = {str(each) for each in StoredEvent.objects.values_list("event_id", flat=True)}
    missing = {f"case:{case}" for case in told.reports.values()} - opened
    positions = Positions.objects.get(pk=1).last - StoredEvent.objects.count()
    verified, owned = ledger.verify(), cases_figures()
    answers = IdempotencyKey.objects.filter(key__in=told.keys).count()
    return {
        "kills": told.killer.kills.total(),
        "events.lost": len(published - heard) + len(missing) + len(told.completed - completed) + positions,
        "events.delivered": len(heard),
        "events.repeated": len(lines) - len(heard),
        "ledger.ok": verified.ok,
        "ledger.size": verified.size,
        "cases.ownerless": owned["incidents.without_owner"],
        "cases.opened": owned["incidents.opened"],
        "acknowledged": len(told.reports),
        "stored": Incident.objects.count(),
        "answers.acknowledged": len(told.keys),
        "answers.stored": answers,
        "clients.unanswered": told.unanswered,
    }


def figures(told: Any) -> dict[str, Any]:
    """How it went."""
    calm, killed = told.rates
    return {
        "ratio": round(killed / max(calm, 0.1), 3),
        "ours": round(killed, 1),
        "other": round(calm, 1),
        "unit": "writes acknowledged/s",
        "what": "the demo day through the API under kill -9",
        "peer": "the same installation left in peace (limit)",
        "settings": f"{told.seconds:.0f} s, {CLIENTS} clients, 2 web processes, 1 worker, embedded PostgreSQL",
        "runs": 1,
        **{f"kills.{name}": count for name, count in sorted(told.killer.kills.items())},
        "kills.longest_pause_s": round(told.killer.longest_pause_s, 1),
        "slowest_s": round(told.slowest_s, 1),
        "retries": told.troubles.total(),
        "troubles": dict(told.troubles.most_common()),
        "refused": dict(told.refused.most_common()),
        "strange": dict(told.strange.most_common()),
    }
