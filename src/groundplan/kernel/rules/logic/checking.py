"""Proves things about a table before it is accepted: rows that overlap, rows that can never fire, gaps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from groundplan.kernel.rules.errors import label_text, reason_text
from groundplan.kernel.rules.logic.compiled import CompiledTable
from groundplan.kernel.rules.logic.reading import Problems
from groundplan.kernel.rules.logic.regions import Column, bits
from groundplan.kernel.rules.logic.values import literal_text

# Regions looked at in one search, and in all searches for covered rows of one table: some seconds at most.
BUDGET: Final = 500_000
COVERED_BUDGET: Final = 3_000_000
MAX_REPORTED: Final = 50


@dataclass(frozen=True)
class Overlap:
    """Two rows, by index, and facts that both accept."""

    first: int
    second: int
    example: Mapping[str, Any]


@dataclass(frozen=True)
class Gaps:
    """Facts that no row accepts; ``complete`` is false when the search was cut short after so many ``steps``."""

    examples: tuple[Mapping[str, Any], ...]
    complete: bool
    steps: int = 0


def overlaps(compiled: CompiledTable, *, agreeing: bool = True) -> Iterator[Overlap]:
    """Every pair of rows that accept the same facts, with such facts as a witness.

    Args:
        compiled: the table.
        agreeing: also pairs with the same outputs; there may be millions of them.
    """
    same: dict[tuple[Any, ...], int] = {}
    for index, row in enumerate(compiled.table.rows):
        same[row.outputs] = same.get(row.outputs, 0) | 1 << index
    reach: list[dict[int, int]] = [{} for _ in compiled.columns]
    everything = (1 << len(compiled.table.rows)) - 1
    for index in range(len(compiled.table.rows)):
        together = everything & ~((1 << index + 1) - 1)
        if not agreeing:
            together &= ~same[compiled.table.rows[index].outputs]
        if not together:
            continue
        for known, column in zip(reach, compiled.columns, strict=True):
            regions = column.sets[index]
            mask = known.get(regions)
            if mask is None:
                mask = 0
                for region in bits(regions):
                    mask |= column.masks[region]
                known[regions] = mask
            together &= mask
            if not together:
                break
        for other in bits(together):
            example = {
                column.field.name: column.sample(next(bits(column.sets[index] & column.sets[other])))
                for column in compiled.columns
            }
            yield Overlap(index, other, example)


def uncovered(
    columns: Sequence[Column], allowed: Sequence[int], rows: int, *, limit: int = 1, budget: int = BUDGET
) -> Gaps:
    """Facts within ``allowed`` regions that none of ``rows`` accepts.

    Args:
        columns: the table's columns.
        allowed: for each column the regions to look at, as bits.
        rows: the rows that count as cover, as bits.
        limit: how many examples to look for.
        budget: how many regions to look at before giving up.
    """
    found: list[dict[str, Any]] = []
    covered: set[tuple[int, int]] = set()
    steps = 0

    def search(place: int, mask: int, chosen: list[int]) -> None:
        nonlocal steps
        if len(found) >= limit or steps > budget or (place, mask) in covered:
            return
        if not mask or place == len(columns):
            if not mask:
                rest = [next(bits(regions)) for regions in allowed[place:]]
                regions = [*chosen, *rest]
                found.append({c.field.name: c.sample(r) for c, r in zip(columns, regions, strict=True)})
            return
        before = len(found)
        groups: dict[int, int] = {}
        for region in bits(allowed[place]):
            groups.setdefault(mask & columns[place].masks[region], region)
        steps += allowed[place].bit_count()
        for remaining in sorted(groups, key=int.bit_count):
            search(place + 1, remaining, [*chosen, groups[remaining]])
        if len(found) == before and steps <= budget:
            covered.add((place, mask))

    if all(allowed):
        search(0, rows, [])
    return Gaps(tuple(found), steps <= budget, steps)


def gaps(compiled: CompiledTable, *, limit: int = 3) -> Gaps:
    """Facts to which no row applies."""
    return uncovered(
        compiled.columns,
        [column.real for column in compiled.columns],
        (1 << len(compiled.table.rows)) - 1,
        limit=limit,
    )


def check_table(compiled: CompiledTable, problems: Problems) -> None:
    """Add what the hit policy forbids: overlaps, conflicting outputs, rows that can never fire."""
    table = compiled.table
    for index, row in enumerate(table.rows):
        empty = next((column for column in compiled.columns if not column.sets[index]), None)
        if empty is not None:
            why = reason_text("unreachable-empty", {"name": label_text(empty.field.label, empty.field.name)})
            problems.add(("rows", index, "when", empty.field.name), "unreachable", why=why, row=row.id)
    if table.hit in ("unique", "any"):
        _check_overlaps(compiled, problems)
    if table.hit == "first":
        _check_covered(compiled, problems)


def _check_overlaps(compiled: CompiledTable, problems: Problems) -> None:
    table = compiled.table
    for overlap in islice(overlaps(compiled, agreeing=table.hit == "unique"), MAX_REPORTED):
        first = table.rows[overlap.first]
        problems.add(
            ("rows", overlap.second, "id"),
            "overlap" if table.hit == "unique" else "conflict",
            other=first.id,
            other_cell=problems.where(("rows", overlap.first, "id")),
            example=example_text(compiled, overlap.example),
        )


def _check_covered(compiled: CompiledTable, problems: Problems) -> None:
    count, left = len(compiled.table.rows), COVERED_BUDGET
    for index in range(count):
        if left <= 0:
            return
        # A fair part of what is left, and enough to look once at every region of a usual table.
        budget = max(20_000, left // (count - index))
        allowed = [column.sets[index] for column in compiled.columns]
        if not all(allowed):
            continue
        found = uncovered(compiled.columns, allowed, (1 << index) - 1, budget=budget)
        left -= found.steps
        if not found.examples and found.complete:
            why = reason_text("unreachable-covered", {})
            problems.add(("rows", index, "id"), "unreachable", why=why)


def example_text(compiled: CompiledTable, example: Mapping[str, Any]) -> str:
    """Facts in words: 类型=咨询，金额=3."""
    return "，".join(
        f"{label_text(item.label, item.name)}={literal_text(example[item.name])}" for item in compiled.table.inputs
    )
