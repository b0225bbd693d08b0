"""What other apps register: event types with their models, and consumers inside this process."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Any
from uuid import UUID

from pydantic import BaseModel

TYPE_NAME = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+\.v[1-9][0-9]*")


@dataclass(frozen=True)
class Event:
    """Something that happened, as a consumer is given it."""

    id: UUID
    position: int
    type: str
    subject: str
    at: datetime
    actor: str
    audience: tuple[str, ...]
    data: dict[str, Any] = field(hash=False)


@dataclass(frozen=True)
class Subscription:
    """A consumer: its name, the patterns of types it wants, and what it does."""

    name: str
    types: tuple[str, ...]
    handler: Callable[[Event], None]

    def wants(self, type_name: str) -> bool:
        """Whether a type fits one of the patterns."""
        return wanted(type_name, self.types)


types: dict[str, type[BaseModel]] = {}
subscriptions: dict[str, Subscription] = {}


def event_type(name: str, model: type[BaseModel]) -> None:
    """Register an event type; called from ``AppConfig.ready()``.

    Args:
        name: as ``case.opened.v1``; a change that breaks readers takes a new version.
        model: shape of its data; published as JSON Schema.

    Raises:
        ValueError: the name has another form, or is registered with another model.
    """
    if not TYPE_NAME.fullmatch(name):
        raise ValueError(f"the event type {name!r} does not look like 'case.opened.v1'")
    if types.setdefault(name, model) is not model:
        raise ValueError(f"the event type {name!r} is registered twice")


def subscribe(name: str, *, types: Sequence[str], handler: Callable[[Event], None]) -> None:
    """Register a consumer that the worker runs; called from ``AppConfig.ready()``.

    The handler runs in a transaction of its own for each event and sees each event once, in order of position;
    after an error it is tried again later while events of other subjects go on.

    Args:
        name: stable: it names the place in the event log.
        types: patterns, as ``case.*``.
        handler: does the work; what it raises makes the delivery fail.
    """
    subscriptions[name] = Subscription(name, tuple(types), handler)


def wanted(type_name: str, patterns: Sequence[str]) -> bool:
    """Whether a type fits one of some patterns."""
    return any(fnmatchcase(type_name, pattern) for pattern in patterns)
