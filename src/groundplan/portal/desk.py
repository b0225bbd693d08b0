"""The desk (工作台): what waits for a reader, and the figures a desk may show; apps register both when they are ready.

There is one count of what waits: the head of the page, the menu, the desk, the queue and the notices all take it from
:func:`waiting`, which asks each source once a request.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest
from django.urls import reverse

Labels = dict[str, str]
CAP = 1000


@dataclass(frozen=True)
class Count:
    """How many wait, and how many of these are late; each at most CAP."""

    todo: int
    late: int = 0


@dataclass(frozen=True)
class Source:
    """One kind of thing that may wait for a reader.

    Args:
        key: name, unique.
        label: what waits.
        url_name: its queue.
        count: how many wait for the reader of a request; None where the reader can have none of them.
        query: what follows the address of the queue.
    """

    key: str
    label: Labels
    url_name: str
    count: Callable[[HttpRequest], Count | None]
    query: str = ""


@dataclass(frozen=True)
class Waiting:
    """What waits for one reader in one queue."""

    key: str
    label: Labels
    url: str
    todo: int
    late: int


@dataclass(frozen=True)
class Figure:
    """A figure of a desk. ``value`` is what stands there; ``tone`` as of a tile."""

    value: int | str
    tone: str = ""
    url: str = ""
    unit: str = ""


@dataclass
class Registry:
    """What the apps have registered."""

    sources: dict[str, Source] = field(default_factory=dict)
    figures: dict[str, tuple[Labels, Callable[[HttpRequest], Figure]]] = field(default_factory=dict)
    panels: list[Callable[[HttpRequest], tuple[str, dict[str, Any]] | None]] = field(default_factory=list)

    def source(self, found: Source) -> None:
        """Register something that may wait."""
        self.sources[found.key] = found

    def figure(self, key: str, label: Labels, value: Callable[[HttpRequest], Figure]) -> None:
        """Register a figure; the profile says on whose desk it stands."""
        self.figures[key] = (label, value)

    def panel(self, made: Callable[[HttpRequest], tuple[str, dict[str, Any]] | None]) -> None:
        """Register a part of a desk: template and context, None where it does not belong."""
        if made not in self.panels:
            self.panels.append(made)


registry = Registry()


def waiting(request: HttpRequest) -> tuple[Waiting, ...]:
    """What waits for the reader of a request, counted once however often it is shown."""
    known: tuple[Waiting, ...] | None = getattr(request, "_waiting", None)
    if known is None:
        known = tuple(
            Waiting(each.key, each.label, reverse(each.url_name) + each.query, count.todo, count.late)
            for each in registry.sources.values()
            if (count := each.count(request)) is not None
        )
        request._waiting = known  # type: ignore[attr-defined]  # noqa: SLF001 - kept for the rest of the request.
    return known


def total(request: HttpRequest) -> int:
    """How much waits for the reader of a request, over all queues."""
    return sum(each.todo for each in waiting(request))


def shown(number: int) -> str:
    """A count as it is shown: nobody counts beyond CAP."""
    return f"{CAP}+" if number >= CAP else str(number)


def figures(request: HttpRequest, keys: tuple[str, ...]) -> list[tuple[Labels, Figure]]:
    """The figures with these keys, in their order; a key nobody registered is left out."""
    return [(registry.figures[key][0], registry.figures[key][1](request)) for key in keys if key in registry.figures]
