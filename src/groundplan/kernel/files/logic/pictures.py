"""Pictures without the place where they were taken: metadata is cut out, the picture itself stays bit for bit."""

from __future__ import annotations

import io
import struct
import zlib

from PIL import Image

ORIENTATION = 0x0112
JPEG_EXIF = b"Exif\x00\x00"
# Application segments that may stay: JFIF (APP0), colour profile (APP2 "ICC_PROFILE"), Adobe colour transform (APP14).
APP0, APP2, APP14, APP15, COMMENT, SCAN, END = 0xE0, 0xE2, 0xEE, 0xEF, 0xFE, 0xDA, 0xD9
PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
PNG_DROPPED = {b"eXIf", b"tEXt", b"zTXt", b"iTXt", b"tIME"}
WEBP_DROPPED = {b"EXIF", b"XMP "}
WEBP_EXIF_FLAG, WEBP_XMP_FLAG = 0x08, 0x04


def without_metadata(content: bytes, media_type: str) -> bytes:
    """A picture without EXIF, XMP, IPTC and comments; only its orientation is kept.

    Args:
        content: a JPEG, PNG or WebP.
        media_type: its type; other types come back as they are.

    Raises:
        ValueError: the picture is cut off or malformed.
    """
    try:
        match media_type:
            case "image/jpeg":
                return _clean_jpeg(content)
            case "image/png":
                return _clean_png(content)
            case "image/webp":
                return _clean_webp(content)
            case _:
                return content
    except (IndexError, struct.error) as error:
        raise ValueError("the picture is cut off") from error


def orientation(content: bytes) -> int:
    """How a camera was held, 1 to 8 (CIPA DC-008, 4.6.4); 1 when nothing is said."""
    with Image.open(io.BytesIO(content)) as picture:
        value = picture.getexif().get(ORIENTATION, 1)
    return value if value in range(1, 9) else 1


def _clean_jpeg(content: bytes) -> bytes:
    """ISO/IEC 10918-1, annex B: segments up to the end marker; what follows it (a film, a depth map) is dropped."""
    if content[:2] != b"\xff\xd8":
        raise ValueError("no JPEG")
    parts = [content[:2], _orientation_segment(orientation(content))]
    at = 2
    while True:
        if content[at] != 0xFF:  # noqa: PLR2004 - every marker begins so.
            raise ValueError("a marker is missing")
        marker = content[at + 1]
        if marker == 0xFF:  # noqa: PLR2004 - a fill byte.
            at += 1
            continue
        if marker == END:
            return b"".join([*parts, content[at : at + 2]])
        end = at + 2 + struct.unpack_from(">H", content, at + 2)[0]
        if marker == SCAN:
            end = _end_of_scan(content, end)
        if _stays(marker, content[at + 4 : at + 16]):
            parts.append(content[at:end])
        at = end


def _stays(marker: int, opening: bytes) -> bool:
    """Whether a JPEG segment is needed to show the picture."""
    if marker == COMMENT:
        return False
    if APP0 <= marker <= APP15:
        return marker in {APP0, APP14} or (marker == APP2 and opening.startswith(b"ICC_PROFILE"))
    return True


def _end_of_scan(content: bytes, at: int) -> int:
    """Where the next marker after entropy-coded data stands; stuffed bytes and restart markers belong to the data."""
    while True:
        at = content.find(b"\xff", at)
        if at < 0:
            raise ValueError("the picture is cut off")
        following = content[at + 1]
        if following not in {0x00, 0xFF} and not 0xD0 <= following <= 0xD7:  # noqa: PLR2004 - RST0 to RST7.
            return at
        at += 1


def _orientation_segment(value: int) -> bytes:
    """An EXIF segment that says how the camera was held and nothing else."""
    if value == 1:
        return b""
    tiff = b"II*\x00\x08\x00\x00\x00" + struct.pack("<HHHIHHI", 1, ORIENTATION, 3, 1, value, 0, 0)
    return b"\xff\xe1" + struct.pack(">H", 2 + len(JPEG_EXIF) + len(tiff)) + JPEG_EXIF + tiff


def _clean_png(content: bytes) -> bytes:
    """ISO/IEC 15948, clause 5: chunks up to IEND."""
    if not content.startswith(PNG_SIGNATURE):
        raise ValueError("no PNG")
    parts, at, kind = [PNG_SIGNATURE], len(PNG_SIGNATURE), b""
    while kind != b"IEND":
        (length,) = struct.unpack_from(">I", content, at)
        kind, end = content[at + 4 : at + 8], at + 12 + length
        if end > len(content) or zlib.crc32(content[at + 4 : end - 4]) != struct.unpack_from(">I", content, end - 4)[0]:
            raise ValueError("a chunk is damaged")
        if kind not in PNG_DROPPED:
            parts.append(content[at:end])
        at = end
    return b"".join(parts)


def _clean_webp(content: bytes) -> bytes:
    """RFC 9649, clause 2.5: RIFF chunks, padded to even sizes; the flags of dropped chunks are cleared."""
    if content[:4] != b"RIFF" or content[8:12] != b"WEBP":
        raise ValueError("no WebP")
    parts, at = [], 12
    riff_end = 8 + struct.unpack_from("<I", content, 4)[0]
    if riff_end > len(content):
        raise ValueError("the picture is cut off")
    while at + 8 <= riff_end:
        kind, (length,) = content[at : at + 4], struct.unpack_from("<I", content, at + 4)
        end = at + 8 + length + length % 2
        if kind == b"VP8X":
            flags = content[at + 8] & ~(WEBP_EXIF_FLAG | WEBP_XMP_FLAG)
            parts.append(content[at : at + 8] + bytes([flags]) + content[at + 9 : end])
        elif kind not in WEBP_DROPPED:
            parts.append(content[at:end])
        at = end
    body = b"WEBP" + b"".join(parts)
    return b"RIFF" + struct.pack("<I", len(body)) + body
