"""What the intake and the import of past reports do alike: storable texts, fingerprints, the count of acknowledged."""

from __future__ import annotations

from groundplan.lib import crypto, sql
from groundplan.lib.identity import uuid7

_PROCESS = uuid7().hex


def acknowledge(count: int = 1) -> None:
    """Count, after the transaction, that the reporter is told yes; each process has its own row."""
    sql.run(
        "INSERT INTO incidents_acknowledged (process, count) VALUES (%s, %s)"
        " ON CONFLICT (process) DO UPDATE SET count = incidents_acknowledged.count + excluded.count",
        [_PROCESS, count],
    )


def fingerprint_of(*parts: str) -> bytes:
    """What two sendings of one report have in common; blanks do not matter."""
    return crypto.keyed_hash("\0".join("".join(part.split()) for part in parts), purpose="incidents.fingerprint")


def first_line(text: str) -> str:
    """What a report without a title is shown by."""
    line = next((part.strip() for part in text.splitlines() if part.strip()), "…")
    return line if len(line) <= 40 else line[:39] + "…"  # noqa: PLR2004 - fits one line of a list.
