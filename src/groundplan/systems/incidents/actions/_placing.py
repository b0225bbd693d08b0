"""Where a report lies, whose land it is, and who owns the component it names."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from django.utils.translation import gettext as _

from groundplan.base.registers import queries as registers
from groundplan.kernel.parties import queries as parties
from groundplan.kernel.places import queries as places
from groundplan.lib.coordinates import converted
from groundplan.systems.incidents import queries
from groundplan.systems.incidents.errors import OutsideCity, ReportInvalid
from groundplan.systems.incidents.models import Incident

LAYERS = ("district", "street", "community", "unit_grid", "governance_grid")


@dataclass(frozen=True)
class Spot:
    """A place: point in CGCS2000, the codes of every layer, the owner of the component there."""

    point: tuple[float, float] | None = None
    codes: Mapping[str, str] = field(default_factory=lambda: dict.fromkeys(LAYERS, ""))
    owner_code: str = ""


def find_spot(*, point: tuple[float, float] | None, system: str, component: str, district: str = "") -> Spot:
    """Locate a report by its point, else by its component, else by the district that it names.

    Raises:
        OutsideCity: the point is in no district.
        ReportInvalid: the point is no pair of degrees, or the component is not in the register.
    """
    owner = ""
    if component:
        found = registers.component_by_code(component)
        if found is None:
            raise ReportInvalid(
                _("部件登记中没有“%(code)s”。") % {"code": component[:40]},
                fields=[{"field": "component", "reason": "unknown"}],
            )
        owner = found.owner_code
        if point is None and found.longitude is not None and found.latitude is not None:
            point, system = (found.longitude, found.latitude), "cgcs2000"
    if point is None:
        return Spot(codes={**dict.fromkeys(LAYERS, ""), "district": district[:12]}, owner_code=owner)
    if not all(math.isfinite(value) for value in point) or abs(point[0]) > 180 or abs(point[1]) > 90:  # noqa: PLR2004
        raise ReportInvalid(
            _("坐标须为经度、纬度（度）。"),
            accepted="-180..180, -90..90",
            fields=[{"field": "point", "reason": "degrees"}],
        )
    array = np.array([point], dtype=np.float64)
    plain = converted(array, source=system, target="wgs84")
    codes = places.locate(plain).at(0)
    # A city may know the names of its districts and not yet their borders: then the report's own word counts.
    if not codes["district"] and not places.divisions(level="district").exclude(geometry=None).exists():
        codes = {**codes, "district": district[:12]}
    elif not codes["district"]:
        raise OutsideCity(
            _("您选的位置（%(lon).5f, %(lat).5f）不在本市范围内。") % {"lon": point[0], "lat": point[1]},
            next_step=_("请在地图上重新选择本市范围内的位置，或只填写地址。"),
        )
    return Spot((round(float(plain[0][0]), 7), round(float(plain[0][1]), 7)), codes, owner)


def flow_data(flow: str, incident: Incident, spot: Spot, *, kind: str, code: str) -> dict[str, Any]:
    """What the flow's fields say of the place, its owner and its territory."""
    district, street = spot.codes["district"], spot.codes["street"]
    if flow == "hotline":
        return {
            "matter": code or None,
            "district": district or None,
            "street": street or None,
            "territory_party": territory_of(district, street, first="district") or None,
        }
    territory = territory_of(district, street, first="street")
    owner = spot.owner_code
    first = (owner or territory) if kind == "component" else (territory or owner)
    return {
        "kind": kind or None,
        "category": code or None,
        "category_name": queries.category_name(kind, code) or None,
        "component": incident.component or None,
        "district": district or None,
        "street": street or None,
        "unit_grid": spot.codes["unit_grid"] or None,
        "owner_party": owner or None,
        "territory_party": territory or None,
        "lead_party": first or None,
    }


def territory_of(district: str, street: str, *, first: str) -> str:
    """The code of the unit that the land belongs to: of the district or of the street, the other one if missing."""
    order = (district, street) if first == "district" else (street, district)
    kinds = {district: "district", street: "street"}
    for division in order:
        if not division:
            continue
        found = parties.unit_of_division(division, kinds[division])
        if found is not None:
            return found.code
    return ""
