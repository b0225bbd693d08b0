"""Checks of a flow when it is loaded: everything that would strand a running case is refused, naming stage and key."""

from __future__ import annotations

import string
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import yaml
from pydantic import ValidationError

from groundplan.kernel.cases.logic.flow import (
    CaseField,
    EndStage,
    Flow,
    Limit,
    Owner,
    ParallelStage,
    RuleStage,
    RulingStage,
    Stage,
    TaskStage,
    Work,
)
from groundplan.kernel.cases.logic.reading import FlowTooLarge, GivenTwice, read_yaml
from groundplan.lib.errors import GroundplanError

MOST_NAMED, MOST_PROBLEMS, MOST_REASON = 20, 200, 500
CompileTest = Callable[[str, CaseField], object]
CheckSpan = Callable[[str], object]


@dataclass(frozen=True)
class Problem:
    """One fault of a flow file: where, and why."""

    where: str
    reason: str

    def __str__(self) -> str:
        return f"{self.where}: {self.reason}"


def read_flow(text: str) -> tuple[Flow | None, list[Problem]]:
    """Read a flow file without yet checking its meaning.

    Returns:
        The flow, or None with the faults of its form.
    """
    document, fault = _document(text)
    if fault is not None:
        return None, [fault]
    if not isinstance(document, dict):
        return None, [Problem("file", "is not a mapping with `flow`, `fields`, `start` and `stages`")]
    try:
        return Flow.model_validate(document), []
    except ValidationError as error:
        return None, [
            Problem(_place(item["loc"]), _reason(item["msg"], item["type"])[:MOST_REASON])
            for item in error.errors(include_url=False, include_input=False)[:MOST_PROBLEMS]
        ]


def _document(text: str) -> tuple[Any, Problem | None]:
    """The YAML of a file as plain values, or what is wrong with it."""
    try:
        return read_yaml(text), None
    except FlowTooLarge as error:
        fault = Problem("file", str(error))
    except GivenTwice as error:
        fault = Problem(error.key, f"is given twice, in line {error.line}: the first would be lost")
    except yaml.YAMLError as error:
        fault = Problem("file", f"is not YAML: {str(error).splitlines()[0]}")
    except RecursionError:
        fault = Problem("file", "is nested too deeply")
    except ValueError as error:
        # What looks like a date or a number and is none, such as 2026-02-30.
        fault = Problem("file", f"has a value that cannot be: {error}")
    return None, fault


def check_flow(flow: Flow, *, compile_test: CompileTest, check_span: CheckSpan) -> list[Problem]:
    """All faults of a flow that would strand a case, in the order of the file.

    Args:
        flow: the flow as read.
        compile_test: makes a guard of its text for a field, raising on an ill-typed one.
        check_span: reads a time span such as ``5 work_days``, raising on another text.
    """
    checker = _Checker(flow, compile_test, check_span)
    checker.run()
    return checker.problems[:MOST_PROBLEMS]


def exits(stage: Stage) -> dict[str, str]:
    """The ways out of a stage: where in the file, and to which stage."""
    found: dict[str, str] = {}
    if isinstance(stage, TaskStage):
        found.update({f"outcomes.{key}.to": outcome.to for key, outcome in stage.outcomes.items() if outcome.to})
        if stage.returns:
            found["returns.to"] = stage.returns.to
    elif isinstance(stage, ParallelStage):
        found["to"] = stage.to
        for key, task in stage.tasks.items():
            found.update(
                {f"tasks.{key}.outcomes.{name}.to": outcome.to for name, outcome in task.outcomes.items() if outcome.to}
            )
            if task.returns:
                found[f"tasks.{key}.returns.to"] = task.returns.to
    elif isinstance(stage, RuleStage):
        found.update({f"next.{position}.to": way.to for position, way in enumerate(stage.next)})
        if stage.unmatched:
            found["unmatched"] = stage.unmatched
    elif isinstance(stage, RulingStage):
        found["upheld"] = stage.upheld
    return found


