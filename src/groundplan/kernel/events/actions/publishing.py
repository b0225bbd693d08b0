"""Publish events and give them their positions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from psycopg.types.json import Jsonb
from pydantic import ValidationError

from groundplan.kernel.events import registry
from groundplan.kernel.events.errors import EventDataInvalid, EventTypeUnknown, PublishedOutsideTransaction
from groundplan.kernel.events.models import Counter
from groundplan.lib import clock, sql
from groundplan.lib.identity import uuid7

APP = "groundplan.kernel.events"
DISPATCHER_LOCK = "groundplan.events.dispatcher"
INTEGRATED = "events_integrated"
quiet = sql.Quiet(every_s=0.05)


def publish(
    *,
    type: str,  # noqa: A002 - CloudEvents' word.
    subject: str,
    data: Mapping[str, Any],
    actor: str,
    audience: Sequence[str] = (),
) -> UUID:
    """Tell that something happened, in the transaction of the change itself.

    Args:
        type: a registered type, as ``case.opened.v1``.
        subject: what it happened to, as ``case:<public id>``.
        data: values of the type's model, without personal data.
        actor: opaque id of who acted.
        audience: keys of who may get the hint in a browser: ``party:<id>``, ``user:<actor id>``, ``public``.

    Returns:
        The event's id.

    Raises:
        PublishedOutsideTransaction: no transaction is open.
        EventTypeUnknown: nobody registered the type.
        EventDataInvalid: the data do not fit the type's model.
    """
    if not connection.in_atomic_block:
        raise PublishedOutsideTransaction(f"{type} was published outside a transaction.")
    model = registry.types.get(type)
    if model is None:
        raise EventTypeUnknown(f"The event type {type!r} is not registered.", next_step="Call registry.event_type.")
    try:
        plain = model.model_validate(dict(data)).model_dump(mode="json")
    except ValidationError as error:
        fields = [".".join(map(str, item["loc"])) for item in error.errors()]
        raise EventDataInvalid(f"The data of {type} do not fit: {', '.join(fields)}.") from error
    event_id = uuid7()
    values: list[Any] = [event_id, type, subject, clock.now(), actor, Jsonb(sorted(set(audience))), Jsonb(plain)]
    statement = "publish_and_notify" if quiet.may_notify() else "publish"
    sql.run(sql.named(APP, statement), values)
    return event_id


@transaction.atomic
def integrate(*, batch: int = 500) -> int:
    """Give positions to committed events, in one transaction, if no other process is doing it.

    Returns:
        How many got one.
    """
    with connection.cursor() as cursor:
        if not sql.try_advisory_lock(cursor, DISPATCHER_LOCK):
            return 0
        counter, _ = Counter.objects.get_or_create(pk=1)
        cursor.execute(sql.named(APP, "integrate"), {"batch": batch, "last": counter.last})
        moved = int(cursor.rowcount)
        if moved:
            Counter.objects.filter(pk=1).update(last=counter.last + moved)
            sql.notify(INTEGRATED, str(counter.last + moved))
        return moved
