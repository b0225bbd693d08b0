"""Columns of a table of the lake: their types, their names in the past, and how a file's headers meet them."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

MOST_COLUMNS = 2000
LONGEST_NAME = 200
# A header that begins so is a remark of the quarantine file and no column.
REMARK = "〔"


@dataclass(frozen=True)
class TypeOfColumn:
    """A type: its names in DuckDB, Iceberg and Arrow, its label, and the types to which it widens without a rewrite."""

    duckdb: str
    iceberg: str
    arrow: str
    label: dict[str, str]
    wider: tuple[str, ...] = ()


TYPES: dict[str, TypeOfColumn] = {
    "text": TypeOfColumn("VARCHAR", "string", "string", {"zh-hans": "文本", "en": "text"}),
    "short_integer": TypeOfColumn(
        "INTEGER", "int", "int32", {"zh-hans": "短整数", "en": "short integer"}, ("integer",)
    ),
    "integer": TypeOfColumn("BIGINT", "long", "int64", {"zh-hans": "整数", "en": "integer"}),
    "decimal": TypeOfColumn("DECIMAL(18,4)", "decimal(18,4)", "decimal", {"zh-hans": "定点小数", "en": "decimal"}),
    "number": TypeOfColumn("DOUBLE", "double", "float64", {"zh-hans": "数值", "en": "number"}),
    "boolean": TypeOfColumn("BOOLEAN", "boolean", "bool", {"zh-hans": "是否", "en": "yes or no"}),
    "date": TypeOfColumn("DATE", "date", "date32", {"zh-hans": "日期", "en": "date"}),
    "timestamp": TypeOfColumn("TIMESTAMP", "timestamp", "timestamp", {"zh-hans": "日期时间", "en": "date and time"}),
    "timestamptz": TypeOfColumn(
        "TIMESTAMPTZ", "timestamptz", "timestamptz", {"zh-hans": "带时区的时间", "en": "moment with zone"}
    ),
}


@dataclass(frozen=True)
class Column:
    """One column.

    Args:
        name: as people see it.
        type: a key of :data:`TYPES`.
        required: rows without a value go to quarantine.
        id: the field's number in Iceberg, 0 before the table exists.
        former: names that it had; files that still use them are loaded.
    """

    name: str
    type: str
    required: bool = False
    id: int = 0
    former: tuple[str, ...] = field(default=())

    @property
    def duckdb(self) -> str:
        """The type in DuckDB."""
        return TYPES[self.type].duckdb

    @property
    def label(self) -> dict[str, str]:
        """The type in words."""
        return TYPES[self.type].label

    def plain(self) -> dict[str, Any]:
        """As JSON."""
        return {**asdict(self), "former": list(self.former)}


def column_of(value: Mapping[str, Any]) -> Column:
    """A column from JSON.

    Raises:
        KeyError, TypeError, ValueError: it is none.
    """
    return Column(
        normal_name(str(value["name"])),
        str(value["type"]),
        bool(value.get("required", False)),
        int(value.get("id", 0)),
        tuple(map(str, value.get("former", ()))),
    )


@dataclass(frozen=True)
class Matching:
    """Which column of a file is which column of the table.

    Args:
        positions: for each column of the table its place in the file, None where the file lacks it.
        headers: the file's headers.
    """

    positions: tuple[int | None, ...]
    headers: tuple[str, ...]


def normal_name(text: str) -> str:
    r"""A header without the accidents of typing.

    >>> normal_name(" Ｎａｍｅ\n名称 ")
    'Name 名称'
    """
    return " ".join(unicodedata.normalize("NFKC", text).replace("\x00", "").split())[:LONGEST_NAME]
