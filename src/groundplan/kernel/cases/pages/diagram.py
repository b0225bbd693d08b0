"""A flow drawn as SVG by the server, with the stages where a case stands; and its BPMN file."""

from __future__ import annotations

import textwrap
from collections.abc import Collection
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse

from groundplan.kernel.cases.logic.bpmn import to_bpmn
from groundplan.kernel.cases.logic.drawing import Arrow, Node, draw
from groundplan.kernel.cases.logic.flow import Flow
from groundplan.kernel.cases.models import Case, Task
from groundplan.kernel.cases.queries.flows import flow_of, version_in_force
from groundplan.kernel.parties.access import officer
from groundplan.portal.templatetags.portal import label

WIDE = 8
LINES = 3


@dataclass(frozen=True)
class Shape:
    """A node as the template draws it."""

    node: Node
    here: bool
    lines: tuple[tuple[int, str], ...]

    @property
    def middle(self) -> tuple[int, int]:
        """Its middle."""
        return self.node.x + self.node.size[0] // 2, self.node.y + self.node.size[1] // 2

    @property
    def corners(self) -> str:
        """A gateway's four corners."""
        (x, y), (width, height) = (self.node.x, self.node.y), self.node.size
        middle_x, middle_y = self.middle
        return f"{x},{middle_y} {middle_x},{y} {x + width},{middle_y} {middle_x},{y + height}"


@dataclass(frozen=True)
class Diagram:
    """What the template draws."""

    width: int
    height: int
    shapes: list[Shape]
    ways: list[tuple[Arrow, str, tuple[int, int]]]
    marked: bool


def diagram(flow: Flow, here: Collection[tuple[str, str]] = ()) -> Diagram:
    """The drawing of a flow in the reader's language.

    Args:
        flow: the flow.
        here: stages, with the task of a parallel one, that are marked.
    """
    drawing = draw(flow)
    shapes = [
        Shape(node, node.kind in {"user", "rule", "end"} and (node.stage, node.key) in here, _lines(node))
        for node in drawing.nodes.values()
    ]
    ways = [
        (arrow, " ".join(f"{x},{y}" for x, y in arrow.points), _beside(arrow))
        for arrow in drawing.arrows
        if arrow.points
    ]
    return Diagram(drawing.width, drawing.height, shapes, ways, any(shape.here for shape in shapes))


def diagram_of_case(case: Case, flow: Flow, tasks: list[Task]) -> Diagram:
    """The flow of a case with the stages where it stands: those of its active tasks, else the one it ended in."""
    here = {(task.stage, task.key) for task in tasks if task.active} or {(case.stage, "")}
    return diagram(flow, here)


@officer()
def bpmn(request: HttpRequest, key: str) -> HttpResponse:  # noqa: ARG001 - Django's signature.
    """The BPMN file of a flow in force."""
    return bpmn_answer(key)


def bpmn_answer(key: str) -> HttpResponse:
    """A flow in force as a file to keep.

    Raises:
        FlowUnknown: no flow of this name is in force.
    """
    version = version_in_force(key)
    answer = HttpResponse(to_bpmn(flow_of(version.pk)), content_type="application/xml; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{version.key}-{version.number}.bpmn"'
    return answer


def _beside(arrow: Arrow) -> tuple[int, int]:
    """Where the label of an arrow stands: on the part of its way that no other arrow shares."""
    x, y = arrow.points[{2: 0, 4: 2, 6: 2}[len(arrow.points)]]
    return x + 4, y - 4


def _lines(node: Node) -> tuple[tuple[int, str], ...]:
    """The label cut to fit its shape: words of latin texts, eight characters of Chinese ones; with heights."""
    text = label(node.label)
    limit = WIDE if any(ord(character) > 0x2E80 for character in text) else 2 * WIDE  # noqa: PLR2004 - CJK begins.
    cut = [text[at : at + WIDE] for at in range(0, len(text), WIDE)]
    found = cut if limit == WIDE else textwrap.wrap(text, limit)
    if len(found) > LINES:
        found = [*found[: LINES - 1], found[LINES - 1][: limit - 1] + "…"]
    first = node.y + node.size[1] // 2 + 5 - 9 * (len(found) - 1)
    return tuple((first + 18 * number, line) for number, line in enumerate(found))
