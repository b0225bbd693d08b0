"""What can go wrong with the lake."""

from __future__ import annotations

from typing import ClassVar

from groundplan.lib.errors import Conflict, GroundplanError, Invalid, NotFound


class LakeTableNotFound(NotFound):
    """No table has this identifier, or none that the actor may see."""

    code = "lake-table-not-found"
    title: ClassVar[dict[str, str]] = {"zh-hans": "未找到数据表", "en": "No such table"}


class LakeRunNotFound(NotFound):
    """No load or other work has this id, or none that the actor may see."""

    code = "lake-run-not-found"
    title: ClassVar[dict[str, str]] = {"zh-hans": "未找到装载记录", "en": "No such load"}


class SnapshotNotFound(NotFound):
    """The table has no such snapshot, or no longer."""

    code = "lake-snapshot-not-found"
    title: ClassVar[dict[str, str]] = {"zh-hans": "未找到快照", "en": "No such snapshot"}


class SchemaRefused(Invalid):
    """A schema is not of the accepted form."""

    code = "lake-schema-refused"
    title: ClassVar[dict[str, str]] = {"zh-hans": "表结构未通过", "en": "Schema refused"}


class ColumnsDiffer(Invalid):
    """The columns of a file are not those of the table."""

    code = "lake-columns-differ"
    title: ClassVar[dict[str, str]] = {"zh-hans": "文件的列与表结构不一致", "en": "The columns differ"}


class FileRefused(Invalid):
    """A file cannot be read as a table at all."""

    code = "lake-file-refused"
    title: ClassVar[dict[str, str]] = {"zh-hans": "文件无法装载", "en": "The file cannot be loaded"}


class EncodingDiffers(FileRefused):
    """A text is not written in the encoding that was declared."""

    code = "lake-encoding-differs"
    title: ClassVar[dict[str, str]] = {"zh-hans": "文件编码与声明不符", "en": "Not the declared encoding"}


class ArchiveRefused(FileRefused):
    """An archive is dangerous, damaged or holds no table."""

    code = "lake-archive-refused"
    title: ClassVar[dict[str, str]] = {"zh-hans": "压缩包未通过检查", "en": "Archive refused"}


class LoadRunning(Conflict):
    """Another load of the same table is running."""

    code = "lake-load-running"
    title: ClassVar[dict[str, str]] = {"zh-hans": "该表正在装载", "en": "The table is being loaded"}


class LoadUnbalanced(GroundplanError):
    """Rows stored and in quarantine do not add up to the rows read; nothing was stored."""

    code = "lake-load-unbalanced"
    status = 500
    title: ClassVar[dict[str, str]] = {"zh-hans": "装载行数不平", "en": "The rows of a load do not add up"}


class DiskFull(GroundplanError):
    """There is no room for what a load writes; nothing was stored."""

    code = "lake-disk-full"
    status = 507
    title: ClassVar[dict[str, str]] = {"zh-hans": "存储空间不足", "en": "No room on the disk"}
