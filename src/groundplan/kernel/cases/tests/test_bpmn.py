"""Flows leave as BPMN 2.0: valid, whole, and drawn without one shape upon another."""

from importlib import resources
from itertools import combinations
from xml.etree import ElementTree as ET

import pytest
import yaml

from groundplan.kernel.cases.logic import bpmn
from groundplan.kernel.cases.logic.check import read_flow
from groundplan.kernel.cases.logic.drawing import draw
from groundplan.kernel.cases.tests.factories import FLOW

SHIPPED = sorted(
    path.name for path in resources.files("groundplan.profiles.cn.flows").iterdir() if ".yaml" in path.name
)
NAMES = ["repair", *SHIPPED]


def flow_named(name):
    text = (
        FLOW if name == "repair" else resources.files("groundplan.profiles.cn.flows").joinpath(name).read_text("utf-8")
    )
    flow, problems = read_flow(text)
    assert flow is not None
    assert problems == []
    return flow


@pytest.mark.parametrize("name", NAMES)
def test_every_reference_of_the_file_leads_somewhere(name):
    flow = flow_named(name)
    top = ET.fromstring(bpmn.to_bpmn(flow))
    process = top.find(f"{{{bpmn.BPMN}}}process")
    ids = [each.get("id") for each in top.iter() if each.get("id")]
    assert len(ids) == len(set(ids))
    nodes = {each.get("id"): each for each in process if not each.tag.endswith("sequenceFlow")}
    ways = {each.get("id"): each for each in process if each.tag.endswith("sequenceFlow")}
    for way in ways.values():
        assert way.get("id") in [each.text for each in nodes[way.get("sourceRef")] if each.tag.endswith("outgoing")]
        assert way.get("id") in [each.text for each in nodes[way.get("targetRef")] if each.tag.endswith("incoming")]
    for node in nodes.values():
        assert node.get("default") is None or node.get("default") in ways
    drawn = {each.get("bpmnElement") for each in top.iter() if each.get("bpmnElement")} - {process.get("id")}
    assert drawn == set(nodes) | set(ways)
    assert set(flow.stages) <= {each.stage for each in draw(flow).nodes.values()}


@pytest.mark.parametrize("name", NAMES)
def test_shapes_stand_inside_the_drawing_and_apart(name):
    drawing = draw(flow_named(name))
    boxes = [(each.x, each.y, each.x + each.size[0], each.y + each.size[1]) for each in drawing.nodes.values()]
    for a, b in combinations(boxes, 2):
        assert a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1]
    for left, top, right, bottom in boxes:
        assert left >= 0
        assert top >= 0
        assert right <= drawing.width
        assert bottom <= drawing.height
    for arrow in drawing.arrows:
        assert all(0 <= x <= drawing.width and 0 <= y <= drawing.height for x, y in arrow.points)
        assert all(a[0] == b[0] or a[1] == b[1] for a, b in zip(arrow.points, arrow.points[1:], strict=False))


def test_a_label_that_no_xml_can_hold_is_written_without_it():
    document = yaml.safe_load(FLOW)
    document["label"]["zh-hans"] = "报\x08修 <&>\ud800".encode("utf-8", "ignore").decode()
    flow, _problems = read_flow(yaml.safe_dump(document, allow_unicode=True))
    top = ET.fromstring(bpmn.to_bpmn(flow))
    assert top.find(f"{{{bpmn.BPMN}}}process").get("name") == "报修 <&>"


@pytest.mark.peer
@pytest.mark.parametrize("name", NAMES)
def test_the_file_is_valid_against_the_schema_of_the_omg(name):
    """The schema files (formal/2011-01-03) come with a peer of the benchmarks; we do not ship them."""
    etree = pytest.importorskip("lxml.etree")
    folder = pytest.importorskip("SpiffWorkflow.bpmn.parser").__path__[0]
    schema = etree.XMLSchema(etree.parse(f"{folder}/schema/BPMN20.xsd"))
    schema.assertValid(etree.fromstring(bpmn.to_bpmn(flow_named(name))))
