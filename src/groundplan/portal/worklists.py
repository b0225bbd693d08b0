"""Lists that a reader may narrow and keep: what apps below offer, and what keeps filters and handles many at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

Labels = dict[str, str]
Table = tuple[Sequence[str], Iterable[Sequence[Any]]]
Part = tuple[str, dict[str, Any]] | None


@dataclass(frozen=True)
class Listing:
    """A list with filters in its address.

    Args:
        name: name of its address.
        label: what it is called.
        params: the parameters that make up a filter; any others are never kept.
        table: titles and rows of the whole list for the reader of a request, who is refused without the right to it;
            None for a list that leaves in no file.
        count: how many a filter finds for the reader of a request, at most CAP; None where that would not be cheap.
    """

    name: str
    label: Labels
    params: tuple[str, ...]
    count: Callable[[HttpRequest, Mapping[str, str]], int | None] | None = None
    table: Callable[[HttpRequest, Mapping[str, str]], Table] | None = None


def nothing(request: HttpRequest, name: str) -> Part:  # noqa: ARG001 - the signature of a part.
    """No part, before an app gives one."""
    return None


def none_chosen(request: HttpRequest, name: str) -> str:  # noqa: ARG001 - the signature of ``default``.
    """No default filter, before an app keeps them."""
    return ""


@dataclass
class Registry:
    """What the apps have registered: lists by name, the bar of kept filters, the default, the bar for many at once."""

    listings: dict[str, Listing] = field(default_factory=dict)
    bar: Callable[[HttpRequest, str], Part] = field(default=nothing)
    default: Callable[[HttpRequest, str], str] = field(default=none_chosen)
    bulk: Callable[[HttpRequest, str], Part] = field(default=nothing)

    def add(self, *listings: Listing) -> None:
        """Register lists."""
        self.listings |= {each.name: each for each in listings}


registry = Registry()
CAP = 100


def remembered(name: str) -> Callable[[Callable[..., HttpResponse]], Callable[..., HttpResponse]]:
    """Open a list by the reader's default filter when its address asks for nothing in particular."""

    def decorate(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        @wraps(view)
        def opened(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            query = registry.default(request, name) if request.method == "GET" and not request.GET else ""
            return redirect(f"{request.path}?{query}") if query else view(request, *args, **kwargs)

        return opened

    return decorate
