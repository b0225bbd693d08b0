"""A native chart in a DOCX: DrawingML (ECMA-376 part 1, 21.2) with its workbook beside it, so that Word can edit it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.template.loader import render_to_string

CHART_TYPE = "application/vnd.openxmlformats-officedocument.drawingml.chart+xml"
BOOK_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
FIRST_ID = 1000


def add_chart(document: Any, *, kind: str, title: str, names: Sequence[str], values: Sequence[float]) -> Any:
    """Add a paragraph with a chart at the end of a document.

    Args:
        document: of python-docx.
        kind: ``bar`` or ``line``.
        title: of the chart and its only series.
        names: one for each value.
        values: numbers.

    Returns:
        The element of the paragraph.
    """
    from docx.opc.packuri import PackURI  # noqa: PLC0415 - heavy, and only reports need it.
    from docx.opc.part import Part  # noqa: PLC0415
    from docx.oxml import parse_xml  # noqa: PLC0415

    from groundplan.lib.tabular import write_xlsx  # noqa: PLC0415

    package, pairs = document.part.package, list(zip(names, values, strict=True))
    number = 1 + sum(1 for part in package.iter_parts() if part.partname.startswith("/word/charts/chart"))
    workbook = write_xlsx(["", title], pairs)
    book = Part(PackURI(f"/word/embeddings/chart{number}.xlsx"), BOOK_TYPE, workbook, package)
    chart = Part(PackURI(f"/word/charts/chart{number}.xml"), CHART_TYPE, b"", package)
    drawn = {
        "kind": kind, "title": title, "pairs": pairs, "count": len(pairs), "last": len(pairs) + 1,
        "book": chart.relate_to(book, f"{RELATIONS}/package"),
    }  # fmt: skip
    chart._blob = render_to_string("reports/chart.xml", drawn).encode()  # noqa: SLF001 - a part has no other way in.
    placed = {"id": FIRST_ID + number, "title": title, "relation": document.part.relate_to(chart, f"{RELATIONS}/chart")}
    element = document.add_paragraph()._p  # noqa: SLF001
    run = parse_xml('<w:r xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"/>')
    run.append(parse_xml(render_to_string("reports/chart_inline.xml", placed).strip()))
    element.append(run)
    return element
