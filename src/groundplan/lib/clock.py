"""The time of the city: real in production, and a simulated day, faster than life, for the sample city."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime

_fixed: ContextVar[datetime | None] = ContextVar("fixed_time", default=None)


def now() -> datetime:
    """The present moment, in UTC.

    Every module asks here and nowhere else, so that a simulated day can run through the same code. The setting
    ``GROUNDPLAN_CLOCK`` is ``<simulated start>|<real start>|<speed>``, ISO 8601 twice; it is refused in production.
    """
    fixed = _fixed.get()
    if fixed is not None:
        return fixed
    real = datetime.now(tz=UTC)
    setting = os.environ.get("GROUNDPLAN_CLOCK")
    if not setting or os.environ.get("GROUNDPLAN_MODE", "production") == "production":
        return real
    simulated_start, real_start, speed = setting.split("|")
    passed = real - datetime.fromisoformat(real_start)
    return datetime.fromisoformat(simulated_start).astimezone(UTC) + passed * float(speed)


def world() -> datetime:
    """The moment on the clocks of the world, in UTC, whatever day the city simulates.

    For what people and devices outside compute or wait for: codes of authenticators, pauses after failures, the age of
    a session. It stands where :func:`standing_at` lets the clock stand.
    """
    return _fixed.get() or datetime.now(tz=UTC)


@contextmanager
def standing_at(moment: datetime) -> Iterator[None]:
    """Let the clock of this thread or task stand at one moment: for tests and for the simulated day."""
    token = _fixed.set(moment.astimezone(UTC))
    try:
        yield
    finally:
        _fixed.reset(token)
