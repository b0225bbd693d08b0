"""One action on one case: loads it under a lock, collects what changes, and writes it with step, record and events."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from groundplan.kernel.cases.actions import _clockwork as clockwork
from groundplan.kernel.cases.actions import _deciding as deciding
from groundplan.kernel.cases.actions._data import Written, words_of
from groundplan.kernel.cases.errors import (
    DataInvalid,
    NotForThisStage,
    OwnerMissing,
)
from groundplan.kernel.cases.logic import values as case_values
from groundplan.kernel.cases.logic.flow import (
    EndStage,
    Flow,
    ParallelStage,
    ParallelTask,
    RuleStage,
    RulingStage,
    TaskStage,
    Work,
)
from groundplan.kernel.cases.logic.guards import passes
from groundplan.kernel.cases.logic.texts import joined, step_text
from groundplan.kernel.cases.models import Case, Involvement, Step, Task
from groundplan.kernel.cases.queries.owners import owner_for, party_of_code
from groundplan.kernel.cases.queries.scope import sees
from groundplan.kernel.cases.queries.standing import stand_in
from groundplan.kernel.events import actions as events
from groundplan.kernel.ledger import actions as ledger
from groundplan.kernel.parties.errors import PartyNotFound
from groundplan.kernel.parties.models import Party
from groundplan.kernel.parties.queries import Actor
from groundplan.kernel.rules.errors import NoRowMatches
from groundplan.lib import clock, search, sql
from groundplan.lib.sql import rows

MOST_HOPS = 40
ITS_CASE = "(SELECT id FROM cases_case WHERE public_id = %s)"
INVOLVED_STATE = "UPDATE cases_involvement SET state = %s WHERE case_id = %s"
INVOLVE = f"""INSERT INTO cases_involvement (case_id, party_id, part, state, opened_at)
    VALUES ({ITS_CASE}, %s, %s, %s, %s)
    ON CONFLICT (case_id, party_id) DO UPDATE SET part = EXCLUDED.part, state = EXCLUDED.state"""  # noqa: S608
INVOLVED_DONE = f"UPDATE cases_involvement SET done_at = %s WHERE case_id = {ITS_CASE} AND party_id = ANY(%s)"  # noqa: S608


@dataclass
class Move:
    """What one action does to a case; ``finish`` writes it all. Runs inside the action's transaction."""

    actor: Actor
    case: Case
    flow: Flow
    now: datetime = field(default_factory=clock.now)
    tasks: list[Task] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    announced: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    involved: dict[int, str] = field(default_factory=dict)
    finished_by: set[int] = field(default_factory=set)
    changed: dict[int, Task] = field(default_factory=dict)
    hops: int = 0
    was_state: str = ""
    was_involved: dict[int, str] | None = None
    words: str | None = None
    behalf: str = ""

    def __post_init__(self) -> None:
        self.actor = unnamed_reporter(self.actor, self.case)

    # -- stages ---------------------------------------------------------------------------------------------------

    def enter(self, name: str) -> None:
        """Enter a stage and, through rule stages and empty parallel ones, whatever follows without a person."""
        while name:
            self.hops += 1
            if self.hops > MOST_HOPS:
                raise NotForThisStage(_("流程连续跳转过多，已停止。"), stage=name)
            self.case.stage = name
            stage = self.flow.stages[name]
            if isinstance(stage, RuleStage):
                name = self._decide(stage)
            elif isinstance(stage, EndStage):
                name = self._close(stage)
            elif isinstance(stage, ParallelStage):
                name = self._open_parallel(stage)
            elif isinstance(stage, (TaskStage, RulingStage)):
                self.open_task(stage, owner_for(stage.owner, self.case, name))
                name = ""
        self.announce("case.stage_entered.v1", stage=self.case.stage)

    def leave(self) -> None:
        """End whatever is still active in the present stage."""
        for task in self.active():
            self.end_task(task, "cancelled")

    def _decide(self, stage: RuleStage) -> str:
        try:
            decision = deciding.decide(self.flow, self.case, stage.rule, stage.facts, self.actor)
        except NoRowMatches:
            if stage.unmatched is None:
                raise
            return stage.unmatched
        self.case.outputs = {**self.case.outputs, **deciding.plain(decision.outputs)}
        stored, wrong = case_values.clean(
            self.flow.fields, {name: decision.outputs.get(output) for name, output in stage.sets.items()}
        )
        if wrong:
            raise DataInvalid(f"{stage.rule}: {wrong}", stage=self.case.stage)
        self.case.data = {**self.case.data, **stored}
        self.step("decided", decision=decision.public_id, rule=stage.label or stage.rule)
        return next(way.to for way in stage.next if passes(self.flow, way.when, self.case.data))

    def _close(self, stage: EndStage) -> str:
        self.leave()
        self.case.state = "closed"
        self.case.outcome = stage.outcome
        self.end_case()
        self.step("closed", stage=stage.label)
        self.announce("case.closed.v1", outcome=stage.outcome, overdue=self.case.overdue)
        return ""

    def end_case(self) -> None:
        """Stop the clock of a case that is over."""
        self.case.closed_at = self.now
        self.case.overdue = self.case.overdue or bool(
            self.case.due_at and self.now > self.case.due_at and not self.case.paused_for
        )
        clockwork.stop(self.case)

    def _open_parallel(self, stage: ParallelStage) -> str:
        opened = 0
        for key, work in stage.tasks.items():
            for party in self._parties_for(work, f"{self.case.stage}.{key}"):
                self.open_task(work, party, key=key)
                opened += 1
        return "" if opened else stage.to

    def _parties_for(self, work: ParallelTask, where: str) -> list[Party]:
        if work.for_each is None and work.owner is not None:
            return [owner_for(work.owner, self.case, where)]
        found = []
        for code in case_values.unit_codes(self.case.data.get(work.for_each or "")):
            try:
                found.append(party_of_code(code))
            except PartyNotFound as error:
                raise OwnerMissing(_("没有代码为“%(code)s”的机构。") % {"code": code}, stage=where) from error
        return found

    # -- tasks ----------------------------------------------------------------------------------------------------

    def open_task(
        self, work: Work | RulingStage, party: Party, *, key: str = "", kind: str = "work", **columns: Any
    ) -> Task:
        """Give a unit a task of the present stage; its clock starts, or the clock for signing."""
        spans, decision = deciding.spans_for(self.flow, self.case, work.limit, self.actor)
        task = Task(
            case=self.case,
            stage=columns.pop("stage", self.case.stage),
            key=key,
            kind="ruling" if isinstance(work, RulingStage) else kind,
            party=party,
            role=work.role,
            opened_at=self.now,
            **columns,
        )
        if isinstance(work, Work) and work.sign:
            task.state = "offered"
            task.asks = {**task.asks, "limit": spans}
            spans, decision = deciding.spans_for(self.flow, self.case, work.sign_limit, self.actor)
        clockwork.start(task, spans, self.now, self.flow.calendar)
        clockwork.cap(task, self.case.due_at)
        self.add_task(task)
        if kind == "work" and not isinstance(work, RulingStage):
            self.case.owner_party = party
            self.step(
                "entered", task=task, stage=work.label, units=party.name, decision=decision and decision.public_id
            )
        return task

    def add_task(self, task: Task) -> None:
        """Take a new task in, tell its unit."""
        self.tasks.append(task)
        self.change(task)
        self.involve(task.party, "owner" if task.kind == "work" else task.kind)
        self.announce("task.offered.v1", task=str(task.public_id), stage=task.stage, party=task.party.code)

    def end_task(self, task: Task, state: str, outcome: str = "") -> None:
        """End a task and everything that hangs on it."""
        task.state = state
        task.outcome = outcome
        task.done_at = self.now
        task.done_by = self.actor.actor_id
        task.overdue = task.overdue or bool(task.due_at and self.now > task.due_at and not task.paused_for)
        clockwork.stop(task)
        self.change(task)
        if state == "done":
            self.finished_by.add(task.party_id)
        for child in self.children(task):
            self.end_task(child, "cancelled")
        for cause in [held for held in self.case.paused_for if held.endswith(f":{task.public_id}")]:
            clockwork.resume(self.case, cause, self.now, self.flow.calendar)

    def reopen_task(self, task: Task) -> None:
        """A waiting task is worked on again."""
        task.state = "open"
        self.change(task)

    def children(self, task: Task) -> list[Task]:
        """Active tasks that hang on a task."""
        return [
            other for other in self.active() if other.parent is not None and other.parent.public_id == task.public_id
        ]

    def active(self) -> list[Task]:
        """The tasks that bind a unit now."""
        return [task for task in self.tasks if task.active]

    def change(self, task: Task) -> None:
        """Mark a task as changed; what was seen of it before no longer holds."""
        if id(task) not in self.changed:
            self.changed[id(task)] = task
            if task.pk:
                task.version += 1

    def work_of(self, task: Task) -> Work:
        """What the flow says of a task that is a unit's own work."""
        work = self.flow.work(task.stage, task.key)
        if isinstance(work, RulingStage):
            raise NotForThisStage(_("请对退单作出裁定。"), stage=task.stage)
        return work

    # -- what is told ---------------------------------------------------------------------------------------------

    def involve(self, party: Party, part: str) -> None:
        """Let a unit see the case from now on."""
        if self.involved.get(party.pk) != "owner":
            self.involved[party.pk] = part

    def step(
        self, kind: str, *, task: Task | None = None, decision: UUID | None = None, note: str = "", **texts: Any
    ) -> Step:
        """Add a line to the timeline."""
        made = Step(
            case=self.case,
            at=self.now,
            kind=kind,
            text=step_text(kind, **texts),
            note=note.replace("\x00", ""),
            actor=self.actor.actor_id,
            actor_name=self.actor.display_name,
            task=task,
            party=task.party if task else None,
            decision=decision,
        )
        if self.actor.stands_in:
            self.behalf = stand_in(made, self.actor, self.case, self.flow, self.tasks) or self.behalf
        self.steps.append(made)
        return made

    def announce(self, type_: str, **data: Any) -> None:
        """Tell the world, when the move is written."""
        self.announced.append((type_, data))

    def finish(self, kind: str, *, first: Step | None = None, data: Mapping[str, Any] | None = None) -> UUID:
        """Write the move: case, tasks, involvements, one record, the steps, the events.

        Args:
            kind: name of the action in the log, ``cases.<kind>``.
            first: the step that tells the action itself; it comes before those that followed from it.
            data: more for the record; no personal data.

        Returns:
            The id of the record.
        """
        if first is not None:
            self.steps.remove(first)
            self.steps.insert(0, first)
        audience, written = self._audience(), Written()
        with sql.together():
            entry = ledger.record(
                actor=self.actor.actor_id,
                action=f"cases.{kind}",
                subject=f"case:{self.case.public_id}",
                data={
                    "number": self.case.number,
                    "flow": f"{self.case.flow}/{self.case.flow_version.number}",
                    "stage": self.case.stage,
                    "state": self.case.state,
                    "owner": self.case.owner_party.code,
                    **(data or {}),
                    **({"acting_for": self.behalf} if self.behalf else {}),
                },
            )
            self._send(entry, audience, written)
        written.keep_keys()
        return entry

    def index_words(self) -> None:
        """Have the words of the case, as they are now, found by the search."""
        self.words = words_of(self.case, self.flow)

    def write(self, entry: UUID) -> None:
        """Write the rows of the move and its events under a record that is already made."""
        audience, written = self._audience(), Written()
        with sql.together():
            self._send(entry, audience, written)
        written.keep_keys()

    def _send(self, entry: UUID, audience: list[str], written: Written) -> None:
        self._write_case(written)
        for task in self.changed.values():
            task.on_hold = self.case.state == "suspended"
            task.on_account = self.case.state == "on_account"
            if task.pk:
                rows.update(task)
            else:
                written.insert(task)
        for step in self.steps:
            step.record = entry
            written.insert(step)
        self._write_involvements()
        for type_, content in self.announced:
            events.publish(
                type=type_,
                subject=f"case:{self.case.public_id}",
                data={**event_data(self.case), **content},
                actor=self.actor.actor_id,
                audience=audience,
            )

    def _write_case(self, written: Written) -> None:
        words = {} if self.words is None else {"search": (search.vector_sql(), self.words)}
        if self.case.pk:
            self.case.version += 1
            rows.update(self.case, words)
        else:
            written.insert(self.case, words)

    def _write_involvements(self) -> None:
        case = str(self.case.public_id)
        if self.was_state and self.was_state != self.case.state:
            sql.run(INVOLVED_STATE, [self.case.state, self.case.pk])
        for party, part in sorted(self.involved.items()):
            sql.run(INVOLVE, [case, party, part, self.case.state, self.case.opened_at])
        if self.finished_by:
            sql.run(INVOLVED_DONE, [self.now, case, sorted(self.finished_by)])

    def _audience(self) -> list[str]:
        """Who is told: all units involved, before and now, and the reporter."""
        before = self.was_involved
        if before is None:
            known = Involvement.objects.filter(case=self.case) if self.case.pk else Involvement.objects.none()
            before = dict(known.values_list("party_id", "part"))
        audience = [f"party:{party}" for party in sorted({*before, *self.involved})]
        return [*audience, f"user:{self.case.reporter}"] if self.case.reporter else audience


def unnamed_reporter(actor: Actor, case: Case) -> Actor:
    """Who is told of in steps, records, decisions and events: a reporter only as the reporter of this case.

    Units that handle a case read all of these, and the reporter of a 举报 must not be known by name or account there;
    ``Case.reporter`` alone says who it is. What a reporter does as an officer of the case is told under the own name.
    """
    if not case.reporter or actor.actor_id != case.reporter or (case.pk and sees(actor, case)):
        return actor
    return Actor(actor_id=f"reporter:{case.public_id}", user_id=None, display_name=_("反映人"))


def event_data(case: Case) -> dict[str, Any]:
    """What every event of a case says; no personal data, no title."""
    return {
        "case": str(case.public_id),
        "number": case.number,
        "flow": case.flow,
        "stage": case.stage,
        "state": case.state,
        "owner": case.owner_party.code,
    }


def unit_names(parties: Iterable[Party]) -> dict[str, str]:
    """Names of units in one label."""
    return joined([party.name for party in parties])
