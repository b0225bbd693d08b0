"""A report as an editable DOCX on the unit's letterhead.

The letterhead is a DOCX with fields in double braces (docxtpl); the body is put where ``{{ body }}`` stands. Fonts and
sizes of the shipped one follow GB/T 9704-2012 (papers of party and state organs): red head, body in 仿宋 of 16 pt.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from groundplan.commons.reports.errors import TemplateRefused
from groundplan.commons.reports.logic.figures import cell_text
from groundplan.commons.reports.queries.chartxml import add_chart

FIELDS = ("organ", "sign", "number", "date", "title", "period", "made_by", "checked_by", "state", "body")
MARK = "⟦body⟧"
LARGEST = 10 * 1024 * 1024
LARGEST_OPEN = 60 * 1024 * 1024
RED = (0xC0, 0x00, 0x00)
SONG, HEI, BODY = "方正小标宋简体", "黑体", "仿宋"


def write_docx(
    template: bytes | None, fields: Mapping[str, str], sections: list[dict[str, Any]], language: str, base: str
) -> bytes:
    """Fill a letterhead.

    Args:
        template: the unit's own DOCX; None for the shipped one.
        fields: values of ``FIELDS`` but ``body``.
        sections: as kept with the report.
        language: ``zh-hans`` or ``en``.
        base: address of the installation, before the paths of links.
    """
    document = _filled(template or shipped_template(), fields)
    mark = next((paragraph for paragraph in document.paragraphs if MARK in paragraph.text), None)
    if mark is None:
        raise TemplateRefused(_("模板中没有 {{ body }} 段落。"), accepted="{{ body }}")
    made: list[Any] = []
    for number, section in enumerate(sections, start=1):
        made += _section(document, number, section, language, base)
    for element in made:
        mark._p.addprevious(element)  # noqa: SLF001 - python-docx moves nothing by itself.
    mark._p.getparent().remove(mark._p)  # noqa: SLF001
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def try_template(content: bytes) -> None:
    """Fill a template with sample values.

    Raises:
        TemplateRefused: it is no DOCX, holds other things than the fields, or has no place for the body.
    """
    require_docx(content)
    document = _filled(content, dict.fromkeys(FIELDS, "–"))
    if not any(MARK in paragraph.text for paragraph in document.paragraphs):
        raise TemplateRefused(_("模板中没有 {{ body }} 段落。"), accepted="{{ body }}")


def require_docx(content: bytes) -> None:
    """Refuse what is no DOCX, or one that would unpack to too much.

    Raises:
        TemplateRefused: says why.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content[: LARGEST + 1])) as archive:
            size, names = sum(item.file_size for item in archive.infolist()), set(archive.namelist())
    except (zipfile.BadZipFile, ValueError):
        raise TemplateRefused(_("文件不是 DOCX 文档。"), accepted=".docx") from None
    if len(content) > LARGEST or size > LARGEST_OPEN:
        raise TemplateRefused(_("文件过大。"), accepted="≤ 10 MB")
    if "word/document.xml" not in names or any("vbaProject" in name for name in names):
        raise TemplateRefused(_("文件不是 DOCX 文档。"), accepted=".docx")


def _filled(template: bytes, fields: Mapping[str, str]) -> Any:
    from docxtpl import DocxTemplate  # noqa: PLC0415 - heavy, and only reports need it.
    from jinja2 import StrictUndefined, TemplateError  # noqa: PLC0415
    from jinja2.sandbox import ImmutableSandboxedEnvironment  # noqa: PLC0415

    try:
        opened = DocxTemplate(io.BytesIO(template))
        opened.init_docx()
        if "{%" in opened.patch_xml(opened.get_xml()):  # docxtpl joins fields that Word has cut into runs.
            raise TemplateRefused(_("模板只能使用字段，不能使用语句。"), accepted=", ".join(FIELDS))
        environment = ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=True)
        opened.render({**fields, "body": MARK}, environment)
    except TemplateError as error:
        raise TemplateRefused(str(error)[:200], accepted=", ".join(f"{{{{ {name} }}}}" for name in FIELDS)) from error
    except (KeyError, ValueError, zipfile.BadZipFile) as error:
        raise TemplateRefused(_("文件不是 DOCX 文档。"), accepted=".docx") from error
    return opened.docx


