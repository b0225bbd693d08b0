"""Merkle trees of RFC 9162: hashes, roots, inclusion and consistency proofs; tree heads; salted commitments."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from groundplan.lib.canonical import canonical_json

Node = tuple[int, int]
PROOF_FORMAT = "groundplan-proof/1"
CONSISTENCY_FORMAT = "groundplan-consistency/1"
EMPTY_ROOT = hashlib.sha256(b"").digest()


@dataclass(frozen=True)
class SignedHead:
    """A tree head as it was signed."""

    size: int
    root: bytes
    body: bytes
    signature: bytes
    public_key: bytes

    def document(self) -> dict[str, str]:
        """The head in a proof file."""
        return {
            "head": self.body.decode(),
            "signature": self.signature.hex(),
            "public_key": self.public_key.hex(),
        }


@dataclass(frozen=True)
class InclusionProof:
    """That an entry stands at its place in the log that a signed head covers."""

    body: bytes
    leaf_index: int
    path: tuple[bytes, ...]
    head: SignedHead

    def document(self) -> dict[str, Any]:
        """The proof file: what docs/verify_proof.py reads."""
        return {
            "format": PROOF_FORMAT,
            "entry": self.body.decode(),
            "leaf_index": self.leaf_index,
            "tree_size": self.head.size,
            "audit_path": [step.hex() for step in self.path],
            **self.head.document(),
        }

    def file(self) -> bytes:
        """The bytes of the proof file; the script refuses any other spelling of the same document."""
        return _file(self.document())


@dataclass(frozen=True)
class ConsistencyProof:
    """That the tree of the second head only adds to the tree of the first."""

    first: SignedHead
    second: SignedHead
    path: tuple[bytes, ...]

    def document(self) -> dict[str, Any]:
        """The proof file: what docs/verify_consistency.py reads."""
        return {
            "format": CONSISTENCY_FORMAT,
            "first": self.first.document(),
            "second": self.second.document(),
            "path": [step.hex() for step in self.path],
        }

    def file(self) -> bytes:
        """The bytes of the proof file."""
        return _file(self.document())


def leaf_hash(entry: bytes) -> bytes:
    """The hash of a leaf: SHA-256(0x00 || entry). Source: RFC 9162, clause 2.1.1."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of an interior node: SHA-256(0x01 || left || right). Source: RFC 9162, clause 2.1.1."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def root(leaves: Sequence[bytes]) -> bytes:
    """The root hash of a tree of leaf hashes; of no leaves, SHA-256 of nothing. Source: RFC 9162, clause 2.1.1."""
    if not leaves:
        return EMPTY_ROOT
    level = list(leaves)
    while len(level) > 1:
        odd = level[len(level) & ~1 :]
        level = [node_hash(*level[at : at + 2]) for at in range(0, len(level) & ~1, 2)] + odd
    return level[0]


def peaks(size: int) -> list[Node]:
    """The complete subtrees that make up a tree, left to right, as (level, position).

    >>> peaks(7)
    [(2, 0), (1, 2), (0, 6)]
    """
    found, start = [], 0
    for level in range(size.bit_length() - 1, -1, -1):
        if size >> level & 1:
            found.append((level, start >> level))
            start += 1 << level
    return found


def subtree(start: int, end: int) -> list[Node]:
    """The complete subtrees that make up the leaves [start, end), where start is a multiple of their span's power."""
    return [(level, position + (start >> level)) for level, position in peaks(end - start)]


def fold(hashes: Sequence[bytes]) -> bytes:
    """The root over complete subtrees, left to right."""
    if not hashes:
        return EMPTY_ROOT
    total = hashes[-1]
    for left in reversed(hashes[:-1]):
        total = node_hash(left, total)
    return total


def grow(size: int, frontier: Mapping[Node, bytes], leaves: Sequence[bytes]) -> dict[Node, bytes]:
    """All complete subtrees that come into being when leaves are appended.

    Args:
        size: leaves before.
        frontier: hashes of ``peaks(size)``.
        leaves: hashes of the new leaves.

    Returns:
        Hash of each new node, by (level, position), level 0 included.
    """
    made: dict[Node, bytes] = {(0, size + number): value for number, value in enumerate(leaves)}
    known: dict[Node, bytes] = dict(frontier)
    known.update(made)
    total, level = size + len(leaves), 1
    while total >> level:
        for position in range(size >> level, total >> level):
            value = node_hash(known[level - 1, 2 * position], known[level - 1, 2 * position + 1])
            made[level, position] = known[level, position] = value
        level += 1
    return made


