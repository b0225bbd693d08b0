"""Tables as people send them: XLSX, CSV and TSV, read into rows whose cells know their address; XLSX written."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, ClassVar

from django.utils.translation import gettext as _
from openpyxl.utils import get_column_letter

from groundplan.lib.errors import Invalid

MOST_BYTES = 64 * 1024 * 1024
MOST_ROWS = 1_000_000
SEPARATORS = (",", "\t", ";", "，", "|")


class UnreadableTable(Invalid):
    """A file is no table that can be read; the text names sheet and cell."""

    code = "unreadable-table"
    title: ClassVar[dict[str, str]] = {"zh-hans": "表格无法读取", "en": "The table cannot be read"}


@dataclass(frozen=True)
class Cell:
    """A value and where it stands, such as ``名单!C7``."""

    value: Any
    address: str

    @property
    def text(self) -> str:
        """The value as trimmed text; empty for an empty cell."""
        return as_text(self.value)


@dataclass(frozen=True)
class Row:
    """A row with its number in the file (the first line is 1)."""

    number: int
    cells: Mapping[str, Cell]

    def text(self, header: str) -> str:
        """The text under a header; empty when the table lacks the column."""
        cell = self.cells.get(normal_header(header))
        return cell.text if cell else ""

    def address(self, header: str) -> str:
        """Where the value under a header stands."""
        cell = self.cells.get(normal_header(header))
        return cell.address if cell else str(self.number)


@dataclass(frozen=True)
class Table:
    """A table read: headers (normalised), rows, and what a careful reader should know."""

    headers: tuple[str, ...]
    rows: tuple[Row, ...]
    sheet: str = ""
    encoding: str = ""
    hidden_columns: tuple[str, ...] = ()
    hidden_rows: tuple[int, ...] = field(default=())

    def require(self, *headers: str) -> None:
        """Check that columns exist.

        Raises:
            UnreadableTable: names the missing columns and those found.
        """
        missing = [header for header in headers if normal_header(header) not in self.headers]
        if missing:
            raise UnreadableTable(
                _("缺少列：%(missing)s。表中的列：%(found)s。")
                % {"missing": "、".join(missing), "found": "、".join(self.headers)},
                accepted="、".join(headers),
                next_step=_("请按模板补齐表头后重新上传。"),
            )


def read_table(
    content: bytes, filename: str, sheet: str | None = None, *, most_bytes: int = MOST_BYTES, most_rows: int = MOST_ROWS
) -> Table:
    """Read the first (or the named) sheet of a workbook, or a delimited text file.

    Text is UTF-8, UTF-16, GBK or GB18030, with or without a byte order mark. Headers are the first row with more than
    one value; full-width letters, spaces and a required-mark ``*`` in headers do not matter. Merged cells carry their
    value in every cell; formulas give the value last computed. Hidden rows and columns are read and reported.

    Raises:
        UnreadableTable: names sheet and cell (or line) at fault.
    """
    if len(content) > most_bytes:
        raise too_large(filename, len(content), most_bytes)
    if content[:4] == b"\xd0\xcf\x11\xe0":
        raise UnreadableTable(
            _("文件 %(name)s 是旧版 .xls 或加密的工作簿。") % {"name": filename},
            accepted="XLSX, CSV, TSV",
            next_step=_("请另存为未加密的 .xlsx 后重新上传。"),
        )
    if content[:2] == b"PK":
        from groundplan.lib.tabular import workbook  # noqa: PLC0415 - the workbook reader loads a large library.

        return workbook.read_workbook(content, filename, sheet, most_bytes=most_bytes, most_rows=most_rows)
    return _read_delimited(content, filename, most_rows)


def write_xlsx(
    headers: Sequence[str],
    rows: Iterable[Sequence[Any]],
    *,
    sheet: str = "Sheet1",
    notes: Mapping[str, str] | None = None,
) -> bytes:
    """A workbook of one sheet with a frozen, bold header; text that looks like a formula stays text.

    Args:
        headers: column titles.
        rows: values; None is an empty cell.
        sheet: name of the sheet.
        notes: comments shown at a header, by title (how to fill in a template).
    """
    from groundplan.lib.tabular import workbook  # noqa: PLC0415 - see read_table.

    return workbook.write_workbook(headers, rows, sheet, notes or {})


def normal_header(text: str) -> str:
    """A header without what does not matter: width of letters, spaces, required marks, a closing colon.

    >>> normal_header(" ＊机构　名称（全称）： ")
    '机构名称(全称)'
    """
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text)).strip("*").rstrip(":")


def as_text(value: Any) -> str:
    """A cell's value as text: whole numbers without a point, dates in ISO 8601."""
    match value:
        case None:
            text = ""
        case bool():
            text = "true" if value else "false"
        case float() if value.is_integer():
            text = str(int(value))
        case datetime():
            text = value.date().isoformat() if value.time() == time(0) else value.isoformat(sep=" ")
        case date() | time():
            text = value.isoformat()
        case Decimal():
            text = format(value.normalize(), "f")
        case _:
            text = str(value).strip()
    return text


