"""From one version of a flow to another: which stage, task and field becomes which. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import yaml
from pydantic import ValidationError

from groundplan.kernel.cases.logic import values
from groundplan.kernel.cases.logic.check import Problem, exits
from groundplan.kernel.cases.logic.flow import Flow, Name, Owner, ParallelStage, RulingStage, Strict, TaskStage, Work
from groundplan.kernel.cases.logic.reasons import stays

Labels = dict[str, str]
WAITING_STAGES = (TaskStage, ParallelStage, RulingStage)


class VersionMapping(Strict):
    """What changes its name or goes; what is not named keeps its name.

    Args:
        stages: stage -> stage of the new version.
        tasks: ``stage.key`` -> ``stage.key`` of parallel tasks.
        fields: field -> field.
        defaults: values for fields that a case has none for.
        drop: fields whose values may be lost.
    """

    stages: dict[Name, Name] = {}
    tasks: dict[str, str] = {}
    fields: dict[Name, Name] = {}
    defaults: dict[Name, Any] = {}
    drop: tuple[Name, ...] = ()

    def stage(self, name: str) -> str:
        """What a stage is called in the new version."""
        return self.stages.get(name, name)

    def task(self, stage: str, key: str) -> tuple[str, str]:
        """Stage and key of a task in the new version."""
        mapped = self.tasks.get(f"{stage}.{key}") if key else None
        if mapped is None:
            return self.stage(stage), key
        new_stage, _dot, new_key = mapped.partition(".")
        return new_stage, new_key


@dataclass(frozen=True)
class Standing:
    """Where a running case stands, as far as a migration asks.

    Args:
        stage: its stage.
        tasks: stage, key and kind of each active task.
        past: stages in which a unit had or has a task of its own.
        data: its stored data.
        personal: its personal values.
    """

    stage: str
    tasks: tuple[tuple[str, str, str], ...]
    past: frozenset[str]
    data: Mapping[str, Any]
    personal: Mapping[str, Any]


def read_mapping(text: str) -> tuple[VersionMapping | None, list[Problem]]:
    """A mapping from its YAML; an empty text keeps every name."""
    try:
        document = yaml.safe_load(text) or {}
        return VersionMapping.model_validate(document), []
    except yaml.YAMLError as error:
        return None, [Problem("mapping", f"is not YAML: {str(error).splitlines()[0]}")]
    except (ValidationError, RecursionError) as error:
        if isinstance(error, RecursionError):
            return None, [Problem("mapping", "is nested too deeply")]
        return None, [
            Problem(".".join(str(part) for part in item["loc"]) or "mapping", item["msg"])
            for item in error.errors(include_url=False)
        ]


def check_mapping(old: Flow, new: Flow, mapping: VersionMapping) -> list[Problem]:
    """What is wrong with a mapping, whatever cases there are."""
    problems = [Problem(f"stages.{name}", "is no stage of the old version") for name in mapping.stages
                if name not in old.stages]  # fmt: skip
    for name, to in mapping.stages.items():
        if to not in new.stages:
            problems.append(Problem(f"stages.{name}", f"{to!r} is no stage of the new version"))
    for name, to in mapping.tasks.items():
        if name not in parallel_keys(old):
            problems.append(Problem(f"tasks.{name}", "is no parallel task of the old version (stage.key)"))
        elif to not in parallel_keys(new):
            problems.append(Problem(f"tasks.{name}", f"{to!r} is no parallel task of the new version"))
        elif to.partition(".")[0] != mapping.stage(name.partition(".")[0]):
            problems.append(Problem(f"tasks.{name}", f"{to!r} is of another stage than the one its stage becomes"))
    return problems + _check_fields(old, new, mapping)


def _check_fields(old: Flow, new: Flow, mapping: VersionMapping) -> list[Problem]:
    problems = []
    for name, to in mapping.fields.items():
        if name not in old.fields:
            problems.append(Problem(f"fields.{name}", "is no field of the old version"))
        elif to not in new.fields:
            problems.append(Problem(f"fields.{name}", f"{to!r} is no field of the new version"))
    for name, field in old.fields.items():
        to = mapping.fields.get(name, name)
        if to in new.fields and new.fields[to].personal != field.personal and name not in mapping.drop:
            problems.append(Problem(f"fields.{name}", "a personal field stays personal, another one stays as it is"))
    targets = list(mapping.fields.values())
    problems += [
        Problem(f"fields.{name}", f"{to!r} is given by two fields")
        for name, to in mapping.fields.items()
        if targets.count(to) > 1
    ]
    _stored, wrong = values.clean(new.fields, mapping.defaults)
    problems += [Problem(f"defaults.{name}", reason) for name, reason in wrong.items()]
    for name in mapping.defaults:
        if name in new.fields and new.fields[name].personal:
            problems.append(Problem(f"defaults.{name}", "a personal field has no default"))
    problems += [Problem(f"drop.{name}", "is no field of the old version") for name in mapping.drop
                 if name not in old.fields]  # fmt: skip
    return problems


def blocked(old: Flow, new: Flow, mapping: VersionMapping, case: Standing) -> list[Labels]:
    """Why a case cannot move, in words of every language that name stage, task or field; empty when it can."""
    target = mapping.stage(case.stage)
    reasons = _blocked_stage(old, new, case.stage, target)
    if not reasons:
        for stage, key, kind in case.tasks:
            reasons += _blocked_task(new, mapping.task(stage, key), kind, f"{stage}.{key}" if key else stage)
        past = {mapping.stage(name) for name in case.past}
        reasons += _blocked_owners(new, target, past)
    _data, wrong = moved_data(new, mapping, case.data)
    _secret, wrong_secret = moved_data(new, mapping, case.personal, defaults=False)
    return reasons + list((wrong | wrong_secret).values())


def _blocked_stage(old: Flow, new: Flow, stage: str, target: str) -> list[Labels]:
    if target not in new.stages:
        return [stays("stage_gone", stage)]
    before, after = old.stages.get(stage), new.stages[target]
    if not isinstance(after, WAITING_STAGES) or type(before) is not type(after):
        kind = before.kind if before is not None else "?"
        return [stays("stage_kind", stage, kind=kind, other=target, new=after.kind)]
    return []


def _blocked_task(new: Flow, target: tuple[str, str], kind: str, where: str) -> list[Labels]:
    stage, key = target
    found = new.stages.get(stage)
    if found is None or not isinstance(found, WAITING_STAGES):
        return [stays("task_stage_gone", where)]
    if isinstance(found, ParallelStage) and key not in found.tasks:
        return [stays("task_gone", where, other=stage)]
    work = new.work(stage, key)
    if kind != "ruling" and isinstance(work, RulingStage):
        return [stays("only_ruling", where, other=stage)]
    if kind == "ruling" and not isinstance(work, RulingStage):
        return [stays("ruling_waits", where, other=stage, new=found.kind)]
    return []


def _blocked_owners(new: Flow, start: str, past: set[str]) -> list[Labels]:
    """A later stage whose owner is that of a stage which this case has never seen would strand it."""
    later, waiting = {start}, [start]
    while waiting:
        for target in exits(new.stages[waiting.pop()]).values():
            if target not in later:
                later.add(target)
                waiting.append(target)
    known = past | later
    missing: list[Labels] = []
    for name in sorted(later - {start}):
        stage = new.stages[name]
        works: Iterable[Any] = stage.tasks.values() if isinstance(stage, ParallelStage) else [stage]
        for work in works:
            owner = work.owner if isinstance(work, (Work, RulingStage)) else None
            while isinstance(owner, Owner) and owner.otherwise is None:
                wanted = owner.owner_of or owner.stage
                if wanted and wanted not in known:
                    missing.append(stays("owner", name, other=wanted))
                break
    return missing


def moved_data(
    new: Flow, mapping: VersionMapping, data: Mapping[str, Any], *, defaults: bool = True
) -> tuple[dict[str, Any], dict[str, Labels]]:
    """Case data under the names of the new version, and what does not fit, by its old name.

    Example:
        >>> flow = Flow.model_validate({"flow": "f", "label": {}, "noun": {}, "start": "a", "stages": {},
        ...     "fields": {"answer": {"label": {}}, "level": {"type": "integer", "label": {}}}})
        >>> mapping = VersionMapping(fields={"reply": "answer"}, defaults={"level": 1})
        >>> found, wrong = moved_data(flow, mapping, {"reply": "好", "x": 1})
        >>> found, list(wrong)
        ({'answer': '好', 'level': 1}, ['x'])
    """
    wrong: dict[str, Labels] = {}
    found: dict[str, Any] = {}
    for name, value in data.items():
        to = mapping.fields.get(name, name)
        if value is None or (name in mapping.drop and name not in mapping.fields):
            continue
        if to not in new.fields:
            wrong[name] = stays("field_gone", name)
            continue
        stored, bad = values.clean(new.fields, {to: value})
        found |= stored
        if bad:
            wrong[name] = stays("value", name, other=to, detail=bad[to])
    if defaults:
        stored, _wrong = values.clean(new.fields, mapping.defaults)
        found = {**stored, **found}
        found = {name: found[name] for name in new.fields if name in found}
    return found, wrong


def parallel_keys(flow: Flow) -> set[str]:
    """The tasks of parallel stages as ``stage.key``."""
    return {
        f"{name}.{key}"
        for name, stage in flow.stages.items()
        if isinstance(stage, ParallelStage)
        for key in stage.tasks
    }
