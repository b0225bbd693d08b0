"""The JSON and GeoJSON door: divisions are public, the grids are for officers."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

import numpy as np
from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Query, Router, Schema
from pydantic import Field

from groundplan.kernel.places import queries
from groundplan.kernel.places.models import Level
from groundplan.kernel.places.registry import readers
from groundplan.lib.errors import NotAllowed

router = Router()
Longitude = Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]
Latitude = Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)]
Size = Annotated[int, Field(ge=1, le=500)]


class DivisionOut(Schema):
    """A division as the API shows it."""

    code: str
    level: str
    name: dict[str, str]
    parent: str | None
    valid_from: date
    valid_until: date | None
    bbox: list[float] | None

    @staticmethod
    def resolve_parent(area: Any) -> str | None:
        """The code of the division above."""
        return area.parent.code if area.parent else None


class DivisionPage(Schema):
    """A page of divisions; ``next`` is the code to go on after."""

    items: list[DivisionOut]
    next: str | None


class PointsIn(Schema):
    """Points to locate."""

    points: Annotated[list[tuple[Longitude, Latitude]], Field(max_length=10_000)]
    on: date | None = None


class LocatedOut(Schema):
    """Codes of the areas a point lies in, by layer."""

    items: list[dict[str, str]]


@router.get("/divisions", response=DivisionPage)
def list_divisions(
    request: HttpRequest,  # noqa: ARG001 - ninja's signature.
    *,
    level: Level | None = None,
    parent: Annotated[str, Query(max_length=12)] = "",
    on: date | None = None,
    after: Annotated[str, Query(max_length=20)] = "",
    size: Size = 100,
) -> dict[str, Any]:
    """Divisions in force on a day, by code."""
    found = queries.divisions(on=on, level=level or "", parent=_plain(parent)).filter(code__gt=_plain(after))
    items = list(found[: size + 1])
    return {"items": items[:size], "next": items[size - 1].code if len(items) > size else None}


@router.get("/divisions.geojson", response=dict[str, Any])
def divisions_geojson(
    request: HttpRequest,  # noqa: ARG001 - ninja's signature.
    level: Level = Level.DISTRICT,
    parent: Annotated[str, Query(max_length=12)] = "",
    on: date | None = None,
) -> dict[str, Any]:
    """Borders of one level as a GeoJSON FeatureCollection (RFC 7946), coordinates in CGCS2000."""
    return queries.feature_collection(list(queries.divisions(on=on, level=level, parent=_plain(parent))[:5000]))


@router.get("/cells.geojson", response=dict[str, Any])
def cells_geojson(
    request: HttpRequest, layer: str, community: Annotated[str, Query(max_length=12)], on: date | None = None
) -> dict[str, Any]:
    """Cells of one grid in one community; for officers."""
    if not readers.officer(request):
        raise NotAllowed(_("网格图层仅供工作人员查看。"))
    return queries.feature_collection(list(queries.cells(_plain(layer), on=on, community=_plain(community))[:5000]))


@router.get("/divisions/{code}", response=DivisionOut)
def get_division(request: HttpRequest, code: str, on: date | None = None) -> Any:  # noqa: ARG001 - ninja's signature.
    """What a code means, or meant on a day."""
    return queries.division(_plain(code), on)


@router.get("/locate", response=dict[str, str])
def locate_point(request: HttpRequest, lon: Longitude, lat: Latitude, on: date | None = None) -> dict[str, str]:
    """District, street and community of a point; for officers its two cells as well."""
    return _shown(request, queries.locate(np.array([[lon, lat]]), on).at(0))


@router.post("/locate", response=LocatedOut)
def locate_points(request: HttpRequest, body: PointsIn) -> dict[str, Any]:
    """The same for up to 10,000 points."""
    found = queries.locate(np.array(body.points, dtype=np.float64).reshape(-1, 2), body.on)
    return {"items": [_shown(request, found.at(index)) for index in range(len(body.points))]}


def _plain(text: str) -> str:
    """PostgreSQL holds no NUL; such a code is held by nobody."""
    return text.replace("\x00", "�")


def _shown(request: HttpRequest, codes: dict[str, str]) -> dict[str, str]:
    if readers.officer(request):
        return codes
    return {name: code for name, code in codes.items() if not name.endswith("_grid")}
