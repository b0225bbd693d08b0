"""A report as a workbook: a sheet for each section with the same figures, native charts, links to the cases."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

FORMATS = {"count": "0", "percent": "0.0%", "score": "0.0", "change": '0.0"%"', "points": '0.0" pp"'}


def write_workbook(fields: Mapping[str, str], sections: list[dict[str, Any]], language: str, base: str) -> bytes:
    """The workbook; see ``docx.write_docx`` for the arguments."""
    from openpyxl import Workbook  # noqa: PLC0415 - heavy, and only reports need it.
    from openpyxl.styles import Font  # noqa: PLC0415

    book = Workbook()
    cover: Any = book.active
    cover.title = "概况" if language == "zh-hans" else "Overview"
    for name in ("organ", "title", "period", "number", "date", "made_by", "checked_by", "state"):
        if fields.get(name):
            cover.append([fields[name]])
    cover["A2"].font = Font(bold=True, size=16)
    cover.column_dimensions["A"].width = 100
    for section in sections:
        for text in section["text"]:
            cover.append([_say(text, language)])
        if section["table"]:
            _sheet(book, section, language, base)
    for sheet in book:
        for row in sheet.iter_rows():
            for cell in row:
                if isinstance(cell.value, str):
                    cell.data_type = "s"  # Text that looks like a formula stays text.
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _sheet(book: Any, section: dict[str, Any], language: str, base: str) -> None:
    from openpyxl.styles import Alignment, Font  # noqa: PLC0415

    sheet = book.create_sheet(re.sub(r"[\[\]:*?/\\]", " ", _say(section["title"], language))[:31])
    sheet.append([_say(labels, language) for labels in section["table"]["headers"]])
    for cell in sheet[1]:
        cell.font, cell.alignment = Font(bold=True), Alignment(wrap_text=True)
        sheet.column_dimensions[cell.column_letter].width = 18
    for row in section["table"]["rows"]:
        sheet.append([_value(cell, language) for cell in row])
        for place, cell in zip(sheet[sheet.max_row], row, strict=True):
            place.number_format = FORMATS.get(cell["kind"], "General")
            if cell["url"] and base:
                place.hyperlink, place.style = base + cell["url"], "Hyperlink"
                place.number_format = FORMATS.get(cell["kind"], "General")
    for note in section["notes"]:
        sheet.append([_say(note, language)])
    sheet.freeze_panes = "B2"
    if section["chart"] and section["table"]["rows"]:
        _chart(sheet, section, language)


def _chart(sheet: Any, section: dict[str, Any], language: str) -> None:
    from openpyxl.chart import BarChart, LineChart, Reference  # noqa: PLC0415

    chart: Any = LineChart() if section["chart"]["kind"] == "line" else BarChart()
    column, last = section["chart"]["column"] + 1, len(section["table"]["rows"]) + 1
    chart.title, chart.legend = _say(section["chart"]["title"], language), None
    chart.add_data(Reference(sheet, min_col=column, min_row=1, max_row=last), titles_from_data=True)
    chart.set_categories(Reference(sheet, min_col=1, min_row=2, max_row=last))
    chart.x_axis.delete = chart.y_axis.delete = False
    chart.width, chart.height = 24, 10
    sheet.add_chart(chart, f"A{sheet.max_row + 3}")


def _value(cell: dict[str, Any], language: str) -> Any:
    value = cell["value"]
    if value is None:
        return "—"
    if isinstance(value, dict):
        return _say(value, language)
    return str(value) if cell["kind"] == "text" else float(Decimal(value)) if isinstance(value, str) else value


def _say(labels: Mapping[str, str], language: str) -> str:
    return labels.get(language) or labels.get("zh-hans", "")
