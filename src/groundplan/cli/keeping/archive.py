"""The backup file: a tar compressed with Zstandard, whose last member lists the SHA-256 of all others."""

from __future__ import annotations

import hashlib
import io
import json
import os
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, Any

import zstandard

from groundplan.lib.errors import Invalid

FORMAT = "groundplan-backup/1"
MANIFEST = "manifest.json"
LEVEL = 6
BLOCK = 1 << 20


class BackupInvalid(Invalid):
    """A file is no whole backup of this program."""

    code = "backup-invalid"
    title = {"zh-hans": "备份文件无效", "en": "The backup file is not valid"}


class Hashing:
    """A stream that hashes what is read from it.

    Args:
        source: where the bytes come from.
    """

    def __init__(self, source: IO[bytes]) -> None:
        self.source = source
        self.digest = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        """The next bytes."""
        found = self.source.read(size)
        self.digest.update(found)
        return found


class Writer:
    """Adds members to a backup and keeps their hashes."""

    def __init__(self, tar: tarfile.TarFile) -> None:
        self.tar = tar
        self.members: dict[str, str] = {}

    def add(self, name: str, path: Path) -> None:
        """Add a file under a name."""
        with path.open("rb") as source:
            self._add(name, source, os.fstat(source.fileno()).st_size)

    def add_text(self, name: str, text: str) -> None:
        """Add a text under a name."""
        raw = text.encode()
        self._add(name, io.BytesIO(raw), len(raw))

    def _add(self, name: str, source: IO[bytes], size: int) -> None:
        info = tarfile.TarInfo(name)
        info.size, info.mode = size, 0o600
        hashing = Hashing(source)
        self.tar.addfile(info, hashing)
        self.members[name] = hashing.digest.hexdigest()


@contextmanager
def writing(file: Path, about: dict[str, Any]) -> Iterator[Writer]:
    """Write a backup; the file appears when it is whole, readable by its owner alone.

    Args:
        file: where it goes; an earlier one is replaced only by a whole new one.
        about: what the manifest says besides the hashes.
    """
    part = file.with_name(f".{file.name}.{os.getpid()}")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as raw:
            packer = zstandard.ZstdCompressor(level=LEVEL, threads=-1)
            with packer.stream_writer(raw, closefd=False) as packed, tarfile.open(fileobj=packed, mode="w|") as tar:
                writer = Writer(tar)
                yield writer
                manifest = {"format": FORMAT, **about, "members": writer.members}
                writer.add_text(MANIFEST, json.dumps(manifest, ensure_ascii=False, indent=1, sort_keys=True))
            raw.flush()
            os.fsync(raw.fileno())
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)


def unpack(file: Path, folder: Path) -> dict[str, Any]:
    """Unpack a backup into an empty folder and check every member.

    Args:
        file: the backup.
        folder: where its members go; nothing outside it is touched.

    Returns:
        The manifest.

    Raises:
        BackupInvalid: the file is damaged, cut off, changed, or of another format.
    """
    found: dict[str, str] = {}
    try:
        with (
            file.open("rb") as raw,
            zstandard.ZstdDecompressor().stream_reader(raw) as packed,
            tarfile.open(fileobj=packed, mode="r|") as tar,
        ):
            for info in tar:
                target = folder / safe_name(info)
                target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                found[info.name] = _copy(tar, info, target)
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        wanted = dict(manifest["members"])
    except (tarfile.TarError, zstandard.ZstdError, EOFError, KeyError, TypeError, ValueError, OSError) as error:
        raise BackupInvalid(
            f"{file} is no whole backup: {error}.",
            accepted="a file that `groundplan backup` has written, unchanged",
            next_step="Take another copy of the backup.",
        ) from error
    if manifest.get("format") != FORMAT:
        raise BackupInvalid(f"{file} has the format {manifest.get('format')!r}.", accepted=FORMAT)
    del found[MANIFEST]
    wrong = sorted(name for name in {*found, *wanted} if found.get(name) != wanted.get(name))
    if wrong:
        raise BackupInvalid(
            f"{file}: {wrong[0]} is missing or changed ({len(wrong)} such members).",
            next_step="Take another copy of the backup.",
        )
    return dict(manifest)


def safe_name(info: tarfile.TarInfo) -> str:
    """The name of a member, if it is a plain file inside the archive.

    Raises:
        ValueError: it is a link, a device, or its name leads out of the folder.
    """
    path = PurePosixPath(info.name)
    if not info.isreg() or path.is_absolute() or ".." in path.parts or not path.parts:
        raise ValueError(f"the member {info.name!r} is no plain file inside the backup")
    return info.name


def _copy(tar: tarfile.TarFile, info: tarfile.TarInfo, target: Path) -> str:
    source = tar.extractfile(info)
    if source is None:
        raise ValueError(f"the member {info.name!r} holds nothing")
    hashing = Hashing(source)
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as out:
        while block := hashing.read(BLOCK):
            out.write(block)
    if out_size := target.stat().st_size - info.size:
        raise ValueError(f"the member {info.name!r} is cut off by {-out_size} bytes")
    return hashing.digest.hexdigest()
