"""Entries, tree heads, and the proofs that join them; a proof reads O(log n) stored hashes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.db import connection
from django.db.models import Count, Min, QuerySet

from groundplan.kernel.ledger import logic
from groundplan.kernel.ledger.errors import EntryNotFound, NotYetIntegrated, SizeOutOfRange
from groundplan.kernel.ledger.models import Entry, Head, Key, Pending
from groundplan.lib import clock, sql

APP = "groundplan.kernel.ledger"


@dataclass(frozen=True)
class Lag:
    """What is recorded but not yet integrated."""

    waiting: int
    oldest_s: float


def entries_for(subject: str) -> QuerySet[Entry]:
    """The integrated entries of one subject, oldest first."""
    return Entry.objects.filter(subject=subject).order_by("leaf_index")


def entry(entry_id: UUID) -> Entry:
    """One integrated entry.

    Raises:
        EntryNotFound: no such entry.
        NotYetIntegrated: it is recorded, but the sequencer has not come by yet.
    """
    found = Entry.objects.filter(entry_id=entry_id).first()
    if found:
        return found
    if is_pending(entry_id):
        raise NotYetIntegrated(f"The entry {entry_id} is recorded and will be integrated in a moment.")
    raise EntryNotFound(f"There is no entry {entry_id}.")


def is_pending(entry_id: UUID) -> bool:
    """Whether an entry is committed and waits for the sequencer."""
    return Pending.objects.filter(entry_id=entry_id).exists()


def subject_of(entry_id: UUID) -> str | None:
    """The subject of an entry, integrated or still pending; None when there is no such entry."""
    found = Entry.objects.filter(entry_id=entry_id).values_list("subject", flat=True).first()
    return found or Pending.objects.filter(entry_id=entry_id).values_list("subject", flat=True).first()


def head() -> Head | None:
    """The latest signed tree head; None while the log is empty."""
    return Head.objects.order_by("-number").first()


def head_at(size: int) -> Head:
    """The signed head of exactly this size.

    Raises:
        SizeOutOfRange: no head was signed at this size.
    """
    found = Head.objects.filter(size=size).order_by("number").first()
    if found is None:
        raise SizeOutOfRange(f"No tree head has the size {size}.", next_step="Choose a size from the list of heads.")
    return found


def keys() -> QuerySet[Key]:
    """All keys that sign or signed, oldest first."""
    return Key.objects.order_by("valid_from")


def inclusion_proof(entry_id: UUID) -> logic.InclusionProof:
    """The proof that an entry is in the log, under the latest head.

    Raises:
        EntryNotFound: no such entry.
        NotYetIntegrated: no signed head covers it yet.
    """
    with connection.cursor() as cursor:
        cursor.execute(sql.named(APP, "entry_under_head"), [entry_id])
        found = cursor.fetchone()
    if found is None:
        entry(entry_id)
        # The sequencer came by between the two questions.
        return inclusion_proof(entry_id)
    index, body, size, *values = found
    if size is None or size <= index:
        raise NotYetIntegrated(f"No signed tree head covers the entry {entry_id} yet.")
    signed_head = logic.SignedHead(size, *map(bytes, values))
    return logic.InclusionProof(bytes(body), index, _path(logic.inclusion_nodes(index, size)), signed_head)


def consistency_proof(first: int, second: int) -> logic.ConsistencyProof:
    """The proof that the log of one signed size is the beginning of the log of a later one.

    Raises:
        SizeOutOfRange: no heads of these sizes, or the first is larger.
    """
    if not 0 < first <= second:
        raise SizeOutOfRange(f"{first} and {second} are no sizes in this order.", accepted="0 < first <= second")
    old, new = head_at(first), head_at(second)
    path = _path(logic.consistency_nodes(first, second))
    return logic.ConsistencyProof(signed(old), signed(new), path)


def signed(row: Head) -> logic.SignedHead:
    """A stored head with the public key that signed it."""
    key = Key.objects.get(key_id=row.key_id)
    return logic.SignedHead(row.size, bytes(row.root), bytes(row.body), bytes(row.signature), bytes(key.public_key))


def lag() -> Lag:
    """How many entries wait for the sequencer, and for how long the oldest has."""
    found = Pending.objects.aggregate(waiting=Count("id"), oldest=Min("at"))
    oldest = found["oldest"]
    return Lag(found["waiting"], max(0.0, (clock.now() - oldest).total_seconds()) if oldest else 0.0)


def stored_nodes(wanted: Iterable[logic.Node]) -> dict[logic.Node, bytes]:
    """The stored hashes of subtrees, by (level, position)."""
    nodes = list(wanted)
    if not nodes:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(sql.named(APP, "nodes"), [[level for level, _ in nodes], [position for _, position in nodes]])
        return {(level, position): bytes(value) for level, position, value in cursor.fetchall()}


def _path(steps: list[list[logic.Node]]) -> tuple[bytes, ...]:
    nodes = stored_nodes(node for step in steps for node in step)
    return tuple(logic.proof(steps, nodes.__getitem__))
