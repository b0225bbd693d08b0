"""A text file walked through once before it is read: digest, encoding, how many records, what is odd about it."""

from __future__ import annotations

import codecs
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from django.utils.translation import gettext as _

from groundplan.base.lake.errors import EncodingDiffers, FileRefused

CHUNK = 4 << 20
# A longer line is no row of a table; found after so many bytes without reading the rest.
LONGEST_LINE = 16 << 20
BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
NAMES = {
    **dict.fromkeys(("utf8", "utf-8", "utf-8-sig"), "utf-8"),
    **dict.fromkeys(("gbk", "gb2312", "gb18030", "cp936"), "gb18030"),
    **dict.fromkeys(("utf-16le", "utf-16-le"), "utf-16-le"),
    **dict.fromkeys(("utf-16be", "utf-16-be"), "utf-16-be"),
    **dict.fromkeys(("utf16", "utf-16"), "utf-16"),
}
REPLACED = "\ufffd"
QUOTE, LF, CR = 34, 10, 13


@dataclass
class Sounded:
    """What the walk found.

    Args:
        digest: SHA-256 of the file as it was sent.
        encoding: how it is written.
        path: the text in UTF-8; the file itself, or a copy.
        records: how many lines there are that are not inside quotes, blank ones not counted.
        odd: ``nul``, ``blank`` (lines between others), ``encoding`` (bytes that are no character), ``bom``.
    """

    digest: str
    encoding: str
    path: Path
    records: int = 0
    odd: set[str] = field(default_factory=set)


def sound(path: Path, folder: Path, declared: str = "") -> Sounded:
    """Walk through a text file.

    Args:
        path: the file.
        folder: where a copy in UTF-8 goes if it is in another encoding.
        declared: the encoding somebody named; empty = find out.

    Raises:
        EncodingDiffers: it is not in the declared encoding.
        FileRefused: a line is longer than 16 MB, or the encoding has no name here.
    """
    encoding, odd = _encoding(path, declared)
    if encoding == "utf-8":
        found = Sounded("", encoding, path, odd=odd)
        _walk(path, found, hashing=True)
        if "encoding" not in odd:
            return found
    digest = found.digest if encoding == "utf-8" else digest_of(path)
    made = Sounded(digest, encoding, _in_utf8(path, folder / f"{path.name}.utf8", encoding, odd), odd=odd)
    _walk(made.path, made, hashing=False)
    return made


def digest_of(path: Path) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _encoding(path: Path, declared: str) -> tuple[str, set[str]]:
    with path.open("rb") as stream:
        head = stream.read(CHUNK)
    by_bom = next((name for bom, name in BOMS if head.startswith(bom)), "")
    odd = {"bom"} if by_bom == "utf-8-sig" else set()
    if declared:
        return _declared(path, declared, by_bom), odd
    if by_bom:
        return ("utf-8" if by_bom == "utf-8-sig" else by_bom), odd
    if head[1::2].count(0) > len(head) // 5 or head[::2].count(0) > len(head) // 5:
        return ("utf-16-le" if head[1::2].count(0) >= head[::2].count(0) else "utf-16-be"), odd
    if _decodes(head, "utf-8"):
        return "utf-8", odd
    if _mostly_utf8(head):
        return "utf-8", odd | {"encoding"}
    return "gb18030", odd


def _declared(path: Path, declared: str, by_bom: str) -> str:
    encoding = NAMES.get(declared.casefold().replace("_", "-"), "")
    if not encoding:
        raise FileRefused(
            _("没有“%(name)s”这种编码。") % {"name": declared[:40]}, accepted="UTF-8, GBK, GB 18030, UTF-16"
        )
    marked = "utf-8" if by_bom == "utf-8-sig" else by_bom
    bad = first_bad_line(path, encoding)
    if marked and marked != encoding and not encoding.startswith(marked):
        bad = bad or 1
    if bad:
        likely = _encoding(path, "")[0]
        raise EncodingDiffers(
            _("文件声明为 %(declared)s，但第 %(line)d 行不是这种编码，更像 %(likely)s。")
            % {"declared": declared[:40], "line": bad, "likely": likely.upper()},
            accepted="UTF-8, GBK, GB 18030, UTF-16",
            next_step=_("请改用 %(likely)s，或不指定编码，由系统识别。") % {"likely": likely.upper()},
            line=bad,
            likely=likely,
        )
    return encoding


