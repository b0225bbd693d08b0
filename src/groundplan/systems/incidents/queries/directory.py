"""A city's 派单目录 spreadsheet as the text of a rule, and how its units and districts are named."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import yaml
from django.conf import settings
from django.utils.translation import gettext as _

from groundplan.kernel.parties.models import Party
from groundplan.kernel.places import queries as places
from groundplan.lib.tabular import read_table
from groundplan.systems.incidents.errors import MappingInvalid
from groundplan.systems.incidents.logic.directory import DirectoryRow, directory_table, find_columns

PROFILES = Path(__file__).resolve().parents[3] / "profiles"


def directory_text(content: bytes, filename: str) -> str:
    """Read a 派单目录 (matter, district, lead unit, assisting units, basis) as a rule in YAML.

    Units are named by code, name or short name; ``属地`` as the lead unit sends to the unit of the report's district.

    Args:
        content: XLSX or CSV.
        filename: for messages.

    Raises:
        MappingInvalid: a column is missing, or ``cells`` names each cell with an unknown unit or district.
    """
    table = read_table(content, filename)
    columns = find_columns(table.headers)
    missing = [name for name in ("matter", "lead") if name not in columns]
    if missing:
        raise MappingInvalid(
            _("派单目录缺少列：%(missing)s。")
            % {"missing": "、".join("事项" if m == "matter" else "主办单位" for m in missing)},
            accepted="事项、区县、主办单位、协办单位、依据",
        )
    rows = [
        DirectoryRow(
            row.number,
            {column: row.text(header) for column, header in columns.items()},
            {column: row.address(header) for column, header in columns.items()},
        )
        for row in table.rows
    ]
    source, faults = directory_table(
        rows, unit_code=unit_codes().get, district_code=district_codes().get, template=_template()
    )
    if faults:
        raise MappingInvalid(
            "；".join(f"{fault.cell}：{fault.reason}" for fault in faults[:20]),
            cells=[asdict(fault) for fault in faults],
        )
    return yaml.safe_dump(source, allow_unicode=True, sort_keys=False)


def _template() -> dict[str, Any]:
    path = PROFILES / settings.GROUNDPLAN_PROFILE / "rules" / "dispatch-directory.yaml"
    template: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return {name: value for name, value in template.items() if name not in ("effective_from", "rows")}


def unit_codes() -> dict[str, str]:
    """Every way to name a unit -> its code; an ambiguous short name names nobody."""
    named: dict[str, str] = {}
    ambiguous: set[str] = set()
    units = list(Party.objects.on().exclude(kind__in=("person",)))
    for unit in units:
        for name in {*unit.name.values(), *unit.short_name.values()} - {""}:
            if named.setdefault(name, unit.code) != unit.code:
                ambiguous.add(name)
    for name in ambiguous:
        del named[name]
    return {**named, **{unit.code: unit.code for unit in units}}


def district_codes() -> dict[str, str]:
    """Every way to name a district -> its code."""
    found: dict[str, str] = {}
    for district in places.divisions(level="district"):
        found |= dict.fromkeys(district.name.values(), district.code) | {district.code: district.code}
    return found
