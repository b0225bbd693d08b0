"""Figures that apps report about themselves: shown by ``groundplan status`` and /metrics."""

from __future__ import annotations

from collections.abc import Callable

_figures: dict[str, Callable[[], int | float]] = {}


def report(name: str, count: Callable[[], int | float]) -> None:
    """Register a figure, usually in ``AppConfig.ready()``.

    Args:
        name: snake_case with its unit; ``acknowledged`` and ``stored`` are the reports that the intake said yes to
            and the reports that stand in the database: they must be equal.
        count: reads the figure now; called outside a transaction.
    """
    _figures[name] = count


def figures() -> dict[str, int | float]:
    """All registered figures as they are now."""
    return {name: count() for name, count in sorted(_figures.items())}
