"""The form of a linkage plan: levels, roles, tasks of units with resources and limits, triggers; read strictly.

Levels Ⅰ to Ⅳ with red, orange, yellow, blue: 突发事件应对法 (warning levels). Words of warnings: OASIS CAP 1.2.
"""

from __future__ import annotations

from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, field_validator, model_validator

from groundplan.lib.errors import Invalid
from groundplan.lib.worktime import Span

Slug = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,62}$")]
Short = Annotated[str, StringConstraints(max_length=2000)]
Labels = Annotated[dict[str, Short], Field(min_length=1)]
Level = Literal["I", "II", "III", "IV"]
LEVELS: tuple[Level, ...] = ("I", "II", "III", "IV")
MOST_BYTES = 1_000_000
Severity = Literal["Extreme", "Severe", "Moderate", "Minor", "Unknown"]
Urgency = Literal["Immediate", "Expected", "Future", "Past", "Unknown"]
Certainty = Literal["Observed", "Likely", "Possible", "Unlikely", "Unknown"]
Category = Literal[
    "Geo", "Met", "Safety", "Security", "Rescue", "Fire", "Health", "Env", "Transport", "Infra", "CBRNE", "Other"
]
Answer = Literal["Shelter", "Evacuate", "Prepare", "Execute", "Avoid", "Monitor", "Assess", "AllClear", "None"]


class Strict(BaseModel):
    """Unknown keys are errors: a misspelt key must not be silently ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class PlanLevel(Strict):
    """One level of response: its name, its colour, when it applies, how a warning ranks it."""

    label: Labels
    colour: Literal["red", "orange", "yellow", "blue"]
    condition: Labels
    severity: Severity = "Unknown"
    urgency: Urgency = "Immediate"


class Unit(Strict):
    """Who does a task: a unit by its code, or the one that answers for the district or street of the place."""

    party: Annotated[str, StringConstraints(max_length=64)] | None = None
    territory: Literal["district", "street"] | None = None

    @model_validator(mode="after")
    def _one_way(self) -> Unit:
        if (self.party is None) == (self.territory is None):
            raise ValueError("a unit is either `party: CODE` or `territory: district | street`")
        return self


class Supply(Strict):
    """People, vehicles or stores that a unit brings, with their amount."""

    kind: Literal["people", "vehicle", "store"]
    name: Labels
    amount: Annotated[int, Field(ge=1, le=1_000_000)]
    measure: Labels


class PlanTask(Strict):
    """What one unit does, within which time, with which resources, from which levels on."""

    key: Slug
    unit: Unit
    role: Slug
    levels: Annotated[tuple[Level, ...], Field(min_length=1)] = LEVELS
    text: Labels
    limit: str = "2 hours"
    sign_limit: str = "15 minutes"
    resources: tuple[Supply, ...] = ()

    @field_validator("limit", "sign_limit")
    @classmethod
    def _span(cls, text: str) -> str:
        try:
            Span.parse(text)
        except Invalid as error:
            raise ValueError(f"{text!r} is no span such as `2 hours`") from error
        return text


class Pair(Strict):
    """A name and a value, as CAP writes event codes and parameters."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=100)]
    value: Annotated[str, StringConstraints(min_length=1, max_length=400)]


class PlanWarning(Strict):
    """What a warning to the public says by itself; level and place come from the response."""

    event: Labels
    category: Category
    certainty: Certainty = "Observed"
    answers: tuple[Answer, ...] = ()
    instruction: Labels | None = None
    codes: tuple[Pair, ...] = ()
    parameters: tuple[Pair, ...] = ()


class Trigger(Strict):
    """Enough cases of a flow with one of these words, in one district and window, suggest to start the plan."""

    flow: Slug
    words: Annotated[tuple[Annotated[str, StringConstraints(min_length=2, max_length=40)], ...], Field(min_length=1)]
    count: Annotated[int, Field(ge=1, le=1000)]
    within_minutes: Annotated[int, Field(ge=1, le=10_080)]
    level: Level


