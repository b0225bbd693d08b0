"""Writes a table as DMN 1.4 XML: a decision with its inputs, drawn, so that a modeller opens it.

What DMN has no place for (labels in two languages, basis, notes, retention) stands in extension elements of our own;
``dmnform.read_dmn`` reads them back to the same table, and other programs leave them alone.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final
from xml.etree.ElementTree import Element, SubElement, indent, register_namespace, tostring

from groundplan.kernel.rules.logic.table import Row, Table
from groundplan.kernel.rules.logic.unary import Span, Test
from groundplan.kernel.rules.logic.values import Field, literal_text

MODEL: Final = "https://www.omg.org/spec/DMN/20211108/MODEL/"
DI_DIAGRAM: Final = "https://www.omg.org/spec/DMN/20191111/DMNDI/"
DC: Final = "http://www.omg.org/spec/DMN/20180521/DC/"
DI: Final = "http://www.omg.org/spec/DMN/20180521/DI/"
# dmn-js 17 and what is built on it open this name space only; our subset is the same in both versions.
MODEL_1_3: Final = "https://www.omg.org/spec/DMN/20191111/MODEL/"
OURS: Final = "urn:groundplan:rules:1"
TYPE_REFS: Final = {
    "string": "string",
    "enumeration": "string",
    "integer": "number",
    "decimal": "number",
    "boolean": "boolean",
    "date": "date",
    "time": "time",
    "duration": "days and time duration",
    "list": "Any",
}
POLICIES: Final = {"unique": "UNIQUE", "first": "FIRST", "any": "ANY", "collect": "COLLECT"}
# What XML cannot hold; a FEEL text writes it as an escape of four hexadecimal digits.
_NOT_XML: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_CALLS: Final = {"date": "date", "time": "time", "duration": "duration"}


def write_dmn(table: Table) -> bytes:
    """The DMN form of a table, UTF-8."""
    name = _NOT_XML.sub("", table.label.get("zh-hans", table.key))
    for prefix, address in (("", MODEL), ("dmndi", DI_DIAGRAM), ("dc", DC), ("di", DI), ("groundplan", OURS)):
        register_namespace(prefix, address)
    root = Element(
        _m("definitions"),
        {"id": "definitions", "name": name, "namespace": f"{OURS}:{table.key}"},
    )
    decision = SubElement(root, _m("decision"), {"id": "decision", "name": name})
    _extension(decision, _head(table))
    SubElement(decision, _m("variable"), {"id": "variable", "name": name})
    for place in range(len(table.inputs)):
        needs = SubElement(decision, _m("informationRequirement"), {"id": f"needs_{place}"})
        SubElement(needs, _m("requiredInput"), {"href": f"#data_{place}"})
    _table(decision, table)
    for place, item in enumerate(table.inputs):
        data = SubElement(root, _m("inputData"), {"id": f"data_{place}", "name": item.name})
        named = {"id": f"data_variable_{place}", "name": item.name, "typeRef": TYPE_REFS[item.type]}
        SubElement(data, _m("variable"), named)
    _drawing(root, table)
    indent(root)
    text: str = tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}'.encode()


def write_dmn_1_3(table: Table) -> bytes:
    """The same under the name space of DMN 1.3, for modellers that open no later one."""
    # Quotes inside attributes are escaped, so the first such text is the name space itself.
    return write_dmn(table).replace(f'xmlns="{MODEL}"'.encode(), f'xmlns="{MODEL_1_3}"'.encode(), 1)


def _m(name: str) -> str:
    return f"{{{MODEL}}}{name}"


def _extension(parent: Element, said: dict[str, Any]) -> None:
    """Our own words about an element, as JSON in one extension element."""
    if said:
        held = SubElement(SubElement(parent, _m("extensionElements")), f"{{{OURS}}}said")
        held.text = _NOT_XML.sub("", json.dumps(said, ensure_ascii=False, sort_keys=True))


def _head(table: Table) -> dict[str, Any]:
    definition = table.definition()
    kept = ("rule", "label", "basis", "retention_days", "effective_from")
    said = {name: definition[name] for name in kept if name in definition}
    if table.default is not None:
        row = table.default
        said["default"] = {"id": row.id, "basis": dict(row.basis), "note": dict(row.note)}
    return said


def _table(decision: Element, table: Table) -> None:
    named = {"id": "table", "hitPolicy": POLICIES[table.hit]}
    if table.aggregate:
        named["aggregation"] = table.aggregate.upper()
    made = SubElement(decision, _m("decisionTable"), named)
    for place, item in enumerate(table.inputs):
        column = SubElement(made, _m("input"), {"id": f"input_{place}", "label": _label(item)})
        _extension(column, _column(item))
        asked = SubElement(column, _m("inputExpression"), {"id": f"asked_{place}", "typeRef": TYPE_REFS[item.type]})
        SubElement(asked, _m("text")).text = item.name
        _values(column, "inputValues", item, f"values_{place}")
    for place, item in enumerate(table.outputs):
        column = SubElement(
            made,
            _m("output"),
            {"id": f"output_{place}", "name": item.name, "label": _label(item)} | {"typeRef": TYPE_REFS[item.type]},
        )
        _extension(column, _column(item))
        _values(column, "outputValues", item, f"output_values_{place}")
        _default_entry(column, table, place, item)
    for place, row in enumerate(table.rows):
        _rule(made, table, place, row)


def _label(item: Field) -> str:
    return _NOT_XML.sub("", item.label.get("zh-hans", item.name))


def _column(item: Field) -> dict[str, Any]:
    said: dict[str, Any] = {"type": item.type, "label": dict(item.label)}
    said |= {flag: True for flag in ("personal", "optional") if getattr(item, flag)}
    if item.values:
        said["values"] = [{"value": choice.value, "label": dict(choice.label)} for choice in item.values]
    return said


def _values(column: Element, name: str, item: Field, key: str) -> None:
    if item.values:
        held = SubElement(column, _m(name), {"id": key})
        SubElement(held, _m("text")).text = ", ".join(_quoted(choice.value) for choice in item.values)


def _default_entry(column: Element, table: Table, place: int, item: Field) -> None:
    if table.default is not None:
        held = SubElement(column, _m("defaultOutputEntry"), {"id": f"default_{place}"})
        SubElement(held, _m("text")).text = literal_feel(table.default.outputs[place], item)


def _rule(made: Element, table: Table, place: int, row: Row) -> None:
    rule = SubElement(made, _m("rule"), {"id": f"rule_{place}"})
    _extension(rule, {"id": row.id, "basis": dict(row.basis), "note": dict(row.note)})
    for column, (test, item) in enumerate(zip(row.tests, table.inputs, strict=True)):
        entry = SubElement(rule, _m("inputEntry"), {"id": f"if_{place}_{column}"})
        SubElement(entry, _m("text")).text = test_feel(test, item)
    for column, (value, item) in enumerate(zip(row.outputs, table.outputs, strict=True)):
        entry = SubElement(rule, _m("outputEntry"), {"id": f"then_{place}_{column}"})
        SubElement(entry, _m("text")).text = literal_feel(value, item)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\r", "\\r")
    return '"' + _NOT_XML.sub(lambda found: f"\\u{ord(found.group()):04x}", escaped.replace("\t", "\\t")) + '"'


def literal_feel(value: Any, item: Field) -> str:
    """A value as FEEL writes it: text quoted, dates as calls."""
    if value is None:
        return "null"
    if item.type == "list":
        return "[" + ", ".join(_quoted(text) for text in value) + "]"
    if item.type in ("string", "enumeration"):
        return _quoted(value)
    text = value.isoformat() if item.type == "time" else literal_text(value)
    return f'{_CALLS[item.type]}("{text}")' if item.type in _CALLS else text


def test_feel(test: Test, item: Field) -> str:
    """A condition as FEEL writes it."""
    if test.is_any:
        return "-"
    order = {choice.value: index for index, choice in enumerate(item.values)}
    members = sorted((m for m in test.members if m is not None), key=lambda m: (order.get(m, 0), m))
    parts = [literal_feel(member, item) for member in members] + [_span_feel(span, item) for span in test.spans]
    parts += ["null"] if None in test.members else []
    inner = ", ".join(parts)
    return f"not({inner})" if test.negated else inner


def _span_feel(span: Span, item: Field) -> str:
    if span.low is not None and span.low == span.high:
        return literal_feel(span.low, item)
    if span.low is None:
        return f"{'<=' if span.high_in else '<'} {literal_feel(span.high, item)}"
    if span.high is None:
        return f"{'>=' if span.low_in else '>'} {literal_feel(span.low, item)}"
    low, high = literal_feel(span.low, item), literal_feel(span.high, item)
    return f"{'[' if span.low_in else '('}{low}..{high}{']' if span.high_in else ')'}"


def _drawing(root: Element, table: Table) -> None:
    """Where the shapes stand: the decision above, its inputs in a line below."""
    width, gap = 160, 40
    whole = len(table.inputs) * (width + gap) - gap
    middle = 60 + whole // 2
    diagram = SubElement(SubElement(root, f"{{{DI_DIAGRAM}}}DMNDI"), f"{{{DI_DIAGRAM}}}DMNDiagram", {"id": "diagram"})
    _shape(diagram, "decision", (middle - 90, 80), 180, 80)
    for place in range(len(table.inputs)):
        left = 60 + place * (width + gap)
        _shape(diagram, f"data_{place}", (left, 260), width, 45)
        edge = SubElement(
            diagram, f"{{{DI_DIAGRAM}}}DMNEdge", {"id": f"edge_{place}", "dmnElementRef": f"needs_{place}"}
        )
        for x, y in ((left + width // 2, 260), (middle, 160)):
            SubElement(edge, f"{{{DI}}}waypoint", {"x": str(x), "y": str(y)})


def _shape(diagram: Element, name: str, corner: tuple[int, int], width: int, height: int) -> None:
    shape = SubElement(diagram, f"{{{DI_DIAGRAM}}}DMNShape", {"id": f"shape_{name}", "dmnElementRef": name})
    box = {"x": str(corner[0]), "y": str(corner[1]), "width": str(width), "height": str(height)}
    SubElement(shape, f"{{{DC}}}Bounds", box)