def shipped_template() -> bytes:
    """The letterhead of those who have not made their own."""
    from docx import Document  # noqa: PLC0415 - heavy, and only reports need it.
    from docx.enum.text import WD_ALIGN_PARAGRAPH  # noqa: PLC0415
    from docx.shared import Cm, Pt  # noqa: PLC0415

    document = Document()
    page = document.sections[0]
    page.page_width, page.page_height = Cm(21), Cm(29.7)
    page.top_margin, page.bottom_margin, page.left_margin, page.right_margin = Cm(3.7), Cm(3.5), Cm(2.8), Cm(2.6)
    _style(document.styles["Normal"], BODY, Pt(16))
    centre = WD_ALIGN_PARAGRAPH.CENTER
    _run(document.add_paragraph(), "{{ organ }}", SONG, Pt(36), colour=RED, align=centre)
    _run(document.add_paragraph(), "{{ sign }}{{ number }}", BODY, Pt(16), align=centre)
    line = _run(document.add_paragraph(), "{{ date }}", BODY, Pt(16), align=WD_ALIGN_PARAGRAPH.RIGHT)
    _red_rule(line)
    _run(document.add_paragraph(), "{{ title }}", SONG, Pt(22), align=centre)
    _run(document.add_paragraph(), "{{ period }}", BODY, Pt(16), align=centre)
    document.add_paragraph("{{ body }}")
    _run(document.add_paragraph(), "{{ made_by }}　{{ checked_by }}　{{ state }}", BODY, Pt(14))
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def _section(document: Any, number: int, section: dict[str, Any], language: str, base: str) -> list[Any]:
    """The elements of one section, taken from the end of the document."""
    from docx.shared import Pt  # noqa: PLC0415

    def say(labels: Mapping[str, str]) -> str:
        return labels.get(language) or labels.get("zh-hans", "")

    counted = f"{_chinese(number)}、" if language == "zh-hans" else f"{number}. "
    heading = _run(document.add_paragraph(), counted + say(section["title"]), HEI, Pt(16))
    made = [heading._p]  # noqa: SLF001
    for text in section["text"]:
        paragraph = _run(document.add_paragraph(), say(text), BODY, Pt(16))
        paragraph.paragraph_format.first_line_indent = Pt(32)
        made.append(paragraph._p)  # noqa: SLF001
    if section["table"] and section["table"]["rows"]:
        made.append(_table(document, section["table"], language, base))
    if section["chart"] and section["table"] and section["table"]["rows"]:
        column = section["chart"]["column"]
        rows = [row for row in section["table"]["rows"] if row[column]["value"] is not None]
        made.append(
            add_chart(
                document, kind=section["chart"]["kind"], title=say(section["chart"]["title"]),
                names=[cell_text(row[0], language) for row in rows], values=[_number(row[column]) for row in rows],
            )
        )  # fmt: skip
    for note in section["notes"]:
        made.append(_run(document.add_paragraph(), say(note), BODY, Pt(12))._p)  # noqa: SLF001, PERF401
    return made


def _table(document: Any, given: dict[str, Any], language: str, base: str) -> Any:
    from docx.enum.text import WD_ALIGN_PARAGRAPH  # noqa: PLC0415
    from docx.shared import Pt  # noqa: PLC0415

    table = document.add_table(rows=1, cols=len(given["headers"]))
    table.style = "Table Grid"
    for cell, labels in zip(table.rows[0].cells, given["headers"], strict=True):
        _run(cell.paragraphs[0], labels.get(language) or labels.get("zh-hans", ""), HEI, Pt(11))
    for row in given["rows"]:
        for place, cell in zip(table.add_row().cells, row, strict=True):
            paragraph, text = place.paragraphs[0], cell_text(cell, language)
            if cell["kind"] != "text":
                paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
            if cell["url"] and base:
                _link(document, paragraph, text, base + cell["url"], Pt(11))
            else:
                _run(paragraph, text, BODY, Pt(11))
    return table._tbl  # noqa: SLF001


def _link(document: Any, paragraph: Any, text: str, url: str, size: Any) -> None:
    from docx.opc.constants import RELATIONSHIP_TYPE  # noqa: PLC0415
    from docx.oxml import OxmlElement  # noqa: PLC0415
    from docx.oxml.ns import qn  # noqa: PLC0415

    link = OxmlElement("w:hyperlink")
    link.set(qn("r:id"), document.part.relate_to(url, RELATIONSHIP_TYPE.HYPERLINK, is_external=True))
    run = _run(paragraph, text, BODY, size, colour=(0x1F, 0x5F, 0xA8)).runs[-1]
    link.append(run._r)  # noqa: SLF001
    paragraph._p.append(link)  # noqa: SLF001


def _run(paragraph: Any, text: str, font: str, size: Any, *, colour: Any = None, align: Any = None) -> Any:
    from docx.oxml.ns import qn  # noqa: PLC0415
    from docx.shared import RGBColor  # noqa: PLC0415

    run = paragraph.add_run(text)
    run.font.name, run.font.size = font, size
    run._element.rPr.rFonts.set(qn("w:eastAsia"), font)  # noqa: SLF001 - fonts of Chinese text have a slot of their own.
    if colour:
        run.font.color.rgb = RGBColor(*colour)
    if align is not None:
        paragraph.alignment = align
    return paragraph


def _style(style: Any, font: str, size: Any) -> None:
    from docx.oxml.ns import qn  # noqa: PLC0415

    style.font.name, style.font.size = font, size
    style.element.rPr.rFonts.set(qn("w:eastAsia"), font)


def _red_rule(paragraph: Any) -> None:
    """The red line under the head."""
    from docx.oxml import OxmlElement  # noqa: PLC0415
    from docx.oxml.ns import qn  # noqa: PLC0415

    borders, bottom = OxmlElement("w:pBdr"), OxmlElement("w:bottom")
    for name, value in (("val", "single"), ("sz", "18"), ("space", "6"), ("color", "C00000")):
        bottom.set(qn(f"w:{name}"), value)
    borders.append(bottom)
    paragraph._p.get_or_add_pPr().append(borders)  # noqa: SLF001


def _number(cell: dict[str, Any]) -> float:
    value = Decimal(str(cell["value"]))
    return float(100 * value if cell["kind"] == "percent" else value)


def _chinese(number: int) -> str:
    """A small number as headings count: 十一."""
    digits = "零一二三四五六七八九"
    if number < 10:  # noqa: PLR2004
        return digits[number]
    tens, rest = divmod(number, 10)
    return ("" if tens == 1 else digits[tens]) + "十" + (digits[rest] if rest else "")
