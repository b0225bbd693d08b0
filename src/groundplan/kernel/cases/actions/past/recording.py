"""Takes over many past cases at once: COPY into a staging table, then one statement for each table of cases.

The rows are those that ``open_case`` and ``complete_task`` would have written at the same moments (a test holds both
ways equal); only the record differs: one for the whole batch, with a digest of what was taken over, instead of one for
each action, and one event instead of many.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from groundplan.kernel.cases.actions.past import _rows
from groundplan.kernel.cases.errors import HistoryUnfit
from groundplan.kernel.cases.logic.flow import EndStage, Flow, TaskStage
from groundplan.kernel.cases.models import FlowVersion
from groundplan.kernel.cases.queries.flows import flow_as_read, version_in_force
from groundplan.kernel.events import actions as events
from groundplan.kernel.ledger.actions import record
from groundplan.kernel.parties.queries import Actor
from groundplan.lib import sql
from groundplan.lib.canonical import canonical_json
from groundplan.lib.errors import NotAllowed

ADVANCE = """INSERT INTO cases_number_series (name, value) VALUES (%s, %s)
    ON CONFLICT (name) DO UPDATE SET value = cases_number_series.value + EXCLUDED.value RETURNING value"""


@dataclass(frozen=True)
class PastWay:
    """The way of a finished case through its flow: the first task names the unit, the second one ends the case."""

    flow: str
    take_stage: str
    take_outcome: str
    work_stage: str
    work_outcome: str


@dataclass(frozen=True)
class PastCase:
    """A case as another system had it: ``taken`` is what the first task sets, ``ended`` what the second one sets."""

    public_id: UUID
    title: str
    opened_at: datetime
    closed_at: datetime | None
    data: Mapping[str, Any]
    taken: Mapping[str, Any]
    ended: Mapping[str, Any]
    channel: str
    reporter: str = ""
    personal: Mapping[str, str] = field(default_factory=dict)
    point: tuple[float, float] | None = None
    divisions: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class RecordedPast:
    """What was taken over: the record of the batch, its digest, and the number of each case."""

    record: UUID
    digest: str
    numbers: Mapping[UUID, str]


@transaction.atomic
def record_past_cases(*, actor: Actor, way: PastWay, cases: Sequence[PastCase], source: str) -> RecordedPast:
    """Take over a batch of past cases: closed ones with their end, open ones as a task of the unit that has them.

    Args:
        actor: the data office or the system; it stands in the steps, for the source names no person.
        way: through which stages of which flow they went.
        cases: the cases, in the order in which they get their numbers.
        source: what the batch came from, for the record.

    Returns:
        The record and the numbers.

    Raises:
        NotAllowed: the actor is not of the data office.
        HistoryUnfit: the flow has no such way, or a limit on it asks a rule for one of the cases.
        DataInvalid: a value does not fit its field.
        OwnerMissing: a unit is not known.
    """
    if not actor.has_role("data_office"):
        raise NotAllowed(_("导入历史办件须由数据部门进行。"), accepted="data_office")
    version = version_in_force(way.flow)
    form = flow_as_read(version)
    take, work, end = _stages(form, way)
    numbers = _numbers(form, cases)
    batch = _rows.Batch(actor=actor, form=form, way=way, take=take, work=work, end=end)
    staged = [batch.staged(line, past, numbers[past.public_id]) for line, past in enumerate(cases)]
    digest = hashlib.sha256(b"\n".join(canonical_json(row.said) for row in staged)).hexdigest()
    data = {"flow": f"{form.flow}/{version.number}", "cases": len(cases), "sha256": digest, "source": source[:120]}
    entry = record(
        actor=actor.actor_id, action="cases.record_past_cases", subject=f"flow:{version.public_id}", data=data
    )
    _write(batch, staged, version, entry)
    subject = f"flow:{version.public_id}"
    events.publish(type="cases.past_recorded.v1", subject=subject, data=data, actor=actor.actor_id)
    return RecordedPast(entry, digest, numbers)


def _stages(form: Flow, way: PastWay) -> tuple[TaskStage, TaskStage, EndStage]:
    """The two tasks and the end of a way, if the flow has it and no person stands between.

    Raises:
        HistoryUnfit: it has not.
    """
    take, work = form.stages.get(way.take_stage), form.stages.get(way.work_stage)
    if not isinstance(take, TaskStage) or not isinstance(work, TaskStage) or take.sign or work.sign or form.observers:
        raise HistoryUnfit(_("历史办件须依次经过两个无需签收的环节。"), accepted=f"{way.take_stage} → {way.work_stage}")
    taken, ended = take.outcomes.get(way.take_outcome), work.outcomes.get(way.work_outcome)
    end = form.stages.get(ended.to or "") if ended else None
    if form.start != way.take_stage or taken is None or taken.to != way.work_stage or not isinstance(end, EndStage):
        raise HistoryUnfit(
            _("流程“%(flow)s”没有这样的办理路径。") % {"flow": form.flow},
            accepted=f"{form.start} → {way.work_stage} → end",
        )
    return take, work, end


def _numbers(form: Flow, cases: Sequence[PastCase]) -> dict[UUID, str]:
    """A number for each case; one statement for each series of the batch."""
    series: dict[UUID, tuple[str, datetime]] = {}
    for past in cases:
        local = timezone.localtime(past.opened_at)
        series[past.public_id] = (form.number.split("{seq")[0].format(flow=form.flow, date=local), local)
    wanted = Counter(name for name, _local in series.values())
    last: dict[str, int] = {}
    for name, count in sorted(wanted.items()):
        ((value,),) = sql.run(ADVANCE, [name, count]).fetchall()
        last[name] = value - count
    numbers = {}
    for public_id, (name, local) in series.items():
        last[name] += 1
        numbers[public_id] = form.number.format(flow=form.flow, date=local, seq=last[name])
    return numbers


def _write(batch: _rows.Batch, staged: Sequence[_rows.Staged], version: FlowVersion, entry: UUID) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql.named("groundplan.kernel.cases", "past_staging"))
        sql.copy_rows(cursor, "cases_past", _rows.COLUMNS, _rows.TYPES, (row.values for row in staged))
        steps = (step for row in staged for step in row.steps)
        sql.copy_rows(cursor, "cases_past_step", _rows.STEP_COLUMNS, _rows.STEP_TYPES, steps)
        for statement, values in _rows.statements(batch, version, entry):
            cursor.execute(statement, values)
        cursor.execute("DROP TABLE cases_past_step, cases_past")
