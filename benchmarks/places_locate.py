"""Points in polygons in bulk: ``places.queries.locate`` beside a loop over prepared shapely polygons."""

from __future__ import annotations

import statistics
import time
from typing import Any

import numpy as np
import shapely
from shapely.prepared import prep

from groundplan.demo.plan import EAST, NORTH, SOUTH, WEST, draw
from groundplan.kernel.places.logic import LayerIndex

PEERS = ("shapely",)
ROUNDS = 3


def run(*, quick: bool = False) -> dict[str, Any]:
    """Which of 300 communities each of many points lies in: our index beside the usual loop with a box test first."""
    points = np.random.default_rng(1).uniform((WEST, SOUTH), (EAST, NORTH), (2_000 if quick else 20_000, 2))
    communities = sorted(draw(1).communities, key=lambda piece: piece.code)
    index = LayerIndex(
        np.array([piece.code for piece in communities]), np.array([piece.shape for piece in communities], dtype=object)
    )
    prepared = [(piece.code, piece.shape.bounds, prep(piece.shape)) for piece in communities]
    ours, other, equal = [], [], True
    for _round in range(ROUNDS):
        started = time.perf_counter()
        mine = index.locate(points)
        ours.append(time.perf_counter() - started)
        started = time.perf_counter()
        theirs = [_first(prepared, float(lon), float(lat)) for lon, lat in points]
        other.append(time.perf_counter() - started)
        equal = equal and mine.tolist() == theirs
    fast, slow = statistics.median(ours), statistics.median(other)
    return {
        "ratio": slow / fast,
        "ours": len(points) / fast,
        "other": len(points) / slow,
        "unit": "points/s",
        "what": "which of 300 communities a point lies in",
        "peer": f"a loop over prepared polygons (shapely {shapely.__version__})",
        "settings": f"{len(points)} points over the box of the sample city, indexes built before",
        "runs": ROUNDS,
        "equal": equal,
    }


def _first(prepared: list[Any], lon: float, lat: float) -> str:
    point = shapely.Point(lon, lat)
    for code, (west, south, east, north), shape in prepared:
        if west <= lon <= east and south <= lat <= north and shape.intersects(point):
            return str(code)
    return ""
