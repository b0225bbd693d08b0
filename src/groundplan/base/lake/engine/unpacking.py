"""Packed files: .gz, .zst and .zip are unpacked with a limit, and nothing leaves the folder it is unpacked to."""

from __future__ import annotations

import gzip
import shutil
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import IO, cast

import zstandard
from django.utils.translation import gettext as _

from groundplan.base.lake.errors import ArchiveRefused
from groundplan.lib.environment import read

CHUNK = 1 << 20
# Tables pack well, bombs pack better; below the floor nobody asks.
MOST_FACTOR = 200
FLOOR_BYTES = 64 << 20
MOST_MEMBERS = 1000


def unpacked(path: Path, name: str, folder: Path) -> list[tuple[Path, str]]:
    """The tables in a file: itself, or what it packs.

    Args:
        path: the file.
        name: what it is called; the ending tells how it is packed.
        folder: where copies go.

    Returns:
        Path and name of each.

    Raises:
        ArchiveRefused: it is damaged, a bomb, holds no table, an encrypted one, another archive, or a path outside.
    """
    ending = Path(name).suffix.casefold()
    limit = max(FLOOR_BYTES, min(path.stat().st_size * MOST_FACTOR, read("GROUNDPLAN_LAKE_UNPACKED") << 30))
    folder.mkdir(parents=True, exist_ok=True)
    if ending == ".gz":
        return [_single(_gzip, path, name, folder, limit=limit)]
    if ending in {".zst", ".zstd"}:
        return [_single(_zstandard, path, name, folder, limit=limit)]
    if ending == ".zip":
        return _members(path, name, folder, limit)
    return [(path, name)]


def _gzip(path: Path) -> IO[bytes]:
    return cast("IO[bytes]", gzip.open(path, "rb"))


def _zstandard(path: Path) -> IO[bytes]:
    return cast("IO[bytes]", zstandard.open(path, "rb"))


def _single(open_: Callable[[Path], IO[bytes]], path: Path, name: str, folder: Path, *, limit: int) -> tuple[Path, str]:
    inner = Path(name).stem
    to = folder / f"unpacked-{len(list(folder.iterdir()))}"
    try:
        with open_(path) as packed:
            _copy(packed, to, name, limit)
    except (OSError, EOFError, zlib.error, zstandard.ZstdError) as error:
        if isinstance(error, OSError) and error.errno and not isinstance(error, gzip.BadGzipFile):
            raise
        raise _damaged(name) from error
    return to, inner


def _members(path: Path, name: str, folder: Path, limit: int) -> list[tuple[Path, str]]:
    found: list[tuple[Path, str]] = []
    try:
        with zipfile.ZipFile(path) as packed:
            infos = [each for each in packed.infolist() if not each.is_dir()]
            if len(infos) > MOST_MEMBERS:
                raise _refused(_("压缩包 %(name)s 里有 %(count)d 个文件。") % {"name": name, "count": len(infos)})
            left = limit
            for at, info in enumerate(infos):
                _check_member(info, name)
                if _is_litter(info.filename):
                    continue
                inner = PurePosixPath(_name_of(info)).name
                to = folder / f"zip-{at:04}{Path(inner).suffix.casefold()}"
                with packed.open(info) as member:
                    left -= _copy(member, to, name, left)
                found.append((to, inner))
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        raise _damaged(name) from error
    if not found:
        raise _refused(_("压缩包 %(name)s 里没有数据文件。") % {"name": name})
    return found


def _check_member(info: zipfile.ZipInfo, name: str) -> None:
    member = info.filename
    outside = (
        PurePosixPath(member).is_absolute()
        or PureWindowsPath(member).drive
        or ".." in PurePosixPath(member.replace("\\", "/")).parts
    )
    if outside:
        raise _refused(_("压缩包 %(name)s 里有指向包外的路径。") % {"name": name})
    if info.flag_bits & 1:
        raise _refused(_("压缩包 %(name)s 加了密码。") % {"name": name})
    if Path(member).suffix.casefold() in {".zip", ".gz", ".zst", ".rar", ".7z", ".tar"}:
        raise _refused(_("压缩包 %(name)s 里还有压缩包。") % {"name": name})


def _is_litter(member: str) -> bool:
    return member.startswith("__MACOSX/") or PurePosixPath(member).name.startswith(".")


def _name_of(info: zipfile.ZipInfo) -> str:
    """Old Windows programs write names in GBK without saying so."""
    if info.flag_bits & 0x800:
        return info.filename
    try:
        return info.filename.encode("cp437").decode("gb18030")
    except UnicodeError:
        return info.filename


def _copy(packed: IO[bytes], to: Path, name: str, limit: int) -> int:
    """What comes out is counted; what the archive says of its own sizes is not believed."""
    written = 0
    with to.open("wb") as out:
        while piece := packed.read(CHUNK):
            written += len(piece)
            if written > limit:
                out.close()
                shutil.rmtree(to, ignore_errors=True)
                to.unlink(missing_ok=True)
                raise _refused(
                    _("%(name)s 解压后超过 %(most)d MB，疑似压缩炸弹。") % {"name": name, "most": limit >> 20},
                    _("确为数据的，请解压后再装载。"),
                )
            out.write(piece)
    return written


def _refused(detail: str, next_step: str = "") -> ArchiveRefused:
    return ArchiveRefused(
        detail, accepted=_("未加密、只含数据文件的压缩包"), next_step=next_step or _("请重新打包后再装载。")
    )


def _damaged(name: str) -> ArchiveRefused:
    return _refused(_("压缩包 %(name)s 已损坏或不完整。") % {"name": name})
