"""What other apps register in cases: panels of the case page, aliases of units."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.http import HttpRequest

from groundplan.kernel.cases.models import Case

PanelMaker = Callable[[HttpRequest, Case], tuple[str, dict[str, Any]] | None]
Marker = Callable[[Case], list[Mapping[str, str]]]

Adviser = Callable[[Case, str, Mapping[str, Any]], list[Mapping[str, str]]]

aliases: dict[str, str] = {}
_panels: dict[str, list[PanelMaker]] = {}
_advisers: dict[str, list[Adviser]] = {}


def alias(name: str, code: str) -> None:
    """Let flows name a unit by its task, such as ``hotline-office``, instead of by its code."""
    aliases[name] = code


def panel(flow: str, make: PanelMaker) -> None:
    """Add a panel to the page of every case of a flow.

    Args:
        flow: key of the flow, or ``*`` for all.
        make: gives template and context for a case that the reader may see, or None for no panel.
    """
    _panels.setdefault(flow, []).append(make)


def panels_for(request: HttpRequest, case: Case) -> list[tuple[str, dict[str, Any]]]:
    """The panels of a case's page."""
    made = [make(request, case) for make in (*_panels.get(case.flow, ()), *_panels.get("*", ()))]
    return [panel for panel in made if panel is not None]


def adviser(flow: str, advise: Adviser) -> None:
    """Let an app look at what somebody is about to send on a case of a flow, and say what is doubtful about it.

    Args:
        flow: key of the flow.
        advise: gets the case, the outcome and the given values, and gives labels; none when nothing is doubtful.
    """
    _advisers.setdefault(flow, []).append(advise)


def advice_for(case: Case, outcome: str, given: Mapping[str, Any]) -> list[Mapping[str, str]]:
    """What is doubtful about completing a task in this way; advice, never a refusal."""
    return [text for advise in _advisers.get(case.flow, ()) for text in advise(case, outcome, given)]
