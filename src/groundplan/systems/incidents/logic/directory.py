"""A city's 派单目录 as it stands in its spreadsheet, read as a decision table: one row each, in the city's order."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

COLUMNS: dict[str, tuple[str, ...]] = {
    "matter": ("事项", "事项名称", "小类", "三级分类", "诉求分类", "matter"),
    "district": ("属地", "区县", "行政区", "区划", "所属区县", "district"),
    "lead": ("主办单位", "承办单位", "主办", "责任单位", "lead"),
    "assisting": ("协办单位", "协办", "配合单位", "assisting"),
    "basis": ("依据", "法律依据", "职责依据", "basis"),
}
TERRITORY_WORDS = ("属地", "属地区县", "属地单位", "各区县", "territory")
_SEPARATORS = re.compile(r"[,，、;；\n/]+")


@dataclass(frozen=True)
class DirectoryRow:
    """One row: the cells that matter, and where each stands."""

    number: int
    cells: Mapping[str, str]
    addresses: Mapping[str, str]


@dataclass(frozen=True)
class CellFault:
    """A cell that cannot be read, and why."""

    cell: str
    reason: str


Resolve = Callable[[str], str | None]


def find_columns(headers: Sequence[str]) -> dict[str, str]:
    """Column -> header of the spreadsheet, by the usual names."""
    found: dict[str, str] = {}
    for column, names in COLUMNS.items():
        header = next((h for name in names for h in headers if h.lower() == name), None) or next(
            (h for name in names for h in headers if name in h.lower() and h not in found.values()), None
        )
        if header and header not in found.values():
            found[column] = header
    return found


def directory_table(
    rows: Iterable[DirectoryRow], *, unit_code: Resolve, district_code: Resolve, template: Mapping[str, Any]
) -> tuple[dict[str, Any], list[CellFault]]:
    """The rule's source, and every cell that names an unknown unit or district.

    Args:
        rows: of the spreadsheet.
        unit_code: the code of a unit's name; None when there is none.
        district_code: the code of a district's name; None when there is none.
        template: the shipped table, whose columns and default stay.

    Returns:
        The table as YAML would hold it, and the faults; with faults the table is not to be used.
    """
    made: list[dict[str, Any]] = []
    faults: list[CellFault] = []
    for row in rows:
        matter, lead = row.cells.get("matter", "").strip(), row.cells.get("lead", "").strip()
        if not matter and not lead:
            continue
        if not lead:
            faults.append(CellFault(row.addresses.get("lead", str(row.number)), "主办单位为空"))
            continue
        when: dict[str, str] = {"matter": f'"{matter}"'} if matter and matter not in ("-", "其他", "全部") else {}
        district = row.cells.get("district", "").strip()
        if district and district not in ("-", "全市", "全部"):
            code = district_code(district)
            if code is None:
                faults.append(CellFault(row.addresses["district"], f"没有区划“{district}”"))
                continue
            when["district"] = f'"{code}"'
        then = _outputs(row, lead, unit_code, faults)
        if then["mode"] == "territory" and "district" not in when:
            when["district"] = "not(null)"
        item: dict[str, Any] = {"id": f"R{row.number}", "when": when, "then": then}
        basis = row.cells.get("basis", "").strip()
        if basis:
            item["basis"] = {"zh-hans": basis}
        made.append(item)
    return {**template, "rows": made}, faults


def _outputs(row: DirectoryRow, lead: str, unit_code: Resolve, faults: list[CellFault]) -> dict[str, Any]:
    assisting = []
    for name in filter(None, (part.strip() for part in _SEPARATORS.split(row.cells.get("assisting", "")))):
        code = unit_code(name)
        if code is None:
            faults.append(CellFault(row.addresses["assisting"], f"没有机构“{name}”"))
        else:
            assisting.append(code)
    if lead in TERRITORY_WORDS:
        return {"mode": "territory", "assisting": assisting}
    code = unit_code(lead)
    if code is None:
        faults.append(CellFault(row.addresses["lead"], f"没有机构“{lead}”"))
        return {"mode": "manual", "assisting": assisting}
    return {"mode": "direct", "lead": code, "assisting": assisting}
