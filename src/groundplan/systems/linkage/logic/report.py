"""The report of a response (总结报告), written from its record: what was asked, what was done, when."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

Labels = Mapping[str, str]
EMPTY: Labels = {"zh-hans": "—", "en": "—"}
KINDS: dict[str, Labels] = {
    "people": {"zh-hans": "人员", "en": "People"},
    "vehicle": {"zh-hans": "车辆", "en": "Vehicles"},
    "store": {"zh-hans": "物资", "en": "Stores"},
}
STATES: dict[str, Labels] = {
    "waiting": {"zh-hans": "待签收", "en": "Not signed for"},
    "working": {"zh-hans": "处置中", "en": "Under way"},
    "confirm": {"zh-hans": "待确认", "en": "To be confirmed"},
    "late": {"zh-hans": "超期", "en": "Overdue"},
    "done": {"zh-hans": "已办结", "en": "Done"},
    "cancelled": {"zh-hans": "已终止", "en": "Cancelled"},
}
WARNING_KINDS: dict[str, Labels] = {
    "Alert": {"zh-hans": "发布", "en": "Alert"},
    "Update": {"zh-hans": "更新", "en": "Update"},
    "Cancel": {"zh-hans": "解除", "en": "Cancel"},
}
WARNING_STATES: dict[str, Labels] = {
    "draft": {"zh-hans": "待审批", "en": "To be approved"},
    "approved": {"zh-hans": "已批准", "en": "Approved"},
    "refused": {"zh-hans": "未批准", "en": "Refused"},
}


@dataclass(frozen=True)
class Line:
    """One task: unit, what it was asked, its minutes, its state and result."""

    unit: Labels
    role: Labels
    text: Labels
    number: str
    signed_minutes: int | None
    done_minutes: int | None
    in_time: bool | None
    state: str
    result: str


@dataclass(frozen=True)
class Section:
    """A part of the report: a heading, sentences, a table; every text in each language."""

    title: Labels
    text: Sequence[Labels] = ()
    headers: Sequence[Labels] = ()
    rows: Sequence[Sequence[Labels]] = field(default=())

    @property
    def labelled(self) -> list[list[tuple[Labels, Labels]]]:
        """The cells of each row, each with its header."""
        return [list(zip(self.headers, row, strict=True)) for row in self.rows]


def minutes_between(start: datetime, end: datetime | None) -> int | None:
    """Whole minutes from a start to an end; None without an end.

    Example:
        >>> from datetime import UTC
        >>> minutes_between(datetime(2026, 7, 8, 9, tzinfo=UTC), datetime(2026, 7, 8, 9, 12, 40, tzinfo=UTC))
        12
    """
    return None if end is None else int((end - start).total_seconds() // 60)


def same(text: object) -> Labels:
    """A text that is the same in every language."""
    shown = str(text)
    return {"zh-hans": shown, "en": shown} if shown else EMPTY


def tasks_section(lines: Sequence[Line]) -> Section:
    """Who did what in which time."""
    done = [line for line in lines if line.state == "done"]
    signed = [line.signed_minutes for line in lines if line.signed_minutes is not None]
    in_time = [line for line in done if line.in_time]
    given, closed, timely = len(lines), len(done), len(in_time)
    text: list[Labels] = [{
        "zh-hans": f"下达联动任务 {given} 项，签收 {len(signed)} 项，办结 {closed} 项，其中按期 {timely} 项。",
        "en": f"Of {given} tasks {len(signed)} were signed for and {closed} done, {timely} of them in time.",
    }]  # fmt: skip
    if signed and len(signed) == len(lines):
        text.append({
            "zh-hans": f"自启动起 {max(signed)} 分钟内全部单位完成签收。",
            "en": f"All units had signed {max(signed)} minutes after the start.",
        })  # fmt: skip
    headers = [
        {"zh-hans": "责任单位", "en": "Unit"}, {"zh-hans": "分组角色", "en": "Role"},
        {"zh-hans": "任务内容", "en": "Task"}, {"zh-hans": "编号", "en": "Number"},
        {"zh-hans": "签收用时（分钟）", "en": "Signed after (min)"},
        {"zh-hans": "办理用时（分钟）", "en": "Done after (min)"}, {"zh-hans": "状态", "en": "State"},
        {"zh-hans": "落实情况", "en": "What was done"},
    ]  # fmt: skip
    rows = [
        [line.unit, line.role, line.text, same(line.number), _number(line.signed_minutes), _number(line.done_minutes),
         STATES[line.state], same(line.result)]
        for line in lines
    ]  # fmt: skip
    return Section({"zh-hans": "任务落实情况", "en": "Tasks"}, text, headers, rows)


def write_docx(title: str, lead: str, mark: str, sections: Sequence[Section], language: str) -> bytes:
    """The report as a document that officers can edit.

    Args:
        title: heading.
        lead: line under it.
        mark: stands in red above everything and in the head of each page; empty for none.
        sections: parts.
        language: ``zh-hans`` or ``en``.
    """
    from docx import Document  # noqa: PLC0415 - heavy, and only reports need it.
    from docx.oxml.ns import qn  # noqa: PLC0415
    from docx.shared import RGBColor  # noqa: PLC0415

    document = Document()
    document.styles["Normal"].font.name = "FangSong"
    document.styles["Normal"].element.rPr.rFonts.set(qn("w:eastAsia"), "仿宋")
    if mark:
        for paragraph in (document.sections[0].header.paragraphs[0], document.add_paragraph()):
            run = paragraph.add_run(mark)
            run.bold, run.font.color.rgb = True, RGBColor(0xC0, 0, 0)
    document.add_heading(title, level=0)
    document.add_paragraph(lead)
    for section in sections:
        document.add_heading(in_language(section.title, language), level=1)
        for sentence in section.text:
            document.add_paragraph(in_language(sentence, language))
        if section.rows:
            _table(document, section, language)
    stream = io.BytesIO()
    document.save(stream)
    return stream.getvalue()


def in_language(labels: Labels, language: str) -> str:
    """The text of a language, else the Chinese one; without characters that XML cannot hold."""
    text = labels.get(language) or labels.get("zh-hans") or ""
    return "".join(char for char in text if char >= " " or char in "\n\t")


def _table(document: Any, section: Section, language: str) -> None:
    table = document.add_table(rows=1, cols=len(section.headers))
    table.style = "Table Grid"
    for cell, header in zip(table.rows[0].cells, section.headers, strict=True):
        cell.paragraphs[0].add_run(in_language(header, language)).bold = True
    for row in section.rows:
        for cell, value in zip(table.add_row().cells, row, strict=True):
            cell.text = in_language(value, language)


def _number(value: int | None) -> Labels:
    return EMPTY if value is None else same(value)
