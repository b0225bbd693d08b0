"""The events of cases and what each says; no personal data, no titles."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class CaseEvent(BaseModel):
    """What every event of a case says."""

    model_config = ConfigDict(extra="forbid")

    case: str
    number: str
    flow: str
    stage: str
    state: str
    owner: str


class CaseOpened(CaseEvent):
    """A case was opened."""

    channel: str
    district: str
    calendar_missing: bool


class CaseClosed(CaseEvent):
    """A case ended in a stage of kind end."""

    outcome: str
    overdue: bool


class CaseOverdue(CaseEvent):
    """A task passed its deadline, or passed it by a further interval."""

    task: str
    party: str
    level: int


class CaseSuspended(CaseEvent):
    """The clocks of a case stand still."""

    until: str | None


class CaseDated(CaseEvent):
    """A case that had waited for a calendar has its due dates."""

    due: str | None


class CaseOnAccount(CaseEvent):
    """A case was put on account, kept there after a review, or its review is due."""

    review_on: str


class SubCaseOpened(CaseEvent):
    """A case of another flow was opened below a task of this one."""

    child: str
    child_flow: str


class SubCaseEnded(CaseEvent):
    """The outcome of a case below came back."""

    child: str
    outcome: str


class CaseCounted(CaseEvent):
    """Something that can happen to a case several times: supervised, reopened."""

    times: int


class CaseMerged(CaseEvent):
    """Duplicates were joined into this case."""

    merged: list[str]


class CaseUnmerged(CaseEvent):
    """A duplicate was taken out of the case that it had been joined to."""

    unmerged_from: str
    unmerged: str


class CaseMigrated(CaseEvent):
    """A running case went over to another version of its flow."""

    from_version: int
    to_version: int


class CaseCommented(CaseEvent):
    """Somebody said something or added files."""

    files: int


class CaseRated(CaseEvent):
    """The reporter was asked, or rated by themselves."""

    source: str
    solved: bool | None
    satisfaction: int | None


class TaskOfUnit(CaseEvent):
    """Something happened to a task of a unit."""

    task: str
    party: str


class TaskOffered(CaseEvent):
    """A unit has a new task."""

    task: str
    party: str


class TaskCompleted(TaskOfUnit):
    """A task was completed."""

    outcome: str


class TaskHanded(CaseEvent):
    """A task was offered or given to another unit."""

    task: str
    to: str


class ExtensionDecided(CaseEvent):
    """An extension was granted or refused."""

    task: str
    granted: bool


class PastRecorded(BaseModel):
    """A batch of past cases was taken over from another system."""

    flow: str
    cases: int
    sha256: str
    source: str


TYPES: dict[str, type[BaseModel]] = {
    "cases.past_recorded.v1": PastRecorded,
    "case.opened.v1": CaseOpened,
    "case.stage_entered.v1": CaseEvent,
    "case.closed.v1": CaseClosed,
    "case.overdue.v1": CaseOverdue,
    "case.suspended.v1": CaseSuspended,
    "case.resumed.v1": CaseEvent,
    "case.subcase_opened.v1": SubCaseOpened,
    "case.subcase_ended.v1": SubCaseEnded,
    "case.put_on_account.v1": CaseOnAccount,
    "case.account_reviewed.v1": CaseOnAccount,
    "case.account_due.v1": CaseOnAccount,
    "case.taken_off_account.v1": CaseEvent,
    "case.supervised.v1": CaseCounted,
    "case.reopened.v1": CaseCounted,
    "case.merged.v1": CaseMerged,
    "case.unmerged.v1": CaseUnmerged,
    "case.cancelled.v1": CaseEvent,
    "case.migrated.v1": CaseMigrated,
    "case.commented.v1": CaseCommented,
    "case.rated.v1": CaseRated,
    "case.dated.v1": CaseDated,
    "task.offered.v1": TaskOffered,
    "task.signed.v1": TaskOfUnit,
    "task.completed.v1": TaskCompleted,
    "task.returned.v1": TaskOfUnit,
    "task.extension_asked.v1": TaskOfUnit,
    "task.extension_decided.v1": ExtensionDecided,
    "task.transfer_offered.v1": TaskHanded,
    "task.transferred.v1": TaskOfUnit,
    "task.transfer_refused.v1": TaskOfUnit,
    "task.transfer_lapsed.v1": TaskOfUnit,
    "task.reassigned.v1": TaskHanded,
}
