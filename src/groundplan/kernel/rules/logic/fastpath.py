"""The hot path of a table: one function, written for the table's columns, that asks each column once.

The text of the function is put together from fixed pieces and the places of the columns alone; names, values and cells
of a table reach it as objects, never as code. ``test_laws`` holds it equal to the plain reading.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final

from groundplan.kernel.rules.logic.facts import read_fact
from groundplan.kernel.rules.logic.regions import Column
from groundplan.kernel.rules.logic.values import MAX_DIGITS

_LIMIT: Final = 10**MAX_DIGITS
_SMALLEST: Final = 1e-12

# Each piece sets m to the rows that accept the fact v. {i} is the place of the column.
_TEXT: Final = """
        m = get{i}(v, others{i}) if v.__class__ is str else None
        if m is None: m = slow{i}(v)
"""
_BOOLEAN: Final = """
        m = yes{i} if v is True else no{i} if v is False else slow{i}(v)
"""
_INTEGER: Final = """
        if v.__class__ is int and -limit < v < limit:
            m = get{i}(v)
            if m is None: m = gaps{i}[bisect(points{i}, v)]
        else: m = slow{i}(v)
"""
_OTHER: Final = """
        m = slow{i}(v)
"""
_HEAD: Final = """
def ask(facts):
    if len(facts) != count: return again(facts)
    {start}
    try:
"""
_FACT: Final = """
        v = facts[name{i}]
"""
_TAIL: Final = """
    except KeyError: return again(facts)
    return {end}
"""
Asked = Callable[[Mapping[str, Any]], Any]


def evaluator(columns: Sequence[Column], everything: int, finish: Callable[[int], Any], again: Asked) -> Asked:
    """The function that evaluates facts.

    Args:
        columns: the table's columns.
        everything: all rows, as bits.
        finish: from the rows that apply to the answer.
        again: the slow way, which tells what is wrong with facts or fills in absent optional ones.
    """
    names = {"everything": everything, "finish": finish, "again": again}
    return _assembled(columns, names, start="mask = everything", step="mask &= m", end="finish(mask)")


def asker(columns: Sequence[Column], again: Asked) -> Asked:
    """The function from facts to a list: for each column the rows that accept its fact, as bits."""
    return _assembled(columns, {"again": again}, start="found = []", step="found.append(m)", end="found")


def _assembled(columns: Sequence[Column], names: dict[str, Any], *, start: str, step: str, end: str) -> Asked:
    names |= {"count": len(columns), "limit": _LIMIT, "bisect": bisect_left}
    text = _HEAD.format(start=start)
    for place, column in enumerate(columns):
        piece, objects = _piece(column)
        names |= {f"{name}{place}": value for name, value in objects.items()}
        names[f"name{place}"] = column.field.name
        text += (_FACT + piece).format(i=place) + f"        {step}\n"
    exec(compile(text + _TAIL.format(end=end), "<table>", "exec"), names)  # noqa: S102 - fixed pieces and numbers only.
    made: Asked = names["ask"]
    return made


def _piece(column: Column) -> tuple[str, dict[str, Any]]:
    """The piece for a column and the objects that it names."""
    field, masks = column.field, column.masks

    def slow(value: Any) -> int:
        return masks[column.region_of(read_fact(field, value))]

    if field.type == "boolean":
        return _BOOLEAN, {"no": masks[0], "yes": masks[1], "slow": slow}
    if not column.ordered:
        others = masks[column.others] if column.others >= 0 else None
        return _TEXT, {"get": dict(zip(column.points, masks, strict=False)).get, "others": others, "slow": slow}
    if field.type == "integer":
        points = list(column.points)
        exact = {point: masks[2 * index + 1] for index, point in enumerate(points)}
        gaps = [masks[2 * index] for index in range(len(points) + 1)]
        return _INTEGER, {"get": exact.get, "gaps": gaps, "points": points, "slow": slow}
    return _OTHER, {"slow": _decimal_lookup(column, slow) if field.type == "decimal" else _exact_lookup(column, slow)}


def _decimal_lookup(column: Column, slow: Callable[[Any], int]) -> Callable[[Any], int]:
    points: list[Any] = list(column.points)
    masks, count = column.masks, len(points)
    smallest = _SMALLEST

    def decimal(value: Any) -> int:
        kind = value.__class__
        if kind is int:
            if not -_LIMIT < value < _LIMIT:
                return slow(value)
        elif kind is float:
            if not (smallest < value < 1e38 or -1e38 < value < -smallest):  # noqa: PLR2004 - 38 digits.
                return slow(value)
            # The shortest text of a float is the number that was written.
            value = Decimal(repr(value))
        elif kind is not Decimal or not value.is_finite() or value.adjusted() >= MAX_DIGITS:
            return slow(value)
        index = bisect_left(points, value)
        return masks[2 * index + 1] if index < count and points[index] == value else masks[2 * index]

    return decimal


def _exact_lookup(column: Column, slow: Callable[[Any], int]) -> Callable[[Any], int]:
    """Dates and durations as objects; their texts, and times of day, go the slow way."""
    points: list[Any] = list(column.points)
    masks, count = column.masks, len(points)
    kind: type[Any] | None = {"date": date, "duration": timedelta}.get(column.field.type)

    def exact(value: Any) -> int:
        if value.__class__ is not kind:
            return slow(value)
        index = bisect_left(points, value)
        return masks[2 * index + 1] if index < count and points[index] == value else masks[2 * index]

    return exact
