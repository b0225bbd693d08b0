"""What several actions of a response share: the lock, the line of the log, the hint to those who look."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from groundplan.kernel.cases.models import Case
from groundplan.kernel.events import actions as events
from groundplan.kernel.ledger.actions import record
from groundplan.kernel.parties.queries import Actor
from groundplan.systems.linkage import queries
from groundplan.systems.linkage.errors import NotTheCommander, ResponseInvalid, ResponseMoved
from groundplan.systems.linkage.models import LinkedCase, LogEntry, Response

LONGEST = 4000


def locked(actor: Actor, response: UUID | str, *, commanding: bool = True) -> Response:
    """An active response that the actor may act on, locked.

    Raises:
        ResponseUnknown: there is none that the actor's units have a part in.
        NotTheCommander: the actor has a part but does not command.
        ResponseMoved: it has ended.
    """
    seen = queries.response_for(actor, response)
    if commanding and not queries.commands(actor, seen.commander_id):
        raise NotTheCommander(accepted=", ".join(queries.COMMANDING))
    mine = Response.objects.select_for_update().get(pk=seen.pk)
    if mine.state != "active":
        raise ResponseMoved(_("该联动响应已结束。"), state=mine.state)
    return mine


def plain(text: str, field: str) -> str:
    """A text that somebody entered; never empty.

    Raises:
        ResponseInvalid: it is empty or too long.
    """
    clean = text.replace("\x00", "").strip()
    if not clean or len(clean) > LONGEST:
        raise ResponseInvalid(
            _("请填写内容（不超过 %(n)d 字）。") % {"n": LONGEST},
            fields=[{"field": field, "reason": "missing or too long"}],
        )
    return clean


def note(
    actor: Actor,
    response: Response,
    action: str,
    kind: str,
    text: Mapping[str, str],
    *,
    case: Case | None = None,
    data: Mapping[str, Any] | None = None,
) -> LogEntry:
    """One record of an action, and its line in the situation log."""
    entry = record(
        actor=actor.actor_id, action=f"linkage.{action}", subject=f"linkage:{response.public_id}",
        data={"number": response.number, "exercise": response.exercise, **(data or {})},
    )  # fmt: skip
    return LogEntry.objects.create(
        response=response, kind=kind, text=dict(text), actor=actor.actor_id, actor_name=actor.display_name, case=case,
        record=entry,
    )  # fmt: skip


def announce(actor: Actor, response: Response, type_name: str, **data: Any) -> None:
    """Tell the units of a response, and other systems, that something happened."""
    units = {response.commander_id, *LinkedCase.objects.filter(response=response).values_list("party_id", flat=True)}
    events.publish(
        type=type_name,
        subject=f"linkage:{response.public_id}",
        data={
            "response": str(response.public_id), "number": response.number, "plan": response.plan.key,
            "level": response.level, "exercise": response.exercise, **data,
        },
        actor=actor.actor_id,
        audience=[f"party:{unit}" for unit in sorted(units)],
    )  # fmt: skip
