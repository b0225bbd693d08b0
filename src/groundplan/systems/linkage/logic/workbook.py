"""A linkage plan as a workbook that an office can fill in: five sheets, one plan."""

from __future__ import annotations

import io
import re
from typing import Any

from openpyxl import Workbook
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

from groundplan.lib.errors import GroundplanError
from groundplan.lib.tabular import Row, Table, read_table

BASICS, GRADES, TASKS, SUPPLIES, TRIGGERS = "基本信息", "响应分级", "联动任务", "调用资源", "触发条件"
SHEETS: dict[str, tuple[str, ...]] = {
    BASICS: ("项目", "内容", "英文"),
    GRADES: ("级别", "名称", "英文名称", "颜色", "启动条件", "启动条件（英文）", "严重程度", "紧急程度"),
    TASKS: ("编号", "单位代码", "角色", "角色名称", "适用级别", "任务内容", "任务内容（英文）", "办理时限", "签收时限"),
    SUPPLIES: ("任务编号", "类别", "名称", "英文名称", "数量", "计量单位", "计量单位（英文）"),
    TRIGGERS: ("流程", "关键词", "件数", "时间窗（分钟）", "建议级别"),
}
COLOURS = {"红色": "red", "橙色": "orange", "黄色": "yellow", "蓝色": "blue"}
KINDS = {"人员": "people", "车辆": "vehicle", "物资": "store"}
GRADE_WORDS = {"一级": "I", "二级": "II", "三级": "III", "四级": "IV", "Ⅰ": "I", "Ⅱ": "II", "Ⅲ": "III", "Ⅳ": "IV"}
TERRITORIES = {"属地区县": "district", "属地街道": "street"}
UNITS = {"分钟": "minutes", "小时": "hours", "天": "days", "工作小时": "work_hours", "紧急工作时": "emergency_hours",
         "工作日": "work_days"}  # fmt: skip
BASIC_ROWS = (
    ("预案代码", "urban-waterlogging", ""), ("预案名称", "暴雨内涝联动预案", "Waterlogging after heavy rain"),
    ("依据", "《中华人民共和国突发事件应对法》", "Emergency Response Law"), ("指挥单位代码", "command-centre", ""),
    ("预警事件", "暴雨内涝", "Waterlogging"), ("预警类别", "Met", ""),
    ("防范指引", "请远离积水路段。", "Keep away from flooded roads."),
)  # fmt: skip
EXAMPLES: dict[str, tuple[tuple[Any, ...], ...]] = {
    BASICS: BASIC_ROWS,
    GRADES: (
        ("Ⅲ", "Ⅲ级响应", "Level III", "黄色", "多处道路积水", "Several roads flooded", "Moderate", "Immediate"),
    ),
    TASKS: (
        ("drain", "water", "rescue", "抢险组", "Ⅲ", "开启泵站抽排积水", "Run the pumps", "2 小时", "15 分钟"),
        ("people", "属地区县", "territory", "属地组", "Ⅲ", "转移居民", "Move people", "1 小时", "15 分钟"),
    ),
    SUPPLIES: (("drain", "车辆", "移动泵车", "Pump truck", 4, "台", "trucks"),),
    TRIGGERS: (("hotline", "积水、内涝", 5, 60, "Ⅲ"),),
}  # fmt: skip


def template() -> bytes:
    """The workbook to fill in, with one example in each sheet."""
    book = Workbook()
    book.remove(book.worksheets[0])
    for name, headers in SHEETS.items():
        sheet = book.create_sheet(name)
        sheet.append(list(headers))
        for row in EXAMPLES[name]:
            sheet.append(list(row))
        for number, header in enumerate(headers, start=1):
            sheet.cell(1, number).font = Font(bold=True)
            sheet.column_dimensions[get_column_letter(number)].width = max(14, 2 * len(header) + 4)
        sheet.freeze_panes = "A2"
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def read_workbook(content: bytes, filename: str) -> tuple[dict[str, Any], list[str]]:
    """The document of the plan in a workbook, and what is wrong with its cells.

    Levels may be written 一级, Ⅰ or I, limits ``2 小时`` or ``2 hours``, territories 属地区县 and 属地街道.
    """
    tables: dict[str, Table] = {}
    wrong: list[str] = []
    for name, headers in SHEETS.items():
        try:
            table = read_table(content, filename, name)
            table.require(*(header for header in headers if "英文" not in header))
        except GroundplanError as error:
            if name not in {SUPPLIES, TRIGGERS}:
                wrong.append(f"{name}: {error.detail}")
            continue
        tables[name] = table
    if wrong:
        return {}, wrong
    document = _basics(tables[BASICS])
    document["levels"] = {_grade(row.text("级别")): _level(row) for row in tables[GRADES].rows}
    document["roles"] = {row.text("角色"): {"zh-hans": row.text("角色名称")} for row in tables[TASKS].rows}
    supplies = _supplies(tables.get(SUPPLIES), wrong)
    document["tasks"] = [_task(row, supplies.pop(row.text("编号"), [])) for row in tables[TASKS].rows]
    wrong += [f"{SUPPLIES}: {key} 不是联动任务的编号" for key in supplies]
    document["triggers"] = [_trigger(row) for row in (tables[TRIGGERS].rows if TRIGGERS in tables else ())]
    return document, wrong