def table_from_grid(
    grid: Sequence[tuple[int, Sequence[Any]]], *, sheet: str, encoding: str = "", depth: int = 0
) -> Table:
    """A table from numbered rows of values; empty rows and columns fall away.

    Args:
        grid: (row number, values).
        sheet: name for addresses; empty for text files.
        encoding: how the text was written.
        depth: rows of the header beyond the first (a header merged downwards).

    Raises:
        UnreadableTable: no header, a header twice, or values under no header.
    """
    filled = [(number, values) for number, values in grid if any(as_text(value) for value in values)]
    at = header_at(filled)
    if at is None:
        raise UnreadableTable(
            _("%(place)s 中没有数据。") % {"place": sheet or _("该文件")}, accepted=_("表头一行，数据若干行")
        )
    first = filled[at][0]
    heads = [(number, values) for number, values in filled[at:] if number <= first + depth]
    headers = headers_of(heads, sheet)
    rows = []
    for number, values in filled[at + len(heads) :]:
        cells = {}
        for column, value in enumerate(values):
            address = _address(sheet, column, number)
            if column in headers:
                cells[headers[column]] = Cell(value, address)
            elif as_text(value):
                raise UnreadableTable(
                    _("单元格 %(address)s 有内容，但该列没有表头。") % {"address": address},
                    next_step=_("请补上表头，或清空该列。"),
                )
        for column, header in headers.items():
            cells.setdefault(header, Cell(None, _address(sheet, column, number)))
        rows.append(Row(number, cells))
    return Table(tuple(headers.values()), tuple(rows), sheet, encoding)


def header_at(filled: Sequence[tuple[int, Sequence[Any]]]) -> int | None:
    """The first row with more than one distinct value; titles over the table have one."""
    for index, (_number, values) in enumerate(filled[:20]):
        if len({as_text(value) for value in values} - {""}) > 1:
            return index
    return 0 if filled else None


def headers_of(heads: Sequence[tuple[int, Sequence[Any]]], sheet: str) -> dict[int, str]:
    """The header of each column that has one.

    Raises:
        UnreadableTable: a header stands twice.
    """
    headers: dict[int, str] = {}
    for column in range(max(len(values) for _number, values in heads)):
        parts: list[str] = []
        for _number, values in heads:
            part = normal_header(as_text(values[column])) if column < len(values) else ""
            if part and part not in parts:
                parts.append(part)
        name = "/".join(parts)
        if name and name in headers.values():
            raise UnreadableTable(
                _("表头“%(name)s”重复（%(address)s）。")
                % {"name": name, "address": _address(sheet, column, heads[0][0])},
                next_step=_("请删去重复的列，或改用不同的名称。"),
            )
        if name:
            headers[column] = name
    return headers


def _address(sheet: str, column: int, row: int) -> str:
    cell = f"{get_column_letter(column + 1)}{row}"
    return f"{sheet}!{cell}" if sheet else cell


def address(column: int, row: int) -> str:
    """Where a cell of a text file stands: ``C7``."""
    return _address("", column, row)


def too_large(filename: str, size: int, most_bytes: int) -> UnreadableTable:
    """The refusal of a file beyond a limit."""
    return UnreadableTable(
        _("文件 %(name)s 大小为 %(size)d 字节。") % {"name": filename, "size": size},
        accepted=f"<= {most_bytes} bytes",
        next_step=_("请拆分后分批上传。"),
    )


def unknown_encoding(filename: str, line: int) -> UnreadableTable:
    """The refusal of a text in no known encoding."""
    return UnreadableTable(
        _("文件 %(name)s 第 %(line)d 行不是可识别的文字编码。") % {"name": filename, "line": line},
        accepted="UTF-8, GBK, GB18030, UTF-16",
        next_step=_("请另存为 UTF-8 编码的 CSV，或使用 XLSX。"),
    )


def _decoded(content: bytes, filename: str) -> tuple[str, str]:
    for mark, encoding in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if content.startswith(mark):
            candidates = [encoding]
            break
    else:
        candidates = ["utf-8", "gb18030"]
        if b"\x00" in content[:2000]:
            candidates = ["utf-16-le" if content[1:2000:2].count(0) >= content[:2000:2].count(0) else "utf-16-be"]
    for encoding in candidates:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError as error:
            broken = error
        else:
            if "\x00" not in text:
                return text, encoding
            broken = UnicodeDecodeError(encoding, content, text.index("\x00"), text.index("\x00") + 1, "NUL")
    line = content.count(b"\n", 0, broken.start) + 1
    raise unknown_encoding(filename, line)


def _read_delimited(content: bytes, filename: str, most_rows: int) -> Table:
    text, encoding = _decoded(content, filename)
    first = next((line for line in text.splitlines() if line.strip()), "")
    separator = "\t" if filename.lower().endswith(".tsv") else max(SEPARATORS, key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    grid: list[tuple[int, Sequence[Any]]] = []
    try:
        for number, values in enumerate(reader, start=1):
            grid.append((number, [value.strip() or None for value in values]))
            if len(grid) > most_rows:
                raise UnreadableTable(_("表格行数过多。"), accepted=f"<= {most_rows} rows")
    except csv.Error as error:
        raise UnreadableTable(
            _("文件 %(name)s 第 %(line)d 行的引号或分隔符有误。") % {"name": filename, "line": reader.line_num},
            accepted="RFC 4180",
        ) from error
    return table_from_grid(grid, sheet="", encoding=encoding)
