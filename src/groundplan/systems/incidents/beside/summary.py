"""The summary of a run for the leaders, as sections that DOCX and XLSX are written from."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from groundplan.commons.reports.logic.figures import Cell, Chart, Labels, Section, Table, stored
from groundplan.commons.reports.queries import docx, letterhead_of, template_of, xlsx
from groundplan.lib import clock
from groundplan.systems.incidents.beside import queries
from groundplan.systems.incidents.beside.models import Beside

DAY: Labels = {"zh-hans": "日期", "en": "Day"}
COUNT: Labels = {"zh-hans": "件数", "en": "Cases"}
NONE: Labels = {"zh-hans": "（无）", "en": "(none)"}


def sections_of(run: Beside) -> list[Section]:
    """Figures in all, by day, where both differ, and the files with their records."""
    found, names = queries.comparison(run), queries.unit_names()
    return [_total(run, found), _days(run, found), _pairs(run, names), _files(run)]


def _rows_url(run: Beside, **asked: str) -> str:
    query = "&".join(f"{name}={value}" for name, value in asked.items())
    return f"{reverse('beside-rows', args=[run.public_id])}?{query}"


def _total(run: Beside, found: queries.Comparison) -> Section:
    total, hours = found.total, queries.earlier_warning(run) if not found.erased else []
    decided = total["ours"] + total["vendor"]
    text: list[Labels] = [{
        "zh-hans": f"共比对工单 {total['rows']} 件，派单不一致 {total['differ']} 件；其中已有定论 {decided} 件，"
                   f"本系统派对 {total['ours']} 件，原系统派对 {total['vendor']} 件，"
                   f"其余 {total['undecided']} 件尚无定论。",
        "en": f"{total['rows']} cases were compared and {total['differ']} dispatched differently; of {decided} "
              f"decided ones ours was right in {total['ours']}, theirs in {total['vendor']}; "
              f"{total['undecided']} are undecided.",
    }, {
        "zh-hans": f"退单 {total['returned']} 件，按本系统目录可避免 {total['avoided']} 件；超期 {total['late']} 件，"
                   f"可提前预警 {total['warned']} 件"
                   + (f"，提前量中位数 {hours[len(hours) // 2]} 小时。" if hours else "。"),
        "en": f"{total['returned']} were returned, {total['avoided']} of them would not have been; "
              f"{total['late']} were late, of {total['warned']} we would have warned"
              + (f", by {hours[len(hours) // 2]} hours in the median." if hours else "."),
    }]  # fmt: skip
    rows = [
        [Cell(label, "text"), Cell(total[name], "count", _rows_url(run, figure=name))]
        for name, (_condition, label) in queries.FIGURES.items()
    ]
    table = Table([{"zh-hans": "项目", "en": "Item"}, COUNT], rows)
    return Section("total", {"zh-hans": "总体情况", "en": "In all"}, text, table)


def _days(run: Beside, found: queries.Comparison) -> Section:
    shown = ("rows", "differ", "ours", "vendor", "late", "warned", "avoided")
    headers = [DAY, *(queries.FIGURES[name][1] for name in shown)]
    rows = [
        [Cell(day.isoformat(), "text"),
         *(Cell(figures.get(name, 0), "count", _rows_url(run, figure=name, day=day.isoformat())) for name in shown)]
        for day, figures in found.days
    ]  # fmt: skip
    chart = Chart("bar", 2, {"zh-hans": "逐日派单不一致", "en": "Dispatched differently by day"})
    return Section("days", {"zh-hans": "逐日情况", "en": "By day"}, (), Table(headers, rows), chart if rows else None)


def _pairs(run: Beside, names: Any) -> Section:
    headers: list[Labels] = [
        {"zh-hans": "原系统派往", "en": "They sent to"}, {"zh-hans": "本系统应派", "en": "We would send to"}, COUNT,
        queries.FIGURES["ours"][1], queries.FIGURES["vendor"][1],
    ]  # fmt: skip
    rows = [
        [Cell(names.get(pair["first_unit"], NONE), "text"), Cell(names.get(pair["our_unit"], NONE), "text"),
         Cell(pair["count"]), Cell(pair["ours"]), Cell(pair["vendor"])]
        for pair in queries.pairs(run)
    ]  # fmt: skip
    return Section("pairs", {"zh-hans": "派单不一致去向", "en": "Where both differ"}, (), Table(headers, rows))


def _files(run: Beside) -> Section:
    headers: list[Labels] = [
        {"zh-hans": "接收时间", "en": "Taken"}, {"zh-hans": "文件", "en": "File"}, {"zh-hans": "行数", "en": "Rows"},
        {"zh-hans": "存证编号", "en": "Record"},
    ]  # fmt: skip
    rows = [
        [Cell(f"{timezone.localtime(file.taken_at):%Y-%m-%d %H:%M}", "text"), Cell(file.file_name, "text"),
         Cell(file.read), Cell(str(file.record), "text", reverse("proof", args=[file.record]))]
        for file in queries.last_files(run)
    ]  # fmt: skip
    return Section("files", {"zh-hans": "接收的文件", "en": "Files taken"}, (), Table(headers, rows))


def _fields(run: Beside, language: str) -> dict[str, str]:
    """The values of the letterhead's fields."""
    head, today = letterhead_of(run.unit), timezone.localdate(clock.now())
    chinese = language == "zh-hans"
    return {
        "organ": head.organ.get(language) or head.organ["zh-hans"], "sign": head.sign, "number": "",
        "date": f"{today.year}年{today.month}月{today.day}日" if chinese else today.isoformat(),
        "title": _("“%(name)s”旁路运行情况") % {"name": run.name},
        "period": f"{run.started_on} 至 {run.ends_on}" if chinese else f"{run.started_on} to {run.ends_on}",
        "made_by": _("负责人：%(name)s") % {"name": run.answerable}, "checked_by": "", "state": "",
    }  # fmt: skip


def docx_of(run: Beside, language: str, base: str) -> bytes:
    """The summary as a document that officers edit, on the unit's letterhead."""
    template = template_of(letterhead_of(run.unit))
    return docx.write_docx(template, _fields(run, language), stored(sections_of(run)), language, base)


def xlsx_of(run: Beside, language: str, base: str) -> bytes:
    """The summary as a workbook with the same figures and links to their rows."""
    return xlsx.write_workbook(_fields(run, language), stored(sections_of(run)), language, base)
