"""What the API of cases takes and gives."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from django.http import HttpRequest
from ninja import Field, Schema

from groundplan.kernel.cases.models import Account, Case, Step, Task
from groundplan.kernel.cases.queries.explaining import Explanation
from groundplan.kernel.cases.queries.subcases import Below
from groundplan.kernel.parties.queries import Actor
from groundplan.lib.moments import Moment

Labels = dict[str, str]
Seen = Annotated[int, Field(ge=1, le=2_000_000_000, description="version that was seen; 409 when it has changed")]
Text = Annotated[str, Field(max_length=2000)]
Reason = Annotated[str, Field(min_length=1, max_length=2000)]
Code = Annotated[str, Field(min_length=1, max_length=64)]
Short = Annotated[str, Field(max_length=64)]


class TaskOut(Schema):
    """A task of a unit."""

    id: UUID
    stage: str
    key: str
    kind: str
    state: str
    unit: str
    role: str
    level: int
    due_at: datetime | None
    overdue: bool
    version: int

    @staticmethod
    def of(task: Task) -> dict[str, Any]:
        """The task as it is answered."""
        plain = ("stage", "key", "kind", "state", "role", "level", "due_at", "overdue", "version")
        return {"id": task.public_id, "unit": task.party.code, **{name: getattr(task, name) for name in plain}}


class CaseOut(Schema):
    """A case without its personal data."""

    id: UUID
    number: str
    flow: str
    stage: str
    state: str
    title: str
    owner: str
    opened_at: datetime
    due_at: datetime | None
    closed_at: datetime | None
    outcome: str
    overdue: bool
    calendar_missing: bool
    version: int

    @staticmethod
    def of(case: Case) -> dict[str, Any]:
        """The case as it is answered."""
        plain = ("number", "flow", "stage", "state", "title", "opened_at", "due_at", "closed_at", "outcome", "overdue")
        more = ("calendar_missing", "version")
        return {
            "id": case.public_id,
            "owner": case.owner_party.code,
            **{name: getattr(case, name) for name in (*plain, *more)},
        }


class RowOut(CaseOut):
    """A line of a list; ``task`` is what waits, in the to-do list."""

    task: TaskOut | None


class PageOut(Schema):
    """A page of a list."""

    items: list[RowOut]
    next: str | None


class OfferOut(Schema):
    """Something that this actor may do now."""

    action: str
    label: Labels
    task: UUID | None
    outcome: str
    requires: list[str]
    optional: list[str]


class AccountOut(Schema):
    """The account on which a case stands."""

    unit: str
    keeper: str
    reason: str
    since: datetime
    review_on: date
    reviews: int

    @staticmethod
    def of(account: Account) -> dict[str, Any]:
        """The account as it is answered."""
        plain = ("reason", "since", "review_on", "reviews")
        units = {"unit": account.unit.code, "keeper": account.keeper.code}
        return {**units, **{name: getattr(account, name) for name in plain}}


class BelowOut(Schema):
    """A case below; ``id`` only for those who may see it."""

    id: UUID | None
    number: str
    flow: str
    state: str
    outcome: str
    waits: bool

    @staticmethod
    def of(below: Below) -> dict[str, Any]:
        """The sub-case as it is answered."""
        case, link = below.case, below.link
        known = {"number": case.number, "flow": case.flow, "state": case.state, "outcome": link.outcome}
        return {"id": case.public_id if below.open else None, "waits": link.waits and link.ended_at is None, **known}


class SubCaseIn(Schema):
    """A case to be opened below a task."""

    seen: Seen
    flow: Short
    title: Annotated[str, Field(min_length=1, max_length=300)]
    note: Text = ""
    waits: bool = True


class DetailOut(CaseOut):
    """A case with its data, its active tasks and what may be done."""

    data: dict[str, Any]
    personal: dict[str, str | None]
    divisions: dict[str, Any]
    longitude: float | None
    latitude: float | None
    account: AccountOut | None
    above: str | None
    below: list[BelowOut]
    tasks: list[TaskOut]
    offers: list[OfferOut]


class StepOut(Schema):
    """A line of the timeline; ``record`` leads to the proof, ``decision`` to the ground."""

    id: UUID
    at: datetime
    kind: str
    text: Labels
    note: str
    unit: str | None
    record: UUID
    decision: UUID | None
    by: str
    acting_for: str

    @staticmethod
    def of(step: Step) -> dict[str, Any]:
        """The step as it is answered."""
        plain = ("at", "kind", "text", "note", "record", "decision")
        unit = step.party.code if step.party else None
        people = {"by": step.actor_name, "acting_for": step.acting_for_name}
        return {"id": step.public_id, "unit": unit, **people, **{name: getattr(step, name) for name in plain}}


class GroundOut(Schema):
    """Why a task is with its unit."""

    task: UUID
    unit: str
    text: Labels
    step: UUID | None
    decision: UUID | None


class UsedOut(Schema):
    """Time that a unit used; ``work_s`` is null where the calendar is missing."""

    task: UUID
    unit: str
    kind: Literal["signing", "work", "waiting", "paused"]
    text: Labels
    seconds: int
    work_s: int | None


class WayOut(Schema):
    """A way on."""

    task: UUID
    outcome: Labels
    stage: Labels
    whom: Labels


class ExplanationOut(Schema):
    """Why is it with this unit, where did the time go, what comes next."""

    grounds: list[GroundOut]
    used: list[UsedOut]
    ways: list[WayOut]

    @staticmethod
    def of(found: Explanation) -> dict[str, Any]:
        """The three answers as they are answered."""
        return {
            "grounds": [
                {"task": each.task.public_id, "unit": each.task.party.code, "text": dict(each.text), "step": each.step,
                 "decision": each.decision} for each in found.grounds
            ],
            "used": [
                {"task": each.task.public_id, "unit": each.task.party.code, "kind": each.kind, "text": dict(each.text),
                 "seconds": int(each.length.total_seconds()),
                 "work_s": int(each.work_time.total_seconds()) if each.work_time is not None else None}
                for each in found.used
            ],
            "ways": [
                {"task": each.task.public_id, "outcome": dict(each.outcome), "stage": dict(each.stage),
                 "whom": dict(each.whom)} for each in found.ways
            ],
        }  # fmt: skip


class FlowOut(Schema):
    """A flow in force."""

    key: str
    number: int
    label: Labels
    noun: Labels
    digest: str


class ListQuery(Schema):
    """What a list is narrowed to."""

    kind: Literal["todo", "done", "all", "account"] = "todo"
    flow: Short = ""
    state: Literal["", "active", "open", "suspended", "on_account", "closed", "cancelled", "merged"] = ""
    stage: Short = ""
    overdue: bool = False
    district: Annotated[str, Field(max_length=12)] = ""
    text: Annotated[str, Field(max_length=100)] = ""
    after: Annotated[str, Field(max_length=400)] | None = None
    size: Annotated[int, Field(ge=1, le=200)] = 50


class SeenIn(Schema):
    """What was seen, and a remark."""

    seen: Seen
    note: Text = ""


class ReasonIn(Schema):
    """What was seen, and why."""

    seen: Seen
    reason: Reason


class CompleteIn(SeenIn):
    """Completing a task."""

    outcome: Short = "done"
    data: dict[str, Any] = {}
    personal: dict[str, str] = {}


class RulingIn(SeenIn):
    """A ruling or a decision on an extension."""

    granted: bool


class UnitIn(SeenIn):
    """Another unit by its code."""

    to: Code


class UnitReasonIn(ReasonIn):
    """Another unit by its code, and why."""

    to: Code


class ExtensionIn(ReasonIn):
    """How much longer, such as ``3 work_days``."""

    span: Annotated[str, Field(min_length=1, max_length=40)]


class SuspendIn(ReasonIn):
    """Why, and until when."""

    until: Moment | None = None


class AccountIn(ReasonIn):
    """Why it is to be put on account, and when it is looked at again."""

    review_on: date


class ReviewIn(Schema):
    """What a review found, and when the next one is."""

    seen: Seen
    note: Reason
    review_on: date


class NoteIn(Schema):
    """What was seen, and what is said; never empty."""

    seen: Seen
    note: Reason


class MergeIn(ReasonIn):
    """The duplicates."""

    cases: Annotated[list[UUID], Field(min_length=1, max_length=50)]


class CommentIn(Schema):
    """What is said."""

    text: Annotated[str, Field(min_length=1, max_length=4000)]


class RatingIn(Schema):
    """What the reporter says."""

    source: Literal["callback", "reporter"]
    satisfaction: Annotated[int, Field(ge=1, le=5)] | None = None
    solved: bool | None = None
    reached: bool = True
    note: Text = ""


class UnmaskIn(Schema):
    """Which personal field, and for what."""

    field: Short
    purpose: Short


class UnmaskOut(Schema):
    """A personal value in the clear."""

    value: str


def actor_in(request: HttpRequest) -> Actor:
    """Who sent the request."""
    found: Actor = request.auth  # type: ignore[attr-defined]
    return found
