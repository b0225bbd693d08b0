"""What can go wrong with the catalogue."""

from __future__ import annotations

from typing import ClassVar

from groundplan.lib.errors import Conflict, Invalid, NotFound


class EntryNotFound(NotFound):
    """No such entry or version of one, or none that the reader may see."""

    code = "entry-not-found"
    title: ClassVar[dict[str, str]] = {"zh-hans": "没有该目录条目", "en": "No such catalogue entry"}


class ResourceNotFound(NotFound):
    """No such resource, or none that the reader may see."""

    code = "resource-not-found"
    title: ClassVar[dict[str, str]] = {"zh-hans": "没有该数据资源", "en": "No such resource"}


class EntryInvalid(Invalid):
    """What an entry says does not fit; ``fields`` names each place."""

    code = "entry-invalid"
    title: ClassVar[dict[str, str]] = {"zh-hans": "目录条目有误", "en": "The entry is not valid"}


class EntrySecret(Invalid):
    """State or work secrets are not catalogued; ``basis`` names the law."""

    code = "entry-secret"
    title: ClassVar[dict[str, str]] = {
        "zh-hans": "涉密或属工作秘密，不得编目",
        "en": "State or work secrets are not catalogued",
    }


class EntryMoved(Conflict):
    """The entry is no longer in a state in which this can be done."""

    code = "entry-moved"
    title: ClassVar[dict[str, str]] = {"zh-hans": "目录条目状态已变化", "en": "The entry has moved on"}


class ResourceInvalid(Invalid):
    """What was said of a resource does not fit; ``fields`` names each place."""

    code = "resource-invalid"
    title: ClassVar[dict[str, str]] = {"zh-hans": "数据资源信息有误", "en": "The resource is not valid"}


class ResourceTaken(Conflict):
    """Another resource has this identifier, or it has ended."""

    code = "resource-taken"
    title: ClassVar[dict[str, str]] = {"zh-hans": "数据资源标识已被使用或已停用", "en": "The identifier is taken"}


class FileRefused(Invalid):
    """A file is no list of entries that can be read."""

    code = "catalogue-file-refused"
    title: ClassVar[dict[str, str]] = {"zh-hans": "目录文件无法读取", "en": "The catalogue file cannot be read"}


class LoadNotFound(NotFound):
    """No such load of entries or kept mapping, or none that the reader may see."""

    code = "catalogue-load-not-found"
    title: ClassVar[dict[str, str]] = {"zh-hans": "没有该导入批次", "en": "No such load of entries"}
