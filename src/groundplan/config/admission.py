"""Bounded admission: who may work now, who waits, and who is asked to come back; pure logic with a clock of its own.

Two ideas. *A short rush waits, a standing queue does not* (as CoDel, RFC 8289): everybody may queue for a moment, but
once answers have taken longer than usual for more than a rush, only as many are let in as are served in the usual time.
*A quick asker is slowed alone*: each actor and each address has a bucket that fills at a steady rate.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from math import ceil

Clock = Callable[[], float]
RUSH_S = 2.0
SAMPLES = 500
LEAST_USUAL_S, MOST_USUAL_S = 0.02, 2.0
# So many inside at once are no crowd.
QUIET = 2
# So many are always let in.
LEAST = 4
# Answers that are looked at together.
WINDOW = 20
AGAIN_S = 2
# Four in five answers may take so much longer than the usual 95th percentile before that is called slow.
SLACK = 1.3
BUCKETS = 20_000


@dataclass(frozen=True)
class Refusal:
    """Why somebody is asked to come back, and when.

    Attributes:
        status: 429 when the asker is too quick, 503 when there is too much from everybody.
        code: of the problem document.
        retry_after_s: whole seconds.
    """

    status: int
    code: str
    retry_after_s: int


@dataclass
class Usual:
    """The time that an answer takes when nobody crowds: its 95th percentile over the last quiet answers.

    Until enough were seen the most that is ever granted counts as usual.
    """

    seen: deque[float] = field(default_factory=lambda: deque(maxlen=SAMPLES))
    p95_s: float = MOST_USUAL_S
    _fresh: int = 0

    def add(self, seconds: float) -> None:
        """Note one answer; the percentile is computed anew now and then."""
        self.seen.append(seconds)
        self._fresh += 1
        if self._fresh >= 50 or len(self.seen) == 50:  # noqa: PLR2004 - fewer than that say little of a 95th percentile.
            self._fresh = 0
            ordered = sorted(self.seen)
            self.p95_s = min(max(ordered[int(len(ordered) * 0.95)], LEAST_USUAL_S), MOST_USUAL_S)


class Gate:
    """A bounded number of places with a bounded queue before them, and a limit on both that follows the times.

    While answers take their usual time the limit is ``places + queue``. When they have taken longer for more than a
    rush, it falls to what was working well, then is raised one by one and cut by a fifth (additive increase,
    multiplicative decrease), so that who is let in is answered about as fast as ever.

    Args:
        places: how many may work at once.
        queue: how many may wait.
        patience_s: the longest wait; whoever is not let in by then is asked to come back.
        clock: seconds that only go forward.
    """

    def __init__(self, places: int, queue: int, patience_s: float, clock: Clock = time.monotonic) -> None:
        self.places, self.queue, self.patience_s, self.clock = places, queue, patience_s, clock
        self.limit = float(max(places + queue, LEAST))
        self.working = 0
        self.waiting: deque[asyncio.Future[None]] = deque()
        self.usual = Usual()
        self.crowded_since: float | None = None
        self.shedding = False
        self._window: list[float] = []
        self._good_since: float | None = None

    @property
    def inside(self) -> int:
        """How many work or wait."""
        return self.working + len(self.waiting)

    @property
    def is_quiet(self) -> bool:
        """Whether an answer that is asked for now takes its usual time."""
        return self.inside <= QUIET and not self.shedding

    def refusal(self, *, vital: bool = False) -> Refusal | None:
        """Why nobody more is let in now; None when somebody is.

        Args:
            vital: what is asked must not be lost because others crowd, such as a report: it may queue in a standing
                queue too.
        """
        if self.inside < (self.places + self.queue if vital else int(self.limit)):
            return None
        return Refusal(503, "overloaded", AGAIN_S)

    async def enter(self, *, vital: bool = False) -> Refusal | None:
        """Wait for a place; the refusal, or None once there is one. Whoever got a place calls :meth:`leave`."""
        refused = self.refusal(vital=vital)
        if refused is not None:
            return refused
        if self.working < self.places and not self.waiting:
            self.working += 1
            return None
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.waiting.append(turn)
        try:
            await asyncio.wait_for(asyncio.shield(turn), self.patience_s)
        except TimeoutError:
            if not turn.done():
                self.waiting.remove(turn)
                return Refusal(503, "overloaded", AGAIN_S)
        except asyncio.CancelledError:
            if turn.done():
                self.free()
            else:
                self.waiting.remove(turn)
            raise
        return None

    def leave(self, seconds: float, *, quiet: bool = False) -> None:
        """Give the place to the next in line, and learn from the time that it took.

        Args:
            seconds: from the arrival to the whole answer.
            quiet: nobody crowded when it came in, so its time counts as usual.
        """
        self.free()
        if quiet and not self.shedding:
            self.usual.add(seconds)
        self._window.append(seconds)
        if len(self._window) >= WINDOW:
            ordered = sorted(self._window)
            self._window = []
            self.follow(ordered[int(len(ordered) * 0.8)])

    def free(self) -> None:
        """Give the place to the next in line."""
        while self.waiting:
            turn = self.waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self.working -= 1

    def follow(self, seconds: float) -> None:
        """Let the limit follow what the latest answers took."""
        now, slow = self.clock(), seconds > self.usual.p95_s * SLACK
        if slow:
            self._good_since = None
            self.crowded_since = now if self.crowded_since is None else self.crowded_since
            if self.shedding:
                self.limit = max(self.limit * 0.8, LEAST)
            elif now - self.crowded_since > RUSH_S:
                self.shedding, self.limit = True, max(min(self.inside, self.places) / 2, LEAST)
            return
        self._good_since = now if self._good_since is None else self._good_since
        self.crowded_since = None
        if self.shedding:
            self.limit = min(self.limit + 1, float(self.places + self.queue))
            if now - self._good_since > RUSH_S and self.inside < self.limit / 2:
                self.shedding, self.limit = False, float(self.places + self.queue)


class Buckets:
    """A bucket of tokens for each asker; forgets the one that was not seen for longest.

    Args:
        per_minute: how many an asker may ask in a minute on average; 0 for no limit. A sixth of it may come at once.
        clock: seconds that only go forward.
    """

    def __init__(self, per_minute: int, clock: Clock = time.monotonic) -> None:
        self.rate, self.most, self.clock = per_minute / 60, max(per_minute / 6, 1.0), clock
        self.kept: OrderedDict[bytes, tuple[float, float]] = OrderedDict()

    def take(self, asker: bytes) -> Refusal | None:
        """Take one token; the refusal when there is none."""
        if not self.rate:
            return None
        now = self.clock()
        left, at = self.kept.pop(asker, (self.most, now))
        left = min(self.most, left + (now - at) * self.rate)
        granted = left >= 1
        self.kept[asker] = (left - granted, now)
        if len(self.kept) > BUCKETS:
            self.kept.popitem(last=False)
        return None if granted else Refusal(429, "too-many-requests", max(1, ceil((1 - left) / self.rate)))
