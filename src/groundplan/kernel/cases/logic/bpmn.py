"""BPMN 2.0 of a flow (OMG formal/2011-01-03) with its drawing (BPMNDI), for any modeller."""

from __future__ import annotations

import re
from xml.etree.ElementTree import Element, SubElement, indent, register_namespace, tostring

from groundplan.kernel.cases.logic.drawing import Arrow, Drawing, Node, draw
from groundplan.kernel.cases.logic.flow import Flow, Labels

BPMN = "http://www.omg.org/spec/BPMN/20100524/MODEL"
BPMNDI = "http://www.omg.org/spec/BPMN/20100524/DI"
DC = "http://www.omg.org/spec/DD/20100524/DC"
DI = "http://www.omg.org/spec/DD/20100524/DI"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
ELEMENTS = {
    "start": "startEvent", "end": "endEvent", "user": "userTask", "rule": "businessRuleTask",
    "exclusive": "exclusiveGateway", "parallel": "parallelGateway", "complex": "complexGateway",
}  # fmt: skip
# What XML 1.0 cannot hold (https://www.w3.org/TR/xml/#charsets).
_UNWRITABLE = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def to_bpmn(flow: Flow, *, language: str = "zh-hans") -> bytes:
    """A flow as a BPMN 2.0 file.

    Clocks, rights, fields and what officers may do besides (移交, 延期 …) have no counterpart in BPMN; they stand in
    the documentation of each task. A guard is written as its S-FEEL text; the process says that it is not executable.

    Args:
        flow: a checked flow.
        language: of the names.
    """
    for prefix, space in (("bpmn", BPMN), ("bpmndi", BPMNDI), ("dc", DC), ("di", DI), ("xsi", XSI)):
        register_namespace(prefix, space)
    drawing = draw(flow)
    top = Element(f"{{{BPMN}}}definitions", {"id": f"flow-{flow.flow}", "targetNamespace": f"urn:flow:{flow.flow}"})
    process = SubElement(
        top, f"{{{BPMN}}}process",
        {"id": f"process-{flow.flow}", "name": _named(flow.label, language), "isExecutable": "false"},
    )  # fmt: skip
    for node in drawing.nodes.values():
        _write_node(process, flow, drawing, node, language)
    for arrow in drawing.arrows:
        _write_arrow(process, arrow, language)
    _write_places(top, flow, drawing)
    indent(top)
    written: bytes = tostring(top, encoding="utf-8", xml_declaration=True)
    return written


def _named(texts: Labels, language: str) -> str:
    text = texts.get(language) or texts.get("zh-hans") or next(iter(texts.values()), "")
    return _UNWRITABLE.sub("", text)


def _id(name: str) -> str:
    return f"n-{name}"


def _write_node(process: Element, flow: Flow, drawing: Drawing, node: Node, language: str) -> None:
    made = SubElement(process, f"{{{BPMN}}}{ELEMENTS[node.kind]}", {"id": _id(node.id)})
    if node.label:
        made.set("name", _named(node.label, language))
    if node.default:
        made.set("default", node.default)
    told = _told(flow, node)
    if told:
        SubElement(made, f"{{{BPMN}}}documentation").text = _UNWRITABLE.sub("", told)
    for tag, arrows in (("incoming", drawing.into(node.id)), ("outgoing", drawing.out_of(node.id))):
        for arrow in arrows:
            SubElement(made, f"{{{BPMN}}}{tag}").text = arrow.id
    if node.many:
        SubElement(made, f"{{{BPMN}}}multiInstanceLoopCharacteristics")
    if node.kind == "complex":
        SubElement(made, f"{{{BPMN}}}activationCondition").text = f"{_joined(flow, node.stage)} of the tasks"


def _joined(flow: Flow, stage: str) -> str:
    return str(getattr(flow.stages[stage], "join", "all"))


def _told(flow: Flow, node: Node) -> str:
    """What BPMN has no place for: rule, role, limit, signature, further actions."""
    if node.kind == "rule":
        return f"rule: {node.rule}"
    if node.kind != "user":
        return ""
    work = flow.work(node.stage, node.key)
    limit = work.limit and (work.limit.limit or work.limit.field or f"{work.limit.rule}.{work.limit.output}")
    lines = [f"role: {work.role}", f"limit: {limit}" if limit else "", "sign: true" if getattr(work, "sign", 0) else ""]
    allowed = getattr(work, "allow", ())
    return "\n".join([line for line in lines if line] + ([f"allow: {', '.join(allowed)}"] if allowed else []))


def _write_arrow(process: Element, arrow: Arrow, language: str) -> None:
    given = {"id": arrow.id, "sourceRef": _id(arrow.source), "targetRef": _id(arrow.target)}
    if arrow.label:
        given["name"] = _named(arrow.label, language)
    made = SubElement(process, f"{{{BPMN}}}sequenceFlow", given)
    if arrow.guard:
        test = SubElement(
            made,
            f"{{{BPMN}}}conditionExpression",
            {f"{{{XSI}}}type": "bpmn:tFormalExpression"},
        )
        test.text = _UNWRITABLE.sub("", arrow.guard)


def _write_places(top: Element, flow: Flow, drawing: Drawing) -> None:
    diagram = SubElement(top, f"{{{BPMNDI}}}BPMNDiagram", {"id": "diagram"})
    plane = SubElement(diagram, f"{{{BPMNDI}}}BPMNPlane", {"id": "plane", "bpmnElement": f"process-{flow.flow}"})
    for node in drawing.nodes.values():
        shape = SubElement(plane, f"{{{BPMNDI}}}BPMNShape", {"id": f"s-{node.id}", "bpmnElement": _id(node.id)})
        if node.kind == "exclusive":
            shape.set("isMarkerVisible", "true")
        width, height = node.size
        SubElement(
            shape, f"{{{DC}}}Bounds",
            {"x": str(node.x), "y": str(node.y), "width": str(width), "height": str(height)},
        )  # fmt: skip
    for arrow in drawing.arrows:
        edge = SubElement(plane, f"{{{BPMNDI}}}BPMNEdge", {"id": f"e-{arrow.id}", "bpmnElement": arrow.id})
        for x, y in arrow.points:
            SubElement(edge, f"{{{DI}}}waypoint", {"x": str(x), "y": str(y)})
