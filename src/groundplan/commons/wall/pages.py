"""The wall itself, its door, and the page on which walls are kept."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import path, reverse
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from groundplan.commons.wall import actions, queries
from groundplan.commons.wall.registry import PLACES, Part, registry
from groundplan.kernel.parties.access import AuthenticatedRequest, officer
from groundplan.lib.errors import GroundplanError, Invalid, NotFound

COOKIE = "wall"
YEAR_S = 365 * 24 * 3600
LARGEST_ZOOM = 24
View = Callable[..., HttpResponse]


def on_a_wall(view: View) -> View:
    """Open a part to walls alone; an ended wall is led to the door."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        found = queries.wall_of(request.COOKIES.get(COOKIE, ""))
        if found is None:
            return HttpResponse(status=401, headers={"HX-Redirect": reverse("wall")})
        actions.note_wall(wall=found)
        return view(request, *args, **kwargs)

    return guarded


def drawn(found: Part, request: HttpRequest) -> SafeString:
    """A part as it stands now."""
    return mark_safe(render_to_string(found.template, found.make(), request))  # noqa: S308 - a template's output.


@require_GET
@never_cache
def wall(request: HttpRequest) -> HttpResponse:
    """The display for a screen with a code, the door for all others."""
    found = queries.wall_of(request.COOKIES.get(COOKIE, ""))
    if found is None:
        return render(request, "wall/door.html", {"refused": "refused" in request.GET})
    actions.note_wall(wall=found)
    places = {place: [(part, drawn(part, request)) for part in registry.at(place)] for place in PLACES}
    context = {"places": places, "bounds": registry.bounds(), "wall": found}
    return render(request, "wall/wall.html", context)


@require_POST
def enter(request: HttpRequest) -> HttpResponse:
    """Take a code at the door; it stays in a cookie that no script reads."""
    code = request.POST.get("code", "").strip()
    if queries.wall_of(code) is None:
        return redirect(f"{reverse('wall')}?refused")
    answer = redirect("wall")
    answer.set_cookie(COOKIE, code, max_age=YEAR_S, httponly=True, samesite="Strict", secure=request.is_secure())
    return answer


@require_GET
@never_cache
@on_a_wall
def part(request: HttpRequest, key: str) -> HttpResponse:
    """One part of the wall, fetched anew after something happened."""
    found = registry.parts.get(key)
    if found is None:
        raise NotFound
    return HttpResponse(drawn(found, request))


@require_GET
@never_cache
@on_a_wall
def features(request: HttpRequest) -> HttpResponse:
    """GeoJSON of a viewport: places and counts, nothing that names a case.

    Raises:
        Invalid: no extent.
    """
    try:
        west, south, east, north = (float(each) for each in request.GET.get("bbox", "-180,-90,180,90").split(","))
        zoom = float(request.GET.get("zoom", "10"))
    except ValueError:
        west = south = east = north = zoom = math.nan
    known = all(map(math.isfinite, (west, south, east, north, zoom)))
    if not (known and 0 <= zoom <= LARGEST_ZOOM and west <= east and south <= north):
        raise Invalid(_("地图范围有误。"), accepted="bbox=west,south,east,north&zoom=0..24")
    return JsonResponse(registry.features((west, south, east, north), zoom), content_type="application/geo+json")


@require_GET
@officer("system_admin")
def walls(request: AuthenticatedRequest) -> HttpResponse:
    """The walls of the city."""
    return render(request, "wall/walls.html", {"walls": queries.walls()[:100]})


@require_POST
@officer("system_admin")
def add(request: AuthenticatedRequest) -> HttpResponse:
    """Give a screen its code, shown once."""
    try:
        made, code = actions.open_wall(actor=request.actor, name=request.POST.get("name", ""))
    except GroundplanError as error:
        messages.error(request, error.detail or str(error.title))
        return redirect("walls")
    address = request.build_absolute_uri(reverse("wall"))
    context = {"walls": queries.walls()[:100], "made": made, "code": code, "address": f"{address}#{code}"}
    answer = render(request, "wall/walls.html", context)
    answer["Cache-Control"] = "no-store"
    return answer


@require_POST
@officer("system_admin")
def end(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """End a wall at once."""
    actions.end_wall(actor=request.actor, wall=public_id)
    messages.success(request, _("大屏已停用。"))
    return redirect("walls")


urlpatterns = [
    path("wall", wall, name="wall"),
    path("wall/enter", enter, name="wall-enter"),
    path("wall/parts/<slug:key>", part, name="wall-part"),
    path("wall/map", features, name="wall-map"),
    path("walls", walls, name="walls"),
    path("walls/add", add, name="wall-add"),
    path("walls/<uuid:public_id>/end", end, name="wall-end"),
]
