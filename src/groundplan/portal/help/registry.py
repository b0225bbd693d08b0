"""What help learns from the apps above: the roles with their words, and which of them a reader holds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from django.http import HttpRequest

Labels = dict[str, str]


def nobody(request: HttpRequest) -> frozenset[str]:  # noqa: ARG001 - the signature of ``held``.
    """The roles of a reader before any app says."""
    return frozenset()


@dataclass
class Registry:
    """Roles by name, in order; ``held`` are those of the reader of a request."""

    roles: dict[str, Labels] = field(default_factory=dict)
    held: Callable[[HttpRequest], frozenset[str]] = field(default=nobody)


registry = Registry()
