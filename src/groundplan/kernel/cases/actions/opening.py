"""Opening a case."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from groundplan.kernel.cases.actions import _clockwork as clockwork
from groundplan.kernel.cases.actions import _deciding as deciding
from groundplan.kernel.cases.actions._data import attach_to, checked_data, clean_title, next_number, seal, tell_offline
from groundplan.kernel.cases.actions._move import Move
from groundplan.kernel.cases.models import Case
from groundplan.kernel.cases.queries.flows import flow_as_read, version_in_force
from groundplan.kernel.cases.queries.owners import owner_for
from groundplan.kernel.files.models import StoredFile
from groundplan.kernel.parties.queries import Actor
from groundplan.lib import clock
from groundplan.lib.identity import uuid7


def reserve_number(*, flow: str) -> str:
    """Take the next number of a flow before the transaction that opens the case.

    A number taken inside the transaction holds the whole series until it commits: those who report at the same time
    would be served one after the other. If the case is not opened after all, the series skips a number.

    Returns:
        The number; empty inside a transaction, where ``open_case`` takes it itself.

    Raises:
        FlowUnknown: no such flow is in force.
    """
    if connection.in_atomic_block:
        return ""
    return next_number(flow_as_read(version_in_force(flow)), clock.now(), at_once=True)


@transaction.atomic
def open_case(
    *,
    actor: Actor,
    flow: str,
    title: str,
    data: Mapping[str, Any] | None = None,
    personal: Mapping[str, str] | None = None,
    point: tuple[float, float] | None = None,
    division_codes: Mapping[str, str] | None = None,
    channel: str = "web",
    subject: str = "",
    reporter: str = "",
    public_id: UUID | None = None,
    files: Iterable[StoredFile] = (),
    number: str = "",
    done_at: datetime | None = None,
) -> Case:
    """Open a case of a flow; it enters the first stage and has an owner from its first moment.

    Args:
        actor: who opens it.
        flow: key of the flow.
        title: one line that names it, without personal data.
        data: values of the flow's fields.
        personal: values of its personal fields; stored encrypted.
        point: longitude and latitude, CGCS2000.
        division_codes: codes by level (``district``, ``street``, ``community``, ``unit_grid``, ``governance_grid``).
        channel: how it came in.
        subject: what it is about, such as ``component:<id>``.
        reporter: actor id of the resident who may follow it.
        public_id: the id it shall have, so that files can be stored under it before.
        files: attachments, already stored under this case.
        number: what ``reserve_number`` gave.
        done_at: when it was reported on the spot, if it was handed in later (离线); told, never counted.

    Raises:
        FlowUnknown: no such flow is in force.
        DataInvalid: ``fields`` names each value that does not fit.
        OwnerMissing: the first stage has no owner.
    """
    version = version_in_force(flow)
    form = flow_as_read(version)
    stored, secret = checked_data(form, data or {}, personal or {})
    case = Case(
        public_id=public_id or uuid7(),
        flow_version=version,
        flow=form.flow,
        title=clean_title(title),
        channel=channel,
        subject=subject,
        data=stored,
        reporter=reporter,
        opened_by=actor.actor_id,
        longitude=point[0] if point else None,
        latitude=point[1] if point else None,
        divisions=dict(division_codes or {}),
        district=(division_codes or {}).get("district", ""),
    )
    move = Move(actor, case, form)
    case.opened_at = move.now
    seal(case, secret)
    first = move.step("open", noun=form.noun)
    told = tell_offline(move, done_at)
    spans, _decision = deciding.spans_for(form, case, form.total, move.actor)
    clockwork.start(case, spans, move.now, form.calendar)
    for observer in form.observers:
        move.involve(owner_for(observer, case, "observers"), "observer")
    move.enter(form.start)
    case.number = number or next_number(form, move.now)
    move.announce("case.opened.v1", channel=channel, district=case.district, calendar_missing=case.calendar_missing)
    move.announced.insert(0, move.announced.pop())
    move.index_words()
    move.finish("open", first=first, data={"channel": channel, "version": version.number, **told})
    attach_to(case, first, files)
    return case
