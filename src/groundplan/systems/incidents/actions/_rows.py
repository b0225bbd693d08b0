"""A row of a city's spreadsheet as the arguments of a report, or as what is kept of a row that was refused."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from groundplan.lib import crypto
from groundplan.lib.tabular import Row, as_text
from groundplan.systems.incidents.errors import ReportInvalid
from groundplan.systems.incidents.logic.columns import KINDS, TYPES, UnreadableMoment, read_moment


def sealed_cells(row: Row) -> bytes:
    """The cells of a row that was not taken, encrypted, to be corrected and handed in again."""
    return crypto.encrypt(json.dumps({name: cell.text for name, cell in row.cells.items()}, ensure_ascii=False))


def report_of(row: Row, mapping: Mapping[str, str], districts: Mapping[str, str]) -> dict[str, Any]:
    """The arguments of a report that a row holds."""

    def text(field: str) -> str:
        return row.text(mapping[field]) if field in mapping else ""

    asked: dict[str, Any] = {
        "text": text("description") or text("title"),
        "title": text("title"),
        "place": text("place_text"),
        "reporter_phone": text("reporter_phone"),
        "reporter_name": text("reporter_name"),
        "external_id": text("external_id"),
        "component": text("component"),
        "category": text("category"),
        "type": TYPES.get(text("type"), ""),
        "kind": KINDS.get(text("kind"), ""),
        "district": districts.get(text("district"), ""),
    }
    if "reported_at" in mapping and text("reported_at"):
        value = row.cells[normal(row, mapping["reported_at"])].value
        try:
            asked["reported_at"] = read_moment(value, timezone.get_current_timezone())
        except UnreadableMoment:
            raise row_fault(row, mapping["reported_at"], as_text(value)) from None
    if text("lon") or text("lat"):
        try:
            asked["point"] = (float(text("lon")), float(text("lat")))
        except ValueError:
            raise row_fault(row, mapping.get("lon", ""), f"{text('lon')}, {text('lat')}") from None
        if not all(map(math.isfinite, asked["point"])):
            raise row_fault(row, mapping["lon"], text("lon"))
    return asked


def row_fault(row: Row, header: str, value: str) -> ReportInvalid:
    """The refusal of a cell, by its address and value."""
    return ReportInvalid(
        _("%(cell)s 的值“%(value)s”无法识别。") % {"cell": row.address(header), "value": value[:60]},
        fields=[{"field": header, "reason": value[:60]}],
    )


def normal(row: Row, header: str) -> str:
    """A header as the cells of a row are named."""
    from groundplan.lib.tabular import normal_header  # noqa: PLC0415 - beside its only use.

    return normal_header(header) if normal_header(header) in row.cells else header
