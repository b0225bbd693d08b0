"""An inclusion proof told step by step. Pure functions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from groundplan.kernel.ledger import logic


@dataclass(frozen=True)
class Step:
    """One step up the tree.

    Args:
        number: 1, 2, 3 …
        sibling: hash of the subtree beside ours, hexadecimal.
        on_the_left: on which side it stands.
        result: hash of the two together, hexadecimal.
    """

    number: int
    sibling: str
    on_the_left: bool
    result: str


def steps(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> list[Step]:
    """The way from a leaf to the root; its last result is the root hash.

    Args:
        leaf: leaf hash.
        index: leaf index, 0 <= index < size.
        size: size of the tree.
        path: an inclusion proof of the right length.

    Source: RFC 9162, clause 2.1.3.2.
    """
    at, last, value, found = index, size - 1, leaf, list[Step]()
    for number, sibling in enumerate(path, 1):
        left = bool(at & 1) or at == last
        value = logic.node_hash(sibling, value) if left else logic.node_hash(value, sibling)
        found.append(Step(number, sibling.hex(), left, value.hex()))
        while left and not at & 1 and at:
            at, last = at >> 1, last >> 1
        at, last = at >> 1, last >> 1
    return found
