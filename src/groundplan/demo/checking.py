"""Builds the city, runs the whole day as fast as it goes and verifies what it did: ``groundplan demo --check``."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Q

from groundplan.demo import city, messages
from groundplan.demo.base import catalogue, lake
from groundplan.demo.day import ENDS, Day
from groundplan.kernel import proofs
from groundplan.kernel.cases.models import Case, Step, Task
from groundplan.kernel.events.models import Outgoing
from groundplan.kernel.ledger import queries as ledger
from groundplan.kernel.ledger.models import Entry, Pending
from groundplan.kernel.parties.models import Party
from groundplan.kernel.rules.models import Decision
from groundplan.lib import clock
from groundplan.lib.crypto import signing

PROOFS = 25
PATIENCE_S = 60.0
LEAST_ENTRIES = 50
# Beside the package of proofs in an installed program, in docs/ in a checkout.
PLACES = (
    Path(proofs.__file__).with_name("verify_proof.py"),
    Path(__file__).resolve().parents[3] / "docs/verify_proof.py",
)
VERIFIER = next((place for place in PLACES if place.exists()), PLACES[0])
Figures = dict[str, int | bool | float]


def run(folder: Path, data: Path | None, tell: Callable[[str], None]) -> tuple[Figures, list[str]]:
    """Build, live through the day, verify.

    Args:
        folder: an empty state folder.
        data: the folder of real data, or None.
        tell: is told what is being done.

    Returns:
        The figures, and what does not hold.
    """
    started = time.monotonic()
    received = folder / "received.txt"
    received.touch()
    real = 0
    with published_ids() as published, beside("relay"), beside("subscriber", str(received)):
        city.build(tell=tell, readings=city.MANY_READINGS)
        tell("模拟一天 · the simulated day")
        day = Day.planned()
        day.run()
        tell(f"{day.done} 步 · steps, {time.monotonic() - started:.0f} s")
        if data is not None:
            tell("真实留言 · real messages")
            with clock.standing_at(ENDS):
                real = messages.send(data)
        tell("核对 · verifying")
        drain()
    found = figures(published, received, started)
    found["day.steps"] = day.done
    found["day.refused"] = day.agents.refused.total()
    if data is not None:
        found["real.messages"] = real
    return found, [
        *faults(found),
        *(f"nobody is refused ({what}, {times} times)" for what, times in day.agents.strange.items()),
    ]


@contextmanager
def published_ids() -> Iterator[set[str]]:
    """The ids of all events that this process commits meanwhile, seen at the statement that writes them."""
    found: set[str] = set()

    def watch(execute: Callable[..., Any], statement: Any, values: Any, many: bool, context: Any) -> Any:  # noqa: FBT001
        result = execute(statement, values, many, context)
        if "events_outgoing" in str(statement).lower() and "insert" in str(statement).lower():
            event_id = str(next(value for value in values if isinstance(value, UUID)))
            transaction.on_commit(lambda: found.add(event_id))
        return result

    with connection.execute_wrapper(watch):
        yield found


@contextmanager
def beside(module: str, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """A module of this package running in another process meanwhile."""
    process = subprocess.Popen([sys.executable, "-P", "-m", f"groundplan.demo.processes.{module}", *arguments])  # noqa: S603 - our own modules.
    try:
        yield process
    finally:
        process.terminate()
        process.wait(30)


def drain() -> None:
    """Wait until the log and the event log hold everything that was committed."""
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end and (Pending.objects.exists() or Outgoing.objects.exists()):
        time.sleep(0.1)


def proofs_checked() -> int:
    """How many sampled proofs a process without this program's code accepts; refused ones end the count.

    Returns:
        The number of proofs checked, all accepted; -1 when one was refused.
    """
    size = Entry.objects.count()
    indexes = sorted({round(at * (size - 1) / (PROOFS - 1)) for at in range(PROOFS)}) if size else []
    with tempfile.TemporaryDirectory(prefix="groundplan-proofs-") as folder:
        for at in indexes:
            proof = ledger.inclusion_proof(Entry.objects.values_list("entry_id", flat=True).get(leaf_index=at))
            file = Path(folder) / f"{at}.json"
            file.write_bytes(proof.file())
            key = signing.fingerprint(proof.head.public_key)
            command = [sys.executable, "-I", str(VERIFIER), "--key", key, str(file)]
            if subprocess.run(command, capture_output=True, check=False).returncode:  # noqa: S603 - our own script.
                return -1
    return len(indexes)


def figures(published: set[str], received: Path, started: float) -> Figures:
    """What the day did, as flat keys."""
    got = received.read_text(encoding="ascii").split()
    verified = ledger.verify()
    return {
        "parties": Party.objects.count(),
        **cases_figures(),
        **catalogue.figures(),
        "decisions": Decision.objects.count(),
        "decisions.unexplained": unexplained(),
        "events.published": len(published),
        "events.delivered": len(published & set(got)),
        "events.lost": len(published - set(got)),
        "events.doubled": len(got) - len(set(got)),
        **lake.figures(),
        "ledger.size": verified.size,
        "ledger.ok": verified.ok,
        "proofs.checked": proofs_checked(),
        "seconds": round(time.monotonic() - started, 1),
    }


def cases_figures() -> Figures:
    """What became of the cases."""
    held = Case.objects.exclude(Q(flow__startswith="linkage") | Q(flow="catalogue-entry"))
    done = held.filter(state__in=("closed", "cancelled", "merged"))
    open_cases = held.filter(state__in=("open", "suspended"))
    owned = Task.objects.filter(state__in=("offered", "open", "waiting"), party__isnull=False).values("case_id")
    return {
        "incidents.opened": held.count(),
        "incidents.closed": done.count(),
        "incidents.overdue": Case.objects.filter(Q(overdue=True) | Q(tasks__overdue=True)).distinct().count(),
        "incidents.returned": Step.objects.filter(kind="return").values("case_id").distinct().count(),
        "incidents.transferred": Step.objects.filter(kind="transfer_accepted").values("case_id").distinct().count(),
        "incidents.reopened": Case.objects.filter(reopened__gt=0).count(),
        "incidents.without_owner": open_cases.exclude(pk__in=owned).count(),
    }


def unexplained() -> int:
    """Decisions that cannot name the rows that fired, or the law behind them."""
    return Decision.objects.filter(rows=[]).count()


def faults(found: Figures, *, least_opened: int = 500, least_closed: int = 300) -> list[str]:
    """What does not hold; empty when all does."""
    rules = {
        f"at least {least_opened} cases opened": found["incidents.opened"] >= least_opened,
        f"at least {least_closed} cases closed": found["incidents.closed"] >= least_closed,
        "every open case has an owner": found["incidents.without_owner"] == 0,
        "at least 50 entries of the catalogue are published": found["catalogue.entries"] >= LEAST_ENTRIES,
        "data is mounted at some, not at all": 0 < found["catalogue.mounted"] < found["catalogue.entries"],
        "every decision is explained": found["decisions.unexplained"] == 0 and found["decisions"] > 0,
        "no event is lost": found["events.lost"] == 0 and found["events.published"] > 0,
        "no event comes twice": found["events.doubled"] == 0,
        "the log holds": found["ledger.ok"] is True and found["ledger.size"] > 0,
        "the lake holds what was loaded": found["lake.reconciled"] is True
        and found["lake.rows"] >= city.MANY_READINGS * 0.9,
        "rows that do not fit are in quarantine": found["lake.quarantined"] > 0,
        "the sampled proofs are accepted": found["proofs.checked"] > 0,
    }
    return [rule for rule, holds in rules.items() if not holds]
