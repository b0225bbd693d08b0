"""Draws a sample that anybody can draw again: the numbers are sorted by a hash of seed and number."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable


def sample(population: Iterable[str], *, seed: str, size: int) -> list[str]:
    """The sample of a population: the ``size`` numbers with the smallest SHA-256 of ``seed:number``.

    The order of the population does not matter, and each number has the same chance. A larger sample of the same seed
    begins with the smaller one.

    Args:
        population: the numbers of the cases.
        seed: any text, kept with the sample.
        size: how many.

    Example:
        >>> sample(["A-1", "A-2", "A-3"], seed="s", size=2) == sample(["A-3", "A-1", "A-2"], seed="s", size=2)
        True
    """
    return sorted(set(population), key=lambda number: (_rank(seed, number), number))[:size]


def digest(population: Iterable[str]) -> str:
    """SHA-256 of a population, one number a line in their order.

    Example:
        >>> digest(["B", "A"]) == digest(["A", "B"])
        True
    """
    return hashlib.sha256("\n".join(sorted(set(population))).encode()).hexdigest()


def _rank(seed: str, number: str) -> str:
    return hashlib.sha256(f"{seed}:{number}".encode()).hexdigest()