def _decodes(piece: bytes, encoding: str) -> bool:
    try:
        codecs.getincrementaldecoder(encoding)().decode(piece)
    except UnicodeDecodeError:
        return False
    return True


def first_bad_line(path: Path, encoding: str) -> int:
    """The first line that is not in an encoding; 0 when all are."""
    decoder, line = codecs.getincrementaldecoder(encoding)(), 1
    with path.open("rb") as stream:
        while piece := stream.read(CHUNK):
            try:
                line += decoder.decode(piece).count("\n")
            except UnicodeDecodeError as error:
                return line + error.object[: error.start].count(b"\n")
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return line
    return 0


def _mostly_utf8(head: bytes) -> bool:
    """Whether a text with bytes that are no UTF-8 is UTF-8 all the same: of GBK hardly any character would be left."""
    text = head.decode("utf-8", "replace")
    bad = text.count(REPLACED)
    return sum(letter > "\x7f" for letter in text) - bad > 4 * bad


def _in_utf8(path: Path, to: Path, encoding: str, odd: set[str]) -> Path:
    with (
        path.open(encoding=encoding, errors="replace", newline="") as text,
        to.open("w", encoding="utf-8", newline="") as out,
    ):
        while piece := text.read(CHUNK):
            if REPLACED in piece:
                odd.add("encoding")
            out.write(piece)
    return to


def _walk(path: Path, found: Sounded, *, hashing: bool) -> None:
    """Count records and look for oddities, in pieces; in quotes a line end is part of a value."""
    digest, inside, unfinished, records, blank_behind = hashlib.sha256(), False, 0, 0, False
    with path.open("rb") as stream:
        last = b""
        for piece in _pieces(stream):
            if hashing:
                digest.update(piece)
            ends, inside = _ends(piece, inside)
            if b"\0" in piece:
                found.odd.add("nul")
            unfinished = len(piece) - piece.rfind(b"\n") - 1 if b"\n" in piece else unfinished + len(piece)
            if unfinished > LONGEST_LINE:
                raise FileRefused(
                    _("第 %(line)d 行超过 %(most)d MB，不是表格的一行。")
                    % {"line": records + ends + 1, "most": LONGEST_LINE >> 20},
                    next_step=_("请核对文件的换行和引号。"),
                )
            joined = last + piece
            blanks = _blanks(joined)
            if blanks or (not records and piece.lstrip(b"\xef\xbb\xbf")[:1] in {b"\n", b"\r"}):
                rest = joined.rstrip(b"\r\n")
                if b"\n\n" in rest or b"\n\r\n" in rest or not records or blank_behind:
                    found.odd.add("blank")
                blank_behind = len(rest) < len(joined) - 1
            elif blank_behind and piece.strip(b"\r\n"):
                found.odd.add("blank")
            records += ends - blanks
            last = piece[-2:]
        if last and not last.endswith(b"\n"):
            records += 1
    found.records = records
    if hashing:
        found.digest = digest.hexdigest()


def _pieces(stream: object) -> Iterator[bytes]:
    while piece := stream.read(CHUNK):  # type: ignore[attr-defined]
        yield piece


def _ends(piece: bytes, inside: bool) -> tuple[int, bool]:  # noqa: FBT001 - the state of the walk.
    """Line ends outside quotes, and whether the piece ends inside them."""
    quotes = piece.count(b'"')
    if not quotes:
        return (0 if inside else piece.count(b"\n")), inside
    data = np.frombuffer(piece, np.uint8)
    parity = np.bitwise_xor.accumulate((data == QUOTE).view(np.uint8))
    outside = parity == (1 if inside else 0)
    return int(np.count_nonzero(outside & (data == LF))), inside ^ bool(quotes % 2)


def _blanks(piece: bytes) -> int:
    if b"\n\n" not in piece and b"\n\r\n" not in piece:
        return 0
    lines = piece.split(b"\n")
    return sum(line in {b"", b"\r"} for line in lines[1:-1])
