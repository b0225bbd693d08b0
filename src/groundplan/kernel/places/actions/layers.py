"""Every write of divisions and grids: imports, all or nothing, with one record a load; and the end of a division."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import shapely
from django.db import transaction
from django.utils.translation import gettext as _

from groundplan.kernel.events import actions as events
from groundplan.kernel.ledger import actions as ledger
from groundplan.kernel.places import queries
from groundplan.kernel.places.actions._files import AreaRow, read_layer
from groundplan.kernel.places.errors import DivisionInUse, DivisionNotFound, LayerRefused
from groundplan.kernel.places.logic import overlapping
from groundplan.kernel.places.models import Area, Cell, Division, Layer, LayerLoad, Level

_LENGTHS = {4: Level.CITY, 6: Level.DISTRICT, 9: Level.STREET, 12: Level.COMMUNITY}
_SHOWN_ERRORS = 200


@dataclass(frozen=True)
class LayerResult:
    """What an import did."""

    load: UUID
    version: int
    created: int
    updated: int


def import_divisions(
    *,
    actor: str,
    content: bytes,
    filename: str,
    origin: str = "city",
    system: str = "cgcs2000",
    valid_from: date | None = None,
) -> LayerResult:
    """Import divisions of any levels from GeoJSON, XLSX or CSV; all rows or none.

    The level follows from the length of the code: 4 city, 6 district, 9 street, 12 community. A row with the code and
    first day of a division already held changes it; any other row is a new one.

    Args:
        actor: who does it.
        content: the file; see docs/places.md for its members and columns.
        filename: tells GeoJSON from tables.
        origin: where the file comes from.
        system: its coordinate system: cgcs2000, wgs84, gcj02 or bd09.
        valid_from: first day of rows that state none; today when None.

    Raises:
        LayerRefused: ``errors`` lists place and reason of each bad row.
    """
    rows, errors = read_layer(content, filename, system=system, default_from=valid_from or queries.today())
    rows.sort(key=lambda row: (len(row.code), row.code, row.valid_from))
    for row in rows:
        if not (row.code.isdigit() and len(row.code) in _LENGTHS):
            errors.append({"place": row.place, "reason": _("区划代码 %(code)s 应为 4、6、9 或 12 位数字") % vars(row)})
    with transaction.atomic():
        held = {(area.code, area.valid_from): area for area in Division.objects.all()}
        errors += _period_errors(rows, held)
        errors += _parent_errors(rows, {code for code, _first in held})
        _refuse(errors, filename)
        created = updated = 0
        for level in _LENGTHS.values():
            new, old = _merged_divisions([row for row in rows if _LENGTHS[len(row.code)] == level], held, level)
            held |= {(area.code, area.valid_from): area for area in new}
            created, updated = created + len(new), updated + len(old)
        return _recorded(
            actor=actor,
            layer=queries.DIVISION_LAYER,
            origin=origin,
            content=content,
            created=created,
            updated=updated,
        )


def import_cells(
    *,
    actor: str,
    layer: str,
    content: bytes,
    filename: str,
    origin: str = "city",
    system: str = "cgcs2000",
    valid_from: date | None = None,
) -> LayerResult:
    """Import cells of one grid from GeoJSON; ``parent`` is the code of the community. All rows or none.

    Args:
        actor: who does it.
        layer: ``unit_grid`` (单元网格) or ``governance_grid`` (治理网格).
        content: a GeoJSON FeatureCollection.
        filename: its name.
        origin: where the file comes from.
        system: its coordinate system.
        valid_from: first day of cells that state none; today when None.

    Raises:
        LayerRefused: ``errors`` lists place and reason of each bad cell.
    """
    rows, errors = read_layer(content, filename, system=system, default_from=valid_from or queries.today())
    if layer not in Layer.values:
        errors.append({"place": filename, "reason": _("未知图层 %(layer)s") % {"layer": layer}})
    with transaction.atomic():
        communities = {
            area.code: area for area in Division.objects.filter(level=Level.COMMUNITY).order_by("valid_from")
        }
        held = {(cell.code, cell.valid_from): cell for cell in Cell.objects.filter(layer=layer)}
        errors += _period_errors(rows, held)
        for row in rows:
            if row.parent not in communities:
                errors.append({"place": row.place, "reason": _("没有代码为 %(parent)s 的社区/村") % vars(row)})
            if row.geometry is None:
                errors.append({"place": row.place, "reason": _("网格必须有边界")})
        _refuse(errors, filename)
        new: list[Cell] = []
        old: list[Cell] = []
        for row in rows:
            cell = held.get((row.code, row.valid_from)) or Cell(layer=layer, code=row.code, valid_from=row.valid_from)
            cell.community = communities[row.parent]
            _fill(cell, row)
            (old if cell.pk else new).append(cell)
        Cell.objects.bulk_create(new, batch_size=500)
        Cell.objects.bulk_update(old, ["community", *_AREA_FIELDS], batch_size=500)
        return _recorded(actor=actor, layer=layer, origin=origin, content=content, created=len(new), updated=len(old))


def end_division(*, actor: str, code: str, on: date, successors: Sequence[str] = ()) -> Division:
    """End a division on a day; its code stays known for the days before.

    Args:
        actor: who does it.
        code: the code in force.
        on: the first day on which it is no more.
        successors: codes that take over, for the record.

    Raises:
        DivisionNotFound: the code is not in force on the day before.
        DivisionInUse: a division or cell within it goes on.
    """
    with transaction.atomic():
        area = Division.objects.select_for_update().filter(code=code, valid_until=None, valid_from__lt=on).first()
        if area is None:
            raise DivisionNotFound(_("没有可停用的行政区划 %(code)s。") % {"code": code})
        inside = Division.objects.filter(parent=area, valid_until=None).exists()
        if inside or Cell.objects.filter(community=area, valid_until=None).exists():
            raise DivisionInUse(
                _("行政区划 %(code)s 内仍有有效的下级区划或网格。") % {"code": code},
                next_step=_("请先停用下级区划和网格。"),
            )
        area.valid_until = on
        area.save(update_fields=["valid_until"])
        LayerLoad.objects.create(layer=queries.DIVISION_LAYER, origin=f"end {code}", digest="", rows=1)
        data = {"code": code, "on": on.isoformat(), "successors": list(successors)}
        ledger.record(actor=actor, action="places.end_division", subject=f"division:{code}", data=data)
        events.publish(type="places.division_ended.v1", subject=f"division:{code}", data=data, actor=actor)
    return area


_AREA_FIELDS = ["valid_until", "geometry", "west", "south", "east", "north"]


def _fill(area: Area, row: AreaRow) -> None:
    area.valid_until = row.valid_until
    if row.geometry is not None:
        area.geometry = row.geometry
        bounds = shapely.from_geojson(json.dumps(row.geometry)).bounds
        area.west, area.south, area.east, area.north = bounds


def _merged_divisions(
    rows: Iterable[AreaRow], held: dict[tuple[str, date], Division], level: str
) -> tuple[list[Division], list[Division]]:
    """Write the rows of one level, whose parents are written already."""
    by_code = {code: area for (code, _first), area in sorted(held.items(), key=lambda item: item[0])}
    new: list[Division] = []
    old: list[Division] = []
    for row in rows:
        area = held.get((row.code, row.valid_from)) or Division(code=row.code, valid_from=row.valid_from, level=level)
        area.name = row.name
        area.parent = by_code.get(row.parent or _above(row.code))
        _fill(area, row)
        (old if area.pk else new).append(area)
    Division.objects.bulk_create(new, batch_size=500)
    Division.objects.bulk_update(old, ["name", "parent", *_AREA_FIELDS], batch_size=500)
    return new, old


def _above(code: str) -> str:
    lengths = [0, *_LENGTHS]
    return code[: lengths[lengths.index(len(code)) - 1]]


def _period_errors(rows: Sequence[AreaRow], held: dict[tuple[str, date], Any]) -> list[dict[str, str]]:
    periods: dict[str, dict[date, tuple[date | None, str]]] = defaultdict(dict)
    errors = []
    for (code, first), area in held.items():
        periods[code][first] = (area.valid_until, "")
    for row in rows:
        if periods[row.code].get(row.valid_from, (None, ""))[1]:
            errors.append({"place": row.place, "reason": _("代码 %(code)s 在文件中重复") % vars(row)})
        periods[row.code][row.valid_from] = (row.valid_until, row.place)
    for code, found in periods.items():
        places = [place for _end, place in found.values() if place]
        if places and overlapping([(first, end) for first, (end, _place) in found.items()]):
            errors.append({"place": places[0], "reason": _("代码 %(code)s 的有效期相互重叠") % {"code": code}})
    return errors


def _parent_errors(rows: Sequence[AreaRow], held: set[str]) -> list[dict[str, str]]:
    known = held | {row.code for row in rows} | {""}
    parents = [(row, row.parent or _above(row.code)) for row in rows if len(row.code) in _LENGTHS]
    return [
        {"place": row.place, "reason": _("上级区划 %(parent)s 不存在") % {"parent": parent}}
        for row, parent in parents
        if parent not in known
    ]


def _refuse(errors: list[dict[str, str]], filename: str) -> None:
    if errors:
        raise LayerRefused(
            _("%(name)s 中有 %(count)d 处问题，未导入任何内容。首个：%(place)s %(reason)s。")
            % {"name": filename, "count": len(errors), **errors[0]},
            next_step=_("请更正后重新导入。"),
            errors=errors[:_SHOWN_ERRORS],
        )


def _recorded(*, actor: str, layer: str, origin: str, content: bytes, created: int, updated: int) -> LayerResult:
    digest = hashlib.sha256(content).hexdigest()
    load = LayerLoad.objects.create(layer=layer, origin=origin, digest=digest, rows=created + updated)
    data = {"layer": layer, "origin": origin, "sha256": digest, "created": created, "updated": updated}
    ledger.record(actor=actor, action="places.import_layer", subject=f"layer:{load.public_id}", data=data)
    events.publish(type="places.layer_imported.v1", subject=f"layer:{load.public_id}", data=data, actor=actor)
    return LayerResult(load.public_id, load.pk, created, updated)
