"""The whole log computed again: keys, heads, entries, nodes. Finds and names the first fault."""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.db import connection, transaction

from groundplan.kernel.ledger import logic
from groundplan.kernel.ledger.models import Entry, Head, Key, Node
from groundplan.lib import sql
from groundplan.lib.canonical import iso_time
from groundplan.lib.crypto import signing

APP = "groundplan.kernel.ledger"
CHUNK = 4096


@dataclass(frozen=True)
class Fault:
    """The first thing that is wrong.

    Args:
        kind: ``altered``, ``missing``, ``added``, ``reordered`` (an entry), ``head`` or ``key``.
        index: leaf index of the entry, number of the head, or None.
        entry_id: public id of the entry as it stands there, or None.
        reason: one sentence.
        until: the first leaf index beyond the fault, where it can be narrowed only to a range.
    """

    kind: str
    index: int | None
    entry_id: str | None
    reason: str
    until: int | None = None

    def document(self) -> dict[str, Any]:
        """As printed by ``ledger verify --json``."""
        found: dict[str, Any] = {"kind": self.kind, "index": self.index, "id": self.entry_id, "reason": self.reason}
        return found if self.until is None else {**found, "until": self.until}


@dataclass(frozen=True)
class Verification:
    """What ``verify`` found."""

    ok: bool
    size: int
    root: str
    heads: int
    first_bad: Fault | None


@dataclass
class _Heads:
    """Heads whose signature and chain hold, by ascending size."""

    sizes: list[int] = field(default_factory=list)
    roots: list[bytes] = field(default_factory=list)
    fault: Fault | None = None


def verify(progress: Callable[[int, int], None] | None = None) -> Verification:
    """Compute the whole log again from its entries.

    Args:
        progress: called with entries done and entries in all.

    Returns:
        Whether it holds, and otherwise the first fault: entries before heads. Entries, nodes and heads that were all
        cut off at the end in step are found only by whoever kept a later head.
    """
    outermost = not connection.in_atomic_block
    with transaction.atomic():
        if outermost:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        heads = _check_heads()
        size = heads.sizes[-1] if heads.sizes else 0
        fault = _check_entries(heads, progress)
        fault = fault or heads.fault or _check_extra_nodes(size)
        root = heads.roots[-1] if heads.roots else logic.EMPTY_ROOT
        return Verification(fault is None, size, root.hex(), Head.objects.count(), fault)


def _check_heads() -> _Heads:
    found, previous, seen_keys = _Heads(), "", list[str]()
    public = {key.key_id: bytes(key.public_key) for key in Key.objects.all()}
    held = signing.held_public_keys()
    for number, row in enumerate(Head.objects.order_by("number").iterator(chunk_size=CHUNK)):
        reason = _fault_of_head(row, number, previous, public.get(row.key_id, b""))
        if not reason and held and row.key_id not in held:
            reason = f"was signed by the key {row.key_id}, which this installation never made"
        if not reason and found.sizes and row.size <= found.sizes[-1]:
            reason = "does not cover more entries than the head before it"
        if not reason and row.key_id in seen_keys[:-1]:
            reason = f"was signed by the key {row.key_id} after that key had been replaced"
        if reason:
            found.fault = Fault("head", number, None, f"The tree head {number} {reason}.")
            return found
        if row.key_id not in seen_keys:
            seen_keys.append(row.key_id)
        previous = logic.digest_of_head(bytes(row.body), bytes(row.signature))
        found.sizes.append(row.size)
        found.roots.append(bytes(row.root))
    return found


def _fault_of_head(row: Head, number: int, previous: str, public_key: bytes) -> str:
    """What is wrong with one head, taken by itself, or an empty text."""
    if row.number != number:
        return "is missing"
    if not public_key or signing.key_id_of(public_key) != row.key_id:
        return f"names the key {row.key_id}, whose public key is not known"
    if not signing.verify(public_key=public_key, message=bytes(row.body), signature=bytes(row.signature)):
        return "has a signature that does not hold"
    algorithm = signing.algorithm_of(public_key)
    # Heads from before algorithms were said are Ed25519's and say none.
    accepted = [algorithm, ""] if algorithm == "ed25519" else [algorithm]
    expected = [
        logic.body_of_head(
            number=number, size=row.size, root=bytes(row.root), at=row.at, key_id=row.key_id, previous=previous,
            algorithm=said,
        )
        for said in accepted
    ]  # fmt: skip
    if bytes(row.body) not in expected:
        return "does not say what was signed, or does not follow the head before it"
    return ""


def _check_entries(heads: _Heads, progress: Callable[[int, int], None] | None) -> Fault | None:
    total = heads.sizes[-1] if heads.sizes else 0
    start, frontier = 0, dict[logic.Node, bytes]()
    for rows in _chunks():
        for at, row in enumerate(rows, start):
            if row.leaf_index != at:
                kind, entry_id = ("missing", None) if row.leaf_index > at else ("added", str(row.entry_id))
                return Fault(kind, at, entry_id, f"Leaf {row.leaf_index} stands where leaf {at} is expected.")
        covered = rows if heads.fault else rows[: max(0, total - start)]
        end = start + len(covered)
        stored = _stored(start, end)
        fault = _first_in_chunk(covered, start, stored, {**frontier, **stored}, heads)
        if fault:
            return fault
        if len(covered) < len(rows):
            extra = rows[len(covered)]
            return Fault("added", total, str(extra.entry_id), f"Leaf {total} is beyond the last signed head.")
        frontier = {node: {**frontier, **stored}[node] for node in logic.peaks(end)}
        start = end
        if progress:
            progress(start, max(start, total))
    if start < total:
        return Fault("missing", start, None, f"Leaf {start} is gone: the last head covers {total} entries.")
    return None


