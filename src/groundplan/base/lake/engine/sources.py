"""What is loaded: a file somebody sent, opened far enough to know its headers, its first rows and how to read on."""

from __future__ import annotations

import csv
import itertools
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from groundplan.base.lake.engine.sounding import REPLACED, Sounded, digest_of, sound
from groundplan.base.lake.engine.writing import Problem
from groundplan.base.lake.errors import FileRefused
from groundplan.base.lake.logic.columns import REMARK
from groundplan.lib import tabular
from groundplan.lib.tabular.streaming import FORMULA

SAMPLE = 2000
BATCH = 20_000
HEAD = 20
TEXT = {".csv": "", ".tsv": "\t", ".txt": "", ".tab": "\t"}
csv.field_size_limit(min(sys.maxsize, 2**31 - 1))

Texts = list[str | None]


@dataclass
class Chunk:
    """Some rows as texts, in the order of the file's headers; broken ones stand apart with their reason."""

    numbers: list[int] = field(default_factory=list)
    rows: list[Texts] = field(default_factory=list)
    broken: list[tuple[int, Texts, str]] = field(default_factory=list)


@dataclass
class Source:
    """One file.

    Args:
        name: as people know it.
        path: where it is.
        kind: ``text``, ``workbook``, ``json``, ``lines`` or ``parquet``.
        digest: SHA-256 as it was sent.
        headers: the names of its columns.
        sample: its first rows.
        size: bytes.
        sounded: what is known of a text.
        separator: between the cells of a text.
        head_at: the number of the header's record, from 1; what stands above it is a title.
    """

    name: str
    path: Path
    kind: str
    digest: str
    headers: tuple[str, ...]
    sample: list[Texts]
    size: int
    sounded: Sounded | None = None
    separator: str = ","
    head_at: int = 1

    @property
    def encoding(self) -> str:
        """How a text is written."""
        return self.sounded.encoding if self.sounded else ""

    @property
    def from_quarantine(self) -> bool:
        """Whether it is a quarantine file that somebody mended."""
        return any(header.startswith(REMARK) for header in self.headers)

    def chunks(self) -> Iterator[Chunk]:
        """All rows, in pieces."""
        from groundplan.base.lake.engine import formats  # noqa: PLC0415 - it opens what this describes.

        rows = _text_rows(self) if self.kind == "text" else formats.rows_of(self)
        return _in_chunks(rows)


def open_source(path: Path, name: str, folder: Path, encoding: str = "") -> Source:
    """Look into a file.

    Args:
        path: the file.
        name: its name; the ending tells the form.
        folder: for copies, gone after the load.
        encoding: declared by somebody; empty = found out.

    Raises:
        FileRefused: it is empty, or of no form that is read.
        EncodingDiffers: it is not in the declared encoding.
    """
    from groundplan.base.lake.engine import formats  # noqa: PLC0415

    if not path.stat().st_size:
        raise FileRefused(_("文件 %(name)s 是空的。") % {"name": name})
    ending = Path(name).suffix.casefold()
    if ending in TEXT:
        return _open_text(path, name, folder, encoding)
    if ending in formats.ENDINGS:
        return formats.open_source(path, name)
    raise FileRefused(
        _("文件 %(name)s 的类型不能装载。") % {"name": name}, accepted=", ".join([*TEXT, *formats.ENDINGS])
    )


def _open_text(path: Path, name: str, folder: Path, encoding: str) -> Source:
    sounded = sound(path, folder, encoding)
    with sounded.path.open(encoding="utf-8-sig", newline="") as text:
        first = next((line for line in itertools.islice(text, HEAD) if line.strip()), "")
    separator = TEXT[Path(name).suffix.casefold()] or max(tabular.SEPARATORS, key=first.count)
    head = list(itertools.islice(_records(sounded.path, separator), HEAD))
    filled = [(number, row) for number, row in head if any(cell.strip() for cell in row)]
    at = tabular.header_at(filled)
    if at is None:
        raise FileRefused(_("文件 %(name)s 没有表头。") % {"name": name}, accepted=_("表头一行，数据若干行"))
    number, headers = filled[at]
    made = Source(
        name, path, "text", sounded.digest, tuple(headers), [], path.stat().st_size, sounded, separator, number
    )
    made.sample = [cells for _number, cells, _why in itertools.islice(_text_rows(made), SAMPLE)]
    return made


def _records(path: Path, separator: str) -> Iterator[tuple[int, list[str]]]:
    with path.open(encoding="utf-8-sig", newline="") as text:
        yield from enumerate(csv.reader(text, delimiter=separator), start=1)


def _text_rows(source: Source) -> Iterator[tuple[int, Texts, str]]:
    """Every record below the header: its number, its cells, and why it is broken if it is."""
    assert source.sounded is not None  # noqa: S101 - a text has been sounded.
    width, odd = len(source.headers), source.sounded.odd
    from_quarantine = source.from_quarantine
    suspicious = bool(odd & {"nul", "encoding"})
    for number, row in _records(source.sounded.path, source.separator):
        if number <= source.head_at or not row:
            continue
        cells: Texts = [_bare(cell) if from_quarantine else cell or None for cell in row]
        why = ""
        if len(cells) != width:
            if len(cells) > width and not any(cells[width:]):
                cells = cells[:width]
            else:
                why = "too_many_cells" if len(cells) > width else "too_few_cells"
        if suspicious:
            why = why or _strange(row)
        yield number, cells, why


def _bare(cell: str) -> str | None:
    """A cell of a downloaded quarantine without the apostrophe that kept a spreadsheet from running it."""
    return (cell[1:] if cell[:1] == "'" and cell[1:].lstrip().startswith(FORMULA) else cell) or None


def _strange(row: Sequence[str]) -> str:
    if any("\0" in cell for cell in row):
        return "nul"
    return "encoding" if any(REPLACED in cell for cell in row) else ""


def _in_chunks(rows: Iterator[tuple[int, Texts, str]]) -> Iterator[Chunk]:
    while True:
        chunk = Chunk()
        for number, cells, why in itertools.islice(rows, BATCH):
            if why:
                chunk.broken.append((number, cells, why))
            else:
                chunk.numbers.append(number)
                chunk.rows.append(cells)
        if not chunk.numbers and not chunk.broken:
            return
        yield chunk


def problems_of(cells: Texts, headers: Sequence[str], why: str) -> list[Problem]:
    """The problem of a row that is broken as a whole, at the cell where it shows if there is one."""
    for header, cell in zip(headers, cells, strict=False):
        if cell and ((why == "nul" and "\0" in cell) or (why == "encoding" and REPLACED in cell)):
            return [Problem(header, cell.replace("\0", "␀"), why)]
    return [Problem("", None, why)]


def whole_digest(sources: Sequence[Source]) -> str:
    """One digest for all files of a load, whatever they are called."""
    import hashlib  # noqa: PLC0415

    if len(sources) == 1:
        return sources[0].digest
    return hashlib.sha256("".join(sorted(each.digest for each in sources)).encode()).hexdigest()


def sent(path: Path) -> str:
    """The digest of a file as it is sent."""
    return digest_of(path)


def as_texts(values: Sequence[Any]) -> Texts:
    """Values of a workbook or of JSON as texts."""
    return [None if value is None else tabular.as_text(value) or None for value in values]
