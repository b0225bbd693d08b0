"""The copies of signed heads that witnesses keep: one head a line, appended and never changed."""

from __future__ import annotations

import json
import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
TAIL = 65536


@dataclass(frozen=True)
class Copy:
    """A head as a witness keeps it."""

    number: int
    head: bytes
    signature: bytes
    public_key: bytes


def read(content: bytes) -> Iterator[Copy]:
    """The heads of a copy, in its order; a last line without its end was being written and is left out.

    Raises:
        ValueError: a line is not a head.
    """
    for number, line in enumerate(content.split(b"\n")[:-1], 1):
        try:
            found = json.loads(line.decode())
            signature, public_key = bytes.fromhex(found["signature"]), bytes.fromhex(found["public_key"])
            made = Copy(int(found["number"]), found["head"].encode(), signature, public_key)
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
            raise ValueError(number) from None
        yield made


def append(path: Path, first: int, lines: list[bytes]) -> str:
    """Add heads at the end of a file, each once, and wait until the disk has them.

    Args:
        path: the file; made on first use. A link is not followed.
        first: number of the first of the heads.
        lines: one head each, with its line end.

    Returns:
        Why it failed, as a short code; empty when all are there.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK, 0o644)
        with os.fdopen(descriptor, "r+b") as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                return "no-file"
            end = file.seek(0, os.SEEK_END)
            file.seek(max(0, end - TAIL))
            tail = file.read()
            # A half-written last line is what a crash left of us: it is written again.
            kept = end - len(tail) + tail.rfind(b"\n") + 1
            if end > TAIL and b"\n" not in tail:
                return "no-copy-of-heads"
            stands = _last_number(tail) + 1
            if stands < first:
                return "copy-was-cut"
            file.truncate(kept)
            file.seek(kept)
            file.write(b"".join(lines[stands - first :]))
            file.flush()
            os.fsync(descriptor)
    except ValueError:
        return "no-copy-of-heads"
    except OSError as error:
        return f"file-{type(error).__name__}"
    return ""


def _last_number(tail: bytes) -> int:
    whole = tail.split(b"\n")[-2:-1]
    return next(read(whole[0] + b"\n")).number if whole else -1