def _basics(table: Table) -> dict[str, Any]:
    rows = {row.text("项目"): row for row in table.rows}

    def of(name: str) -> str:
        return rows[name].text("内容") if name in rows else ""

    document: dict[str, Any] = {
        "plan": of("预案代码"),
        "label": _labels(rows["预案名称"], "内容", "英文") if "预案名称" in rows else {},
        "commander": of("指挥单位代码") or "command-centre",
        "basis": [
            _labels(row, "内容", "英文") for row in table.rows if row.text("项目") == "依据" and row.text("内容")
        ],
    }
    if of("预警事件"):
        document["warning"] = {
            "event": _labels(rows["预警事件"], "内容", "英文"),
            "category": of("预警类别") or "Other",
            "instruction": _labels(rows["防范指引"], "内容", "英文") if of("防范指引") else None,
        }
    return document


def _level(row: Row) -> dict[str, Any]:
    return {
        "label": _labels(row, "名称", "英文名称"),
        "colour": COLOURS.get(row.text("颜色"), row.text("颜色")),
        "condition": _labels(row, "启动条件", "启动条件（英文）"),
        "severity": row.text("严重程度") or "Unknown",
        "urgency": row.text("紧急程度") or "Immediate",
    }


def _task(row: Row, supplies: list[dict[str, Any]]) -> dict[str, Any]:
    unit = row.text("单位代码")
    return {
        "key": row.text("编号"),
        "unit": {"territory": TERRITORIES[unit]} if unit in TERRITORIES else {"party": unit},
        "role": row.text("角色"),
        "levels": [_grade(part) for part in _parts(row.text("适用级别"))],
        "text": _labels(row, "任务内容", "任务内容（英文）"),
        "limit": span_of(row.text("办理时限") or "2 小时"),
        "sign_limit": span_of(row.text("签收时限") or "15 分钟"),
        "resources": supplies,
    }


def _supplies(table: Table | None, wrong: list[str]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for row in table.rows if table else ():
        amount = row.text("数量")
        if not amount.isdecimal():
            wrong.append(f"{SUPPLIES} {row.address('数量')}: {amount!r} 不是整数")
            continue
        found.setdefault(row.text("任务编号"), []).append({
            "kind": KINDS.get(row.text("类别"), row.text("类别")),
            "name": _labels(row, "名称", "英文名称"),
            "amount": int(amount),
            "measure": _labels(row, "计量单位", "计量单位（英文）"),
        })  # fmt: skip
    return found


def _trigger(row: Row) -> dict[str, Any]:
    return {
        "flow": row.text("流程"),
        "words": _parts(row.text("关键词")),
        "count": row.text("件数"),
        "within_minutes": row.text("时间窗（分钟）"),
        "level": _grade(row.text("建议级别")),
    }


def span_of(text: str) -> str:
    """A span as rules write it.

    Example:
        >>> span_of("2 小时"), span_of("15分钟"), span_of("2 hours")
        ('2 hours', '15 minutes', '2 hours')
    """
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(\S+)\s*", text)
    return f"{match[1]} {UNITS.get(match[2], match[2])}" if match else text


def _grade(text: str) -> str:
    plain = text.strip().removesuffix("级").removesuffix("响应")
    return GRADE_WORDS.get(plain, GRADE_WORDS.get(f"{plain}级", plain))


def _parts(text: str) -> list[str]:
    return [part.strip() for part in re.split(r"[、，,;；/\s]+", text) if part.strip()]


def _labels(row: Row, chinese: str, english: str) -> dict[str, str]:
    labels = {"zh-hans": row.text(chinese), "en": row.text(english)}
    return {language: text for language, text in labels.items() if text}
