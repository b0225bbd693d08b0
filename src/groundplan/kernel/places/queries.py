"""Reads of divisions and grids: one code on one day, and many points at once."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

import numpy as np
import shapely
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from groundplan.kernel.places.errors import DivisionNotFound
from groundplan.kernel.places.logic import Codes, LayerIndex, Points
from groundplan.kernel.places.models import Cell, Division, Layer, Level
from groundplan.lib import clock, sql

DIVISION_LAYER = "division"


@dataclass(frozen=True)
class Located:
    """Where points lie: an array of codes for each layer, "" where a point lies in no area of it."""

    district: Codes
    street: Codes
    community: Codes
    unit_grid: Codes
    governance_grid: Codes

    def at(self, index: int) -> dict[str, str]:
        """The codes of one point, by layer."""
        return {name: str(getattr(self, name)[index]) for name in self.__dataclass_fields__}


def today() -> date:
    """The day in the city's zone."""
    return timezone.localtime(clock.now()).date()


def divisions(*, on: date | None = None, level: str = "", parent: str = "") -> QuerySet[Division]:
    """Divisions in force on a day, by code.

    Args:
        on: the day; today when None.
        level: city, district, street or community; all when empty.
        parent: code of the division directly above; any when empty.
    """
    found = Division.objects.filter(_in_force(on or today())).select_related("parent").order_by("code")
    if level:
        found = found.filter(level=level)
    return found.filter(parent__code=parent) if parent else found


def cells(layer: str, *, on: date | None = None, community: str = "") -> QuerySet[Cell]:
    """Cells of one grid in force on a day, by code."""
    found = Cell.objects.filter(_in_force(on or today()), layer=layer).select_related("community").order_by("code")
    return found.filter(community__code=community) if community else found


def division(code: str, on: date | None = None) -> Division:
    """The division a code meant on a day.

    Raises:
        DivisionNotFound: the code was not in force.
    """
    day = on or today()
    found = Division.objects.filter(_in_force(day), code=code).select_related("parent").first()
    if found is None:
        raise DivisionNotFound(
            _("%(day)s 没有代码为 %(code)s 的行政区划。") % {"day": day, "code": code}, code_asked=code
        )
    return found


def ancestors(code: str, on: date | None = None) -> list[Division]:
    """A division and those above it, the lowest first."""
    out = [division(code, on)]
    while out[-1].parent is not None:
        out.append(out[-1].parent)
    return out


def locate(points: Points, on: date | None = None) -> Located:
    """Which district, street, community and cells many points lie in.

    Args:
        points: longitude and latitude in CGCS2000, shape (n, 2); NaN lies nowhere.
        on: the day whose borders count; today when None.

    Returns:
        Five arrays of n codes. The indexes are kept per layer version and day: a new import is seen at once.
    """
    array = np.asarray(points, dtype=np.float64).reshape(-1, 2)
    day = on or today()
    versions = _versions()
    return Located(
        **{name: _index(name, versions.get(_load_layer(name), 0), day).locate(array) for name in _LAYERS},
    )


def layer_version(layer: str) -> int:
    """The number of a layer's latest import; 0 before the first."""
    return _versions().get(layer, 0)


def feature_collection(areas: Sequence[Division | Cell]) -> dict[str, Any]:
    """Areas as GeoJSON (RFC 7946) with the members of OGC API Features."""
    features = [feature(area) for area in areas]
    return {"type": "FeatureCollection", "features": features, "numberReturned": len(features)}


def feature(area: Division | Cell) -> dict[str, Any]:
    """One area as a GeoJSON feature."""
    properties: dict[str, Any] = {
        "code": area.code,
        "valid_from": area.valid_from.isoformat(),
        "valid_until": area.valid_until.isoformat() if area.valid_until else None,
    }
    if isinstance(area, Division):
        properties |= {"level": area.level, "name": area.name, "parent": area.parent.code if area.parent else None}
    else:
        properties |= {"layer": area.layer, "community": area.community.code}
    return {
        "type": "Feature",
        "id": str(area.public_id),
        "bbox": area.bbox,
        "geometry": area.geometry,
        "properties": properties,
    }


_LAYERS = ("district", "street", "community", "unit_grid", "governance_grid")


def _load_layer(name: str) -> str:
    return name if name in Layer.values else DIVISION_LAYER


def _in_force(day: date) -> Q:
    return Q(valid_from__lte=day) & (Q(valid_until=None) | Q(valid_until__gt=day))


def _versions() -> dict[str, int]:
    return dict(sql.run("SELECT layer, max(id) FROM places_layer_load GROUP BY layer").fetchall())


@lru_cache(maxsize=32)
def _index(name: str, version: int, day: date) -> LayerIndex:  # noqa: ARG001 - the version is part of the cache's key.
    rows = list(_geometries(name, day))
    codes = np.array([code for code, _geometry in rows], dtype=np.str_)
    shapes = shapely.from_geojson([json.dumps(geometry) for _code, geometry in rows])
    return LayerIndex(codes, np.atleast_1d(np.asarray(shapes, dtype=object)))


def _geometries(name: str, day: date) -> Iterator[tuple[str, Any]]:
    found: QuerySet[Any]
    if name in Layer.values:
        found = Cell.objects.filter(_in_force(day), layer=name)
    else:
        found = Division.objects.filter(_in_force(day), level=Level(name))
    yield from found.exclude(geometry=None).order_by("code").values_list("code", "geometry")
