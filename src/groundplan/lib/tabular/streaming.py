"""Large text tables read row by row, and lists written row by row: memory does not grow with their length.

CSV is that of RFC 4180. A cell that a spreadsheet would take for a formula gets an apostrophe in front (OWASP, CSV
injection); in a workbook every text is a text cell.
"""

from __future__ import annotations

import codecs
import csv
import hashlib
import io
import itertools
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from groundplan.lib import tabular
from groundplan.lib.tabular import Cell, Row, Table, UnreadableTable

CHUNK = 1 << 20
HEAD_ROWS = 20
ROWS_A_CHUNK = 500
FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
ENCODINGS = ("utf-8", "gb18030")


class Cells(Mapping[str, Cell]):
    """The cells of a row, made when they are asked for: of three hundred columns a dozen are read."""

    __slots__ = ("columns", "number", "values_")

    def __init__(self, values: Sequence[str], columns: Mapping[str, int], number: int) -> None:
        self.values_, self.columns, self.number = values, columns, number

    def __getitem__(self, header: str) -> Cell:
        at = self.columns[header]
        text = self.values_[at].strip() if at < len(self.values_) else ""
        return Cell(text or None, tabular.address(at, self.number))

    def __iter__(self) -> Iterator[str]:
        return iter(self.columns)

    def __len__(self) -> int:
        return len(self.columns)


@dataclass
class TableStream:
    """A table whose rows come one by one.

    Args:
        headers: normalised headers.
        rows: the rows, once.
        digest: SHA-256 of the file.
        encoding: how a text was written.
        total: how many rows there are; 0 while nobody knows.
    """

    headers: tuple[str, ...]
    rows: Iterator[Row]
    digest: str
    encoding: str = ""
    total: int = 0

    def require(self, *headers: str) -> None:
        """Check that columns exist.

        Raises:
            UnreadableTable: names the missing columns and those found.
        """
        Table(self.headers, ()).require(*headers)


def open_table(source: bytes | Path, filename: str) -> TableStream:
    """A table to be read row by row: text of any length from a file, a workbook or uploaded bytes within the limits.

    Raises:
        UnreadableTable: names line or cell; while the rows are read as well.
    """
    if isinstance(source, Path):
        with source.open("rb") as stream:
            start = stream.read(4)
        if start[:2] != b"PK" and start != b"\xd0\xcf\x11\xe0":
            return _open_text(source, filename)
        if source.stat().st_size > tabular.MOST_BYTES:
            raise tabular.too_large(filename, source.stat().st_size, tabular.MOST_BYTES)
        source = source.read_bytes()
    table = tabular.read_table(source, filename)
    digest = hashlib.sha256(source).hexdigest()
    return TableStream(table.headers, iter(table.rows), digest, table.encoding, len(table.rows))


def csv_chunks(headers: Sequence[str], rows: Iterable[Sequence[Any]], *, encoding: str = "utf-8") -> Iterator[bytes]:
    """A CSV file in pieces.

    Args:
        headers: column titles.
        rows: values; None is an empty cell.
        encoding: ``utf-8`` (with byte order mark, so that spreadsheets know it) or ``gb18030``.
    """
    if encoding == "utf-8":
        yield codecs.BOM_UTF8
    lines = itertools.chain([headers], rows)
    while batch := list(itertools.islice(lines, ROWS_A_CHUNK)):
        text = io.StringIO()
        csv.writer(text).writerows([[harmless(tabular.as_text(value)) for value in row] for row in batch])
        yield text.getvalue().encode(encoding)


def xlsx_chunks(headers: Sequence[str], rows: Iterable[Sequence[Any]], *, sheet: str = "Sheet1") -> Iterator[bytes]:
    """A workbook in pieces; its rows go to a temporary file as they come."""
    from openpyxl import Workbook  # noqa: PLC0415 - a large library, only needed here.
    from openpyxl.cell import WriteOnlyCell  # noqa: PLC0415
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE  # noqa: PLC0415

    book = Workbook(write_only=True)
    page = book.create_sheet(sheet[:31])
    page.freeze_panes = "A2"
    for row in itertools.chain([headers], rows):
        cells = []
        for value in row:
            cell = WriteOnlyCell(page, None)
            cell.value = ILLEGAL_CHARACTERS_RE.sub("", tabular.as_text(value))
            cell.data_type = "s"
            cells.append(cell)
        page.append(cells)
    with tempfile.TemporaryFile() as file:
        book.save(file)
        file.seek(0)
        while piece := file.read(CHUNK):
            yield piece


