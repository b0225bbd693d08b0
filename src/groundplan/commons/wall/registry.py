"""Parts of the wall that systems register: a template and what it shows, never anything personal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

Labels = dict[str, str]
BBox = tuple[float, float, float, float]
PLACES = ("figures", "left", "right", "turns", "ticker")


@dataclass(frozen=True)
class Part:
    """One part of the wall.

    Args:
        key: name, unique.
        label: its heading.
        place: one of PLACES; ``turns`` are shown in turn at one place.
        template: what draws it.
        make: its context, made anew each time.
        live: topics of events after which it is fetched anew.
        order: smaller comes first.
    """

    key: str
    label: Labels
    place: str
    template: str
    make: Callable[[], dict[str, Any]]
    live: str = "case task"
    order: int = 100


def no_features(bbox: BBox, zoom: float) -> dict[str, Any]:  # noqa: ARG001 - the signature of ``features``.
    """An empty map, before a system has one."""
    return {"type": "FeatureCollection", "features": []}


@dataclass
class Registry:
    """The parts by key, and the map: features of a viewport without names, numbers or addresses."""

    parts: dict[str, Part] = field(default_factory=dict)
    features: Callable[[BBox, float], dict[str, Any]] = field(default=no_features)
    bounds: Callable[[], Any] = field(default=lambda: None)

    def add(self, *parts: Part) -> None:
        """Register parts."""
        self.parts |= {each.key: each for each in parts}

    def at(self, place: str) -> list[Part]:
        """The parts of a place, in order."""
        return sorted((each for each in self.parts.values() if each.place == place), key=lambda each: each.order)


registry = Registry()
