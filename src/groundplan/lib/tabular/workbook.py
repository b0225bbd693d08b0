"""The workbook half of lib.tabular (ISO/IEC 29500), apart because its library is heavy."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _
from openpyxl import Workbook, load_workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter, range_boundaries
from openpyxl.utils.exceptions import InvalidFileException
from openpyxl.worksheet.worksheet import Worksheet

from groundplan.lib.tabular import Table, UnreadableTable, table_from_grid

# Excel keeps 15 significant digits; a longer number in a numeric cell has lost its end.
_EXACT = 10**15
# A workbook that unpacks to more than this many times the limit is a bomb, not a table.
_UNPACKED = 16
# One cell far out, or one merged block, makes the library build every cell between.
_MOST_CELLS = 5_000_000
_BLOCK = re.compile(rb"(?i)<(?:\w+:)?mergeCell\b[^>]*?\bref=[\"']([A-Z]{1,3}[0-9]{1,7}(?::[A-Z]{1,3}[0-9]{1,7})?)[\"']")
_Merged = dict[tuple[int | None, int | None], Any]


def read_workbook(content: bytes, filename: str, sheet: str | None, *, most_bytes: int, most_rows: int) -> Table:
    """Read one sheet; see ``lib.tabular.read_table``."""
    formulas = _inspect(content, filename, most_bytes * _UNPACKED)
    worksheet = _sheet(_opened(content, filename, computed=True), sheet)
    if worksheet.max_row > most_rows:
        raise UnreadableTable(_("表格行数过多。"), accepted=f"<= {most_rows} rows")
    _check_extent(filename, worksheet.max_row * worksheet.max_column)
    written = _sheet(_opened(content, filename, computed=False), sheet) if formulas else None
    merged, depth = _merged(worksheet)
    grid: list[tuple[int, list[Any]]] = []
    for number, cells in enumerate(worksheet.iter_rows(), start=1):
        values = []
        for cell in cells:
            value = merged.get((cell.row, cell.column), cell.value)
            _check_value(cell, value, worksheet.title, written)
            values.append(_plain(value))
        grid.append((number, values))
    table = table_from_grid(grid, sheet=worksheet.title, depth=depth)
    hidden_columns = tuple(letter for letter, shape in worksheet.column_dimensions.items() if shape.hidden)
    hidden_rows = tuple(number for number, shape in worksheet.row_dimensions.items() if shape.hidden)
    return Table(table.headers, table.rows, table.sheet, "xlsx", hidden_columns, hidden_rows)


def write_workbook(
    headers: Sequence[str], rows: Iterable[Sequence[Any]], sheet: str, notes: Mapping[str, str]
) -> bytes:
    """Write one sheet; see ``lib.tabular.write_xlsx``."""
    book = Workbook()
    page = book.active
    if not isinstance(page, Worksheet):  # pragma: no cover - a new workbook has a sheet.
        raise TypeError(page)
    page.title = sheet[:31]
    page.freeze_panes = "A2"
    widths = [len(header) for header in headers]
    for number, values in enumerate([headers, *rows], start=1):
        for column, value in enumerate(values, start=1):
            if value is None:
                continue
            cell = page.cell(number, column)
            if isinstance(value, str):
                cell.value = ILLEGAL_CHARACTERS_RE.sub("", value)
                cell.data_type = "s"
                cell.number_format = "@"
                widths[column - 1] = max(widths[column - 1], min(len(value), 40))
            else:
                cell.value = value
    for column, header in enumerate(headers, start=1):
        head = page.cell(1, column)
        head.font = Font(bold=True)
        head.alignment = Alignment(wrap_text=True, vertical="center")
        if header in notes:
            head.comment = Comment(notes[header], "Groundplan")
        page.column_dimensions[get_column_letter(column)].width = widths[column - 1] * 1.8 + 3
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _inspect(content: bytes, filename: str, most_bytes: int) -> bool:
    """Refuse what is no workbook or unpacks without measure; say whether a sheet holds formulas."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > most_bytes:
                raise UnreadableTable(
                    _("文件 %(name)s 解压后过大。") % {"name": filename}, accepted=f"<= {most_bytes} bytes"
                )
            sheets = [name for name in archive.namelist() if name.startswith("xl/worksheets/") and name.endswith("xml")]
            texts = (archive.read(name) for name in sheets)
            found = [(_merged_cells(text), b"<f>" in text or b"<f " in text) for text in texts]
    except (zipfile.BadZipFile, ValueError) as error:
        raise _broken(filename) from error
    _check_extent(filename, sum(cells for cells, _formulas in found))
    return any(formulas for _cells, formulas in found)