def harmless(text: str) -> str:
    """A text that no spreadsheet takes for a formula.

    >>> harmless("=HYPERLINK(1)"), harmless("路灯不亮")
    ("'=HYPERLINK(1)", '路灯不亮')
    """
    return "'" + text if text.lstrip().startswith(FORMULA) or text.startswith(FORMULA) else text


def _open_text(path: Path, filename: str) -> TableStream:
    encoding, digest = _sounded(path, filename)
    with path.open(encoding=encoding, newline="") as text:
        first = next((line for line in text if line.strip()), "")
    separator = "\t" if filename.lower().endswith(".tsv") else max(tabular.SEPARATORS, key=first.count)
    lines = _lines(path, filename, encoding, separator)
    head = list(itertools.islice(lines, HEAD_ROWS))
    at = tabular.header_at(head)
    if at is None:
        raise UnreadableTable(_("%(place)s 中没有数据。") % {"place": _("该文件")}, accepted=_("表头一行，数据若干行"))
    headers = tabular.headers_of([head[at]], "")
    columns = {name: column for column, name in headers.items()}
    rows = _rows(itertools.chain(head[at + 1 :], lines), columns)
    return TableStream(tuple(columns), rows, digest, encoding)


def _rows(lines: Iterable[tuple[int, list[str]]], columns: Mapping[str, int]) -> Iterator[Row]:
    titled = set(columns.values())
    width = max(titled) + 1
    gaps = [column for column in range(width) if column not in titled]
    for number, values in lines:
        extra = [column for column in (*gaps, *range(width, len(values))) if column < len(values)]
        for column in extra:
            if values[column].strip():
                raise UnreadableTable(
                    _("单元格 %(address)s 有内容，但该列没有表头。") % {"address": tabular.address(column, number)},
                    next_step=_("请补上表头，或清空该列。"),
                )
        yield Row(number, Cells(values, columns, number))


def _lines(path: Path, filename: str, encoding: str, separator: str) -> Iterator[tuple[int, list[str]]]:
    """The lines with something in them, numbered as in the file."""
    with path.open(encoding=encoding, newline="") as text:
        reader = csv.reader(text, delimiter=separator, strict=True)
        try:
            for number, values in enumerate(reader, start=1):
                if any(map(str.strip, values)):
                    yield number, values
        except csv.Error as error:
            raise UnreadableTable(
                _("文件 %(name)s 第 %(line)d 行的引号或分隔符有误。") % {"name": filename, "line": reader.line_num},
                accepted="RFC 4180",
            ) from error


def _sounded(path: Path, filename: str) -> tuple[str, str]:
    """Encoding and digest of a text file, read once in pieces.

    Raises:
        UnreadableTable: it is in none of the encodings that are read.
    """
    digest, lines = hashlib.sha256(), 0
    with path.open("rb") as stream:
        start = stream.read(2000)
        stream.seek(0)
        alive = {name: codecs.getincrementaldecoder(name)() for name in _candidates(start)}
        marked = any(name.startswith("utf-16") for name in alive)
        piece = b"first"
        while piece:
            piece = stream.read(CHUNK)
            digest.update(piece)
            for name, decoder in list(alive.items()):
                try:
                    decoder.decode(piece, final=not piece)
                except UnicodeDecodeError as error:
                    del alive[name]
                    lines_at = lines + piece.count(b"\n", 0, error.start) + 1
            if not marked and b"\x00" in piece:
                alive, lines_at = {}, lines + piece.count(b"\n", 0, piece.index(b"\x00")) + 1
            if not alive:
                raise tabular.unknown_encoding(filename, lines_at)
            lines += piece.count(b"\n")
    return next(iter(alive)), digest.hexdigest()


def _candidates(start: bytes) -> tuple[str, ...]:
    if start.startswith(codecs.BOM_UTF8):
        return ("utf-8-sig",)
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return ("utf-16",)
    if b"\x00" in start:
        return ("utf-16-le" if start[1::2].count(0) >= start[::2].count(0) else "utf-16-be",)
    return ENCODINGS
