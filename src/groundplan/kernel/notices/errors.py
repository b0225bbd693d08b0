"""What can go wrong with notices."""

from __future__ import annotations

from typing import ClassVar

from groundplan.lib.errors import Invalid, NotAllowed, NotFound


class NoticeNotFound(NotFound):
    """No such notice, or it is somebody else's."""

    code = "notice-not-found"
    title: ClassVar[dict[str, str]] = {"zh-hans": "没有这条消息", "en": "No such notice"}


class NoticeInvalid(Invalid):
    """The kind is not registered, or a value that its text needs is missing."""

    code = "notice-invalid"
    title: ClassVar[dict[str, str]] = {"zh-hans": "消息内容不完整", "en": "The notice is incomplete"}


class ChannelInvalid(Invalid):
    """A channel or an address on it is not of the accepted form; ``fields`` names each part."""

    code = "channel-invalid"
    title: ClassVar[dict[str, str]] = {"zh-hans": "渠道设置有误", "en": "The channel is not set up right"}


class ChannelNotFound(NotFound):
    """No such channel, or it has ended."""

    code = "channel-not-found"
    title: ClassVar[dict[str, str]] = {"zh-hans": "没有这个渠道", "en": "No such channel"}


class ReportRefused(NotAllowed):
    """A delivery report without a valid signature."""

    code = "report-refused"
    title: ClassVar[dict[str, str]] = {"zh-hans": "回执签名无效", "en": "The report's signature is not valid"}