def inclusion_nodes(index: int, size: int) -> list[list[Node]]:
    """The steps of an inclusion proof, leaf upwards: each is folded from the subtrees named.

    Source: RFC 9162, clause 2.1.3.1.
    """
    if not 0 <= index < size:
        raise ValueError(f"leaf {index} is not in a tree of {size}")
    steps, start, end = [], 0, size
    while end - start > 1:
        split = start + _half(end - start)
        if index < split:
            steps.append(subtree(split, end))
            end = split
        else:
            steps.append(subtree(start, split))
            start = split
    return steps[::-1]


def consistency_nodes(first: int, second: int) -> list[list[Node]]:
    """The steps of a consistency proof between two sizes. Source: RFC 9162, clause 2.1.4.1."""
    if not 0 < first <= second:
        raise ValueError(f"no consistency proof from {first} to {second}")
    steps: list[list[Node]] = []
    start, end, whole = 0, second, True
    while first != end:
        split = start + _half(end - start)
        if first <= split:
            steps.append(subtree(split, end))
            end = split
        else:
            steps.append(subtree(start, split))
            start, whole = split, False
    if not whole:
        steps.append(subtree(start, end))
    return steps[::-1]


def proof(steps: Sequence[Sequence[Node]], value: Callable[[Node], bytes]) -> list[bytes]:
    """The hashes of a proof's steps, given the hash of each stored subtree."""
    return [fold([value(node) for node in step]) for step in steps]


def inclusion(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """The inclusion proof of a leaf from all leaf hashes: the slow, plain form."""
    nodes = grow(0, {}, leaves)
    return proof(inclusion_nodes(index, len(leaves)), nodes.__getitem__)


def consistency(leaves: Sequence[bytes], first: int) -> list[bytes]:
    """The consistency proof from the first ``first`` leaves to all of them: the slow, plain form."""
    nodes = grow(0, {}, leaves)
    return proof(consistency_nodes(first, len(leaves)), nodes.__getitem__)


def root_from_inclusion(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes | None:
    """The root that an inclusion proof leads to, or None where its length is wrong.

    Source: RFC 9162, clause 2.1.3.2.
    """
    if not 0 <= index < size:
        return None
    at, last, value = index, size - 1, leaf
    for step in path:
        if last == 0:
            return None
        if at & 1 or at == last:
            value = node_hash(step, value)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            value = node_hash(value, step)
        at, last = at >> 1, last >> 1
    return value if last == 0 else None


def consistent(first: int, second: int, first_root: bytes, second_root: bytes, path: Sequence[bytes]) -> bool:
    """Whether a proof shows that the larger tree only adds to the smaller. Source: RFC 9162, clause 2.1.4.2."""
    if not 0 < first <= second:
        return False
    if first == second:
        return not path and first_root == second_root
    steps = list(path)
    if first & (first - 1) == 0:
        steps.insert(0, first_root)
    if not steps:
        return False
    at, last = first - 1, second - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    old = new = steps[0]
    for step in steps[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            old, new = node_hash(step, old), node_hash(step, new)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            new = node_hash(new, step)
        at, last = at >> 1, last >> 1
    return last == 0 and old == first_root and new == second_root


def new_salt() -> bytes:
    """128 random bits that make a commitment unguessable; destroying them makes what was committed unprovable."""
    return os.urandom(16)


def commitment(data: Any, salt: bytes) -> str:
    """What the log holds in place of facts that must be erasable: HMAC-SHA-256 of their canonical JSON under the salt.

    Args:
        data: JSON values.
        salt: 128 bits from :func:`new_salt`, stored beside the facts and erased with them.

    Returns:
        64 hexadecimal digits.

    Raises:
        ValueError: the salt is not 16 bytes.
    """
    if len(salt) != 16:  # noqa: PLR2004 - 128 bits.
        raise ValueError(f"a salt has 16 bytes, not {len(salt)}")
    return hmac.new(salt, canonical_json(data), hashlib.sha256).hexdigest()


def body_of_head(
    *, number: int, size: int, root: bytes, at: datetime, key_id: str, previous: str, algorithm: str = ""
) -> bytes:
    """The bytes that are signed.

    Args:
        number: 0, 1, 2 … without gaps.
        size: leaves covered.
        root: root hash over them.
        at: when it was signed.
        key_id: which key signs.
        previous: :func:`digest_of_head` of the head before, empty for the first.
        algorithm: how the key signs; heads of earlier versions do not say it.
    """
    said = {"algorithm": algorithm} if algorithm else {}
    return canonical_json(
        {"at": at, "key": key_id, "number": number, "previous": previous, "root": root.hex(), "size": size, **said}
    )


def digest_of_head(body: bytes, signature: bytes) -> str:
    """What the next head says of this one: SHA-256 over its body and signature."""
    return hashlib.sha256(body + signature).hexdigest()


def _file(document: Mapping[str, Any]) -> bytes:
    return (json.dumps(document, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()


def _half(size: int) -> int:
    """The largest power of two smaller than ``size``."""
    return 1 << (size - 1).bit_length() - 1
