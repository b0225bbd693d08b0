"""Reads of beside runs: figures by day and in all, the rows behind each, a changed directory over a run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from django.db.models import Count, F, Q, QuerySet
from django.db.models.functions import Coalesce

from groundplan.kernel.parties.queries import Actor, labels_by_code
from groundplan.kernel.rules.logic import CompiledTable
from groundplan.systems.incidents.beside import logic
from groundplan.systems.incidents.beside.errors import BesideUnknown
from groundplan.systems.incidents.beside.judging import Judge
from groundplan.systems.incidents.beside.models import Beside, BesideFile, BesideRow

START = ("data_office",)
TAKE = ("data_office", "operator")
APPROVE = ("supervisor", "leader")
SEE = ("data_office", "operator", "dispatcher", "supervisor", "leader")
# What is counted: the condition, and what it is called.
FIGURES: dict[str, tuple[Q, dict[str, str]]] = {
    "rows": (Q(), {"zh-hans": "工单", "en": "Cases"}),
    "differ": (Q(verdict__in=logic.DIFFERING), {"zh-hans": "派单不一致", "en": "Dispatched differently"}),
    **{name: (Q(verdict=name), logic.VERDICTS[name]) for name in ("ours", "vendor", "undecided", "unlisted")},
    "limits": (Q(limits_differ=True), {"zh-hans": "时限不一致", "en": "Limits differ"}),
    "late": (Q(late=True), {"zh-hans": "超期", "en": "Late"}),
    "warned": (
        Q(late=True, warned_at__lt=Coalesce("due_at", "our_due_at")),
        {"zh-hans": "可提前预警", "en": "Could have been warned of"},
    ),
    "returned": (Q(returns__gt=0), {"zh-hans": "退单", "en": "Returned"}),
    "avoided": (Q(avoided=True), {"zh-hans": "可避免退单", "en": "Returns avoided"}),
    "unmapped": (~Q(unmapped=""), {"zh-hans": "未识别取值", "en": "Values not known"}),
    "opened": (Q(incident__isnull=False), {"zh-hans": "已建单", "en": "Opened here"}),
}
Figures = dict[str, int]


@dataclass(frozen=True)
class Comparison:
    """The figures of a run.

    Args:
        days: (day, figures), oldest first.
        total: the figures in all.
        erased: whether the rows behind them are gone.
    """

    days: list[tuple[date, Figures]]
    total: Figures
    erased: bool = False


@dataclass
class Replayed:
    """What a changed directory makes of a run: pairs (before, after) of units, verdicts before and after."""

    rows: int = 0
    changed: int = 0
    changes: Counter[tuple[str, str]] = field(default_factory=Counter)
    before: Counter[str] = field(default_factory=Counter)
    after: Counter[str] = field(default_factory=Counter)
    avoided: int = 0


def runs_for(actor: Actor) -> QuerySet[Beside]:
    """The runs that somebody sees: of units that their role covers, and those of their data office or of nobody."""
    found = Beside.objects.select_related("unit")
    if actor.is_system:
        return found
    kept = Q(keeper_id__in=actor.party_ids(*START))
    if actor.has_role(*START):
        kept |= Q(keeper=None)  # Started at the command line for the city.
    return found.filter(kept | Q(unit_id__in=actor.party_ids(*SEE)))


def run_for(actor: Actor, run: UUID | str) -> Beside:
    """One run that the actor may see, by its public id or its name.

    Raises:
        BesideUnknown: no such run, or none for the actor.
    """
    wanted = Q(public_id=run) if isinstance(run, UUID) else Q(name=run)
    found = runs_for(actor).filter(wanted).first()
    if found is None:
        raise BesideUnknown(str(run)[:64])
    return found


def comparison(run: Beside) -> Comparison:
    """The figures by day and in all, in one pass; of an erased run those that were kept."""
    if run.erased_on is not None:
        days = [(date.fromisoformat(each["day"]), each["figures"]) for each in run.figures]
        return Comparison(days, _total(days), erased=True)
    counted = {name: Count("id", filter=condition) for name, (condition, _label) in FIGURES.items() if condition}
    found = run.rows.values("day").annotate(rows_=Count("id"), **{f"{name}_": each for name, each in counted.items()})
    counts: list[dict[str, Any]] = [dict(each) for each in found.order_by("day")]
    days = [(each["day"], {name: each[f"{name}_"] for name in FIGURES}) for each in counts]
    return Comparison(days, _total(days))


def _total(days: list[tuple[date, Figures]]) -> Figures:
    return {name: sum(figures.get(name, 0) for _day, figures in days) for name in FIGURES}


def rows_of(run: Beside, *, figure: str = "rows", day: date | None = None, number: str = "") -> QuerySet[BesideRow]:
    """The rows behind a figure.

    Args:
        run: the run.
        figure: key of FIGURES; any other gives all rows.
        day: only of this day.
        number: only this number of the vendor.
    """
    found = run.rows.select_related("last_file", "incident__case").filter(FIGURES.get(figure, FIGURES["rows"])[0])
    if day is not None:
        found = found.filter(day=day)
    return found.filter(external_id=number) if number else found


def row_for(actor: Actor, run: UUID, row: UUID) -> BesideRow:
    """One row with its run and files.

    Raises:
        BesideUnknown: no such row, or none for the actor.
    """
    found = rows_of(run_for(actor, run)).select_related("run", "first_file", "last_file", "incident__case")
    one = found.filter(public_id=row).first()
    if one is None:
        raise BesideUnknown(str(row))
    return one


def file_for(actor: Actor, run: UUID, file: UUID) -> BesideFile:
    """One file of a run.

    Raises:
        BesideUnknown: no such file, or none for the actor.
    """
    found = run_for(actor, run).files.filter(public_id=file).first()
    if found is None:
        raise BesideUnknown(str(file))
    return found


def pairs(run: Beside, most: int = 20) -> list[dict[str, Any]]:
    """From where to where the two systems differ, most frequent first, with who was right."""
    found = run.rows.filter(verdict__in=logic.DIFFERING).values("first_unit", "our_unit")
    counted = {name: Count("id", filter=Q(verdict=name)) for name in logic.DIFFERING}
    most_frequent = found.annotate(count=Count("id"), **counted).order_by("-count", "first_unit", "our_unit")[:most]
    return [dict(each) for each in most_frequent]


def unmapped_values(run: Beside, most: int = 50) -> list[tuple[str, str, int]]:
    """Words of the files that nobody here knows: (kind, word, count), most frequent first."""
    found: list[tuple[str, str, int]] = []
    for kind, column in (("unit", "said_unit"), ("matter", "said_matter")):
        counted = run.rows.filter(unmapped__contains=kind).values_list(column).annotate(count=Count("id"))
        found += [(kind, word, count) for word, count in counted.order_by("-count", column)[:most]]
    return found


def replay(run: Beside, changed: CompiledTable) -> Replayed:
    """What a changed 派单目录 makes of the run; equal rows are judged once.

    Args:
        run: the run.
        changed: the directory to try.
    """
    judge, found = Judge(), Replayed()
    kinds = run.rows.values("matter", "district", "our_unit", "first_unit", "final_unit", "verdict").annotate(
        count=Count("id"), closed=Q(closed_at__isnull=False), returned=Q(returns__gt=0)
    )
    for kind in kinds.order_by():
        count = kind["count"]
        unit, _fired = judge.unit_for(kind["matter"], kind["district"], changed)
        way = logic.Way(unit, kind["first_unit"], kind["final_unit"], kind["closed"], int(kind["returned"]))
        found.rows += count
        found.before[kind["verdict"]] += count
        found.after[logic.verdict(way, judge.agrees)] += count
        found.avoided += count if logic.return_avoided(way, judge.agrees) else 0
        if unit != kind["our_unit"]:
            found.changed += count
            found.changes[kind["our_unit"], unit] += count
    return found


def unit_names() -> Mapping[str, dict[str, str]]:
    """The names of units by code."""
    return labels_by_code()


def last_files(run: Beside, most: int = 60) -> list[BesideFile]:
    """The files of a run, newest first."""
    return list(run.files.order_by("-taken_at", "-id")[:most])


def earlier_warning(run: Beside) -> list[int]:
    """By how many hours our clock would have been ahead of each late case's deadline, sorted."""
    due = Coalesce("due_at", "our_due_at")
    spans = run.rows.filter(FIGURES["warned"][0]).annotate(ahead=due - F("warned_at")).values_list("ahead", flat=True)
    return sorted(int(span.total_seconds() // 3600) for span in spans.iterator())
