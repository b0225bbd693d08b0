"""The land of the sample city: a fictional outline with a river, cut into districts, streets, communities and cells.

The place is open sea in reality, so that no invented figure falls on a real district.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from groundplan.demo import names

WEST, SOUTH, EAST, NORTH = 123.00, 29.60, 123.26, 29.82
CITY = "3399"
DISTRICTS, STREETS, COMMUNITIES = 6, 40, 300
VALID_FROM = "2020-01-01"


@dataclass(frozen=True)
class Piece:
    """A piece of land with its code and name."""

    code: str
    name: dict[str, str]
    shape: BaseGeometry
    parent: str = ""


@dataclass(frozen=True)
class Plan:
    """All land of the city, from the top down."""

    city: Piece
    districts: tuple[Piece, ...]
    streets: tuple[Piece, ...]
    communities: tuple[Piece, ...]
    unit_grid: tuple[Piece, ...]
    governance_grid: tuple[Piece, ...]
    roads: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def divisions(self) -> bytes:
        """Divisions as a GeoJSON file for ``places.actions.import_divisions``."""
        return _geojson((self.city, *self.districts, *self.streets, *self.communities))

    def cells(self, layer: str) -> bytes:
        """Cells of a grid as a GeoJSON file for ``places.actions.import_cells``."""
        return _geojson(getattr(self, layer))

    @cached_property
    def by_code(self) -> dict[str, Piece]:
        """Districts, streets and communities by code."""
        return {piece.code: piece for piece in (*self.districts, *self.streets, *self.communities)}


def draw(seed: int) -> Plan:
    """Draw the city; the same seed gives the same city.

    Args:
        seed: any whole number.
    """
    rng = np.random.default_rng(seed)
    outline, river = _outline(rng), _river(rng)
    land = outline.difference(river)
    city = Piece(CITY, {"zh-hans": "兰汀市", "en": "Lanting"}, land)
    districts = [
        Piece(f"{CITY}{at:02d}", name, shape, CITY)
        for at, (name, shape) in enumerate(zip(names.districts(), _cut(land, DISTRICTS, rng), strict=True), start=1)
    ]
    streets = list(_children(districts, STREETS, rng, names.streets()))
    communities = list(_children(streets, COMMUNITIES, rng, names.communities(seed)))
    unit_grid = list(_cells(communities, 4, "", rng))
    governance_grid = list(_cells(communities, 3, "9", rng))
    roads = dict(zip((piece.code for piece in streets), names.roads(seed, len(streets)), strict=True))
    return Plan(
        city,
        tuple(districts),
        tuple(streets),
        tuple(communities),
        tuple(unit_grid),
        tuple(governance_grid),
        roads,
    )


def along_roads(piece: Piece, count: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Points along the borders of a community, where the roads run, a few metres inside it."""
    line: Any = piece.shape.boundary
    at = shapely.line_interpolate_point(line, rng.uniform(0.0, 1.0, count), normalized=True)
    points = shapely.get_coordinates(at)
    centre = shapely.get_coordinates(piece.shape.representative_point())[0]
    step = rng.uniform(0.01, 0.05, (count, 1))
    moved = points + (centre - points) * step
    inside = shapely.intersects_xy(piece.shape, moved[:, 0], moved[:, 1])
    return np.asarray(np.where(inside[:, None], moved, centre), dtype=np.float64)


def _outline(rng: np.random.Generator) -> BaseGeometry:
    """A closed curve with bays and headlands: a circle whose radius swings."""
    angles = np.linspace(0.0, 2.0 * np.pi, 240, endpoint=False)
    radius = np.full(angles.shape, 0.86)
    for wave in (2, 3, 5, 7, 11):
        radius += rng.normal(0.0, 0.12 / wave) * np.cos(wave * angles + rng.uniform(0.0, 6.28))
    radius = np.clip(radius, 0.6, 1.0)
    lon = (WEST + EAST) / 2 + (EAST - WEST) / 2 * radius * np.cos(angles)
    lat = (SOUTH + NORTH) / 2 + (NORTH - SOUTH) / 2 * radius * np.sin(angles)
    return shapely.Polygon(np.stack([lon, lat], axis=1)).buffer(0)


