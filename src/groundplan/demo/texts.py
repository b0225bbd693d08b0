"""Calls, reports and replies of the sample city: our own sentences × places × details."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from random import Random
from typing import Any

import yaml

from groundplan.demo.plan import Piece, Plan


@lru_cache
def source() -> dict[str, Any]:
    """The file of texts."""
    found: dict[str, Any] = yaml.safe_load(
        files("groundplan.demo").joinpath("data", "texts.yaml").read_text(encoding="utf-8")
    )
    return found


@dataclass(frozen=True)
class Spot:
    """A place of the city: a point, the words for it, and the community it lies in."""

    point: tuple[float, float]
    words: str
    community: Piece


@dataclass(frozen=True)
class Call:
    """What somebody tells the hotline, and what it truly is about."""

    title: str
    text: str
    matter: str
    type: str
    urgent: bool = False


@dataclass(frozen=True)
class Finding:
    """What an inspector finds: a matter with its category and the hours of work it takes."""

    text: str
    category: str
    hours: tuple[float, float]


def spot(plan: Plan, community: Piece, point: tuple[float, float], order: Random) -> Spot:
    """A point of a community in words: district, street, road and house number."""
    street = plan.by_code[community.parent]
    district = plan.by_code[street.parent]
    road = order.choice(plan.roads[street.code])
    number = order.randrange(1, 320)
    ends = (
        f"{number}号附近",
        f"{number}号门前",
        f"与{order.choice(plan.roads[street.code])}交叉口",
        "公交站旁",
        "小学对面",
    )
    words = f"{district.name['zh-hans']}{street.name['zh-hans']}{community.name['zh-hans']}{road}{order.choice(ends)}"
    return Spot(point, words, community)


def call(place: str, order: Random, *, storm: bool = False) -> Call:
    """A call from the mix of an ordinary day, or of the storm."""
    entries = [
        entry for entry in source()["hotline"] if not storm or entry.get("storm") or entry["matter"] == "园林绿化"
    ]
    if not storm and order.random() < 0.02:  # noqa: PLR2004 - one call in fifty thanks somebody.
        entry = source()["praise"]
        return Call(order.choice(entry["titles"]), _filled(entry, place, order), "社区服务", "praise")
    entry = order.choices(entries, [item["share"] for item in entries])[0]
    kind = entry.get("type") or order.choices(["complaint", "help", "report"], [6, 4, 1])[0]
    urgent = bool(storm or entry.get("urgent"))
    return Call(order.choice(entry["titles"]), _filled(entry, place, order), entry["matter"], kind, urgent)


def finding(place: str, order: Random, *, storm: bool = False) -> Finding:
    """Something an inspector sees in the street."""
    entries = source()["storm_matters" if storm else "matters"]
    entry = order.choices(entries, [item["share"] for item in entries])[0]
    text = order.choice(entry["texts"]).format(place=place, n=order.randrange(2, 9))
    return Finding(text, entry["category"], tuple(entry["hours"]))


def component_fault(category: str, name: str, place: str, order: Random) -> str:
    """What is wrong with a component."""
    faults = source()["component_faults"].get(category, ["破损"])
    return f"{place}{name}：{order.choice(faults)}"


def one_of(key: str, order: Random, **values: str) -> str:
    """One of the sentences of a list."""
    return str(order.choice(source()[key])).format(**values)


def _filled(entry: dict[str, Any], place: str, order: Random) -> str:
    words = source()
    return str(order.choice(entry["texts"])).format(
        place=place,
        detail=order.choice(entry["details"]),
        since=order.choice(words["since"]),
        ask=order.choice(words["ask"]),
    )
