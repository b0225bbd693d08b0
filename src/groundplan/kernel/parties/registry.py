"""What apps above add to signing in: a step after the password, gates before pages, other ways in, kinds of tokens."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse

from groundplan.kernel.parties.models import User
from groundplan.kernel.parties.queries import Actor

SecondStep = Callable[[HttpRequest, User, str], HttpResponse | None]
Gate = Callable[[HttpRequest], HttpResponse | None]


@dataclass(frozen=True)
class WayIn:
    """Another way to sign in, shown below the form.

    Args:
        title: what the button says.
        url: where it leads.
    """

    title: str
    url: str


_second_steps: list[SecondStep] = []
_gates: list[Gate] = []
_ways_in: list[Callable[[], Iterable[WayIn]]] = []
_tokens: dict[str, Callable[[str, HttpRequest], Actor | None]] = {}


def second_step(step: SecondStep) -> None:
    """Ask for more after a right password: ``step(request, user, next)`` answers a page, or None to let pass."""
    _second_steps.append(step)


def gate(check: Gate) -> None:
    """Stand before every page of somebody who is signed in; an answer stands in the page's place."""
    _gates.append(check)


def ways_in(offer: Callable[[], Iterable[WayIn]]) -> None:
    """Offer other ways to sign in, asked for each time the page is shown."""
    _ways_in.append(offer)


def tokens(prefix: str, find: Callable[[str, HttpRequest], Actor | None]) -> None:
    """Take bearer tokens of another kind: those that begin with a prefix; ``find(token, request)`` gives the actor."""
    _tokens[prefix] = find


def after_password(request: HttpRequest, user: User, target: str) -> HttpResponse | None:
    """The first further step that somebody must take before the session opens."""
    return next((page for step in _second_steps if (page := step(request, user, target)) is not None), None)


def stopped(request: HttpRequest) -> HttpResponse | None:
    """The answer of the first gate that does not open."""
    return next((page for check in _gates if (page := check(request)) is not None), None)


def offered_ways() -> list[WayIn]:
    """The other ways to sign in that are open now."""
    return [way for offer in _ways_in for way in offer()]


def actor_for(token: str, request: HttpRequest) -> Actor | None:
    """The actor of a token of a registered kind."""
    return next((find(token, request) for prefix, find in _tokens.items() if token.startswith(prefix)), None)