def _river(rng: np.random.Generator) -> BaseGeometry:
    """A winding band from the western to the eastern edge."""
    lon = np.linspace(WEST - 0.02, EAST + 0.02, 60)
    across = (SOUTH + NORTH) / 2 + 0.018 * np.sin((lon - WEST) * 38.0 + rng.uniform(0.0, 6.28))
    return shapely.LineString(np.stack([lon, across + 0.012 * np.sin((lon - WEST) * 91.0)], axis=1)).buffer(0.0022)


def _cut(land: BaseGeometry, count: int, rng: np.random.Generator) -> list[BaseGeometry]:
    """Cut land into so many pieces of like size: Voronoi cells of points spread evenly (Lloyd's method)."""
    if count == 1:
        return [land]
    points = _spread(land, count, rng)
    pieces: list[BaseGeometry] = []
    for _round in range(3):
        cells = shapely.voronoi_polygons(shapely.MultiPoint(points), extend_to=land, ordered=True)
        pieces = [shapely.intersection(cell, land) for cell in cells.geoms]
        points = np.array([shapely.get_coordinates(piece.representative_point())[0] for piece in pieces])
    return [_polygons(piece) for piece in pieces]


def _polygons(shape: BaseGeometry) -> BaseGeometry:
    """The polygons of an intersection, without the lines and points it may leave."""
    parts = [part for part in getattr(shape, "geoms", [shape]) if part.geom_type == "Polygon" and part.area > 0]
    return shapely.MultiPolygon(parts) if len(parts) > 1 else parts[0]


def _spread(land: BaseGeometry, count: int, rng: np.random.Generator) -> NDArray[np.float64]:
    west, south, east, north = land.bounds
    found = np.empty((0, 2))
    while len(found) < count * 6:
        lon, lat = rng.uniform(west, east, count * 12), rng.uniform(south, north, count * 12)
        inside = shapely.contains_xy(land, lon, lat)
        found = np.concatenate([found, np.stack([lon[inside], lat[inside]], axis=1)])
    chosen = [found[0]]
    while len(chosen) < count:
        # The candidate farthest from all chosen ones keeps the pieces of like size.
        gaps = np.min(np.hypot(*(found[:, None, :] - np.array(chosen)[None, :, :]).transpose(2, 0, 1)), axis=1)
        chosen.append(found[int(np.argmax(gaps))])
    return np.array(chosen)


def _children(
    parents: Sequence[Piece], total: int, rng: np.random.Generator, labels: Iterator[dict[str, str]]
) -> Iterator[Piece]:
    """Cut each piece by its share of the land."""
    for parent, count in zip(parents, _shares([piece.shape.area for piece in parents], total), strict=True):
        for at, shape in enumerate(_cut(parent.shape, count, rng), start=1):
            yield Piece(f"{parent.code}{at:03d}", next(labels), shape, parent.code)


def _shares(areas: Sequence[float], total: int) -> list[int]:
    """Whole numbers that add up to a total, by area, at least one each (largest remainder)."""
    exact = np.array(areas) / sum(areas) * (total - len(areas))
    counts = np.floor(exact).astype(int)
    for at in np.argsort(counts - exact)[: total - len(areas) - int(counts.sum())]:
        counts[at] += 1
    return [int(count) + 1 for count in counts]


def _cells(communities: Sequence[Piece], count: int, mark: str, rng: np.random.Generator) -> Iterator[Piece]:
    for community in communities:
        for at, shape in enumerate(_cut(community.shape, count, rng), start=1):
            code = f"{community.code}{mark}{at:0{3 - len(mark)}d}"
            yield Piece(code, {"zh-hans": code}, shape, community.code)


def _geojson(pieces: Sequence[Piece]) -> bytes:
    features: list[dict[str, Any]] = []
    for piece in pieces:
        shape = shapely.set_precision(piece.shape, 1e-7)
        properties = {
            "code": piece.code,
            "name": piece.name["zh-hans"],
            "name_en": piece.name.get("en", ""),
            "parent": piece.parent,
            "valid_from": VALID_FROM,
        }
        geometry = json.loads(shapely.to_geojson(shape))
        features.append({"type": "Feature", "geometry": geometry, "properties": properties})
    return json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False).encode()
