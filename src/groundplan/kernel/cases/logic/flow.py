"""The form of a flow file (docs/cases.md): stages, owners, limits and guards as data, read strictly."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

Labels = dict[str, str]
Guards = dict[str, str]
Slug = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,62}$")]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
FieldType = Literal[
    "string", "text", "integer", "decimal", "boolean", "date", "enumeration", "party", "parties", "division"
]
Allowed = Literal[
    "return",
    "transfer",
    "redispatch",
    "reassign",
    "assist",
    "extend",
    "suspend",
    "merge",
    "cancel",
    "supervise",
    "account",
]
Cause = Literal["suspended", "returned", "extension"]


class Strict(BaseModel):
    """Unknown keys are errors: a misspelt key must not be silently ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _as_limit(value: Any) -> Any:
    return {"limit": value} if isinstance(value, str) else value


class Limit(Strict):
    """A time limit: a span such as ``5 work_days``, the output of a rule, or a field that holds a span.

    With ``field`` the case's own value, a span or ``none``, comes first: what was agreed for this one case.
    """

    field: str | None = None
    limit: str | None = None
    rule: str | None = None
    output: str = "limit"
    facts: dict[str, str] | None = None

    @model_validator(mode="after")
    def _one_source(self) -> Limit:
        given = [way is not None for way in (self.limit, self.rule)]
        if all(given) or not (any(given) or self.field is not None):
            raise ValueError(
                "a limit is `limit: 5 work_days`, `rule:` with `output:`, or `field:`, alone or before those"
            )
        return self


LimitOf = Annotated[Limit, BeforeValidator(_as_limit)]


class Owner(Strict):
    """Who owns a task: exactly one of the ways; ``otherwise`` when the first names nobody."""

    party: str | None = None
    field: str | None = None
    output: str | None = None
    owner_of: str | None = None
    relation: Literal["superior_of"] | None = None
    stage: str | None = None
    kind: str = "reports_work_to"
    otherwise: Owner | None = None

    @model_validator(mode="after")
    def _one_way(self) -> Owner:
        ways = [way for way in (self.party, self.field, self.output, self.owner_of, self.relation) if way is not None]
        if len(ways) != 1:
            raise ValueError("an owner is exactly one of `party`, `field`, `output`, `owner_of`, `relation`")
        if (self.relation is None) != (self.stage is None):
            raise ValueError("`relation: superior_of` names the `stage` whose owner's superior is meant")
        return self


class CaseField(Strict):
    """A typed piece of case data."""

    type: FieldType = "string"
    label: Labels
    values: dict[str, Labels] | None = None
    level: Literal["district", "street", "community"] | None = None
    help: Labels | None = None
    longest: int = Field(default=2000, ge=1, le=20000)
    personal: bool = False
    searchable: bool = False
    hidden_from: tuple[str, ...] = ()
    hidden_when: Guards = {}
    shown_to: tuple[Owner, ...] = ()

    @model_validator(mode="after")
    def _values_of_an_enumeration(self) -> CaseField:
        if (self.type == "enumeration") != (self.values is not None):
            raise ValueError("`values` belongs to fields of type enumeration, and they need it")
        if (self.type == "division") != (self.level is not None):
            raise ValueError("`level` belongs to fields of type division, and they need it")
        if self.hidden_from and not self.personal:
            raise ValueError("`hidden_from` belongs to personal fields")
        if self.shown_to and not self.hidden_from:
            raise ValueError("`shown_to` narrows `hidden_from`, which must be there")
        return self


class Evidence(Strict):
    """How many files an outcome wants at least: a number, or the output of a rule on the data of the case."""

    least: int | None = Field(default=None, ge=1, le=9)
    rule: str | None = None
    output: str = "files"
    facts: dict[str, str] | None = None

    @model_validator(mode="after")
    def _one_source(self) -> Evidence:
        if (self.least is None) == (self.rule is None):
            raise ValueError("files are either `least: 1` or `rule:` with `output:`")
        return self


class Outcome(Strict):
    """What completing a task may say; not by a person or unit that completed a stage of ``apart_from``."""

    label: Labels
    to: str | None = None
    requires: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    when: Guards = {}
    sets: dict[str, Any] = {}
    roles: tuple[str, ...] = ()
    apart_from: tuple[str, ...] = ()
    files: Evidence | None = None


class Returns(Strict):
    """Return (退单): to which ruling stage, within what time after the task arrived, and how often in one case."""

    to: str
    limit: LimitOf | None = None
    most: int | None = Field(default=None, ge=0, le=99)


class Transfer(Strict):
    """Hand-over between units: how long the receiver has, and what an unanswered one becomes."""

    limit: LimitOf = Limit(limit="4 work_hours")
    unanswered: Literal["back", "escalate"] = "back"


class Redispatch(Strict):
    """Re-dispatch downwards (三级派单): a limit for each level below, and kinds of units it may not reach."""

    levels: tuple[LimitOf, ...] = ()
    not_to: tuple[str, ...] = ()


