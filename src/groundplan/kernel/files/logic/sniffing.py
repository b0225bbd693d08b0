"""What a content is, by its bytes alone; names and what browsers claim are not believed."""

from __future__ import annotations

import io
import re
import zipfile
from typing import Final

import puremagic
from PIL import Image, UnidentifiedImageError

OFFICE: Final = "application/vnd.openxmlformats-officedocument"
# Accepted types and the extensions that tell the truth about them.
ACCEPTED: Final[dict[str, tuple[str, ...]]] = {
    "image/jpeg": (".jpg", ".jpeg"),
    "image/png": (".png",),
    "image/webp": (".webp",),
    "application/pdf": (".pdf",),
    f"{OFFICE}.wordprocessingml.document": (".docx",),
    f"{OFFICE}.spreadsheetml.sheet": (".xlsx",),
    f"{OFFICE}.presentationml.presentation": (".pptx",),
    "text/plain": (".txt", ".csv", ".tsv"),
    "audio/mpeg": (".mp3",),
    "audio/x-wav": (".wav",),
    "video/mp4": (".mp4",),
}
FOLDERS: Final = {
    "word/": f"{OFFICE}.wordprocessingml.document",
    "xl/": f"{OFFICE}.spreadsheetml.sheet",
    "ppt/": f"{OFFICE}.presentationml.presentation",
}
FORMATS: Final = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp"}
PIXELS_MAX: Final = 60_000_000
CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f]")
MARKUP = re.compile(r"\s*<(!doctype|html|script|svg|\?xml|head|body|iframe)", re.IGNORECASE)


def media_type(content: bytes) -> str:
    """The type of a content.

    Returns:
        One of ``ACCEPTED``; empty when it is none of them, is damaged, or carries macros.

    >>> media_type("姓名,电话".encode("gb18030"))
    'text/plain'
    >>> media_type(b"<script>alert(1)</script>")
    ''
    """
    if content[:4] == b"PK\x03\x04":
        return _office_type(content)
    found = [match.mime_type for match in _matches(content)]
    for name in found:
        if name in FORMATS.values():
            return picture_type(content)
    for name in found:
        if name in ACCEPTED:
            return str(name)
    return "" if found else _text_type(content)


def picture_type(content: bytes) -> str:
    """The type of a picture that can be opened and is no decompression bomb; empty otherwise."""
    try:
        with Image.open(io.BytesIO(content), formats=list(FORMATS)) as picture:
            if picture.width * picture.height > PIXELS_MAX:
                return ""
            return FORMATS.get(str(picture.format), "")
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return ""


def _matches(content: bytes) -> list[puremagic.PureMagicWithConfidence]:
    """What the opening bytes say, the surest first; matches of one or two bytes say nothing."""
    try:
        found = puremagic.magic_string(content)
    except (puremagic.PureError, ValueError):
        return []
    return [match for match in found if match.mime_type and len(match.byte_match) > 2]  # noqa: PLR2004 - see docstring.


def _office_type(content: bytes) -> str:
    """The type of an Office Open XML package (ECMA-376, part 2) without macros; empty for any other archive."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as package:
            names = package.namelist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        return ""
    if "[Content_Types].xml" not in names or any("vbaproject" in name.lower() for name in names):
        return ""
    kinds = {kind for folder, kind in FOLDERS.items() if any(name.startswith(folder) for name in names)}
    return kinds.pop() if len(kinds) == 1 else ""


def _text_type(content: bytes) -> str:
    """Plain text in UTF-8, UTF-16 with its mark, or GB 18030, that a browser would not take for a page."""
    for encoding in ("utf-16", "utf-8-sig", "gb18030"):
        if encoding == "utf-16" and content[:2] not in (b"\xff\xfe", b"\xfe\xff"):
            continue
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        return "" if CONTROL.search(text) or MARKUP.match(text) else "text/plain"
    return ""
