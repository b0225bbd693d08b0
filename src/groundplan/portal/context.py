"""What every template knows: navigation, city, language, theme, demonstration mark."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import SimpleLazyObject

from groundplan.portal.help import texts
from groundplan.portal.navigation import SECTIONS, Entry, registry
from groundplan.portal.templatetags.portal import label

THEMES = ("light", "dark")


@dataclass(frozen=True)
class Item:
    """One entry of the navigation as this reader sees it."""

    url: str
    label: dict[str, str]
    count: int | None
    current: bool
    icon: str = ""
    part: str = ""
    live: str = ""


@dataclass(frozen=True)
class Group:
    """A section of the navigation with its entries."""

    key: str
    label: dict[str, str]
    items: tuple[Item, ...]


def address(entry: Entry) -> str:
    """The path of an entry, empty when its page is not installed."""
    try:
        return reverse(entry.url_name)
    except NoReverseMatch:
        return ""


def groups(request: HttpRequest) -> list[Group]:
    """The sections of the navigation, in order; the entry whose path is the longest prefix of ours is current."""
    offered = [(entry, address(entry)) for entry in registry.entries if entry.visible(request)]
    offered = [(entry, url) for entry, url in offered if url]
    here = max((url for _, url in offered if is_at(request.path, url)), key=len, default="")
    found = []
    for key, text in SECTIONS.items():
        items = tuple(item(entry, url, request, current=url == here) for entry, url in offered if entry.section == key)
        if items:
            found.append(Group(key, text, items))
    return found


def item(entry: Entry, url: str, request: HttpRequest, *, current: bool = False) -> Item:
    """An entry for a reader."""
    part = reverse(entry.part) if entry.part else ""
    count = entry.count(request) if entry.count else None
    return Item(url, entry.label, count, current, entry.icon, part, entry.live)


def is_at(path: str, url: str) -> bool:
    """Whether a path is an entry's page or lies below it; the front page has nothing below it."""
    return path == url or (url != "/" and path.startswith(url.rstrip("/") + "/"))


def map_base() -> dict[str, str]:
    """The city's base map: address of its tiles and the map approval number, without which none is shown."""
    tiles, approval = os.environ.get("GROUNDPLAN_MAP_TILES", ""), os.environ.get("GROUNDPLAN_MAP_APPROVAL", "")
    return {"tiles": tiles, "approval": approval} if tiles and approval else {}


def help_of(request: HttpRequest) -> tuple[str, str]:
    """The address of the help of the page that is shown, and its title; both empty for a page without help."""
    match = getattr(request, "resolver_match", None)
    name = texts.addresses().get(match.url_name or "", "") if match else ""
    if not name:
        return "", ""
    return reverse("help-page", args=[name]), label(texts.pages()[name].written.title.labels)


def portal(request: HttpRequest) -> dict[str, Any]:
    """Context of the layout; what costs a query is only asked for when a template shows it."""
    theme = request.COOKIES.get("theme", "")
    url, title = help_of(request)
    return {
        "help_url": url,
        "help_title": title,
        "navigation": SimpleLazyObject(lambda: groups(request)),
        "reader_name": SimpleLazyObject(lambda: registry.reader_name(request)),
        "city_name": registry.city_name(),
        "theme": theme if theme in THEMES else "",
        "elders": request.COOKIES.get("face") == "elders",
        "help_phone": os.environ.get("GROUNDPLAN_HELP_PHONE", ""),
        "map_base": map_base(),
        "demonstration": os.environ.get("GROUNDPLAN_MODE") == "demo",
    }
