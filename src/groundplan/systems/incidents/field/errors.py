"""What can go wrong when a phone hands its work in."""

from __future__ import annotations

from typing import ClassVar

from groundplan.lib.errors import Conflict, Invalid


class FieldKeyReused(Conflict):
    """The key came before with another content."""

    code = "field-key-reused"
    title: ClassVar[dict[str, str]] = {"zh-hans": "该编号已用于其他内容", "en": "The key was used for something else"}


class FieldPhotosMissing(Conflict):
    """The work names photos that have not arrived; ``missing`` lists their keys, to be sent again."""

    code = "field-photos-missing"
    title: ClassVar[dict[str, str]] = {"zh-hans": "照片尚未全部上传", "en": "Photos have not arrived"}


class FieldAccountDiffers(Conflict):
    """The work was done under another account than the one that is signed in now."""

    code = "field-account-differs"
    title: ClassVar[dict[str, str]] = {"zh-hans": "不是当前账号的外勤记录", "en": "The work is of another account"}


class FieldWorkInvalid(Invalid):
    """The work lacks what is needed; ``fields`` names each part."""

    code = "field-work-invalid"
    title: ClassVar[dict[str, str]] = {"zh-hans": "外勤记录填写有误", "en": "The work is not complete"}
