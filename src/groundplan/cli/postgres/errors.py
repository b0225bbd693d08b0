"""Why the embedded PostgreSQL does not run, said so that the reader knows the next step."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from groundplan.lib.errors import GroundplanError


class DatabaseFailed(GroundplanError):
    """The database cannot be used as it is."""

    code = "database-failed"
    status = 503
    title: ClassVar[dict[str, str]] = {"zh-hans": "数据库不可用", "en": "The database cannot be used"}


# What the system says -> what it means here -> what to do.
CAUSES = (
    (
        ("No space left on device", "Disk quota exceeded"),
        "The disk is full: PostgreSQL cannot write to {folder}.",
        "Free some space there (df -h {folder}), or name another folder in GROUNDPLAN_STATE, and start again.",
    ),
    (
        ("Address already in use", "could not create any TCP/IP sockets"),
        "The port for PostgreSQL is taken by another program.",
        "Stop that program (ss -ltnp shows it), name another port in GROUNDPLAN_PG_PORT, or unset it: one is found.",
    ),
    (
        ("password authentication failed",),
        "The data folder {folder}/data was made with other passwords than the ones in {keys}.",
        "Put back the file postgres.json that belongs to this data folder.",
    ),
    (
        ("Permission denied", "Operation not permitted"),
        "PostgreSQL may not use {folder}.",
        "Let the user who runs groundplan own the folder, or name another in GROUNDPLAN_STATE.",
    ),
    (
        ("Read-only file system",),
        "{folder} lies on a file system that cannot be written.",
        "Name another folder in GROUNDPLAN_STATE.",
    ),
)


def explained(text: str, folder: Path) -> DatabaseFailed:
    """The error for what PostgreSQL or the system said."""
    names = {"folder": folder, "keys": folder.parent / "keys"}
    for marks, detail, next_step in CAUSES:
        if any(mark in text for mark in marks):
            return DatabaseFailed(detail.format(**names), next_step=next_step.format(**names))
    last = next((line for line in reversed(text.splitlines()) if "FATAL" in line or "PANIC" in line), text.strip())
    return DatabaseFailed(f"PostgreSQL did not start: {last}", next_step=f"Read {folder / 'log'}.")
