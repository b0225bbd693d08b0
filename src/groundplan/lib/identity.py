"""Public identifiers: UUID version 7 (RFC 9562, 5.7), made in Python: a row knows its name before it is stored."""

from __future__ import annotations

import os
import threading
import time
import uuid

_lock = threading.Lock()
_last = 0


def uuid7() -> uuid.UUID:
    """A time-ordered identifier; strictly increasing within a process.

    Returns:
        48 bits of Unix time in ms, 12 bits of sub-millisecond counter, 62 random bits.

    Source: RFC 9562, clause 5.7 and method 3 of clause 6.2.
    """
    global _last  # noqa: PLW0603 - one monotonic counter per process is the point.
    with _lock:
        # 1/4096 ms ticks, so that the counter fits the 12 bits of rand_a.
        tick = (time.time_ns() * 4096) // 1_000_000
        _last = tick = max(tick, _last + 1)
    high = (tick >> 12) << 16 | 0x7000 | (tick & 0xFFF)
    low = (int.from_bytes(os.urandom(8), "big") & 0x3FFF_FFFF_FFFF_FFFF) | 0x8000_0000_0000_0000
    return uuid.UUID(int=(high << 64) | low)
