"""Reads of outside witnesses: what they are to be given, and whether what they keep agrees with the log."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db.models import Max, Q

from groundplan.kernel.events import actions as events
from groundplan.kernel.ledger import queries as ledger
from groundplan.kernel.ledger.models import Head
from groundplan.kernel.ledger.queries import Fault
from groundplan.kernel.parties.queries import Actor
from groundplan.kernel.proofs.logic import copies
from groundplan.kernel.proofs.models import Witness
from groundplan.lib import clock, environment
from groundplan.lib.canonical import canonical_json
from groundplan.lib.crypto import signing

LARGEST = 200_000_000
KEEPERS = ("system_admin",)


@dataclass(frozen=True)
class Agreement:
    """What came of setting the log beside one copy.

    Args:
        name: of the witness, or where the copy was read.
        heads: how many heads of the copy were compared.
        reached: False when the copy could not be had at all.
        fault: the first head that does not agree.
    """

    name: str
    heads: int
    reached: bool = True
    fault: Fault | None = None

    def document(self) -> dict[str, Any]:
        """As printed by ``ledger verify --json``."""
        return {
            "name": self.name,
            "heads": self.heads,
            "reached": self.reached,
            "fault": self.fault.document() if self.fault else None,
        }


def may_witness(actor: Actor) -> bool:
    """Whether an actor may see and change witnesses."""
    return actor.has_role(*KEEPERS)


def witnesses() -> list[Witness]:
    """All witnesses, latest first; there are a handful."""
    return list(Witness.objects.order_by("-id")[:200])


def due_witnesses() -> list[Witness]:
    """Active witnesses that lack a head and need not wait."""
    now = clock.now()
    last = Head.objects.aggregate(last=Max("number"))["last"]
    free = Witness.objects.filter(Q(leased_until=None) | Q(leased_until__lt=now), state="active", next_at__lte=now)
    return [] if last is None else list(free.filter(given__lte=last))


def head_lines(first: int, most: int) -> list[bytes]:
    """Signed heads from a number on, each as the line that witnesses keep."""
    rows = Head.objects.filter(number__gte=first).order_by("number")[:most]
    return [canonical_json({"number": row.number, **ledger.signed(row).document()}) + b"\n" for row in rows]


def witness_file(name: str) -> Path:
    """Where a file witness stands."""
    folder = environment.read("GROUNDPLAN_WITNESS_FOLDER")
    return (Path(folder) if folder else Path(settings.STATE) / "witnesses") / name


def agreements() -> list[Agreement]:
    """The log beside the copy of every active witness."""
    found = []
    for row in Witness.objects.filter(state="active").order_by("id"):
        if row.kind == "file":
            found.append(agreement_with(row.name, witness_file(row.address), given=row.given))
            continue
        reason, content = events.fetch(row.address, most=LARGEST)
        found.append(Agreement(row.name, 0, reached=False) if reason else _compared(row.name, content, row.given))
    return found


def agreement_with(name: str, path: Path, *, given: int = 0) -> Agreement:
    """The log beside a copy in a file.

    Args:
        name: of the witness.
        path: the file.
        given: how many heads it had confirmed.
    """
    try:
        content = path.read_bytes()
    except OSError:
        reason = f"The copy of {name} is gone: it had confirmed {given} heads."
        return Agreement(name, 0, reached=False, fault=Fault("witness", 0, None, reason) if given else None)
    return _compared(name, content, given)


def _compared(name: str, content: bytes, given: int) -> Agreement:
    count = 0
    rows = Head.objects.order_by("number").iterator(chunk_size=2000)
    try:
        for copy in copies.read(content):
            if copy.number != count:
                return _fault(name, count, f"the copy of {name} has head {copy.number} where {count} is expected")
            row = next(rows, None)
            if row is None:
                return _fault(name, count, f"{name} keeps head {count}, but the log ends before it: it was cut")
            if (bytes(row.body), bytes(row.signature)) != (copy.head, copy.signature):
                return _fault(name, count, f"head {count} is not the one that {name} keeps: {_judged(copy)}")
            count += 1
    except ValueError:
        return _fault(name, count, f"the copy of {name} cannot be read at line {count + 1}")
    if count < given:
        return _fault(name, count, f"the copy of {name} ends at head {count}, but it had confirmed {given}")
    return Agreement(name, count)


def _judged(copy: copies.Copy) -> str:
    known = {bytes(key.public_key) for key in ledger.keys()} | set(signing.held_public_keys().values())  # noqa: SIM118
    signed = signing.verify(public_key=copy.public_key, message=copy.head, signature=copy.signature)
    if signed and copy.public_key in known:
        return "its copy bears a valid signature of this log, so the log was written anew"
    return "its copy bears no valid signature of this log, so the copy was changed, or is of another log"


def _fault(name: str, number: int, reason: str) -> Agreement:
    return Agreement(name, number, fault=Fault("witness", number, None, reason[0].upper() + reason[1:] + "."))
