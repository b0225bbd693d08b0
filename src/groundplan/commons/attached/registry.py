"""Adapters of attached systems, who takes their events in, and what this app tells others."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files
from typing import Any, Protocol

from django.conf import settings
from django.http import HttpRequest

from groundplan.commons.attached.logic import Batch, Event, Labels, WorkOrder, plain_mask
from groundplan.commons.attached.logic.mapping import Mapping as FieldMapping
from groundplan.commons.attached.logic.mapping import read_mapping
from groundplan.kernel.cases.models import Case
from groundplan.kernel.events import registry as events
from groundplan.kernel.parties.access import actor_of
from groundplan.lib import health
from groundplan.portal.navigation import Entry
from groundplan.portal.navigation import registry as navigation

KEEPER = "data_office"
VIEWERS = ("data_office", "dispatcher", "supervisor")
CHANGING = ("task.offered.v1", "task.transferred.v1", "task.reassigned.v1")


@dataclass(frozen=True)
class Connection:
    """What an adapter is made of.

    Args:
        address: of the system, or the name of its folder.
        secret: signs what is sent.
        mapping: which of their fields is which.
    """

    address: str
    secret: str
    mapping: FieldMapping


class Adapter(Protocol):
    """How one kind of system is spoken to; every call may raise ``logic.Failed``."""

    def fetch(self, since: datetime) -> Iterator[Batch]:
        """Events that are new or changed since a moment, page by page; what comes again does no harm."""

    def status(self, since: datetime) -> Iterator[Batch]:
        """What became of our work orders since a moment."""

    def send(self, order: WorkOrder) -> str:
        """Give a work order; the same order again is the same to them. Their id, if they say one at once."""

    def done(self, batch: Batch, outcome: list[tuple[str, str]]) -> None:
        """Called when a batch is stored: ids of theirs and what became of each."""


@dataclass(frozen=True)
class Kind:
    """A kind of adapter.

    Args:
        name: such as ``rest``.
        label: shown to people.
        make: makes an adapter.
        check: raises for an address that may not be called.
        tells_all: whether a past day can be asked for again.
    """

    name: str
    label: Labels
    make: Callable[[Connection], Adapter]
    check: Callable[[str], None]
    tells_all: bool = True


@dataclass(frozen=True)
class Taker:
    """Who makes a case of an event of theirs.

    Args:
        flow: key of the flow.
        label: shown to people.
        take: gets the event, the code here ("" for none), a key that names the event for ever; gives its case.
        categories: codes that may be mapped to, with their labels.
        mask: hides what names a person in a text.
    """

    flow: str
    label: Labels
    take: Callable[[Event, str, str], Case]
    categories: Callable[[], Mapping[str, str]]
    mask: Callable[[str], str] = plain_mask


kinds: dict[str, Kind] = {}
takers: dict[str, Taker] = {}


def adapter(kind: Kind) -> None:
    """Register a kind of adapter; called from ``AppConfig.ready()``."""
    kinds[kind.name] = kind


def taker(*given: Taker) -> None:
    """Register who takes events of flows in; called from ``AppConfig.ready()``."""
    takers.update({one.flow: one for one in given})


def shipped_mapping(kind: str) -> FieldMapping | None:
    """The mapping that comes with a kind: the profile's, else the general one; None when neither has it."""
    profile = files("groundplan.profiles").joinpath(settings.GROUNDPLAN_PROFILE, "attached")
    for folder in (profile, files("groundplan.commons.attached").joinpath("shipped")):
        source = folder.joinpath(f"{kind}.yaml")
        if source.is_file():
            return read_mapping(source.read_text(encoding="utf-8"))
    return None


def offered() -> dict[str, Kind]:
    """The kinds that have a mapping in this city."""
    return {name: kind for name, kind in kinds.items() if shipped_mapping(name) is not None}


def register() -> None:
    """Called once, when all models are loaded."""
    from groundplan.commons.attached.actions import _files, _rest  # noqa: PLC0415 - needs the models.

    plain = {"zh-hans": "通用接口（HTTP、JSON）", "en": "Plain interface (HTTP, JSON)"}
    hotline = {"zh-hans": "12345 热线平台", "en": "12345 hotline platform"}
    folder = {"zh-hans": "文件夹交换", "en": "Drop folder"}
    adapter(Kind("rest", plain, _rest.Rest, _rest.check))
    adapter(Kind("files", folder, _files.Files, _files.check, tells_all=False))
    adapter(Kind("hotline-12345", hotline, _rest.Rest, _rest.check))
    events.subscribe("attached.orders", types=CHANGING, handler=_order)
    health.report("attached_dead", _dead)
    health.report("attached_waiting", _waiting)
    navigation.add(Entry("attached", {"zh-hans": "外部系统", "en": "Attached systems"}, "work", 67, _sees))


def _sees(request: HttpRequest) -> bool:
    return actor_of(request).has_role(*VIEWERS)


def _order(event: events.Event) -> None:
    from groundplan.commons.attached.actions import order_task  # noqa: PLC0415 - needs the models.

    data: Mapping[str, Any] = event.data
    order_task(task=data["task"])


def _dead() -> int:
    from groundplan.commons.attached.models import Order  # noqa: PLC0415 - with the models.

    return Order.objects.filter(state="dead").count()


def _waiting() -> int:
    from groundplan.commons.attached.models import Item  # noqa: PLC0415 - with the models.

    return Item.objects.filter(state="waiting").count()
