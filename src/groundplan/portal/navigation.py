"""The navigation registry: apps add their pages in ``AppConfig.ready()``; the portal shows those a reader may open."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field

from django.http import HttpRequest

# The sections in the order of the menu; ``top`` stands in the head of the page, ``account`` in the menu of the
# reader's name.
SECTIONS: dict[str, dict[str, str]] = {
    "public": {"zh-hans": "市民服务", "en": "For residents"},
    "work": {"zh-hans": "办理", "en": "Work"},
    "command": {"zh-hans": "指挥调度", "en": "Command"},
    "rules": {"zh-hans": "规则", "en": "Rules"},
    "data": {"zh-hans": "数据底座", "en": "Data"},
    "organisation": {"zh-hans": "组织机构", "en": "Organisation"},
    "audit": {"zh-hans": "审计", "en": "Audit"},
    "top": {"zh-hans": "常用", "en": "At hand"},
    "account": {"zh-hans": "账号", "en": "Account"},
}


def everybody(request: HttpRequest) -> bool:  # noqa: ARG001 - the signature of ``visible``.
    """A page that needs no account."""
    return True


@dataclass(frozen=True)
class Entry:
    """One entry of the navigation.

    Args:
        url_name: name of the address.
        label: ``{lang: text}``.
        section: ``public``, ``work``, ``command``, ``rules``, ``data``, ``organisation``, ``audit``, ``top`` or
            ``account``.
        order: smaller comes first.
        visible: whether this reader is offered it; the page checks rights by itself as well.
        count: number shown beside the label (a to-do count), or None.
        icon: name of the sign of an entry in ``top``.
        part: name of the address that gives an entry in ``top`` anew after something happened; empty for none.
        live: what must have happened, as in ``data-live``.
    """

    url_name: str
    label: dict[str, str]
    section: str = "work"
    order: int = 100
    visible: Callable[[HttpRequest], bool] = everybody
    count: Callable[[HttpRequest], int | None] | None = None
    icon: str = "info"
    part: str = ""
    live: str = ""


def nobody(request: HttpRequest) -> str:  # noqa: ARG001 - the signature of ``reader_name``.
    """The name of a reader who has not signed in."""
    return ""


def configured_city() -> dict[str, str] | str:
    """The city's name as the installation sets it: ``GROUNDPLAN_CITY``, "兰汀市" or "兰汀市 | Lanting"."""
    chinese, _, english = os.environ.get("GROUNDPLAN_CITY", "").partition("|")
    return {"zh-hans": chinese.strip(), "en": english.strip() or chinese.strip()}


@dataclass
class Registry:
    """What the apps have registered."""

    entries: list[Entry] = field(default_factory=list)
    reader_name: Callable[[HttpRequest], str] = field(default=nobody)
    city_name: Callable[[], dict[str, str] | str] = field(default=configured_city)

    def add(self, *entries: Entry) -> None:
        """Register entries; called from ``AppConfig.ready()``."""
        known = {entry.url_name for entry in self.entries}
        self.entries.extend(entry for entry in entries if entry.url_name not in known)
        self.entries.sort(key=lambda entry: (entry.order, entry.url_name))


registry = Registry()