def _place(parts: tuple[int | str, ...]) -> str:
    kinds = {"task", "rule", "parallel", "ruling", "end"}
    kept = [str(part) for i, part in enumerate(parts) if not (i == 2 and parts[0] == "stages" and part in kinds)]  # noqa: PLR2004 - stages.NAME.KIND
    return ".".join(kept) or "file"


def _reason(message: str, kind: str) -> str:
    if kind == "missing":
        return "is missing"
    return message.removeprefix("Value error, ")


class _Checker:
    """Walks the flow once and collects what is wrong."""

    def __init__(self, flow: Flow, compile_test: CompileTest, check_span: CheckSpan) -> None:
        self.flow = flow
        self.compile_test = compile_test
        self.check_span = check_span
        self.problems: list[Problem] = []

    def run(self) -> None:
        flow = self.flow
        self.number(flow.number)
        self.stage_exists("start", flow.start)
        if flow.reopen_to:
            self.stage_exists("reopen_to", flow.reopen_to)
        self.facts("unsolved", flow.unsolved.facts if flow.unsolved else None)
        self.limit("total", flow.total)
        self.limit("escalation.every", flow.escalation.every)
        self.owner("account.decided_by", flow.account.decided_by)
        self.limit("account.limit", flow.account.limit)
        self.span("account.review", flow.account.review)
        for key, field in flow.fields.items():
            self.guards(f"fields.{key}.hidden_when", field.hidden_when)
            for position, unit in enumerate(field.shown_to):
                self.owner(f"fields.{key}.shown_to.{position}", unit)
        self.owner("control", flow.control)
        for position, observer in enumerate(flow.observers):
            self.owner(f"observers.{position}", observer)
        for key, stage in flow.stages.items():
            self.stage(f"stages.{key}", stage)
        if not self.problems:
            self.graph()

    def add(self, where: str, reason: str) -> None:
        self.problems.append(Problem(where, reason))

    def stage_exists(self, where: str, name: str) -> None:
        if name not in self.flow.stages:
            self.add(where, f"{name!r} is no stage (stages: {_some(self.flow.stages)})")

    def field_exists(self, where: str, name: str) -> CaseField | None:
        field = self.flow.fields.get(name)
        if field is None:
            self.add(where, f"{name!r} is no field (fields: {_some(self.flow.fields)})")
        return field

    def number(self, text: str) -> None:
        try:
            names = {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}
            text.format(flow="x", date=datetime(2026, 1, 1, tzinfo=UTC), seq=1)
        except (ValueError, KeyError, IndexError, AttributeError) as error:
            self.add("number", f"{text!r} cannot be filled in ({error!r}); accepted: {{date:%Y%m%d}} and {{seq:05d}}")
            return
        if "seq" not in names:
            self.add("number", f"{text!r} has no {{seq}}, so numbers would repeat")

    def limit(self, where: str, limit: Limit | None) -> None:
        if limit is None:
            return
        if limit.limit is not None:
            self.span(where, limit.limit)
        if limit.field is not None:
            self.field_exists(f"{where}.field", limit.field)
        self.facts(where, limit.facts)

    def facts(self, where: str, facts: Mapping[str, str] | None) -> None:
        for fact, name in (facts or {}).items():
            self.field_exists(f"{where}.facts.{fact}", name)

    def span(self, where: str, text: str) -> None:
        try:
            self.check_span(text)
        except (ValueError, GroundplanError) as error:
            self.add(where, f"{text!r} is no time span: {error}")

    def guards(self, where: str, guards: Mapping[str, str], extra: Mapping[str, CaseField] | None = None) -> None:
        for name, text in guards.items():
            field = self.field_exists(f"{where}.{name}", name) if name not in (extra or {}) else (extra or {})[name]
            if field is None:
                continue
            if field.personal or field.type == "parties":
                self.add(f"{where}.{name}", "personal fields and lists of units cannot be guarded")
                continue
            try:
                self.compile_test(text, field)
            except (ValueError, GroundplanError) as error:
                self.add(f"{where}.{name}", f"the guard {text!r} does not fit type {field.type}: {error}")

    def owner(self, where: str, owner: Owner | None) -> None:
        if owner is None:
            return
        if owner.field is not None:
            field = self.field_exists(f"{where}.field", owner.field)
            if field is not None and field.type not in {"party", "string"}:
                self.add(f"{where}.field", f"{owner.field!r} is of type {field.type}, not party")
        if owner.owner_of is not None:
            self.stage_exists(f"{where}.owner_of", owner.owner_of)
        if owner.stage is not None:
            self.stage_exists(f"{where}.stage", owner.stage)
        if owner.output is not None and not any(isinstance(s, RuleStage) for s in self.flow.stages.values()):
            self.add(f"{where}.output", "there is no rule stage that could give it")
        self.owner(f"{where}.otherwise", owner.otherwise)

    def stage(self, where: str, stage: Stage) -> None:
        for key, target in exits(stage).items():
            self.stage_exists(f"{where}.{key}", target)
            if isinstance(self.flow.stages.get(target), RulingStage) and not key.endswith("returns.to"):
                self.add(f"{where}.{key}", f"{target!r} is of kind ruling: only `returns.to` leads there")
        if isinstance(stage, TaskStage):
            self.work(where, stage)
            if not any(not outcome.when for outcome in stage.outcomes.values()):
                self.add(f"{where}.outcomes", "every outcome is guarded: a case that passes no guard would be stuck")
            for key, outcome in stage.outcomes.items():
                if outcome.to is None:
                    self.add(f"{where}.outcomes.{key}.to", "is missing")
        elif isinstance(stage, ParallelStage):
            self.parallel(where, stage)
        elif isinstance(stage, RuleStage):
            self.rule(where, stage)
        elif isinstance(stage, RulingStage):
            self.owner(f"{where}.owner", stage.owner)
            self.limit(f"{where}.limit", stage.limit)

    def parallel(self, where: str, stage: ParallelStage) -> None:
        for key, task in stage.tasks.items():
            self.work(f"{where}.tasks.{key}", task)
            if task.for_each is not None:
                field = self.field_exists(f"{where}.tasks.{key}.for_each", task.for_each)
                if field is not None and field.type != "parties":
                    self.add(f"{where}.tasks.{key}.for_each", f"{task.for_each!r} is of type {field.type}, not parties")
        fixed = sum(task.for_each is None for task in stage.tasks.values())
        if isinstance(stage.join, int) and fixed == len(stage.tasks) and stage.join > fixed:
            self.add(f"{where}.join", f"{stage.join} tasks can never be done: there are {fixed}")

    def work(self, where: str, work: Work) -> None:
        self.owner(f"{where}.owner", work.owner)
        for name, limit in (("limit", work.limit), ("sign_limit", work.sign_limit)):
            self.limit(f"{where}.{name}", limit)
        self.limit(f"{where}.transfer.limit", work.transfer.limit)
        for position, limit in enumerate(work.redispatch.levels):
            self.limit(f"{where}.redispatch.levels.{position}", limit)
        self.span(f"{where}.extensions.most", work.extensions.most)
        self.owner(f"{where}.extensions.decided_by", work.extensions.decided_by)
        if "extend" in work.allow and work.extensions.decided_by is None and self.flow.control is None:
            self.add(f"{where}.extensions.decided_by", "is missing: nobody could decide on an extension")
        if "account" in work.allow and self.flow.account.decided_by is None and self.flow.control is None:
            self.add("account.decided_by", f"is missing: {where} allows it, and nobody could approve it")
        for flow, rule in work.subcases.items():
            for name in rule.sets:
                self.field_exists(f"{where}.subcases.{flow}.sets", name)
        self.outcomes(where, work)
        if ("return" in work.allow) != (work.returns is not None):
            self.add(f"{where}.returns", "`allow: [return]` and `returns:` need each other")
        if work.returns is not None:
            self.limit(f"{where}.returns.limit", work.returns.limit)
            ruling = self.flow.stages.get(work.returns.to)
            if ruling is not None and not isinstance(ruling, RulingStage):
                self.add(f"{where}.returns.to", f"{work.returns.to!r} is not of kind ruling")

    def outcomes(self, where: str, work: Work) -> None:
        for key, outcome in work.outcomes.items():
            for group in ("requires", "optional", "sets"):
                for name in getattr(outcome, group):
                    self.field_exists(f"{where}.outcomes.{key}.{group}", name)
            for name in outcome.apart_from:
                if name not in self.flow.stages:
                    self.add(f"{where}.outcomes.{key}.apart_from", f"{name!r} is no stage")
            self.facts(f"{where}.outcomes.{key}.files", outcome.files.facts if outcome.files else None)
            self.guards(f"{where}.outcomes.{key}.when", outcome.when)

    def rule(self, where: str, stage: RuleStage) -> None:
        self.facts(where, stage.facts)
        for name in stage.sets:
            self.field_exists(f"{where}.sets", name)
        for position, way in enumerate(stage.next):
            self.guards(f"{where}.next.{position}.when", way.when)
        if stage.next[-1].when:
            self.add(f"{where}.next", "the last way on is guarded: a case that passes no guard would be stuck")

    def graph(self) -> None:
        stages = self.flow.stages
        ways = {name: exits(stage) for name, stage in stages.items()}
        reached = _reached([self.flow.start, self.flow.reopen_to or ""], _targets(ways))
        ends = [name for name, stage in stages.items() if isinstance(stage, EndStage)]
        ending = _reached(ends, _backwards(_targets(ways)))
        ending_by_work = _reached(ends, _backwards(_targets(ways, returns=False)))
        for name, stage in stages.items():
            if name not in reached:
                self.add(f"stages.{name}", "cannot be reached from the start")
            elif name not in ending:
                self.add(f"stages.{name}", "is in a cycle that cannot end: no way leads to a stage of kind end")
            elif name not in ending_by_work:
                self.add(f"stages.{name}", "is in a cycle that only a return could end")
            elif _passes_by_itself(stage) and name in _after_automatic(name, stages):
                kinds = "rule stages" if isinstance(stage, RuleStage) else "stages without a person"
                self.add(f"stages.{name}", f"is in a cycle of {kinds} that nobody could stop")