class Extensions(Strict):
    """Extension (延期): the longest in all, who decides and in what time."""

    most: str = "10 work_days"
    decided_by: Owner | None = None
    role: str = "dispatcher"
    limit: LimitOf = Limit(limit="1 work_days")


class OnAccount(Strict):
    """Putting a case on account (挂账): who approves, in what time, and how far off its next review may lie."""

    decided_by: Owner | None = None
    role: str = "dispatcher"
    limit: LimitOf = Limit(limit="2 work_days")
    review: str = "90 days"
    stops_clock: bool = True


class SubCases(Strict):
    """A flow of which a task may open cases; ``sets``: field -> field of that case, or ``outcome``."""

    sets: dict[Name, str] = {}


class Work(Strict):
    """What a task of any kind of stage says."""

    label: Labels
    owner: Owner
    role: str = "handler"
    limit: LimitOf | None = None
    sign: bool = False
    sign_limit: LimitOf = Limit(limit="1 work_days")
    outcomes: dict[Name, Outcome] = {}
    allow: tuple[Allowed, ...] = ()
    returns: Returns | None = None
    transfer: Transfer = Transfer()
    redispatch: Redispatch = Redispatch()
    extensions: Extensions = Extensions()
    assist_first: bool = True
    subcases: dict[Slug, SubCases] = {}
    not_by_opener: bool = False


class TaskStage(Work):
    """One task, one owner."""

    kind: Literal["task"]
    outcomes: dict[Name, Outcome] = Field(min_length=1)


class ParallelTask(Work):
    """One of several tasks at once; ``for_each`` makes one for every unit in a field."""

    owner: Owner | None = None  # type: ignore[assignment] # the unit itself is the owner of a for_each task.
    for_each: str | None = None

    @model_validator(mode="after")
    def _somebody(self) -> ParallelTask:
        if (self.owner is None) == (self.for_each is None):
            raise ValueError("a parallel task has either an `owner` or `for_each`")
        return self


class ParallelStage(Strict):
    """Several tasks at once; the stage ends when all, any or a number of them are done."""

    kind: Literal["parallel"]
    label: Labels
    join: Literal["all", "any"] | Annotated[int, Field(ge=1)] = "all"
    tasks: dict[Name, ParallelTask] = Field(min_length=1)
    to: str


class Next(Strict):
    """A way on from a rule stage."""

    to: str
    when: Guards = {}


class RuleStage(Strict):
    """A decision by a rule: its outputs become case data, its ways on are guarded by them."""

    kind: Literal["rule"]
    label: Labels = {}
    rule: str
    facts: dict[str, str] | None = None
    sets: dict[str, str] = {}
    next: tuple[Next, ...] = Field(min_length=1)
    unmatched: str | None = None


class RulingStage(Strict):
    """The ruling on a return (派单异议审核): upheld, the case goes to ``upheld``; refused, back to who returned it."""

    kind: Literal["ruling"]
    label: Labels
    owner: Owner
    role: str = "dispatcher"
    limit: LimitOf | None = None
    upheld: str


class EndStage(Strict):
    """The case ends here."""

    kind: Literal["end"]
    label: Labels
    outcome: str


Stage = Annotated[TaskStage | RuleStage | ParallelStage | RulingStage | EndStage, Field(discriminator="kind")]


class Escalation(Strict):
    """What happens when a task is overdue: every ``every`` its superior one level higher is told, up to ``levels``."""

    every: LimitOf = Limit(limit="1 work_days")
    levels: int = Field(default=3, ge=0, le=9)


class Unsolved(Strict):
    """Whether a reporter's "not solved" opens the closed case again: a rule's yes.

    Its facts are fields of the flow, and where it asks for them ``times`` (how often the case was reopened) and
    ``days`` (whole days since it was closed).
    """

    rule: str
    output: str = "reopens"
    facts: dict[str, str] = {}


class Flow(Strict):
    """A whole flow."""

    flow: Slug
    label: Labels
    noun: Labels
    number: str = "{flow}-{date:%Y%m%d}-{seq:05d}"
    basis: tuple[Labels, ...] = ()
    calendar: str = ""
    total: LimitOf | None = None
    pauses: tuple[Cause, ...] = ("suspended", "returned", "extension")
    fields: dict[Name, CaseField]
    control: Owner | None = None
    control_roles: tuple[str, ...] = ("dispatcher", "supervisor")
    observers: tuple[Owner, ...] = ()
    escalation: Escalation = Escalation()
    account: OnAccount = OnAccount()
    start: str
    reopen_to: str | None = None
    unsolved: Unsolved | None = None
    stages: dict[Name, Stage]

    def work(self, stage: str, key: str = "") -> Work | RulingStage:
        """What a task of a stage says; ``key`` names the task of a parallel stage."""
        found = self.stages[stage]
        if isinstance(found, ParallelStage):
            return found.tasks[key]
        if isinstance(found, (TaskStage, RulingStage)):
            return found
        raise KeyError(stage)
