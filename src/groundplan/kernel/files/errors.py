"""What can go wrong with a file that is handed in."""

from __future__ import annotations

from typing import ClassVar

from groundplan.lib.errors import Invalid, NotFound


class FileTooLarge(Invalid):
    """A file is larger than its place allows."""

    code = "file-too-large"
    status = 413
    title: ClassVar[dict[str, str]] = {"zh-hans": "文件过大", "en": "The file is too large"}


class FileTypeRefused(Invalid):
    """The content is of no accepted type, or its extension claims another type."""

    code = "file-type-refused"
    status = 415
    title: ClassVar[dict[str, str]] = {"zh-hans": "文件类型不被接受", "en": "The type of the file is refused"}


class FileDamaged(Invalid):
    """The content begins like its type but cannot be read to the end."""

    code = "file-damaged"
    title: ClassVar[dict[str, str]] = {"zh-hans": "文件已损坏", "en": "The file is damaged"}


class FileNotFound(NotFound):
    """No such file, or none that the reader may see."""

    code = "file-not-found"
    title: ClassVar[dict[str, str]] = {"zh-hans": "没有这个附件", "en": "No such file"}