class LinkagePlan(Strict):
    """A whole plan."""

    plan: Slug
    label: Labels
    basis: tuple[Labels, ...] = ()
    commander: Annotated[str, StringConstraints(max_length=64)] = "command-centre"
    flow: Slug = "linkage"
    exercise_flow: Slug = "linkage-exercise"
    levels: dict[Level, PlanLevel] = Field(min_length=1)
    roles: dict[Slug, Labels] = Field(min_length=1)
    tasks: tuple[PlanTask, ...] = Field(min_length=1, max_length=200)
    warning: PlanWarning | None = None
    triggers: tuple[Trigger, ...] = ()

    @model_validator(mode="after")
    def _agrees(self) -> LinkagePlan:
        keys = [task.key for task in self.tasks]
        wrong = [f"the key {key!r} stands twice" for key in dict.fromkeys(keys) if keys.count(key) > 1]
        for task in self.tasks:
            if task.role not in self.roles:
                wrong.append(f"task {task.key}: {task.role!r} is no role of the plan")
            # A task that names no levels belongs to all levels that the plan has.
            if task.levels != LEVELS:
                strange = [level for level in task.levels if level not in self.levels]
                wrong += [f"task {task.key}: level {level} is not in the plan" for level in strange]
        wrong += [
            f"level {level} has no task"
            for level in self.levels
            if not any(level in task.levels for task in self.tasks)
        ]
        wrong += [
            f"trigger: level {each.level} is not in the plan" for each in self.triggers if each.level not in self.levels
        ]
        if wrong:
            raise ValueError("; ".join(wrong))
        return self

    @property
    def ordered(self) -> list[tuple[Level, PlanLevel]]:
        """The levels from the highest to the lowest."""
        return [(name, self.levels[name]) for name in LEVELS if name in self.levels]

    def levels_of(self, task: PlanTask) -> list[Level]:
        """The levels of the plan in which a task is given."""
        return [name for name, _level in self.ordered if name in task.levels]

    def tasks_at(self, level: str) -> tuple[PlanTask, ...]:
        """The tasks of a level."""
        return tuple(task for task in self.tasks if level in task.levels)


def read_plan(content: bytes) -> tuple[LinkagePlan | None, list[str]]:
    """A plan from YAML, or what is wrong with it, place by place.

    Example:
        >>> read_plan(b"plan: x")[1][0]
        'label: Field required'
    """
    if len(content) > MOST_BYTES:
        return None, [f"{len(content)} bytes; accepted: {MOST_BYTES}"]
    try:
        document = yaml.safe_load(content.decode("utf-8-sig"))
    except (UnicodeDecodeError, yaml.YAMLError, RecursionError, ValueError) as error:
        return None, [f"not readable as YAML in UTF-8: {' '.join(str(error).split())[:200]}"]
    return check_plan(document)


def check_plan(document: object) -> tuple[LinkagePlan | None, list[str]]:
    """A plan from a document, or what is wrong with it."""
    try:
        return LinkagePlan.model_validate(document), []
    except ValidationError as refused:
        return None, [
            f"{'.'.join(str(part) for part in each['loc']) or 'plan'}: {each['msg']}" for each in refused.errors()
        ]


WORDS = {"minutes": "分钟", "hours": "小时", "days": "天", "work_hours": "工作小时", "emergency_hours": "紧急工作时",
         "work_days": "工作日"}  # fmt: skip


def span_words(text: str) -> dict[str, str]:
    """A span in words.

    Example:
        >>> span_words("2 work_hours")
        {'zh-hans': '2 工作小时', 'en': '2 work hours'}
    """
    amount, _space, unit = text.partition(" ")
    return {"zh-hans": f"{amount} {WORDS.get(unit, unit)}", "en": f"{amount} {unit.replace('_', ' ')}"}
