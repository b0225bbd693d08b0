"""What can be wrong with a report."""

from __future__ import annotations

from typing import ClassVar

from groundplan.lib.errors import Conflict, Invalid, NotAllowed, NotFound


class ReportNotFound(NotFound):
    """No such report, or none that the actor may see."""

    code = "report-not-found"
    title: ClassVar[dict[str, str]] = {"zh-hans": "没有这份报告", "en": "No such report"}


class ReportInvalid(Invalid):
    """The kind, the period or what it is about cannot be reported on."""

    code = "report-not-makeable"
    title: ClassVar[dict[str, str]] = {"zh-hans": "无法生成报告", "en": "The report cannot be made"}


class ReportMoved(Conflict):
    """Somebody else was faster, or the report is past that step."""

    code = "report-moved"
    title: ClassVar[dict[str, str]] = {"zh-hans": "报告状态已变化", "en": "The report has moved on"}


class SecondPersonNeeded(NotAllowed):
    """Whoever made a report does not check it."""

    code = "report-second-person"
    title: ClassVar[dict[str, str]] = {"zh-hans": "须由另一人审核", "en": "Another person must check it"}


class TemplateRefused(Invalid):
    """A letterhead file that cannot be filled in."""

    code = "report-template-refused"
    title: ClassVar[dict[str, str]] = {"zh-hans": "模板不可用", "en": "The template cannot be used"}
