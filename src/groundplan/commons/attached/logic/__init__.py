"""Words of the exchange with other systems, and the messages that pass. Pure."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

Labels = dict[str, str]
DIRECTIONS: dict[str, Labels] = {
    "both": {"zh-hans": "双向", "en": "Both ways"},
    "in": {"zh-hans": "只接入事件", "en": "Events in"},
    "out": {"zh-hans": "只派出工单", "en": "Work orders out"},
}
CODE_KINDS: dict[str, Labels] = {
    "category": {"zh-hans": "诉求分类", "en": "Category"},
    "unit": {"zh-hans": "办理单位", "en": "Unit"},
    "state": {"zh-hans": "办理状态", "en": "State"},
}
# What a state of theirs can mean here.
OUR_STATES: dict[str, Labels] = {
    "received": {"zh-hans": "已接收", "en": "Received"},
    "working": {"zh-hans": "办理中", "en": "Being handled"},
    "finished": {"zh-hans": "已办结", "en": "Finished"},
    "returned": {"zh-hans": "已退回", "en": "Returned"},
}
ITEM_STATES: dict[str, Labels] = {
    "taken": {"zh-hans": "已受理", "en": "Taken in"},
    "waiting": {"zh-hans": "待对照", "en": "Waiting for mapping"},
    "refused": {"zh-hans": "不予接收", "en": "Refused"},
}
ORDER_STATES: dict[str, Labels] = {
    "waiting": {"zh-hans": "待发送", "en": "To be sent"},
    "sent": {"zh-hans": "已发送", "en": "Sent"},
    "acknowledged": {"zh-hans": "对方已接收", "en": "Acknowledged"},
    "finished": {"zh-hans": "对方已办结", "en": "Finished there"},
    "dead": {"zh-hans": "发送失败", "en": "Failed"},
    "withdrawn": {"zh-hans": "未发即撤", "en": "Withdrawn before sending"},
    "settled": {"zh-hans": "已人工核销", "en": "Settled by a person"},
}
LONGEST_ID = 120
NUMBERS = re.compile(r"(?:\d[\s.\-–]*){7,}")


@dataclass(frozen=True)
class Event:
    """Something that was reported to their system."""

    id: str
    text: str
    code: str = ""
    place: str = ""
    longitude: float | None = None
    latitude: float | None = None
    reporter_name: str = ""
    reporter_phone: str = ""
    at: str = ""
    revision: str = ""
    files: tuple[str, ...] = ()

    def content(self) -> dict[str, Any]:
        """As it is kept."""
        return {**asdict(self), "files": list(self.files)}


@dataclass(frozen=True)
class Status:
    """What became of one of our work orders, as their system says."""

    code: str
    order: str = ""
    id: str = ""
    text: str = ""
    at: str = ""

    def content(self) -> dict[str, Any]:
        """As it is kept."""
        return asdict(self)


@dataclass(frozen=True)
class WorkOrder:
    """A task of ours as their system is given it; ``id`` is the same at each attempt."""

    id: str
    number: str
    title: str
    text: str
    place: str
    unit: str
    category: str
    due: datetime | None
    at: datetime


@dataclass(frozen=True)
class Unread:
    """A line of theirs that is no message; it is kept and shown as refused."""

    raw: str
    reason: str


@dataclass
class Batch:
    """A page or a file of theirs.

    Args:
        rows: events or states.
        unread: lines that are none.
        digest: of the file, so that it is read once; empty for pages.
        name: of the file.
    """

    rows: list[Any] = field(default_factory=list)
    unread: list[Unread] = field(default_factory=list)
    digest: str = ""
    name: str = ""


class Failed(Exception):
    """A call to their system did not work out.

    Args:
        code: a short code, such as ``http-500``, ``timeout`` or ``not-json``.
        lasting: whether the same call will fail again.
    """

    def __init__(self, code: str, *, lasting: bool = False) -> None:
        super().__init__(code)
        self.code = code
        self.lasting = lasting


def plain_mask(text: str) -> str:
    """A text without what may be a telephone or citizen number, when no system above knows it better.

    >>> plain_mask("请联系 138 0013-8000")
    '请联系 ***'
    """
    return NUMBERS.sub("***", text)


def later(one: str, other: str) -> bool:
    """Whether a revision of theirs is later than another: numbers by value, all else by letters.

    >>> later("10", "9"), later("2026-03-02T08:00:00", "2026-03-02T09:00:00"), later("", "5")
    (True, False, False)
    """
    if one.isdecimal() and other.isdecimal():
        return int(one) > int(other)
    return one > other
