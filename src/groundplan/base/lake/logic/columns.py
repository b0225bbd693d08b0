"""Columns of a table of the lake: their types, their names in the past, and how a file's headers meet them."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from groundplan.base.lake.errors import ColumnsDiffer, SchemaRefused

MOST_COLUMNS = 2000
LONGEST_NAME = 200
# A header that begins so is a remark of the quarantine file and no column.
REMARK = "〔"


@dataclass(frozen=True)
class TypeOfColumn:
    """A type: its names in DuckDB, Iceberg and Arrow, its label, and the types it may be widened to without a rewrite."""

    duckdb: str
    iceberg: str
    arrow: str
    label: dict[str, str]
    wider: tuple[str, ...] = ()


TYPES: dict[str, TypeOfColumn] = {
    "text": TypeOfColumn("VARCHAR", "string", "string", {"zh-hans": "文本", "en": "text"}),
    "short_integer": TypeOfColumn("INTEGER", "int", "int32", {"zh-hans": "短整数", "en": "short integer"}, ("integer",)),
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
    """A header without the accidents of typing.

    >>> normal_name(" Ｎａｍｅ\\n名称 ")
    'Name 名称'
    """
    return " ".join(unicodedata.normalize("NFKC", text).replace("\x00", "").split())[:LONGEST_NAME]


def parsed_columns(value: Iterable[Mapping[str, Any]]) -> tuple[Column, ...]:
    """Columns from JSON, checked.

    Raises:
        SchemaRefused: no list of columns, a type that does not exist, or a name that comes twice.
    """
    try:
        found = tuple(
            Column(
                normal_name(str(each["name"])),
                str(each["type"]),
                bool(each.get("required", False)),
                int(each.get("id", 0)),
                tuple(map(str, each.get("former", ()))),
            )
            for each in value
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise SchemaRefused(_("表结构不是列的清单。"), accepted='[{"name": …, "type": …, "required": …}]') from error
    wrong = next((each for each in found if each.type not in TYPES or not each.name), None)
    if wrong is not None:
        raise SchemaRefused(
            _("列“%(name)s”的类型“%(type)s”不存在。") % {"name": wrong.name, "type": wrong.type[:40]},
            accepted=", ".join(TYPES),
        )
    check_names([each.name for each in found])
    return found


def check_names(names: Sequence[str]) -> None:
    """Check how many columns there are, and that no two are called the same in any case of letters.

    Raises:
        SchemaRefused: too many, none, or two of one name.
    """
    if not 0 < len(names) <= MOST_COLUMNS:
        raise SchemaRefused(
            _("文件有 %(count)d 列。") % {"count": len(names)},
            accepted=_("1 至 %(most)d 列") % {"most": MOST_COLUMNS},
            next_step=_("请把宽表转成长表，或拆成几个文件。"),
        )
    seen: set[str] = set()
    for name in names:
        if name.casefold() in seen:
            raise SchemaRefused(_("列名“%(name)s”出现两次。") % {"name": name}, accepted=_("每列一个名称，不区分大小写"))
        seen.add(name.casefold())


def match(columns: Sequence[Column], headers: Sequence[str]) -> Matching:
    """Find a file's headers among the columns of a table, by name or by a former name.

    Raises:
        ColumnsDiffer: the file has columns that the table lacks, or lacks one that is required.
    """
    names = [normal_name(each) for each in headers]
    known = {each.name.casefold(): at for at, each in enumerate(columns)}
    for at, each in enumerate(columns):
        for former in each.former:
            known.setdefault(former.casefold(), at)
    positions: list[int | None] = [None] * len(columns)
    unknown = []
    for place, name in enumerate(names):
        if name.startswith(REMARK):
            continue
        at = known.get(name.casefold())
        if at is None or positions[at] is not None:
            unknown.append(name or str(place + 1))
        else:
            positions[at] = place
    missing = [each.name for at, each in enumerate(columns) if each.required and positions[at] is None]
    if unknown or missing or all(place is None for place in positions):
        raise _differing(unknown, missing, [each.name for each in columns])
    return Matching(tuple(positions), tuple(names))


def _differing(unknown: list[str], missing: list[str], names: list[str]) -> ColumnsDiffer:
    said = []
    if unknown:
        said.append(_("文件多出列：%(names)s。") % {"names": "、".join(unknown[:10])})
    if missing:
        said.append(_("文件缺少必填列：%(names)s。") % {"names": "、".join(missing[:10])})
    return ColumnsDiffer(
        "".join(said) or _("文件与该表没有相同的列。"),
        accepted="、".join(names[:30]),
        next_step=_("请核对文件；确需增加列的，先变更表结构再装载。"),
        unknown=unknown[:50],
        missing=missing[:50],
    )