def _chunks() -> Iterator[list[Entry]]:
    """All entries in order, leaf indexes below zero included."""
    after: int | None = None
    while True:
        rows = Entry.objects.order_by("leaf_index")
        if after is not None:
            rows = rows.filter(leaf_index__gt=after)
        # A first chunk that ends on the boundary keeps all later ones aligned.
        page = list(rows[:CHUNK])
        if not page:
            return
        after = page[-1].leaf_index
        yield page


def _stored(start: int, end: int) -> dict[logic.Node, bytes]:
    """Stored hashes of the subtrees that leaves [start, end) completed."""
    levels = range(end.bit_length())
    ranges = [list(levels), [start >> level for level in levels], [end >> level for level in levels]]
    with connection.cursor() as cursor:
        cursor.execute(sql.named(APP, "node_ranges"), ranges)
        return {(level, position): bytes(value) for level, position, value in cursor.fetchall()}


def _first_in_chunk(
    rows: list[Entry], start: int, stored: dict[logic.Node, bytes], known: dict[logic.Node, bytes], heads: _Heads
) -> Fault | None:
    """The first fault of a chunk: entries against leaf hashes, parents against children, peaks against heads."""
    faults = [_leaf_fault(rows, start, stored), _node_fault(start, start + len(rows), stored, known)]
    found = [fault for fault in faults if fault]
    if found:
        return min(found, key=lambda fault: fault.index or 0)
    at = bisect_right(heads.sizes, start)
    while at < len(heads.sizes) and heads.sizes[at] <= start + len(rows):
        size = heads.sizes[at]
        if logic.fold([known[node] for node in logic.peaks(size)]) != heads.roots[at]:
            first = heads.sizes[at - 1] if at else 0
            return Fault("altered", first, None, f"Leaves {first} to {size - 1} are not what head {at} signed.", size)
        at += 1
    return None


def _leaf_fault(rows: list[Entry], start: int, stored: dict[logic.Node, bytes]) -> Fault | None:
    for at, row in enumerate(rows, start):
        actual = logic.leaf_hash(bytes(row.body))
        if actual != stored.get((0, at)):
            return _named_fault(at, row, actual, stored.get((0, at)))
        if not _columns_agree(row):
            return Fault("altered", at, str(row.entry_id), f"The columns of leaf {at} differ from its signed body.")
    return None


def _columns_agree(row: Entry) -> bool:
    body = json.loads(bytes(row.body))
    columns = {
        "id": str(row.entry_id), "at": iso_time(row.at), "actor": row.actor, "action": row.action,
        "subject": row.subject,
    }  # fmt: skip
    return all(body[name] == value for name, value in columns.items())


def _named_fault(at: int, row: Entry, actual: bytes, expected: bytes | None) -> Fault:
    """Tell altered, missing, added and re-ordered entries apart by where the two hashes stand otherwise."""
    entry_id = str(row.entry_id)
    if expected is None:
        return Fault("added", at, entry_id, f"Leaf {at} has no hash in the tree.")
    belongs_elsewhere = Node.objects.filter(level=0, hash=actual).exists()
    with connection.cursor() as cursor:
        cursor.execute(sql.named(APP, "leaf_elsewhere"), [expected])
        moved = cursor.fetchone()
    if moved and belongs_elsewhere:
        return Fault("reordered", at, entry_id, f"What was leaf {at} now stands at {moved[0]}.")
    if moved:
        return Fault("added", at, entry_id, f"An entry was put in at leaf {at}; what stood there is now at {moved[0]}.")
    if belongs_elsewhere:
        return Fault("missing", at, None, f"What was leaf {at} is gone; a later entry stands in its place.")
    return Fault("altered", at, entry_id, f"Leaf {at} is not what it was when its hash was taken.")


def _node_fault(start: int, end: int, stored: dict[logic.Node, bytes], known: dict[logic.Node, bytes]) -> Fault | None:
    """The leftmost, lowest stored parent that does not follow from its stored children."""
    found = []
    for level in range(1, end.bit_length()):
        for position in range(start >> level, end >> level):
            left, right = known.get((level - 1, 2 * position)), known.get((level - 1, 2 * position + 1))
            # A child that is missing is a fault of its own, at its own level.
            if left and right and stored.get((level, position)) != logic.node_hash(left, right):
                found.append((position << level, level))
    if not found:
        return None
    first, level = min(found)
    until = first + (1 << level)
    return Fault("altered", first, None, f"Leaves {first} to {until - 1} and their stored hashes do not agree.", until)


def _check_extra_nodes(size: int) -> Fault | None:
    expected = sum(size >> level for level in range(size.bit_length()))
    if Node.objects.count() == expected:
        return None
    return Fault("added", size, None, f"There are more hashes than a tree of {size} entries has.")
