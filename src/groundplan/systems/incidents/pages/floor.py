"""指挥调度: the map, the live list and today's figures; each part refreshes by itself and by a plain reload."""

from __future__ import annotations

import math

from django.http import HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from groundplan.kernel.parties import access
from groundplan.kernel.parties.access import AuthenticatedRequest
from groundplan.lib.errors import Invalid
from groundplan.portal.worklists import remembered
from groundplan.systems.incidents import queries
from groundplan.systems.incidents.registry import FLOOR_ROLES

LARGEST_ZOOM = 24
STATES = ("active", "overdue", "closed", "all")


@require_GET
@access.officer(*FLOOR_ROLES)
@remembered("command")
def command(request: AuthenticatedRequest) -> HttpResponse:
    """The whole page."""
    context = {
        "rows": queries.latest_incidents(request.actor, flow=_flow(request)),
        "figures": queries.today_figures(request.actor),
        "districts": queries.district_figures(request.actor),
        "bounds": queries.city_bounds(),
        "flow": _flow(request),
        "theme": request.COOKIES.get("theme", "dark"),
    }
    return render(request, "incidents/command.html", context)


@require_GET
@access.officer(*FLOOR_ROLES)
def command_list(request: AuthenticatedRequest) -> HttpResponse:
    """The live list, overdue first."""
    rows = queries.latest_incidents(request.actor, flow=_flow(request))
    return render(request, "incidents/command_list_part.html", {"rows": rows})


@require_GET
@access.officer(*FLOOR_ROLES)
def command_figures(request: AuthenticatedRequest) -> HttpResponse:
    """Today's figures."""
    return render(request, "incidents/command_figures_part.html", {"figures": queries.today_figures(request.actor)})


@require_GET
@access.officer(*FLOOR_ROLES)
def command_districts(request: AuthenticatedRequest) -> HttpResponse:
    """Today's figures of each district."""
    context = {"districts": queries.district_figures(request.actor)}
    return render(request, "incidents/command_districts_part.html", context)


@require_GET
@access.officer(*FLOOR_ROLES)
def command_map(request: AuthenticatedRequest) -> HttpResponse:
    """GeoJSON of a viewport: ``bbox=west,south,east,north&zoom=12``."""
    bbox, zoom = _viewport(request)
    state = request.GET.get("state", "active")
    state = state if state in STATES else "active"
    found = queries.map_features(request.actor, bbox=bbox, zoom=zoom, state=state, flow=_flow(request))
    return JsonResponse(found, json_dumps_params={"ensure_ascii": False}, content_type="application/geo+json")


def _viewport(request: AuthenticatedRequest) -> tuple[tuple[float, float, float, float], float]:
    """The extent and zoom that a map asks for.

    Raises:
        Invalid: they are no numbers, or no extent.
    """
    try:
        west, south, east, north = (float(part) for part in request.GET.get("bbox", "-180,-90,180,90").split(","))
        zoom = float(request.GET.get("zoom", "12"))
    except ValueError:
        west = south = east = north = zoom = math.nan
    known = all(map(math.isfinite, (west, south, east, north, zoom)))
    if not (known and 0 <= zoom <= LARGEST_ZOOM and west <= east and south <= north):
        raise Invalid(_("地图范围有误。"), accepted="bbox=west,south,east,north&zoom=0..24")
    return (west, south, east, north), zoom


def _flow(request: AuthenticatedRequest) -> str:
    asked = request.GET.get("flow", "")
    return asked if asked in queries.FLOWS else ""
