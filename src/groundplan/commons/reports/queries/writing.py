"""Which fields a report's files carry."""

from __future__ import annotations

from django.utils.translation import gettext as _

from groundplan.commons.reports.models import Report
from groundplan.commons.reports.queries import docx, letterhead_of, template_of, text_of, xlsx


def fields_of(report: Report, language: str) -> dict[str, str]:
    """Values of the letterhead's fields in words."""
    head = letterhead_of(report.unit)
    chinese = language == "zh-hans"
    day = report.issued_at.date() if report.issued_at else report.made_at.date()
    states = {"draft": _("草稿"), "checked": _("已审核，未印发"), "issued": "", "withdrawn": _("已撤回")}
    return {
        "organ": head.organ.get(language) or head.organ["zh-hans"],
        "sign": head.sign,
        "number": report.number,
        "date": f"{day.year}年{day.month}月{day.day}日" if chinese else day.isoformat(),
        "title": report.title[language],
        "period": f"{report.first} 至 {report.last}" if chinese else f"{report.first} to {report.last}",
        "made_by": _("编制：%(name)s") % {"name": report.made_name or _("定时生成")},
        "checked_by": _("审核：%(name)s") % {"name": report.checked_name} if report.checked_name else "",
        "state": states[report.state],
    }


def docx_of(report: Report, language: str, base: str) -> bytes:
    """The DOCX: as an officer has edited it, else as it is made from the figures."""
    edited = text_of(report)
    if edited is not None:
        return edited
    template = template_of(letterhead_of(report.unit))
    return docx.write_docx(template, fields_of(report, language), report.sections, language, base)


def xlsx_of(report: Report, language: str, base: str) -> bytes:
    """The workbook, always as counted."""
    return xlsx.write_workbook(fields_of(report, language), report.sections, language, base)
