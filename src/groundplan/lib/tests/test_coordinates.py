import doctest

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from groundplan.lib import coordinates
from groundplan.lib.coordinates import BadCoordinates, converted, metres_between

inside = st.tuples(st.floats(73.5, 135.0), st.floats(18.0, 53.5)).map(lambda pair: np.array([pair]))
outside = st.tuples(st.floats(-180.0, 70.0), st.floats(-90.0, 90.0)).map(lambda pair: np.array([pair]))
SYSTEMS = ["wgs84", "cgcs2000", "gcj02", "bd09"]


def test_the_known_shift_at_tiananmen_holds():
    assert doctest.testmod(coordinates).failed == 0


@given(inside, st.sampled_from(SYSTEMS), st.sampled_from(SYSTEMS))
def test_a_round_trip_between_any_two_systems_returns_within_a_millimetre(points, source, target):
    there = converted(points, source=source, target=target)
    back = converted(there, source=target, target=source)
    assert metres_between(points, back)[0] < 0.001


@given(inside)
def test_the_shift_inside_china_is_some_hundred_metres(points):
    shifted = coordinates.wgs84_to_gcj02(points)
    assert 10 < metres_between(points, shifted)[0] < 1500


@given(outside, st.sampled_from(SYSTEMS), st.sampled_from(SYSTEMS))
def test_outside_china_nothing_moves(points, source, target):
    assert np.array_equal(converted(points, source=source, target=target), points)


def test_a_mixed_batch_is_converted_row_by_row_and_missing_points_stay_missing():
    batch = np.array([[116.4, 39.9], [2.35, 48.85], [np.nan, np.nan]])
    moved = coordinates.wgs84_to_bd09(batch)
    assert np.array_equal(moved[1], batch[1])
    assert not np.array_equal(moved[0], batch[0])
    assert np.isnan(moved[2]).all()
    assert coordinates.wgs84_to_gcj02(np.empty((0, 2))).shape == (0, 2)


@pytest.mark.parametrize("shape", [(2,), (3, 3), (1, 2, 2)])
def test_points_of_another_shape_are_refused(shape):
    with pytest.raises(BadCoordinates):
        coordinates.wgs84_to_gcj02(np.zeros(shape))


def test_an_unknown_system_is_refused_by_name():
    with pytest.raises(BadCoordinates, match="xian80"):
        converted(np.zeros((1, 2)), source="xian80", target="wgs84")
