"""What can go wrong with notices."""

from __future__ import annotations

from typing import ClassVar

from groundplan.lib.errors import Invalid, NotFound


class NoticeNotFound(NotFound):
    """No such notice, or it is somebody else's."""

    code = "notice-not-found"
    title: ClassVar[dict[str, str]] = {"zh-hans": "没有这条消息", "en": "No such notice"}


class NoticeInvalid(Invalid):
    """The kind is not registered, or a value that its text needs is missing."""

    code = "notice-invalid"
    title: ClassVar[dict[str, str]] = {"zh-hans": "消息内容不完整", "en": "The notice is incomplete"}