def _some(names: Mapping[str, object]) -> str:
    """Names for a message, the first of many."""
    shown = ", ".join(list(names)[:MOST_NAMED]) or "none"
    return f"{shown} …" if len(names) > MOST_NAMED else shown


def _targets(ways: Mapping[str, Mapping[str, str]], *, returns: bool = True) -> dict[str, list[str]]:
    """The stages that may follow each; without ``returns``, only by work that is done."""
    return {
        name: [to for way, to in found.items() if returns or not way.endswith("returns.to")]
        for name, found in ways.items()
    }


def _backwards(targets: Mapping[str, list[str]]) -> dict[str, list[str]]:
    """The stages that each may come from."""
    found: dict[str, list[str]] = {name: [] for name in targets}
    for name, following in targets.items():
        for to in following:
            found[to].append(name)
    return found


def _reached(starts: list[str], targets: Mapping[str, list[str]]) -> set[str]:
    """Some stages and all that may follow them."""
    seen = {start for start in starts if start in targets}
    waiting = list(seen)
    while waiting:
        for to in targets[waiting.pop()]:
            if to not in seen:
                seen.add(to)
                waiting.append(to)
    return seen


def _passes_by_itself(stage: Stage) -> bool:
    """Whether a case may go through a stage without a person: a rule, or tasks for units of which there may be none."""
    if isinstance(stage, ParallelStage):
        return all(task.for_each is not None for task in stage.tasks.values())
    return isinstance(stage, RuleStage)


def _after_automatic(start: str, stages: Mapping[str, Stage]) -> set[str]:
    """Stages that may follow a stage without a person between."""
    seen: set[str] = set()
    waiting = _ways_alone(stages[start])
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        if _passes_by_itself(stages[name]):
            waiting.extend(_ways_alone(stages[name]))
    return seen


def _ways_alone(stage: Stage) -> list[str]:
    """The ways that a stage takes without a person."""
    return [stage.to] if isinstance(stage, ParallelStage) else list(exits(stage).values())
