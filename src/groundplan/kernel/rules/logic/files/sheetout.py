"""Writes a table as a spreadsheet that a clerk edits and ``workbook.read_sheet`` reads back to the same table."""

from __future__ import annotations

import csv
import io
import re
from typing import Any, Final

from openpyxl.utils import get_column_letter

from groundplan.kernel.rules.logic.files.workbook import HITS, TYPE_NAMES
from groundplan.kernel.rules.logic.table import DEFAULT_ROW, Row, Table
from groundplan.kernel.rules.logic.unary import format_test
from groundplan.kernel.rules.logic.values import Choice, Field, literal_text, written_output

_HIT_NAMES: Final = {hit: name for name, hit in HITS.items()}
_SEPARATORS: Final = re.compile("[,，、;；\n]")
_TYPES: Final = {kind: name for name, kind in reversed(TYPE_NAMES.items())}


def grid_of(table: Table) -> list[list[str]]:
    """The lines of the sheet."""
    head = [
        ["规则", table.key],
        ["名称", table.label.get("zh-hans", ""), table.label.get("en", "")],
        ["命中方式", _HIT_NAMES[table.hit]],
        *([["汇总", table.aggregate]] if table.aggregate else []),
        *(["依据", basis.get("zh-hans", ""), basis.get("en", "")] for basis in table.basis),
        *([["生效日期", table.effective_from]] if table.effective_from else []),
        ["保存天数", str(table.retention_days)],
        [],
    ]
    return head + _column_lines(table) + [_row_line(table, row) for row in _all_rows(table)]


def _all_rows(table: Table) -> list[Row]:
    return [*table.rows, *([table.default] if table.default else [])]


def _column_lines(table: Table) -> list[list[str]]:
    columns = [*table.inputs, *table.outputs]
    lines = [
        [
            "编号",
            *["条件"] * len(table.inputs),
            *["结论"] * len(table.outputs),
            "依据",
            "依据（英文）",
            "备注",
            "备注（英文）",
        ],
        ["字段", *(item.name for item in columns)],
        ["类型", *(_TYPES[item.type] for item in columns)],
        ["名称", *(item.label.get("zh-hans", "") for item in columns)],
        ["英文名称", *(item.label.get("en", "") for item in columns)],
    ]
    if any(item.values for item in columns):
        lines.append(["取值", *("\n".join(_choice_text(choice) for choice in item.values) for item in columns)])
    if any(item.personal for item in columns):
        lines.append(["个人信息", *("是" if item.personal else "" for item in columns)])
    if any(item.optional for item in columns):
        lines.append(["可空", *("是" if item.optional else "" for item in columns)])
    return lines


def _choice_text(choice: Choice) -> str:
    chinese, english = choice.label.get("zh-hans", ""), choice.label.get("en", "")
    if english:
        return f"{choice.value}|{chinese}|{english}"
    return choice.value if chinese in ("", choice.value) else f"{choice.value}|{chinese}"


def _row_line(table: Table, row: Row) -> list[str]:
    is_default = row is table.default
    tests = [] if is_default else zip(row.tests, table.inputs, strict=True)
    cells = [""] * len(table.inputs) if is_default else [format_test(test, item) for test, item in tests]
    return [
        _first_cell(table, row),
        *cells,
        *(_output_text(value, item) for value, item in zip(row.outputs, table.outputs, strict=True)),
        row.basis.get("zh-hans", ""),
        row.basis.get("en", ""),
        row.note.get("zh-hans", ""),
        row.note.get("en", ""),
    ]


def _first_cell(table: Table, row: Row) -> str:
    if row is not table.default:
        return row.id
    return "默认" if row.id == DEFAULT_ROW else f"默认：{row.id}"


def _output_text(value: Any, item: Field) -> str:
    if value is None:
        return ""
    if item.type == "list":
        return "、".join(f'"{text}"' if _SEPARATORS.search(text) else text for text in value)
    written = written_output(value, item)
    return literal_text(value) if written == value else str(written)


def write_xlsx(table: Table) -> bytes:
    """The table as a workbook: every cell text, the head lines and the id column frozen."""
    from openpyxl import Workbook  # noqa: PLC0415 - heavy, and most decisions write no workbook.
    from openpyxl.styles import Alignment, Font, PatternFill  # noqa: PLC0415

    book = Workbook()
    sheet = book.active
    if sheet is None:  # pragma: no cover - a new workbook has a sheet.
        raise RuntimeError("openpyxl made a workbook without a sheet")
    sheet.title = "规则"
    grid = grid_of(table)
    start = next(index for index, line in enumerate(grid, start=1) if line and line[0] == "编号")
    body = start + len(_column_lines(table))
    for row, line in enumerate(grid, start=1):
        for column, text in enumerate(line, start=1):
            cell = sheet.cell(row=row, column=column)
            if text:
                cell.value = text
                cell.data_type = "s"  # Never a formula, whatever the text begins with.
            cell.number_format = "@"
            cell.alignment = Alignment(vertical="top", wrap_text=True)
            if column == 1 or start <= row < body:
                cell.font = Font(bold=True)
            if start <= row < body:
                cell.fill = PatternFill("solid", fgColor="E8EEF7")
    for column in range(1, len(grid[start - 1]) + 1):
        sheet.column_dimensions[get_column_letter(column)].width = 20
    sheet.freeze_panes = f"B{body}"
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def write_csv(table: Table) -> bytes:
    """The table as CSV in UTF-8 with a mark, as spreadsheet programs like it."""
    stream = io.StringIO(newline="")
    csv.writer(stream).writerows(grid_of(table))
    return stream.getvalue().encode("utf-8-sig")
