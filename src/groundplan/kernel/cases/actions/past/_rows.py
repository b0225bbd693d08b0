"""The rows of past cases: computed by the functions that the actions use, spread by set-based statements."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from psycopg.types.json import Jsonb

from groundplan.kernel.cases.actions import _clockwork as clockwork
from groundplan.kernel.cases.actions._data import checked_data, clean_title, refuse_data, seal, words_of
from groundplan.kernel.cases.actions._deciding import agreed_span
from groundplan.kernel.cases.errors import HistoryUnfit
from groundplan.kernel.cases.logic.flow import EndStage, Flow, Limit, TaskStage
from groundplan.kernel.cases.logic.texts import step_text
from groundplan.kernel.cases.models import NEVER, Case, FlowVersion, Involvement, Step, Task
from groundplan.kernel.cases.queries.owners import owner_for
from groundplan.kernel.parties.models import Party
from groundplan.kernel.parties.queries import Actor
from groundplan.lib import search
from groundplan.lib.identity import uuid7
from groundplan.lib.sql import rows

if TYPE_CHECKING:
    from groundplan.kernel.cases.actions.past.recording import PastCase, PastWay

_STAGED = {
    "line": "int4", "public_id": "uuid", "take_id": "uuid", "work_id": "uuid", "number": "text", "title": "text",
    "channel": "text", "reporter": "text", "data": "jsonb", "personal": "bytea", "reporter_hash": "bytea",
    "longitude": "float8", "latitude": "float8", "divisions": "jsonb", "district": "text", "opened_at": "timestamptz",
    "closed_at": "timestamptz", "taker_id": "int8", "owner_id": "int8", "words": "text", "spans": "text",
    "due_at": "timestamptz", "missing": "bool", "overdue": "bool", "take_spans": "text", "take_due_at": "timestamptz",
    "take_overdue": "bool", "work_spans": "text", "work_due_at": "timestamptz", "work_missing": "bool",
    "work_overdue": "bool",
}  # fmt: skip
_STEPS = {
    "line": "int4", "position": "int4", "public_id": "uuid", "at": "timestamptz", "kind": "text", "text": "jsonb",
    "party_id": "int8", "task_id": "uuid",
}  # fmt: skip
COLUMNS, TYPES = tuple(_STAGED), tuple(_STAGED.values())
STEP_COLUMNS, STEP_TYPES = tuple(_STEPS), tuple(_STEPS.values())
Statement = tuple[str, list[Any]]


@dataclass(frozen=True)
class Staged:
    """One case on its way: the values of its staging row, its steps, and what the digest says of it."""

    values: tuple[Any, ...]
    steps: list[tuple[Any, ...]]
    said: dict[str, Any]


@dataclass
class Batch:
    """What the cases of a batch have in common, and what was looked up once for them."""

    actor: Actor
    form: Flow
    way: PastWay
    take: TaskStage
    work: TaskStage
    end: EndStage
    units: dict[tuple[str, str], Party] = field(default_factory=dict)
    texts: dict[tuple[str, str, str], Jsonb] = field(default_factory=dict)

    def staged(self, line: int, past: PastCase, number: str) -> Staged:
        """The rows of one case."""
        case = self._case(past, number)
        words = words_of(case, self.form)
        taker = self._unit(self.take, self.way.take_stage, case)
        first = self._clock(Task(party=taker), self.take.limit, case, past.opened_at)
        clockwork.cap(first, case.due_at)
        case.data = self._merged(case.data, past.taken, self.take, self.way.take_outcome)
        owner = self._unit(self.work, self.way.work_stage, case)
        second = self._clock(Task(party=owner), self.work.limit, case, past.opened_at)
        clockwork.cap(second, case.due_at)
        if past.closed_at is not None:
            case.data = self._merged(case.data, past.ended, self.work, self.way.work_outcome)
        ids = (uuid7(), uuid7())
        values = (
            line, past.public_id, *ids, number, case.title, past.channel, past.reporter, Jsonb(case.data),
            case.personal, case.reporter_hash, case.longitude, case.latitude, Jsonb(dict(past.divisions)),
            past.divisions.get("district", ""), past.opened_at, past.closed_at, taker.pk, owner.pk, words,
            case.limit_spans, case.due_at, case.calendar_missing and past.closed_at is None,
            _late(past.closed_at, case.due_at), first.limit_spans, first.due_at, _late(past.opened_at, first.due_at),
            second.limit_spans, second.due_at, second.calendar_missing and past.closed_at is None,
            _late(past.closed_at, second.due_at),
        )  # fmt: skip
        said = {
            "number": number, "opened": past.opened_at, "due": case.due_at, "closed": past.closed_at,
            "unit": owner.code, "data": case.data,
        }  # fmt: skip
        return Staged(values, self._steps(line, past, ids, taker, owner), said)

    def _case(self, past: PastCase, number: str) -> Case:
        stored, secret = checked_data(self.form, past.data, past.personal)
        case = Case(
            number=number,
            title=clean_title(past.title),
            data=stored,
            longitude=past.point[0] if past.point else None,
            latitude=past.point[1] if past.point else None,
        )
        seal(case, secret)
        self._clock(case, self.form.total, case, past.opened_at)
        return case

    def _clock(self, timed: Any, limit: Limit | None, case: Case, start: datetime) -> Any:
        spans = ""
        if limit is not None:
            agreed = agreed_span(case, limit)
            if agreed is None and limit.rule is not None:
                raise HistoryUnfit(accepted=f"{limit.field or limit.rule}: 3 days, none")
            spans = agreed if agreed is not None else str(limit.limit or "")
        clockwork.start(timed, spans, start, self.form.calendar)
        return timed

    def _merged(
        self, data: Mapping[str, Any], given: Mapping[str, Any], stage: TaskStage, outcome: str
    ) -> dict[str, Any]:
        chosen = stage.outcomes[outcome]
        stored, secret = checked_data(self.form, given, {})
        strange = [name for name in stored if name not in {*chosen.requires, *chosen.optional}]
        merged = {**data, **stored}
        missing = [name for name in chosen.requires if merged.get(name) is None]
        if strange or missing or secret:
            refuse_data(self.form, {**dict.fromkeys(strange, "not asked for"), **dict.fromkeys(missing, "missing")})
        return merged

    def _unit(self, stage: TaskStage, name: str, case: Case) -> Party:
        key = (name, str(case.data.get(stage.owner.field or "")))
        if key not in self.units:
            self.units[key] = owner_for(stage.owner, case, name)
        return self.units[key]

    def _steps(
        self, line: int, past: PastCase, ids: tuple[UUID, UUID], taker: Party, owner: Party
    ) -> list[tuple[Any, ...]]:
        """The lines of the timeline, as the actions tell them."""
        take, work = ids
        told: list[tuple[datetime, str, Any, Party | None, UUID | None]] = [
            (past.opened_at, "open", self._text("open", "", noun=self.form.noun), None, None),
            (past.opened_at, "entered", self._entered(self.take, taker), taker, take),
            (past.opened_at, "complete", self._completed(self.take, self.way.take_outcome, taker), taker, take),
            (past.opened_at, "entered", self._entered(self.work, owner), owner, work),
        ]
        if past.closed_at is not None:
            done = self._completed(self.work, self.way.work_outcome, owner)
            told += [
                (past.closed_at, "complete", done, owner, work),
                (past.closed_at, "closed", self._text("closed", "", stage=self.end.label), None, None),
            ]
        return [
            (line, position, uuid7(), at, kind, text, unit and unit.pk, task)
            for position, (at, kind, text, unit, task) in enumerate(told)
        ]

    def _entered(self, stage: TaskStage, unit: Party) -> Jsonb:
        return self._text("entered", unit.code, stage=stage.label, units=unit.name)

    def _completed(self, stage: TaskStage, outcome: str, unit: Party) -> Jsonb:
        return self._text(
            "complete", unit.code, unit=unit.name, stage=stage.label, outcome=stage.outcomes[outcome].label
        )

    def _text(self, kind: str, code: str, /, **texts: Any) -> Jsonb:
        key = (kind, code, str(texts.get("stage")))
        if key not in self.texts:
            self.texts[key] = Jsonb(step_text(kind, **texts))
        return self.texts[key]


def _late(moment: datetime | None, due: datetime | None) -> bool:
    return moment is not None and due is not None and moment > due


def statements(batch: Batch, version: FlowVersion, entry: UUID) -> list[Statement]:
    """What spreads the staged batch over the tables, in this order."""
    actor, way = batch.actor, batch.way
    case = {
        "public_id": "public_id", "number": "number", "title": "title", "channel": "channel", "reporter": "reporter",
        "data": "data", "personal": "personal", "reporter_hash": "reporter_hash", "longitude": "longitude",
        "latitude": "latitude", "divisions": "divisions", "district": "district", "opened_at": "opened_at",
        "closed_at": "closed_at", "owner_party_id": "owner_id", "search": search.vector_sql("words"),
        "state": "CASE WHEN closed_at IS NULL THEN 'open' ELSE 'closed' END", "limit_spans": "spans",
        "clock_started_at": "CASE WHEN spans <> '' THEN opened_at END", "due_at": "due_at",
        "calendar_missing": "missing", "overdue": "overdue",
        "version": "CASE WHEN closed_at IS NULL THEN 2 ELSE 3 END",
        "flow_version_id": ("%s", version.pk), "flow": ("%s", way.flow), "opened_by": ("%s", actor.actor_id),
        "stage": ("CASE WHEN closed_at IS NULL THEN %s ELSE " + _literal(_end_stage(batch)) + " END", way.work_stage),
        "outcome": ("CASE WHEN closed_at IS NULL THEN '' ELSE %s END", batch.end.outcome),
    }  # fmt: skip
    return [
        rows.insert_select(Case, case, "FROM cases_past ORDER BY line"),
        rows.insert_select(Task, _take_columns(batch), _JOINED),
        rows.insert_select(Task, _work_columns(batch), _JOINED),
        *_involvements(),
        rows.insert_select(
            Step,
            {
                "public_id": "s.public_id", "case_id": "c.id", "at": "s.at", "kind": "s.kind", "text": "s.text",
                "party_id": "s.party_id", "task_id": "t.id", "record": ("%s", entry),
                "actor": ("%s", actor.actor_id), "actor_name": ("%s", actor.display_name),
            },
            "FROM cases_past_step s JOIN cases_past p USING (line) JOIN cases_case c ON c.public_id = p.public_id "
            "LEFT JOIN cases_task t ON t.public_id = s.task_id ORDER BY s.line, s.position",
        ),
    ]  # fmt: skip


_JOINED = "FROM cases_past p JOIN cases_case c ON c.public_id = p.public_id ORDER BY p.line"


def _end_stage(batch: Batch) -> str:
    return batch.work.outcomes[batch.way.work_outcome].to or ""


def _literal(name: str) -> str:
    """A stage's name, which the flow's form keeps to letters, digits and underscores, as text of SQL."""
    return f"'{name}'"


def _take_columns(batch: Batch) -> dict[str, Any]:
    return {
        "public_id": "p.take_id", "case_id": "c.id", "stage": ("%s", batch.way.take_stage), "state": "'done'",
        "party_id": "p.taker_id", "role": ("%s", batch.take.role), "opened_at": "p.opened_at",
        "done_at": "p.opened_at", "done_by": ("%s", batch.actor.actor_id), "outcome": ("%s", batch.way.take_outcome),
        "limit_spans": "p.take_spans", "clock_started_at": "CASE WHEN p.take_spans <> '' THEN p.opened_at END",
        "due_at": "p.take_due_at", "sort_at": ("coalesce(p.take_due_at, %s)", NEVER), "overdue": "p.take_overdue",
        "version": "2",
    }  # fmt: skip


def _work_columns(batch: Batch) -> dict[str, Any]:
    return {
        "public_id": "p.work_id", "case_id": "c.id", "stage": ("%s", batch.way.work_stage),
        "state": "CASE WHEN p.closed_at IS NULL THEN 'open' ELSE 'done' END",
        "party_id": "p.owner_id", "role": ("%s", batch.work.role), "opened_at": "p.opened_at",
        "done_at": "p.closed_at",
        "done_by": ("CASE WHEN p.closed_at IS NULL THEN '' ELSE %s END", batch.actor.actor_id),
        "outcome": ("CASE WHEN p.closed_at IS NULL THEN '' ELSE %s END", batch.way.work_outcome),
        "limit_spans": "p.work_spans", "clock_started_at": "CASE WHEN p.work_spans <> '' THEN p.opened_at END",
        "due_at": "p.work_due_at", "sort_at": ("coalesce(p.work_due_at, %s)", NEVER), "overdue": "p.work_overdue",
        "calendar_missing": "p.work_missing",
        "next_escalation_at": "CASE WHEN p.closed_at IS NULL THEN p.work_due_at END",
        "version": "CASE WHEN p.closed_at IS NULL THEN 1 ELSE 2 END",
    }  # fmt: skip


def _involvements() -> list[Statement]:
    """The unit that took each case in, and the one that has it, once where they are the same."""
    columns = {
        "case_id": "c.id", "part": "'owner'", "opened_at": "p.opened_at",
        "state": "CASE WHEN p.closed_at IS NULL THEN 'open' ELSE 'closed' END",
    }  # fmt: skip
    taker = {
        **columns, "party_id": "p.taker_id",
        "done_at": "CASE WHEN p.taker_id = p.owner_id THEN coalesce(p.closed_at, p.opened_at) ELSE p.opened_at END",
    }  # fmt: skip
    owner = {**columns, "party_id": "p.owner_id", "done_at": "p.closed_at"}
    others = _JOINED.replace("ORDER", "WHERE p.taker_id <> p.owner_id ORDER")
    return [rows.insert_select(Involvement, taker, _JOINED), rows.insert_select(Involvement, owner, others)]
