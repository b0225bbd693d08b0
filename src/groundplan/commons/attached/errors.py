"""What can go wrong with attached systems."""

from __future__ import annotations

from typing import ClassVar

from groundplan.lib.errors import Conflict, Invalid, NotFound


class SystemInvalid(Invalid):
    """A system, its mapping or a code is not of the accepted form; ``fields`` names each part."""

    code = "attached-invalid"
    title: ClassVar[dict[str, str]] = {"zh-hans": "对接设置有误", "en": "The attachment is not set up right"}


class SystemNotFound(NotFound):
    """No such system, item or order, or none that the actor may see."""

    code = "attached-not-found"
    title: ClassVar[dict[str, str]] = {"zh-hans": "没有这个外部系统或记录", "en": "No such system or entry"}


class SystemBusy(Conflict):
    """The system is being served at this moment, or is not active."""

    code = "attached-busy"
    title: ClassVar[dict[str, str]] = {"zh-hans": "该系统暂时不能执行", "en": "The system cannot be run now"}


class OrderMoved(Conflict):
    """The order or item is not in the state that the change starts from."""

    code = "attached-moved"
    title: ClassVar[dict[str, str]] = {"zh-hans": "状态已变化", "en": "The state has changed"}
