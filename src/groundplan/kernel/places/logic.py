"""Point-in-polygon in bulk, and the law that periods of one code do not overlap."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import STRtree

Points = NDArray[np.float64]
Codes = NDArray[np.str_]


@dataclass(frozen=True)
class LayerIndex:
    """The areas of one layer on one day, ready to be searched.

    Args:
        codes: code of each area.
        shapes: its geometry; prepared here, once.
    """

    codes: Codes
    shapes: NDArray[np.object_]
    tree: STRtree = field(init=False)

    def __post_init__(self) -> None:
        shapely.prepare(self.shapes)
        object.__setattr__(self, "tree", STRtree(self.shapes))

    def locate(self, points: Points) -> Codes:
        """The code of the area each point lies in, "" where there is none.

        A point on a border belongs to the area whose code sorts first, so that the answer never depends on order.
        """
        out = np.zeros(len(points), dtype=self.codes.dtype if len(self.codes) else "U1")
        if not len(points) or not len(self.codes):
            return out
        sound = np.flatnonzero(np.isfinite(points).all(axis=1))
        pairs = self.tree.query(shapely.points(points[sound]))
        at, area = sound[pairs[0]], pairs[1]
        hit = shapely.intersects_xy(self.shapes[area], points[at, 0], points[at, 1])
        at, area = at[hit], area[hit]
        order = np.argsort(self.codes[area], kind="stable")[::-1]
        out[at[order]] = self.codes[area[order]]
        return out


def overlapping(periods: Sequence[tuple[date, date | None]]) -> bool:
    """Whether two of the periods of one code share a day.

    >>> overlapping([(date(2020, 1, 1), date(2024, 1, 1)), (date(2024, 1, 1), None)])
    False
    """
    ordered = sorted(periods, key=lambda period: period[0])
    return any(end is None or end > start for (_s, end), (start, _e) in pairwise(ordered))
