"""The three sheets of an organisation file: their columns, closed lists, and the template that people fill in."""

from __future__ import annotations

import datetime as dt
import io
import re
from dataclasses import dataclass
from typing import Final

from openpyxl import Workbook
from openpyxl.comments import Comment
from openpyxl.styles import Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from groundplan.kernel.parties.logic import roles

DATE = re.compile(r"(\d{4})\D(\d{1,2})\D(\d{1,2})\D?")
TEMPLATE_ROWS: Final = 2000


@dataclass(frozen=True)
class Column:
    """A column of the template.

    Args:
        header: Chinese header; it is found by it again, with or without the mark of required columns.
        hint: how to fill it in, shown at the header.
        required: whether every row needs it.
        choices: closed list offered as a dropdown.
    """

    header: str
    hint: str = ""
    required: bool = False
    choices: tuple[str, ...] = ()


def chinese(labels: dict[str, roles.Labels]) -> tuple[str, ...]:
    """The Chinese words of a closed list."""
    return tuple(texts["zh-hans"] for texts in labels.values())


DAY_HINT = "日期，如 2026-01-01；不填表示今天"
END_HINT = "日期，如 2027-01-01，自该日起不再有效；不填表示长期"
SHEETS: Final[dict[str, tuple[Column, ...]]] = {
    "机构": (
        Column("编码", "全市唯一，今后不变；再次导入按编码更新", required=True),
        Column("名称", "机构全称", required=True),
        Column("英文名称"),
        Column("简称"),
        Column("类型", "从列表中选择", required=True, choices=chinese(roles.KINDS)),
        Column("行政区划代码", "6、9 或 12 位"),
        Column("地址", "对外公开的办公地址"),
        Column("公开电话", "对外公开的值班或咨询电话"),
        Column("职责", "一句话说明负责什么"),
        Column("统一社会信用代码", "18 位"),
        Column("起始日期", DAY_HINT),
        Column("终止日期", END_HINT),
    ),
    "人员": (
        Column("用户名", "登录用，全市唯一；再次导入按用户名更新", required=True),
        Column("姓名", required=True),
        Column("机构编码", "“机构”表或系统中已有的编码"),
        Column("角色", "从列表中选择；角色由安全管理员授予", choices=chinese(roles.ROLES)),
        Column("属地", "行政区划代码；不填表示不限"),
        Column("起始日期", DAY_HINT),
        Column("终止日期", END_HINT),
        Column("手机号码", "加密保存，页面上只显示首尾"),
        Column("公民身份号码", "加密保存，页面上只显示首尾"),
    ),
    "关系": (
        Column("机构编码", "下级、被指导或养护的一方", required=True),
        Column("关系", "从列表中选择", required=True, choices=chinese(roles.RELATIONS)),
        Column("对方机构编码", "上级、指导或委托的一方", required=True),
        Column("起始日期", DAY_HINT),
        Column("终止日期", END_HINT),
    ),
}


def named_in(labels: dict[str, roles.Labels], text: str) -> str:
    """The name that a word of any language, or a part of it between slashes, stands for; empty if it is unknown.

    >>> named_in(roles.KINDS, "乡镇")
    'street'
    >>> named_in(roles.KINDS, "guild")
    ''
    """
    wanted = text.strip().lower()
    for name, texts in labels.items():
        words = {name, *(word.lower() for label in texts.values() for word in (label, *label.split("/")))}
        if wanted in words:
            return name
    return ""


def day(value: object) -> dt.date | None:
    """A cell's day; None for an empty cell.

    >>> day("2026年3月1日")
    datetime.date(2026, 3, 1)

    Raises:
        ValueError: it is no day.
    """
    match value:
        case dt.datetime():
            return value.date()
        case dt.date():
            return value
        case None:
            return None
    found = DATE.fullmatch(str(value).strip())
    if found is None:
        raise ValueError(str(value))
    return dt.date(*(int(part) for part in found.groups()))


def sheet_of(headers: tuple[str, ...]) -> str:
    """The sheet whose required columns are all among the headers; empty if none fits."""
    for name in ("关系", "人员", "机构"):
        if {column.header for column in SHEETS[name] if column.required} <= set(headers):
            return name
    return ""


def template() -> bytes:
    """An XLSX file with the three sheets, hints and dropdowns."""
    book = Workbook()
    first = book.active
    if first is not None:
        book.remove(first)
    for name, columns in SHEETS.items():
        _write_sheet(book.create_sheet(name), columns)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _write_sheet(sheet: Worksheet, columns: tuple[Column, ...]) -> None:
    for number, column in enumerate(columns, 1):
        cell = sheet.cell(1, number, column.header + ("*" if column.required else ""))
        cell.font = Font(bold=True)
        cell.fill = PatternFill("solid", fgColor="DCE6F1")
        letter = get_column_letter(number)
        sheet.column_dimensions[letter].width = max(12, len(column.header) * 2 + 4)
        if column.hint:
            cell.comment = Comment(column.hint, "城基")
        if column.choices:
            rule = DataValidation(type="list", formula1=f'"{",".join(column.choices)}"', allow_blank=True)
            rule.showErrorMessage = True
            sheet.add_data_validation(rule)
            rule.add(f"{letter}2:{letter}{TEMPLATE_ROWS}")
        else:
            # Long numbers stay text: a spreadsheet drops the digits after the fifteenth.
            sheet.column_dimensions[letter].number_format = "@"
    sheet.freeze_panes = "A2"
