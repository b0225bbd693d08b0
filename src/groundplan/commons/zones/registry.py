"""Which kinds of messages may pass from which zone; whatever is not registered here does not leave."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from pydantic import BaseModel

from groundplan.kernel.parties.access import actor_of
from groundplan.lib import environment, health
from groundplan.portal.navigation import Entry
from groundplan.portal.navigation import registry as navigation

READERS = ("system_admin", "security_admin", "audit_admin")


@dataclass(frozen=True)
class Kind:
    """A kind of message: who may send it, its shape, and what the other side does with it."""

    name: str
    sender: str
    model: type[BaseModel]
    handler: Callable[[Any], None]


kinds: dict[str, Kind] = {}


def kind(name: str, *, sender: str, model: type[BaseModel], handler: Callable[[Any], None]) -> None:
    """Register a kind of message; called from ``AppConfig.ready()``.

    Args:
        name: such as ``report``.
        sender: ``outer`` or ``inner``: the only zone that may send it.
        model: its fields; a model that lets unknown fields pass is refused.
        handler: applies one message in the other zone, in the packet's transaction; a GroundplanError refuses it alone.

    Raises:
        ValueError: the model lets unknown fields pass.
    """
    if model.model_config.get("extra") != "forbid":
        raise ValueError(f"{model.__name__} must forbid fields that are not named.")
    kinds[name] = Kind(name, sender, model, handler)


def register() -> None:
    """Called once, when all models are loaded."""
    health.report("zone_lag_s", _lag)
    navigation.add(Entry("zones", {"zh-hans": "两区交换", "en": "Two zones"}, "audit", 60, _reads))


def _reads(request: HttpRequest) -> bool:
    return bool(environment.read("GROUNDPLAN_ZONE")) and actor_of(request).has_role(*READERS)


def _lag() -> int:
    from groundplan.commons.zones.queries import lag_s  # noqa: PLC0415 - with the models.

    return lag_s()
