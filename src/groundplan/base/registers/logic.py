"""What a row of the component register must be (GB/T 30428.2): pure checks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

STATES = ("完好", "破损", "丢失", "废弃", "移除")
# Column of the sheet -> column of the table, and the longest text it may hold.
COLUMNS: dict[str, tuple[str, int]] = {
    "部件标识码": ("identity", 17),
    "部件名称": ("name", 30),
    "主管部门代码": ("authority_code", 18),
    "主管部门名称": ("authority_name", 60),
    "权属单位代码": ("owner_code", 18),
    "权属单位名称": ("owner_name", 60),
    "养护单位代码": ("maintainer_code", 18),
    "养护单位名称": ("maintainer_name", 60),
    "所在单元网格": ("unit_grid", 15),
    "部件状态": ("state", 4),
    "初始时间": ("first_date", 10),
    "变更时间": ("change_date", 10),
    "数据来源": ("source", 30),
    "备注": ("note", 200),
    "所在街道代码": ("street_code", 9),
    "所在街道名称": ("street_name", 60),
    "所在社区代码": ("community_code", 12),
    "所在社区名称": ("community_name", 60),
    "经度": ("lon", 20),
    "纬度": ("lat", 20),
}
REQUIRED = ("部件标识码", "部件名称", "经度", "纬度")
DATES = ("first_date", "change_date")
IDENTITY_LENGTH = 17


@dataclass(frozen=True)
class Fault:
    """A reason by its code, with the column and the value at fault."""

    code: str
    column: str
    value: str = ""


def category_of(identity: str) -> str:
    """The category within an identity of 6 + 2 + 3 + 6 digits.

    >>> category_of("33990101037000001")
    '01037'
    """
    return identity[6:11]


def checked(texts: dict[str, str]) -> tuple[dict[str, Any], list[Fault]]:
    """The values of one row and what is wrong with them.

    Args:
        texts: text by the title of its column; missing columns are empty.
    """
    values: dict[str, Any] = {}
    faults: list[Fault] = []
    for column, (name, longest) in COLUMNS.items():
        text = texts.get(column, "")
        values[name] = text
        if column in REQUIRED and not text:
            faults.append(Fault("missing", column))
        elif len(text) > longest:
            faults.append(Fault("too-long", column, str(longest)))
        elif "\x00" in text:
            faults.append(Fault("not-text", column))
    identity = values["identity"]
    if identity and not (len(identity) == IDENTITY_LENGTH and identity.isascii() and identity.isdigit()):
        faults.append(Fault("identity", "部件标识码", identity))
    values["category"] = category_of(identity)
    values["state"] = values["state"] or STATES[0]
    if values["state"] not in STATES:
        faults.append(Fault("state", "部件状态", values["state"]))
    faults += _dates(values) + _position(values)
    return values, faults


def _dates(values: dict[str, Any]) -> list[Fault]:
    faults = []
    for name in DATES:
        text = values[name]
        try:
            values[name] = date.fromisoformat(text[:10].replace("/", "-")) if text else None
        except ValueError:
            faults.append(Fault("date", "初始时间" if name == "first_date" else "变更时间", text))
            values[name] = None
    if values["first_date"] and values["change_date"] and values["change_date"] < values["first_date"]:
        faults.append(Fault("date-order", "变更时间", values["change_date"].isoformat()))
    return faults


def _position(values: dict[str, Any]) -> list[Fault]:
    faults = []
    for name, column, limit in (("lon", "经度", 180.0), ("lat", "纬度", 90.0)):
        text = values[name]
        try:
            number = float(text)
        except ValueError:
            number = float("nan")
        values[name] = number
        if text and not -limit <= number <= limit:
            faults.append(Fault("position", column, text))
    return faults
