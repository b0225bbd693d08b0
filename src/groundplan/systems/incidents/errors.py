"""What can go wrong with reports and their files."""

from __future__ import annotations

from typing import ClassVar

from groundplan.lib.errors import Conflict, GroundplanError, Invalid, NotFound


class ReportInvalid(Invalid):
    """A report lacks what is needed, or a part of it cannot be read; ``fields`` names each."""

    code = "report-invalid"
    title: ClassVar[dict[str, str]] = {"zh-hans": "填写内容有误", "en": "The report is not complete"}


class OutsideCity(Invalid):
    """The place lies outside the city."""

    code = "outside-city"
    title: ClassVar[dict[str, str]] = {"zh-hans": "位置不在本市范围", "en": "The place is outside the city"}


class TooManyRequests(GroundplanError):
    """The public door was used too often from one address; ``retry_after`` says when to come back, in seconds."""

    code = "too-many-requests"
    status = 429
    title: ClassVar[dict[str, str]] = {"zh-hans": "操作过于频繁", "en": "Too many requests"}


class ReceiptUnknown(NotFound):
    """No report has this receipt number and query code."""

    code = "receipt-unknown"
    title: ClassVar[dict[str, str]] = {"zh-hans": "编号或查询码有误", "en": "Receipt number or code is wrong"}


class AlreadyRated(Conflict):
    """The resident has rated this case, or it is not closed."""

    code = "not-to-be-rated"
    title: ClassVar[dict[str, str]] = {"zh-hans": "现在不能评价", "en": "Cannot be rated now"}


class MappingInvalid(Invalid):
    """The file's columns could not be assigned to fields of a report."""

    code = "mapping-invalid"
    title: ClassVar[dict[str, str]] = {"zh-hans": "列对应有误", "en": "The columns are not assigned"}


class LoadUnknown(NotFound):
    """No such import, or none that the actor may see."""

    code = "load-unknown"
    title: ClassVar[dict[str, str]] = {"zh-hans": "没有该导入记录", "en": "No such import"}


class ObjectionInvalid(Invalid):
    """An objection lacks what is needed, or comes too late; ``fields`` names each."""

    code = "objection-invalid"
    title: ClassVar[dict[str, str]] = {"zh-hans": "考核异议填写有误", "en": "The objection cannot be taken"}


class DrawInvalid(Invalid):
    """A sample cannot be drawn like this; ``fields`` names what does not fit."""

    code = "draw-invalid"
    title: ClassVar[dict[str, str]] = {"zh-hans": "抽查条件有误", "en": "The sample cannot be drawn"}


class CallInvalid(Invalid):
    """A call was told without a number or name; ``fields`` names which."""

    code = "call-invalid"
    title: ClassVar[dict[str, str]] = {"zh-hans": "来电信息有误", "en": "The call cannot be taken"}
