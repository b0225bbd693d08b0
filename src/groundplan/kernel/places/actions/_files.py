"""Layer files (GeoJSON, RFC 7946; tables) turned into rows, with what is wrong in each."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import shapely
from django.utils.translation import gettext as _

from groundplan.lib.coordinates import converted
from groundplan.lib.tabular import read_table


@dataclass(frozen=True)
class AreaRow:
    """One area as a layer file states it."""

    place: str
    code: str
    name: dict[str, str]
    parent: str
    valid_from: date
    valid_until: date | None
    geometry: Any = None


def read_layer(
    content: bytes, filename: str, *, system: str = "cgcs2000", default_from: date
) -> tuple[list[AreaRow], list[dict[str, str]]]:
    """The areas of a GeoJSON, XLSX or CSV file, and what is wrong with it.

    Args:
        content: the file. GeoJSON: a FeatureCollection whose properties are ``code, name, name_en, parent,
            valid_from, valid_until``. Tables: the columns 代码, 名称, 英文名, 上级代码, 启用日期, 停用日期.
        filename: tells GeoJSON from tables.
        system: coordinate system of the file.
        default_from: first day of areas that state none.

    Returns:
        The rows, and the errors as ``{"place": …, "reason": …}``.
    """
    rows: list[AreaRow] = []
    errors: list[dict[str, str]] = []
    for place, values, geometry in _entries(content, filename, errors):
        try:
            rows.append(_row(place, values, _shape(geometry, system), default_from))
        except (ValueError, TypeError, KeyError, shapely.errors.ShapelyError) as error:
            errors.append({"place": place, "reason": str(error)})
    return rows, errors


def _entries(content: bytes, filename: str, errors: list[dict[str, str]]) -> list[tuple[str, Mapping[str, Any], Any]]:
    if not filename.lower().endswith((".json", ".geojson")):
        columns = {
            "code": "代码",
            "name": "名称",
            "name_en": "英文名",
            "parent": "上级代码",
            "valid_from": "启用日期",
            "valid_until": "停用日期",
        }
        table = read_table(content, filename)
        table.require("代码", "名称")
        return [
            (row.address("代码"), {key: row.text(column) for key, column in columns.items()}, None)
            for row in table.rows
        ]
    try:
        document = json.loads(content)
        features = document["features"]
    except (ValueError, KeyError, TypeError):
        errors.append({"place": filename, "reason": _("不是 GeoJSON FeatureCollection")})
        return []
    return [
        (f"features[{number}]", feature.get("properties") or {}, feature.get("geometry"))
        for number, feature in enumerate(features)
    ]


def _row(place: str, values: Mapping[str, Any], geometry: Any, default_from: date) -> AreaRow:
    code = str(values.get("code") or "").strip()
    if not code.isalnum():
        raise ValueError(_("代码“%(code)s”应只含数字和字母") % {"code": code})
    name = {"zh-hans": str(values.get("name") or code)}
    if values.get("name_en"):
        name["en"] = str(values["name_en"])
    start = date.fromisoformat(values["valid_from"]) if values.get("valid_from") else default_from
    end = date.fromisoformat(values["valid_until"]) if values.get("valid_until") else None
    if end is not None and end <= start:
        raise ValueError(_("停用日期 %(end)s 不晚于启用日期 %(start)s") % {"end": end, "start": start})
    return AreaRow(place, code, name, str(values.get("parent") or ""), start, end, geometry)


def _shape(geometry: Any, system: str) -> Any:
    if geometry is None:
        return None
    shape = shapely.from_geojson(json.dumps(geometry))
    if shape.geom_type not in {"Polygon", "MultiPolygon"}:
        raise ValueError(_("几何类型 %(type)s 不是面") % {"type": shape.geom_type})
    if not shape.is_valid:
        raise ValueError(_("面不合法：%(reason)s") % {"reason": shapely.is_valid_reason(shape)})
    moved = shapely.transform(shape, lambda points: converted(points, source=system, target="cgcs2000"))
    return json.loads(shapely.to_geojson(shapely.set_precision(moved, 1e-7)))
