"""Coordinate systems of Chinese maps: WGS 84 (CGCS2000 within centimetres), GCJ-02 and BD-09, in bulk.

The two shifted systems have no published standard; the constants are those that every open implementation shares.
Inverses are found by fixed-point iteration, so that a round trip is exact to well below a metre.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import ClassVar

import numpy as np
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from groundplan.lib.errors import Invalid

Points = NDArray[np.float64]

_A = 6378245.0  # semi-major axis of Krassowsky 1940, as GCJ-02 uses it
_EE = 0.00669342162296594323
_X_PI = np.pi * 3000.0 / 180.0
_WEST, _EAST, _SOUTH, _NORTH = 72.004, 137.8347, 0.8293, 55.8271
_STEPS = 12


class BadCoordinates(Invalid):
    """Points are not an array of longitude and latitude, or the system is unknown."""

    code = "bad-coordinates"
    title: ClassVar[dict[str, str]] = {"zh-hans": "坐标有误", "en": "Wrong coordinates"}


def inside_china(points: Points) -> NDArray[np.bool_]:
    """Which points lie in the box within which GCJ-02 shifts; elsewhere it is the identity."""
    lon, lat = points[:, 0], points[:, 1]
    return (lon >= _WEST) & (lon <= _EAST) & (lat >= _SOUTH) & (lat <= _NORTH)


def wgs84_to_gcj02(points: Points) -> Points:
    """Longitude and latitude of WGS 84, shape (n, 2), in GCJ-02.

    >>> np.round(wgs84_to_gcj02(np.array([[116.404, 39.915]])), 9).tolist()
    [[116.410244499, 39.916404282]]
    """
    return _inside_only(_gcj_forward, _checked(points))


def gcj02_to_wgs84(points: Points) -> Points:
    """The inverse of wgs84_to_gcj02. Reversing is legally sensitive: layers offered to the public keep it off."""
    return _inside_only(partial(_inverted, _gcj_forward), _checked(points))


def gcj02_to_bd09(points: Points) -> Points:
    """GCJ-02 in BD-09; identity outside China.

    >>> np.round(gcj02_to_bd09(np.array([[116.404, 39.915]])), 9).tolist()
    [[116.410369494, 39.921336994]]
    """
    return _inside_only(_bd_forward, _checked(points))


def bd09_to_gcj02(points: Points) -> Points:
    """BD-09 in GCJ-02; identity outside China."""
    return _inside_only(partial(_inverted, _bd_forward), _checked(points))


def wgs84_to_bd09(points: Points) -> Points:
    """WGS 84 in BD-09."""
    return gcj02_to_bd09(wgs84_to_gcj02(points))


def bd09_to_wgs84(points: Points) -> Points:
    """BD-09 in WGS 84."""
    return gcj02_to_wgs84(bd09_to_gcj02(points))


def converted(points: Points, *, source: str, target: str) -> Points:
    """Points of one named system in another: ``wgs84``, ``cgcs2000``, ``gcj02`` or ``bd09``.

    Raises:
        BadCoordinates: an unknown system, or points of the wrong shape.
    """
    to_wgs: dict[str, Callable[[Points], Points]] = {
        "wgs84": _checked,
        "cgcs2000": _checked,
        "gcj02": gcj02_to_wgs84,
        "bd09": bd09_to_wgs84,
    }
    from_wgs: dict[str, Callable[[Points], Points]] = {
        "wgs84": _checked,
        "cgcs2000": _checked,
        "gcj02": wgs84_to_gcj02,
        "bd09": wgs84_to_bd09,
    }
    for name in (source, target):
        if name not in to_wgs:
            raise BadCoordinates(_("未知的坐标系“%(name)s”。") % {"name": name}, accepted=", ".join(to_wgs))
    return _checked(points) if source == target else from_wgs[target](to_wgs[source](points))


def metres_between(one: Points, other: Points) -> NDArray[np.float64]:
    """Great-circle distance of paired points in metres, on a sphere of 6,371,008.8 m.

    >>> float(metres_between(np.array([[0.0, 0.0]]), np.array([[0.0, 1.0]]))[0].round())
    111195.0
    """
    first, second = np.radians(_checked(one)), np.radians(_checked(other))
    half = np.sin((second - first) / 2.0) ** 2
    chord = half[:, 1] + np.cos(first[:, 1]) * np.cos(second[:, 1]) * half[:, 0]
    return np.asarray(2.0 * 6371008.8 * np.arcsin(np.sqrt(np.clip(chord, 0.0, 1.0))), dtype=np.float64)


def _checked(points: Points) -> Points:
    array = np.asarray(points, dtype=np.float64)
    if array.ndim != 2 or array.shape[1] != 2:  # noqa: PLR2004 - longitude and latitude.
        raise BadCoordinates(
            _("坐标数组的形状是 %(shape)s。") % {"shape": array.shape}, accepted="(n, 2): longitude, latitude"
        )
    return array


def _inside_only(convert: Callable[[Points], Points], points: Points) -> Points:
    moved = points.copy()
    chosen = inside_china(points)
    moved[chosen] = convert(points[chosen])
    return moved


def _inverted(forward: Callable[[Points], Points], target: Points) -> Points:
    guess = target.copy()
    for _step in range(_STEPS):
        guess = guess - (forward(guess) - target)
    return guess


def _gcj_forward(points: Points) -> Points:
    return points + _gcj_shift(points)


def _gcj_shift(points: Points) -> Points:
    x, y = points[:, 0] - 105.0, points[:, 1] - 35.0
    root = np.sqrt(np.abs(x))
    waves = 20.0 * np.sin(6.0 * x * np.pi) + 20.0 * np.sin(2.0 * x * np.pi)
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root + waves * 2.0 / 3.0
    north += (20.0 * np.sin(y * np.pi) + 40.0 * np.sin(y / 3.0 * np.pi)) * 2.0 / 3.0
    north += (160.0 * np.sin(y / 12.0 * np.pi) + 320.0 * np.sin(y * np.pi / 30.0)) * 2.0 / 3.0
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root + waves * 2.0 / 3.0
    east += (20.0 * np.sin(x * np.pi) + 40.0 * np.sin(x / 3.0 * np.pi)) * 2.0 / 3.0
    east += (150.0 * np.sin(x / 12.0 * np.pi) + 300.0 * np.sin(x / 30.0 * np.pi)) * 2.0 / 3.0
    latitude = np.radians(points[:, 1])
    magic = 1.0 - _EE * np.sin(latitude) ** 2
    north = north * 180.0 / ((_A * (1.0 - _EE)) / (magic * np.sqrt(magic)) * np.pi)
    east = east * 180.0 / (_A / np.sqrt(magic) * np.cos(latitude) * np.pi)
    return np.stack([east, north], axis=1)


def _bd_forward(points: Points) -> Points:
    x, y = points[:, 0], points[:, 1]
    radius = np.hypot(x, y) + 0.00002 * np.sin(y * _X_PI)
    angle = np.arctan2(y, x) + 0.000003 * np.cos(x * _X_PI)
    return np.stack([radius * np.cos(angle) + 0.0065, radius * np.sin(angle) + 0.006], axis=1)