def _merged_cells(sheet: bytes) -> int:
    """How many cells the merged blocks of a sheet cover, counted before the library builds them."""
    cells = 0
    for block in _BLOCK.finditer(sheet):
        left, top, right, bottom = range_boundaries(block[1].decode().upper())
        cells += ((right or 0) - (left or 0) + 1) * ((bottom or 0) - (top or 0) + 1)
    return cells


def _check_extent(filename: str, cells: int) -> None:
    if cells > _MOST_CELLS:
        raise UnreadableTable(
            _("文件 %(name)s 的表格范围过大。") % {"name": filename},
            accepted=f"<= {_MOST_CELLS} cells",
            next_step=_("请删去表格之外的内容和大块合并单元格后重新上传。"),
        )


def _opened(content: bytes, filename: str, *, computed: bool) -> Workbook:
    try:
        return load_workbook(io.BytesIO(content), data_only=computed)
    except (InvalidFileException, KeyError, ValueError, OSError) as error:
        raise _broken(filename) from error


def _broken(filename: str) -> UnreadableTable:
    return UnreadableTable(
        _("文件 %(name)s 不是完好的工作簿。") % {"name": filename},
        accepted="XLSX, CSV, TSV",
        next_step=_("请用表格软件打开后另存为 .xlsx 再上传。"),
    )


def _sheet(book: Workbook, name: str | None) -> Worksheet:
    if name is None:
        return next((page for page in book.worksheets if page.sheet_state == "visible"), book.worksheets[0])
    if name not in book.sheetnames:
        raise UnreadableTable(_("没有名为“%(name)s”的工作表。") % {"name": name}, accepted="、".join(book.sheetnames))
    page = book[name]
    if not isinstance(page, Worksheet):
        raise UnreadableTable(_("工作表“%(name)s”是图表。") % {"name": name}, accepted="、".join(book.sheetnames))
    return page


def _merged(page: Worksheet) -> tuple[_Merged, int]:
    """The value of every cell of a merged range, and how far the header's ranges reach down."""
    values: _Merged = {}
    reach = {0: 0}
    for block in page.merged_cells.ranges:
        value = page.cell(block.min_row, block.min_col).value
        for row in range(block.min_row, block.max_row + 1):
            for column in range(block.min_col, block.max_col + 1):
                values[row, column] = value
        if block.max_col - block.min_col + 1 < page.max_column:
            reach[block.min_row] = max(reach.get(block.min_row, 0), block.max_row - block.min_row)
    return values, reach.get(_first_wide_row(page, values), 0)


def _first_wide_row(page: Worksheet, merged: _Merged) -> int:
    for cells in page.iter_rows(max_row=min(page.max_row, 20)):
        found = {str(merged.get((cell.row, cell.column), cell.value) or "") for cell in cells} - {""}
        if len(found) > 1:
            return int(cells[0].row or 0)
    return 0


def _check_value(cell: Any, value: Any, sheet: str, written: Worksheet | None) -> None:
    address = f"{sheet}!{cell.coordinate}"
    if cell.data_type == "e":
        raise UnreadableTable(
            _("单元格 %(address)s 是错误值 %(value)s。") % {"address": address, "value": value},
            next_step=_("请更正公式，或改为数值。"),
        )
    if value is None and written is not None and written[cell.coordinate].data_type == "f":
        raise UnreadableTable(
            _("单元格 %(address)s 是公式，但文件中没有计算结果。") % {"address": address},
            next_step=_("请用表格软件打开并保存一次，或粘贴为数值。"),
        )
    if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) >= _EXACT:
        raise UnreadableTable(
            _("单元格 %(address)s 的数字超过 15 位，末尾已被表格软件舍去。") % {"address": address},
            next_step=_("请把该列设为“文本”格式后重新填写。"),
        )


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return value.strip() or None
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value
