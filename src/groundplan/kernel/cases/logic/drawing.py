"""A flow as a drawing: nodes and arrows of BPMN 2.0 from its stages, and where each stands on the page."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from groundplan.kernel.cases.logic.flow import (
    EndStage,
    Flow,
    Labels,
    Outcome,
    ParallelStage,
    RuleStage,
    RulingStage,
    TaskStage,
    Work,
)

Kind = Literal["start", "end", "user", "rule", "exclusive", "parallel", "complex"]
Point = tuple[int, int]
SIZES: dict[str, Point] = {"start": (36, 36), "end": (36, 36), "user": (132, 68), "rule": (132, 68)}
GATEWAY: Point = (44, 44)
COLUMN, ROW, LANE = 236, 116, 18
RETURNED: Labels = {"zh-hans": "退单", "en": "Returned"}
REFUSED: Labels = {"zh-hans": "不同意退单", "en": "Return refused"}
UPHELD: Labels = {"zh-hans": "同意退单", "en": "Return upheld"}
UNMATCHED: Labels = {"zh-hans": "无适用规则", "en": "No row applies"}
BEGIN: Labels = {"zh-hans": "开始", "en": "Start"}


@dataclass
class Node:
    """One shape: its kind, the stage (and the task of a parallel stage) that it shows, and its corner."""

    id: str
    kind: Kind
    label: Labels = field(default_factory=dict)
    stage: str = ""
    key: str = ""
    many: bool = False
    rule: str = ""
    default: str = ""
    x: int = 0
    y: int = 0

    @property
    def size(self) -> Point:
        """Width and height."""
        return SIZES.get(self.kind, GATEWAY)


@dataclass
class Arrow:
    """A way from one shape to another, by its label, its guard and its corners."""

    id: str
    source: str
    target: str
    label: Labels = field(default_factory=dict)
    guard: str = ""
    points: list[Point] = field(default_factory=list)


@dataclass
class Drawing:
    """Shapes and arrows with their places; ``width`` and ``height`` hold them all."""

    nodes: dict[str, Node] = field(default_factory=dict)
    arrows: list[Arrow] = field(default_factory=list)
    width: int = 0
    height: int = 0

    def out_of(self, node: str) -> list[Arrow]:
        """Arrows that leave a shape."""
        return [arrow for arrow in self.arrows if arrow.source == node]

    def into(self, node: str) -> list[Arrow]:
        """Arrows that reach a shape."""
        return [arrow for arrow in self.arrows if arrow.target == node]


def draw(flow: Flow) -> Drawing:
    """The drawing of a flow, the same for the same flow.

    A stage of several outcomes is followed by an exclusive gateway, a parallel one stands between two gateways; a
    return (退单) leads to its ruling, and a refused one back.
    """
    maker = _Maker(flow)
    maker.run()
    _place(maker.drawing)
    return maker.drawing


class _Maker:
    """Turns stages into shapes and arrows."""

    def __init__(self, flow: Flow) -> None:
        self.flow = flow
        self.drawing = Drawing()

    def run(self) -> None:
        self._node("start", "start", BEGIN)
        self._arrow("start", self._entry(self.flow.start))
        for name, stage in self.flow.stages.items():
            if isinstance(stage, TaskStage):
                self._node(f"{name}", "user", stage.label, stage=name)
                self._ways(name, self._outcomes(stage, stage.outcomes))
            elif isinstance(stage, ParallelStage):
                self._parallel(name, stage)
            elif isinstance(stage, RuleStage):
                self._rule(name, stage)
            elif isinstance(stage, RulingStage):
                self._ruling(name, stage)
            elif isinstance(stage, EndStage):
                self._node(name, "end", stage.label, stage=name)

    def _outcomes(self, work: Work, outcomes: Mapping[str, Outcome]) -> list[tuple[str, Labels, str]]:
        found = [(self._entry(each.to), each.label, _text(each.when)) for each in outcomes.values() if each.to]
        if work.returns:
            found.append((self._entry(work.returns.to), RETURNED, ""))
        return found

    def _parallel(self, name: str, stage: ParallelStage) -> None:
        split, join = f"{name}.split", f"{name}.join"
        self._node(split, "parallel", stage.label, stage=name)
        self._node(join, "parallel" if stage.join == "all" else "complex", stage=name)
        for key, work in stage.tasks.items():
            made = f"{name}.{key}"
            self._node(made, "user", work.label, stage=name, key=key, many=work.for_each is not None)
            self._arrow(split, made)
            done: tuple[str, Labels, str] = (join, {"zh-hans": "办结", "en": "done"}, "")
            leaving = self._outcomes(work, work.outcomes)
            self._ways(made, [done, *leaving] if leaving else [done])
        self._arrow(join, self._entry(stage.to))

    def _rule(self, name: str, stage: RuleStage) -> None:
        text = stage.label or {"zh-hans": f"按规则判定 {stage.rule}", "en": f"Decided by {stage.rule}"}
        self._node(name, "rule", text, stage=name, rule=stage.rule)
        ways = [(self._entry(way.to), dict[str, str](), _text(way.when)) for way in stage.next]
        if stage.unmatched:
            ways.insert(0, (self._entry(stage.unmatched), UNMATCHED, ""))
        self._ways(name, ways)

    def _ruling(self, name: str, stage: RulingStage) -> None:
        self._node(name, "user", stage.label, stage=name)
        ways = [(self._entry(stage.upheld), UPHELD, "")]
        for other, each in self.flow.stages.items():
            works = each.tasks.items() if isinstance(each, ParallelStage) else [("", each)]
            for key, work in works:
                if isinstance(work, Work) and work.returns and work.returns.to == name:
                    ways.append((f"{other}.{key}" if key else other, REFUSED, ""))
        self._ways(name, ways)

    def _ways(self, source: str, ways: list[tuple[str, Labels, str]]) -> None:
        """Arrows out of a shape; through an exclusive gateway when there are several."""
        if len(ways) > 1:
            gateway = f"{source}.which"
            self._node(gateway, "exclusive", stage=self.drawing.nodes[source].stage)
            self._arrow(source, gateway)
            source = gateway
        for target, text, guard in ways:
            arrow = self._arrow(source, target, text, guard)
            if not guard:
                self.drawing.nodes[source].default = arrow.id if len(ways) > 1 else ""

    def _entry(self, stage: str) -> str:
        return f"{stage}.split" if isinstance(self.flow.stages[stage], ParallelStage) else stage

    def _node(self, name: str, kind: Kind, text: Labels | None = None, **more: object) -> None:
        self.drawing.nodes[name] = Node(name, kind, dict(text or {}), **more)  # type: ignore[arg-type]

    def _arrow(self, source: str, target: str, text: Labels | None = None, guard: str = "") -> Arrow:
        made = Arrow(f"way{len(self.drawing.arrows)}", source, target, dict(text or {}), guard)
        self.drawing.arrows.append(made)
        return made


def _text(guards: Mapping[str, str]) -> str:
    return "; ".join(f"{name}: {test}" for name, test in guards.items())


def _place(drawing: Drawing) -> None:
    """Columns by the longest way from the start, rows near those that lead there; arrows around the shapes."""
    back = _backward(drawing)
    columns = _columns(drawing, back)
    rows = _rows(drawing, columns, back)
    around = [
        arrow for arrow in drawing.arrows if arrow.id in back or columns[arrow.target] - columns[arrow.source] > 1
    ]
    above = LANE * sum(arrow.id not in back for arrow in around) + 40
    for name, node in drawing.nodes.items():
        width, height = node.size
        node.x = 24 + columns[name] * COLUMN + (SIZES["user"][0] - width) // 2
        node.y = above + rows[name] * ROW + (SIZES["user"][1] - height) // 2
    floor = above + (max(rows.values()) + 1) * ROW
    lanes = {True: 0, False: 0}
    for arrow in drawing.arrows:
        if arrow not in around:
            _straight(drawing, arrow)
            continue
        down = arrow.id in back
        lanes[down] += 1
        _around(drawing, arrow, floor + lanes[down] * LANE if down else above - 20 - lanes[down] * LANE, down=down)
    drawing.width = 48 + max(columns.values()) * COLUMN + SIZES["user"][0]
    drawing.height = floor + (lanes[True] + 1) * LANE


def _backward(drawing: Drawing) -> set[str]:
    """Arrows that close a cycle, in the order of a walk from the start."""
    found: set[str] = set()
    state: dict[str, int] = {}
    stack: list[tuple[str, list[Arrow]]] = [("start", drawing.out_of("start"))]
    state["start"] = 1
    while stack:
        name, ways = stack[-1]
        if not ways:
            state[name] = 2
            stack.pop()
            continue
        arrow = ways.pop(0)
        if state.get(arrow.target) == 1:
            found.add(arrow.id)
        elif arrow.target not in state:
            state[arrow.target] = 1
            stack.append((arrow.target, drawing.out_of(arrow.target)))
    return found


def _columns(drawing: Drawing, back: set[str]) -> dict[str, int]:
    columns = dict.fromkeys(drawing.nodes, 0)
    forward = [arrow for arrow in drawing.arrows if arrow.id not in back]
    # Without the arrows backward there is no cycle, so this comes to rest within as many rounds as there are shapes.
    for _round in drawing.nodes:
        moved = False
        for arrow in forward:
            if columns[arrow.target] <= columns[arrow.source]:
                columns[arrow.target] = columns[arrow.source] + 1
                moved = True
        if not moved:
            break
    return columns


def _rows(drawing: Drawing, columns: Mapping[str, int], back: set[str]) -> dict[str, int]:
    stacked: dict[int, list[str]] = defaultdict(list)
    for name in drawing.nodes:
        stacked[columns[name]].append(name)
    rows: dict[str, int] = {}
    for column in sorted(stacked):
        wanted = {
            name: _middle(rows[arrow.source] for arrow in drawing.into(name) if arrow.id not in back)
            for name in stacked[column]
        }
        free = 0
        for name in sorted(stacked[column], key=lambda name: wanted[name]):
            rows[name] = max(free, round(wanted[name]))
            free = rows[name] + 1
    return rows


def _middle(values: Iterable[int]) -> float:
    found = list(values)
    return sum(found) / len(found) if found else 0.0


def _straight(drawing: Drawing, arrow: Arrow) -> None:
    begin, end = _side(drawing.nodes[arrow.source], right=True), _side(drawing.nodes[arrow.target], right=False)
    if begin[1] == end[1]:
        arrow.points = [begin, end]
        return
    turn = _column_end(drawing.nodes[arrow.source]) + 24
    arrow.points = [begin, (turn, begin[1]), (turn, end[1]), end]


def _around(drawing: Drawing, arrow: Arrow, lane: int, *, down: bool) -> None:
    """A way along a lane of its own, above (forward) or below (backward) of all shapes, through the gaps of columns."""
    source, target = drawing.nodes[arrow.source], drawing.nodes[arrow.target]
    begin, end = _side(source, right=True), _side(target, right=False)
    first, last = _column_end(source) + 12, _column_end(target) - SIZES["user"][0] - (16 if down else 8)
    arrow.points = [begin, (first, begin[1]), (first, lane), (last, lane), (last, end[1]), end]


def _column_end(node: Node) -> int:
    """Where the gap behind the column of a shape begins."""
    return node.x + node.size[0] // 2 + SIZES["user"][0] // 2


def _side(node: Node, *, right: bool) -> Point:
    width, height = node.size
    return node.x + (width if right else 0), node.y + height // 2
