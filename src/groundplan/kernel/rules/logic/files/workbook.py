"""The spreadsheet form of a table: XLSX, CSV or TSV, equal to the YAML form.

A head of lines (规则, 名称, 命中方式, 依据 …), then the line 编号 | 条件 … | 结论 … | 依据 | 备注, lines that name,
type and label the columns, then one line a row. Addresses are those of the sheet, as ``规则!B7``.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from openpyxl.utils import get_column_letter

from groundplan.kernel.rules.errors import TableRefused, reason_text
from groundplan.kernel.rules.logic.cells import cell_text
from groundplan.kernel.rules.logic.reading import MAX_ROWS, Path, Where

MAX_BYTES: Final = 16 * 1024 * 1024
MAX_UNPACKED: Final = 256 * 1024 * 1024
MAX_COLUMNS: Final = 200

HEAD: Final = {
    "规则": "rule",
    "rule": "rule",
    "名称": "label",
    "label": "label",
    "命中方式": "hit",
    "hit": "hit",
    "汇总": "aggregate",
    "aggregate": "aggregate",
    "依据": "basis",
    "basis": "basis",
    "生效日期": "effective_from",
    "effective_from": "effective_from",
    "保存天数": "retention_days",
    "retention_days": "retention_days",
}
HITS: Final = {"唯一": "unique", "首个": "first", "任一": "any", "汇总": "collect"}
KINDS: Final = {
    "编号": "id",
    "id": "id",
    "条件": "inputs",
    "input": "inputs",
    "结论": "outputs",
    "output": "outputs",
    "依据": "basis",
    "basis": "basis",
    "备注": "note",
    "note": "note",
}
LINES: Final = {
    "字段": "name",
    "field": "name",
    "类型": "type",
    "type": "type",
    "名称": "label",
    "label": "label",
    "英文名称": "label_en",
    "label_en": "label_en",
    "取值": "values",
    "values": "values",
    "个人信息": "personal",
    "personal": "personal",
    "可空": "optional",
    "optional": "optional",
}
TYPE_NAMES: Final = {
    "文字": "string",
    "整数": "integer",
    "数": "decimal",
    "数值": "decimal",
    "是否": "boolean",
    "日期": "date",
    "时刻": "time",
    "时长": "duration",
    "枚举": "enumeration",
    "多值": "list",
}
_DEFAULT: Final = re.compile(r"(?:默认|default)\s*(?:[:：]\s*(.*))?\Z")

Grid = list[list[Any]]


def refuse(place: str, reason: str, **params: Any) -> TableRefused:
    """One problem of a file."""
    return TableRefused([{"cell": place, "reason": reason_text(reason, params)}])


def read_sheet(content: bytes, filename: str) -> tuple[dict[str, Any], Where]:
    """Plain data of a spreadsheet and the names of its places.

    Raises:
        TableRefused: with the cells at fault.
    """
    if len(content) > MAX_BYTES:
        raise refuse(filename, "file-size", limit=MAX_BYTES // 1024 // 1024)
    if content[:2] == b"PK":
        grid, sheet = _read_workbook(content, filename)
    else:
        grid, sheet = _read_text(content, filename), ""
    return _SheetReader(grid, sheet).read()


def _read_workbook(content: bytes, filename: str) -> tuple[Grid, str]:
    from openpyxl import load_workbook  # noqa: PLC0415 - heavy, and most decisions read no workbook.

    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            unpacked = sum(item.file_size for item in archive.infolist())
    except zipfile.BadZipFile:
        raise refuse(filename, "file", why="XLSX") from None
    if unpacked > MAX_UNPACKED:
        raise refuse(filename, "file-size", limit=MAX_UNPACKED // 1024 // 1024)
    try:
        shown = load_workbook(io.BytesIO(content), data_only=True).worksheets[0]
        written = load_workbook(io.BytesIO(content)).worksheets[0]
    except Exception as error:  # noqa: BLE001 - a damaged workbook fails in many ways; each is the reader's answer.
        raise refuse(filename, "file", why=type(error).__name__) from None
    if shown.max_row > MAX_ROWS + 100:
        raise refuse(filename, "file-rows", rows=shown.max_row, limit=MAX_ROWS)
    width = min(shown.max_column, MAX_COLUMNS)
    grid: Grid = [list(line) for line in shown.iter_rows(max_col=width, values_only=True)]
    problems = list(_formula_problems(grid, written, shown.title, width))
    if problems:
        raise TableRefused(problems)
    for merged in shown.merged_cells.ranges:
        if merged.min_row > len(grid):
            continue
        value = grid[merged.min_row - 1][merged.min_col - 1] if merged.min_col <= width else None
        for row in range(merged.min_row, min(merged.max_row, len(grid)) + 1):
            for column in range(merged.min_col, min(merged.max_col, width) + 1):
                grid[row - 1][column - 1] = value
    return grid, shown.title


def _formula_problems(grid: Grid, written: Any, sheet: str, width: int) -> Iterator[dict[str, str]]:
    """Formulas are read by the value last computed; without one, or with an error in it, the cell is told."""
    for row, line in enumerate(written.iter_rows(max_col=width), start=1):
        for column, cell in enumerate(line, start=1):
            if cell.data_type not in ("f", "e"):
                continue
            address = f"{sheet}!{get_column_letter(column)}{row}"
            value = grid[row - 1][column - 1]
            if value is None:
                yield {"cell": address, "reason": reason_text("formula", {})}
            elif isinstance(value, str) and value.startswith("#"):
                yield {"cell": address, "reason": reason_text("cell-error", {"text": value})}


def _read_text(content: bytes, filename: str) -> Grid:
    """CSV or TSV in UTF-8, UTF-16 (marked), GBK or GB18030."""
    encodings = ("utf-16",) if content[:2] in (b"\xff\xfe", b"\xfe\xff") else ("utf-8-sig", "gb18030")
    for encoding in encodings:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" in text:
            break
        first = next((line for line in text.splitlines() if line.strip()), "")
        delimiter = "\t" if filename.lower().endswith(".tsv") or "\t" in first else ","
        if delimiter == "," and "，" in first and "," not in first:
            delimiter = "，"
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        try:
            grid: Grid = [list(line) for line in reader]
        except csv.Error:
            # The only error that this dialect knows is a field beyond its limit.
            limit = csv.field_size_limit()
            raise refuse(f"{filename}:{reader.line_num}", "too-long", length=f"> {limit}", limit=limit) from None
        if len(grid) > MAX_ROWS + 100:
            raise refuse(filename, "file-rows", rows=len(grid), limit=MAX_ROWS)
        return grid
    raise refuse(filename, "file", why="UTF-8, GBK, UTF-16")


@dataclass
class _SheetReader:
    """Finds head, columns and rows of a grid."""

    grid: Grid
    sheet: str
    places: dict[Path, str] = field(default_factory=dict)
    problems: list[dict[str, str]] = field(default_factory=list)

    def read(self) -> tuple[dict[str, Any], Where]:
        """Plain data and the names of its places."""
        start = next((i for i, line in enumerate(self.grid) if KINDS.get(self.text(line, 0)) == "id"), None)
        if start is None:
            raise refuse(self.address(0, 0), "head")
        source: dict[str, Any] = {"rule": "", "label": {}, "basis": [], "inputs": [], "outputs": [], "rows": []}
        self.read_head(source, start)
        columns, begin = self.read_columns(source, start)
        self.read_rows(source, columns, begin)
        if self.problems:
            raise TableRefused(self.problems)
        return source, self.where

    def text(self, line: Sequence[Any], column: int) -> str:
        """A cell as trimmed text."""
        return cell_text(line[column]).strip() if column < len(line) else ""

    def address(self, row: int, column: int) -> str:
        """What the spreadsheet calls a cell."""
        cell = f"{get_column_letter(column + 1)}{row + 1}"
        return f"{self.sheet}!{cell}" if self.sheet else cell

    def where(self, path: Path) -> str:
        """The address of a place, or of the nearest place around it."""
        found = next((self.places[path[:end]] for end in range(len(path), 0, -1) if path[:end] in self.places), None)
        return found or self.address(0, 0)

    def read_head(self, source: dict[str, Any], end: int) -> None:
        for row, line in enumerate(self.grid[:end]):
            name, value = self.text(line, 0), self.text(line, 1)
            if not any(self.text(line, column) for column in range(len(line))):
                continue
            part = HEAD.get(name.rstrip("：:"))
            if part is None:
                # A title over the table is one cell alone (or merged over the width).
                if len({self.text(line, column) for column in range(len(line))} - {""}) > 1:
                    known = "、".join(key for key in HEAD if not key.isascii())
                    self.tell(row, 0, "unknown-field", name=name, nearest="", known=known)
                continue
            english = self.text(line, 2)
            labels = {
                lang: text for lang, text in (("zh-hans", value), ("en", english if english != value else "")) if text
            }
            if part == "basis":
                self.places["basis", len(source["basis"])] = self.address(row, 1)
                source["basis"].append(labels)
            elif part == "label":
                source["label"] = labels
            elif value:
                source[part] = HITS.get(value, value) if part == "hit" else value
            self.places.setdefault((part,), self.address(row, 1))

    def tell(self, row: int, column: int, reason: str, **params: Any) -> None:
        """Note one problem."""
        self.problems.append({"cell": self.address(row, column), "reason": reason_text(reason, params)})

    def read_columns(self, source: dict[str, Any], start: int) -> tuple[dict[int, tuple[str, str]], int]:
        """The columns by their place in the sheet as (kind, name), and the first line of the rows."""
        lines: dict[str, int] = {}
        begin = start + 1
        while begin < len(self.grid) and self.text(self.grid[begin], 0) in LINES:
            lines[LINES[self.text(self.grid[begin], 0)]] = begin
            begin += 1
        columns: dict[int, tuple[str, str]] = {}
        languages: dict[str, int] = {}
        for column in range(1, max(len(line) for line in self.grid[start:begin])):
            kind_text = self.text(self.grid[start], column)
            kind = KINDS.get(kind_text.removesuffix("（英文）").removesuffix("(en)").strip())
            if not kind_text and not any(self.text(self.grid[row], column) for row in lines.values()):
                continue
            if kind not in ("inputs", "outputs", "basis", "note"):
                self.tell(start, column, "column-kind", text=kind_text)
                continue
            if kind in ("basis", "note"):
                columns[column] = (kind, "en" if languages.get(kind) else "zh-hans")
                languages[kind] = 1
                continue
            item = self.read_field(lines, column)
            place: Path = (kind, len(source[kind]))
            for part, row in lines.items():
                self.places[(*place, part)] = self.address(row, column)
            self.places[place] = self.address(start, column)
            source[kind].append(item)
            columns[column] = (kind, str(item.get("name", "")))
        return columns, begin

    def read_field(self, lines: dict[str, int], column: int) -> dict[str, Any]:
        """One column's definition."""
        told = {part: self.text(self.grid[row], column) for part, row in lines.items()}
        item: dict[str, Any] = {"name": told.get("name", "")}
        item["type"] = TYPE_NAMES.get(told.get("type", ""), told.get("type", ""))
        labels = {"zh-hans": told.get("label") or told.get("name", ""), "en": told.get("label_en", "")}
        item["label"] = {lang: text for lang, text in labels.items() if text}
        for flag in ("personal", "optional"):
            if told.get(flag):
                item[flag] = {"是": True, "true": True, "否": False, "false": False}.get(told[flag].lower(), told[flag])
        if told.get("values"):
            item["values"] = [_read_choice(entry) for entry in _split_values(told["values"])]
        return item

    def read_rows(self, source: dict[str, Any], columns: dict[int, tuple[str, str]], begin: int) -> None:
        for row in range(begin, len(self.grid)):
            line = self.grid[row]
            texts = [self.text(line, column) for column in range(len(line))]
            if not any(texts):
                continue
            is_default = _DEFAULT.match(texts[0])
            place: Path = ("default",) if is_default else ("rows", len(source["rows"]))
            item: dict[str, Any] = {"when": {}, "then": {}, "basis": {}, "note": {}}
            item["id"] = is_default.group(1) if is_default else texts[0]
            self.places[place] = self.places[(*place, "id")] = self.address(row, 0)
            for column, text in enumerate(texts):
                if column not in columns:
                    if text and column:
                        self.tell(row, column, "stray")
                    continue
                kind, name = columns[column]
                part = {"inputs": "when", "outputs": "then"}.get(kind, kind)
                self.places[(*place, part, name)] = self.address(row, column)
                if text:
                    item[part][name] = line[column]
            if is_default:
                source["default"] = item
            else:
                source["rows"].append(item)


def _split_values(text: str) -> list[str]:
    for mark in ("\n", ";", "；", "、"):
        if mark in text:
            return [part.strip() for part in text.split(mark) if part.strip()]
    return [text.strip()]


def _read_choice(entry: str) -> dict[str, Any]:
    """``value``, ``value|中文`` or ``value|中文|English``."""
    parts = [part.strip() for part in entry.split("|")]
    label = dict(zip(("zh-hans", "en"), (part for part in parts[1:3]), strict=False))
    return {"value": parts[0], "label": {lang: text for lang, text in label.items() if text} or None}
