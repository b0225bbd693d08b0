"""The desk (工作台): what waits, what is late, what one answers for, one's tools, as the profile says."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from groundplan.kernel.cases import queries
from groundplan.kernel.cases.models import FlowMigration
from groundplan.kernel.cases.pages import shown
from groundplan.kernel.cases.queries.doors import MIGRATION_ROLES
from groundplan.kernel.cases.queries.lists import Filters
from groundplan.kernel.parties import queries as parties
from groundplan.kernel.parties.access import person
from groundplan.kernel.parties.logic.roles import DESKS, Role
from groundplan.kernel.parties.queries import Actor
from groundplan.portal import context as portal
from groundplan.portal import desk
from groundplan.portal.navigation import registry

SIZE_WAITING = 20
SIZE_LATE = 10


@person
def home(request: HttpRequest) -> HttpResponse:
    """工作台: a desk for whoever is signed in."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    held = roles_of(actor)
    context = {
        "held": parties.scopes_shown(actor),
        "answers": [(role.label, role.answers) for role in held],
        "tools": tools_of(request, held),
        "migrations": _migrations(actor),
        "panels": [made for panel in desk.registry.panels if (made := panel(request)) is not None],
        **live_context(request),
    }
    return render(request, "cases/home.html", context)


@person
def live(request: HttpRequest) -> HttpResponse:
    """The live part of the desk."""
    return render(request, "cases/_home_live.html", live_context(request))


@person
def waiting(request: HttpRequest) -> HttpResponse:
    """Where what waits is listed: the only queue with something in it, else the desk."""
    queues = [each for each in desk.waiting(request) if each.todo]
    return redirect(queues[0].url if len(queues) == 1 else reverse("home"))


@person
def badge(request: HttpRequest) -> HttpResponse:
    """The number of what waits, as a part of the head of the page."""
    entry = next(entry for entry in registry.entries if entry.url_name == "waiting")
    item = portal.item(entry, reverse("waiting"), request)
    return render(request, "portal/components/at_hand.html", {"item": item})


def roles_of(actor: Actor) -> list[Role]:
    """The roles that an actor holds, in the order of the profile; who holds none is a resident."""
    held = [role for name, role in DESKS.items() if name in actor.roles]
    return held or [DESKS["resident"]]


def tools_of(request: HttpRequest, held: list[Role]) -> list[portal.Item]:
    """The pages that the profile puts on these desks, of those that open to the reader."""
    wanted = list(dict.fromkeys(name for role in held for name in role.tools))
    offered = {each.url_name: each for each in registry.entries if each.visible(request)}
    return [
        portal.item(offered[name], portal.address(offered[name]), request)
        for name in wanted
        if name in offered and portal.address(offered[name])
    ]


def live_context(request: HttpRequest) -> dict[str, Any]:
    """What changes on a desk: counts, figures, what waits, what is late below."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    held = roles_of(actor)
    queues = desk.waiting(request)
    found = queries.queue(actor, "todo", size=SIZE_WAITING)
    keys = tuple(dict.fromkeys(key for role in held for key in role.figures))
    return {
        "office": bool(actor.scopes),
        "todo": desk.shown(sum(each.todo for each in queues)),
        "late": desk.shown(sum(each.late for each in queues)),
        "queues": [each for each in queues if each.todo or each.key == "cases"] if len(queues) > 1 else [],
        "figures": desk.figures(request, keys),
        "page": found,
        "rows": [shown.row_shown(row, queries.flow(row.case)) for row in found.items],
        "late_below": _late_below(actor) if any(role.late for role in held) else [],
    }


def _late_below(actor: Actor) -> list[Any]:
    """What is overdue in the units of an actor and below, newest first."""
    found = queries.queue(actor, "all", Filters(state="active", overdue=True), size=SIZE_LATE)
    return [shown.row_shown(row, queries.flow(row.case)) for row in found.items]


def _migrations(actor: Actor) -> list[FlowMigration]:
    """Changes of flows that wait for this actor's approval."""
    if not actor.has_role(*MIGRATION_ROLES):
        return []
    rows = FlowMigration.objects.filter(state="proposed").exclude(proposed_by=actor.actor_id)
    return list(rows.select_related("from_version", "to_version").order_by("id")[:SIZE_LATE])
