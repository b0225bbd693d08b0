"""The navigation registry: apps add their pages in ``AppConfig.ready()``; the portal shows those a reader may open."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from django.http import HttpRequest


def everybody(request: HttpRequest) -> bool:  # noqa: ARG001 - the signature of ``visible``.
    """A page that needs no account."""
    return True


@dataclass(frozen=True)
class Entry:
    """One entry of the navigation.

    Args:
        url_name: name of the address.
        label: ``{lang: text}``.
        section: ``public``, ``work``, ``command``, ``rules``, ``organisation`` or ``audit``.
        order: smaller comes first.
        visible: whether this reader is offered it; the page checks rights by itself as well.
        count: number shown beside the label (a to-do count), or None.
    """

    url_name: str
    label: dict[str, str]
    section: str = "work"
    order: int = 100
    visible: Callable[[HttpRequest], bool] = everybody
    count: Callable[[HttpRequest], int | None] | None = None


@dataclass
class Registry:
    """What the apps have registered."""

    entries: list[Entry] = field(default_factory=list)
    reader_name: Callable[[HttpRequest], str] = field(default=lambda request: "")

    def add(self, *entries: Entry) -> None:
        """Register entries; called from ``AppConfig.ready()``."""
        known = {entry.url_name for entry in self.entries}
        self.entries.extend(entry for entry in entries if entry.url_name not in known)
        self.entries.sort(key=lambda entry: (entry.order, entry.url_name))


registry = Registry()
