"""A drop folder: files are taken up by renaming, each content once; work orders and answers are written whole."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings

from groundplan.commons.attached.errors import SystemInvalid
from groundplan.commons.attached.logic import Batch, Failed, Unread, WorkOrder
from groundplan.commons.attached.logic import mapping as mapped
from groundplan.commons.attached.registry import Connection
from groundplan.lib import environment
from groundplan.lib.tabular import UnreadableTable, read_table
from groundplan.lib.tabular.streaming import csv_chunks

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,40}")
MOST_BYTES = 20_000_000
MOST_ROWS = 50_000
FOLDERS = ("in", "work", "done", "bad", "out")


def root() -> Path:
    """The folder that holds the drop folders of all systems."""
    return Path(environment.read("GROUNDPLAN_ATTACHED_FOLDER") or Path(settings.STATE) / "attached")


def check(address: str) -> None:
    """Refuse what is no plain name of a folder.

    Raises:
        SystemInvalid: it is none.
    """
    if not NAME.fullmatch(address):
        raise SystemInvalid(f"{address[:60]!r}", accepted="a-z, 0-9, -", fields=["address"])


class Files:
    """One system behind a folder."""

    def __init__(self, connection: Connection) -> None:
        self.mapping = connection.mapping
        self.folder = root() / connection.address
        self.made = False

    def fetch(self, since: datetime) -> Iterator[Batch]:  # noqa: ARG002 - a folder holds what is new.
        """The files of events that lie there."""
        yield from self._taken("events", mapped.read_event)

    def status(self, since: datetime) -> Iterator[Batch]:  # noqa: ARG002 - as above.
        """The files of states that lie there."""
        yield from self._taken("status", mapped.read_status)

    def send(self, order: WorkOrder) -> str:
        """Write a work order; the same order is the same file."""
        document = mapped.written(self.mapping, order)
        self._write(f"order-{order.id}.json", json.dumps(document, ensure_ascii=False, indent=1).encode())
        return ""

    def done(self, batch: Batch, outcome: list[tuple[str, str]]) -> None:
        """Answer a file, line by line, and lay it aside."""
        if not batch.name:
            return
        lines = b"".join(csv_chunks(["编号", "结果"], outcome))
        self._write(f"answer-{batch.name.rpartition('.')[0]}-{batch.digest[:8]}.csv", lines)
        taken = self.folder / "work" / batch.name
        if taken.exists():
            broken = any(each.reason == "unreadable-file" for each in batch.unread)
            taken.replace(self.folder / ("bad" if broken else "done") / f"{batch.digest[:8]}-{batch.name}")

    def _taken(self, prefix: str, read: Any) -> Iterator[Batch]:
        self._make()
        try:
            for path in sorted((self.folder / "in").glob(f"{prefix}-*")):
                # Whoever writes a file gives it its name when it is whole.
                if path.suffix.lower() in {".csv", ".xlsx", ".jsonl"} and path.is_file() and not path.is_symlink():
                    path.replace(self.folder / "work" / path.name)
            for path in sorted((self.folder / "work").glob(f"{prefix}-*")):
                yield self._read(path, read)
        except OSError as error:
            raise Failed("folder-unreadable") from error

    def _read(self, path: Path, read: Any) -> Batch:
        if path.stat().st_size > MOST_BYTES:
            text = f"{path.name} {path.stat().st_size}"
            return Batch(
                [], [Unread(text, "unreadable-file")], hashlib.sha256(text.encode()).hexdigest(), path.name
            )  # fmt: skip
        content = path.read_bytes()
        made = Batch(digest=hashlib.sha256(content).hexdigest(), name=path.name)
        try:
            rows = _lines(content) if path.suffix.lower() == ".jsonl" else _table(content, path.name)
        except (UnreadableTable, UnicodeDecodeError) as error:
            made.unread.append(Unread(f"{path.name}: {str(error)[:300]}", "unreadable-file"))
            return made
        for row in rows:
            try:
                made.rows.append(read(self.mapping, row))
            except mapped.Unreadable as error:
                made.unread.append(Unread(json.dumps(row, ensure_ascii=False, default=str)[:20_000], str(error)))
        return made

    def _write(self, name: str, content: bytes) -> None:
        self._make()
        try:
            beside = self.folder / "out" / f".{name}.part"
            with beside.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            beside.replace(self.folder / "out" / name)
        except OSError as error:
            raise Failed("folder-unwritable") from error

    def _make(self) -> None:
        if not self.made:
            try:
                for each in FOLDERS:
                    (self.folder / each).mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise Failed("folder-unreadable") from error
            self.made = True


def _lines(content: bytes) -> list[Any]:
    rows: list[Any] = []
    for line in content.decode("utf-8-sig").splitlines()[:MOST_ROWS]:
        if line.strip():
            try:
                rows.append(json.loads(line))
            except (ValueError, RecursionError):
                rows.append(line[:2000])
    return rows


def _table(content: bytes, name: str) -> list[dict[str, str]]:
    table = read_table(content, name, most_bytes=MOST_BYTES, most_rows=MOST_ROWS)
    return [{header: row.text(header) for header in table.headers} for row in table.rows]
