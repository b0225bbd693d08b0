"""Where the lake keeps its files, and how they reach the disk before anybody is told of them."""

from __future__ import annotations

import errno
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.utils.translation import gettext as _

from groundplan.base.lake.errors import DiskFull
from groundplan.lib.environment import read

FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
# Left free for the database beside it.
SPARE_BYTES = 64 << 20
# A file of a table, wherever the lake stood when it was written.
INSIDE = re.compile(r"^/.*/(tables/[0-9a-f]{32}/.+)$")


def root() -> Path:
    """The folder of the lake: ``GROUNDPLAN_LAKE``, by default ``lake`` in the state folder."""
    named = read("GROUNDPLAN_LAKE")
    return Path(named).absolute() if named else Path(settings.STATE) / "lake"


def folder_of(table: UUID) -> Path:
    """Where a table's files are."""
    return root() / "tables" / table.hex


def data_of(table: UUID) -> Path:
    """Where its rows are."""
    return folder_of(table) / "data"


def here(path: str) -> str:
    """A path of Iceberg's metadata in the lake as it stands now: a restored or moved lake has another root.

    >>> here("s3://elsewhere/data.parquet")
    's3://elsewhere/data.parquet'
    """
    found = INSIDE.search(path)
    return str(root() / found.group(1)) if found else path


def quarantine_of(run: UUID) -> Path:
    """The rows of a load that did not fit."""
    return root() / "quarantine" / f"{run.hex}.parquet"


def incoming_of(run: UUID) -> Path:
    """Where files wait that were uploaded."""
    return root() / "incoming" / run.hex


@contextmanager
def workroom(run: UUID) -> Iterator[Path]:
    """A folder for what a load needs while it runs; gone afterwards."""
    folder = root() / "tmp" / run.hex
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def sync(*paths: Path) -> None:
    """Wait until files and the folders that name them are on the disk."""
    for path in {*paths, *(each.parent for each in paths)}:
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def check_room(needed: int) -> None:
    """Refuse early what can never fit.

    Raises:
        DiskFull: less is free than the files will take.
    """
    root().mkdir(parents=True, exist_ok=True, mode=0o700)
    free = shutil.disk_usage(root()).free
    if free < needed + SPARE_BYTES:
        raise _full(free)


@contextmanager
def room_on_disk() -> Iterator[None]:
    """Say plainly when the disk is full, whoever noticed it.

    Raises:
        DiskFull: a write found no room.
    """
    try:
        yield
    except Exception as error:
        if is_full(error):
            raise _full(shutil.disk_usage(root()).free) from error
        raise


def is_full(error: BaseException) -> bool:
    """Whether an error of Python, Arrow or DuckDB means that the disk is full."""
    if isinstance(error, OSError) and error.errno in FULL:
        return True
    text = str(error)
    return any(os.strerror(number) in text for number in FULL)


def _full(free: int) -> DiskFull:
    return DiskFull(
        _("数据湖所在磁盘只剩 %(free)d MB，本次装载未入库。") % {"free": free >> 20},
        next_step=_("请清理磁盘或扩容后重新装载。"),
    )


def io_properties() -> dict[str, str]:
    """How Iceberg's own files are written."""
    return {"py-io-impl": "groundplan.base.lake.engine.synced.SyncedFileIO"}


def plain(path: Any) -> str:
    """A path as SQL text."""
    return "'" + str(path).replace("'", "''") + "'"
