"""Cuts a column into regions on which every one of its tests says the same: the ground of speed and of proofs.

A value lies in one region; a region knows the rows that accept it, as the bits of one integer. Two rows overlap when
they share a region in every column, and a region's sample value is the witness.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta
from decimal import Decimal
from typing import Any, Final

from groundplan.kernel.rules.logic.unary import Span, Test
from groundplan.kernel.rules.logic.values import Field, plain_decimal

_TICK: Final = timedelta(microseconds=1)
_SHORT: Final = 2048


def bits(mask: int) -> Iterator[int]:
    """The positions of the set bits, smallest first.

    A long number is halved until its parts are short or empty: taking one bit after another off a number of half a
    million bits would copy all of it each time.
    """
    parts = [(mask, 0)]
    while parts:
        part, offset = parts.pop()
        width = part.bit_length()
        if width > _SHORT:
            half = width // 2
            parts += [(part >> half, offset + half), (part & (1 << half) - 1, offset)]
            continue
        while part:
            low = part & -part
            yield offset + low.bit_length() - 1
            part ^= low


def from_bits(places: Iterable[int], width: int) -> int:
    """The number below ``2**width`` with bits at these places."""
    found = bytearray(width // 8 + 1)
    for place in places:
        found[place >> 3] |= 1 << (place & 7)
    return int.from_bytes(found, "little")


@dataclass(frozen=True)
class Column:
    """One input's regions.

    Args:
        field: the input.
        points: for ordered types the bounds that its tests name, sorted; else the single values.
        ordered: whether points cut a line (region 2i lies before point i, 2i + 1 is it) or stand alone (region i).
        others: for text, the region of every value that no test names; -1 if there is none.
        empty: the region of the absent fact; -1 if the fact is required.
        count: number of regions.
        real: the regions that hold at least one value, as bits.
        sets: for each row the regions that it accepts, as bits.
        masks: for each region the rows that accept it, as bits.
    """

    field: Field
    points: tuple[Any, ...]
    ordered: bool
    others: int
    empty: int
    count: int
    real: int
    sets: tuple[int, ...]
    masks: tuple[int, ...]

    def region_of(self, value: Any) -> int:
        """The region in which a typed value lies."""
        if value is None:
            return self.empty
        if self.ordered:
            index = bisect_left(self.points, value)
            return 2 * index + (index < len(self.points) and self.points[index] == value)
        try:
            return self.points.index(value)
        except ValueError:
            return self.others

    def sample(self, region: int) -> Any:
        """A value of a region."""
        if region == self.empty:
            return None
        if not self.ordered:
            return self._other_text() if region == self.others else self.points[region]
        index, is_point = divmod(region, 2)
        if is_point:
            return self.points[index]
        low = self.points[index - 1] if index else None
        high = self.points[index] if index < len(self.points) else None
        return _between(self.field.type, low, high)

    def _other_text(self) -> str:
        made = "其他"
        while made in self.points:
            made += "…"
        return made


def cut(field: Field, tests: Sequence[Test]) -> Column:
    """Cut one column."""
    distinct: dict[Test, int] = {}
    for index, test in enumerate(tests):
        distinct[test] = distinct.get(test, 0) | 1 << index
    ordered = field.type not in ("string", "enumeration", "boolean")
    points = _points(field, distinct, ordered=ordered)
    count = 2 * len(points) + 1 if ordered else len(points)
    others = empty = -1
    if field.type == "string":
        others, count = count, count + 1
    if field.optional:
        empty, count = count, count + 1
    real = (1 << count) - 1
    if ordered:
        real &= ~_empty_gaps(field, points)
    position = {point: index for index, point in enumerate(points)}
    sets: dict[Test, int] = {}
    toggles = [0] * (count + 1)
    for test, rows in distinct.items():
        sets[test] = accepted = _accepted(test, position, len(points), empty) & real
        # Rows enter and leave where neighbouring regions differ, so a wide span costs two steps, not its width.
        for edge in bits(accepted ^ (accepted << 1)):
            toggles[edge] ^= rows
    masks, running = [], 0
    for toggle in toggles[:-1]:
        running ^= toggle
        masks.append(running)
    return Column(field, points, ordered, others, empty, count, real, tuple(sets[test] for test in tests), tuple(masks))


def _empty_gaps(field: Field, points: Sequence[Any]) -> int:
    """The gaps between bounds in which no value lies, as between two neighbouring days."""
    found = 0
    for index in range(len(points) + 1):
        low, high = points[index - 1] if index else None, points[index] if index < len(points) else None
        if _between(field.type, low, high) is None:
            found |= 1 << 2 * index
    return found


def _accepted(test: Test, position: dict[Any, int], points: int, empty: int) -> int:
    """The regions that a test accepts, as bits."""
    places = [empty if member is None else position[member] for member in test.members]
    found = from_bits(places, max(places, default=0) + 1)
    for span in test.spans:
        found |= _span_bits(span, position, points)
    return ~found if test.negated else found


def _points(field: Field, tests: dict[Test, int], *, ordered: bool) -> tuple[Any, ...]:
    if field.type == "enumeration":
        return tuple(choice.value for choice in field.values)
    if field.type == "boolean":
        return (False, True)
    named = {member for test in tests for member in test.members if member is not None}
    named |= {bound for test in tests for span in test.spans for bound in (span.low, span.high) if bound is not None}
    if ordered or len(named) < 2:  # noqa: PLR2004 - nothing to order.
        return tuple(sorted(named))
    # Text keeps the order in which the rows name it.
    return tuple(dict.fromkeys(m for test in tests for m in sorted(x for x in test.members if x is not None)))


def _span_bits(span: Span, position: dict[Any, int], points: int) -> int:
    low = 0 if span.low is None else 2 * position[span.low] + (1 if span.low_in else 2)
    high = 2 * points if span.high is None else 2 * position[span.high] + (1 if span.high_in else 0)
    return ((1 << (high - low + 1)) - 1) << low if high >= low else 0


def _between(kind: str, low: Any, high: Any) -> Any:  # noqa: PLR0911 - one way out for each kind of line.
    """A value strictly between two bounds (None: unbounded), or None when there is none."""
    if kind in ("integer", "decimal"):
        if low is None and high is None:
            return 0 if kind == "integer" else Decimal(0)
        if low is None or high is None:
            return high - 1 if low is None else low + 1
        if kind == "decimal":
            return plain_decimal(_middle(low, high))
        return (low + high) // 2 if high - low > 1 else None
    if kind == "date":
        return _between_days(low, high)
    if kind == "time":
        found = _between_durations(
            _since_midnight(low) if low else -_TICK, _since_midnight(high) if high else timedelta(days=1)
        )
        return None if found is None else _time_of(found)
    return _between_durations(low, high)


def _middle(low: Decimal, high: Decimal) -> Decimal:
    """A short decimal strictly between two others."""
    places = max(-int(low.as_tuple().exponent), -int(high.as_tuple().exponent), 0)
    scale = 10**places
    first, last = int(low * scale), int(high * scale)
    if last - first > 1:
        return Decimal((first + last) // 2).scaleb(-places)
    return Decimal(first * 10 + 5).scaleb(-places - 1)


def _between_days(low: date | None, high: date | None) -> date | None:
    first = low.toordinal() + 1 if low else 1
    last = high.toordinal() - 1 if high else date.max.toordinal()
    if first > last:
        return None
    if low is None and high is None:
        return date(2026, 1, 1)
    return date.fromordinal(last if low is None else first)


def _between_durations(low: timedelta | None, high: timedelta | None) -> timedelta | None:
    if low is None or high is None:
        if low is None and high is None:
            return timedelta(0)
        hour = timedelta(hours=1)
        return (high - hour if high > timedelta.min + hour else None) if low is None else low + hour  # type: ignore[operator]
    if high - low <= _TICK:
        return None
    middle = (low + high) / 2
    whole = timedelta(minutes=middle // timedelta(minutes=1))
    return whole if low < whole < high else middle


def _since_midnight(moment: time) -> timedelta:
    return timedelta(hours=moment.hour, minutes=moment.minute, seconds=moment.second, microseconds=moment.microsecond)


def _time_of(length: timedelta) -> time:
    hours, rest = divmod(length.seconds, 3600)
    return time(hours, rest // 60, rest % 60, length.microseconds)
