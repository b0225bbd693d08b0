import doctest
from datetime import date

import numpy as np
import shapely
from hypothesis import given
from hypothesis import strategies as st

from groundplan.kernel.places import logic
from groundplan.kernel.places.logic import LayerIndex

GRID = [shapely.box(x, y, x + 1, y + 1) for x in range(4) for y in range(4)]
CODES = np.array([f"{x}{y}" for x in range(4) for y in range(4)])
INDEX = LayerIndex(CODES, np.array(GRID, dtype=object))
values = st.one_of(st.floats(-2, 6), st.integers(-1, 5).map(float), st.just(float("nan")))


def plain(x, y):
    """The slow, obvious way: every area in the order of codes."""
    if np.isnan(x) or np.isnan(y):
        return ""
    point = shapely.Point(x, y)
    return next((str(code) for code, area in zip(CODES, GRID, strict=True) if area.intersects(point)), "")


@given(st.lists(st.tuples(values, values), max_size=30))
def test_the_index_answers_as_the_plain_loop_does(points):
    array = np.array(points, dtype=float).reshape(-1, 2)
    assert INDEX.locate(array).tolist() == [plain(x, y) for x, y in points]


def test_a_layer_without_areas_holds_no_point():
    empty = LayerIndex(np.array([], dtype=np.str_), np.array([], dtype=object))
    assert empty.locate(np.array([[1.0, 1.0]])).tolist() == [""]


def test_the_examples_hold():
    assert doctest.testmod(logic, extraglobs={"date": date}).failed == 0
