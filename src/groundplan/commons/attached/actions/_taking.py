"""What came from a system is stored as it is, then made into a case, a step or the end of a task."""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from groundplan.commons.attached import registry
from groundplan.commons.attached.logic import OUR_STATES, Batch, Event, Status, later, mapping
from groundplan.commons.attached.models import Code, Item, Link, Order, Pickup, System
from groundplan.kernel.cases import actions as cases
from groundplan.kernel.cases.logic.flow import Outcome
from groundplan.kernel.cases.models import ACTIVE_TASK, Case, Task
from groundplan.kernel.cases.queries.flows import flow_of
from groundplan.kernel.cases.queries.offers import outcomes_for
from groundplan.kernel.ledger import actions as ledger
from groundplan.kernel.parties.queries import SYSTEM, Actor
from groundplan.lib import clock, crypto
from groundplan.lib.canonical import canonical_json
from groundplan.lib.errors import GroundplanError

LONGEST_NOTE = 3500
MOST_WAITING = 500


def actor_of(system: System) -> Actor:
    """The machine under the name of the system that speaks."""
    return replace(SYSTEM, display_name=system.name)


@transaction.atomic
def store(system: System, kind: str, batch: Batch) -> list[Item]:
    """Keep each message of a batch once; the same message again is counted.

    Returns:
        The rows that are new.
    """
    if batch.digest:
        _pickup, new = Pickup.objects.get_or_create(
            system=system, digest=batch.digest,
            defaults={"name": batch.name[:200], "lines": len(batch.rows) + len(batch.unread)},
        )  # fmt: skip
        if not new:
            return []
    rows = [_item(system, kind, each.content()) for each in batch.rows]
    rows += [_refused(system, kind, each.raw, each.reason) for each in batch.unread]
    keys = {(row.their_id, row.digest): row for row in rows}
    known = {
        (row.their_id, row.digest): row
        for row in Item.objects.filter(system=system, kind=kind, digest__in=[row.digest for row in rows])
    }
    again = [row.pk for key, row in known.items() if key in keys]
    for pk in again:
        Item.objects.filter(pk=pk).update(times=F("times") + 1)
    fresh = Item.objects.bulk_create(
        [row for key, row in keys.items() if key not in known], ignore_conflicts=True
    )  # fmt: skip
    if fresh or batch.digest:
        ledger.record(
            actor="system", action="attached.receive", subject=f"attached:{system.public_id}",
            data={"kind": kind, "new": len(fresh), "again": len(again), "file": batch.digest},
        )  # fmt: skip
    return fresh


def _item(system: System, kind: str, content: dict[str, Any]) -> Item:
    text = canonical_json(content)
    named = content["id"] if kind == "event" else content["order"] or content["id"]
    return Item(
        system=system, kind=kind, their_id=named, digest=hashlib.sha256(text).hexdigest(),
        revision=content.get("revision") or content["at"][:40], sealed=crypto.encrypt(text.decode()),
    )  # fmt: skip


def _refused(system: System, kind: str, raw: str, reason: str) -> Item:
    return Item(
        system=system, kind=kind, digest=hashlib.sha256(raw.encode()).hexdigest(),
        sealed=crypto.encrypt(json.dumps({"raw": raw}, ensure_ascii=False)), state="refused", reason=reason,
        settled_at=clock.now(),
    )  # fmt: skip


def take_waiting(system: System) -> int:
    """Take in what waits, oldest first; what still lacks a code stays.

    Returns:
        How many left the list.
    """
    waiting = Item.objects.filter(system=system, state="waiting").order_by("id")
    return sum(take(pk) for pk in list(waiting.values_list("pk", flat=True)[:MOST_WAITING]))


def take(pk: int) -> bool:
    """Take one message in, whole or not at all.

    Returns:
        Whether it left the list.
    """
    with transaction.atomic():
        item = (
            Item.objects.select_for_update(skip_locked=True, of=("self",)).select_related("system")
            .filter(pk=pk, state="waiting").first()
        )  # fmt: skip
        if item is None:
            return False
        content = json.loads(crypto.decrypt(bytes(item.sealed)))
        try:
            with transaction.atomic():
                if item.kind == "event":
                    _take_event(item, Event(**{**content, "files": tuple(content["files"])}))
                else:
                    _take_status(item, Status(**content))
        except GroundplanError as error:
            item.state, item.reason = "refused", str(error.detail or error.title["zh-hans"])[:300]
        left = item.state != "waiting"
        item.settled_at = clock.now() if left else None
        item.save(update_fields=["state", "reason", "missing", "case", "order", "settled_at"])
        return left


def mapped(system: System, kind: str, theirs: str) -> str | None:
    """What a code of theirs is here; None while nobody has said."""
    return Code.objects.filter(system=system, kind=kind, theirs=theirs).values_list("ours", flat=True).first()


def masked(system: System, text: str) -> str:
    """A text of theirs as people may read it."""
    return registry.takers[system.flow].mask(text)


# -- events -----------------------------------------------------------------------------------------------------------


def _take_event(item: Item, event: Event) -> None:
    system = item.system
    link = Link.objects.select_for_update().filter(system=system, their_id=event.id).first()
    if link is not None:
        _take_change(item, event, link)
        return
    ours = mapped(system, "category", event.code) if event.code else ""
    if ours is None:
        item.missing, item.reason = [["category", event.code]], "unmapped"
        return
    case = registry.takers[system.flow].take(event, ours, f"attached:{system.public_id}:{event.id}")
    Link.objects.create(system=system, their_id=event.id, case=case, revision=item.revision)
    if event.files:
        _say(system, case, _("对方附件（未随件传来）：%(names)s") % {"names": "、".join(event.files)})
    item.state, item.case, item.missing, item.reason = "taken", case, [], ""


def _take_change(item: Item, event: Event, link: Link) -> None:
    """A later change of theirs is a step; an earlier one that comes late changes nothing."""
    item.state, item.case, item.missing = "taken", link.case, []
    if not later(item.revision, link.revision):
        item.reason = "earlier"
        return
    item.reason = "change"
    Link.objects.filter(pk=link.pk).update(revision=item.revision)
    parts = [_("对方更新：%(text)s") % {"text": event.text}, event.place, "、".join(event.files)]
    _say(item.system, link.case, "\n".join(filter(None, parts)))


def _say(system: System, case: Case, text: str) -> None:
    cases.comment(actor=actor_of(system), case=case.public_id, text=masked(system, text)[:LONGEST_NOTE])


# -- what became of our orders ----------------------------------------------------------------------------------------


def _take_status(item: Item, status: Status) -> None:
    system = item.system
    order = _order_of(system, status)
    if order is None:
        item.missing, item.reason = [["order", status.order or status.id]], "order-unknown"
        return
    item.order, item.case = order, order.task.case
    ours = mapped(system, "state", status.code)
    if ours not in OUR_STATES:
        item.missing, item.reason = [["state", status.code]], "unmapped"
        return
    item.state, item.missing = "taken", []
    at = mapping.parsed(status.at)
    if order.their_at is not None and at is not None and at < order.their_at:
        item.reason = "earlier"
        return
    item.reason = _apply(order, ours, status, at)


def _order_of(system: System, status: Status) -> Order | None:
    rows = Order.objects.select_for_update(of=("self",)).select_related("task__case", "task__party", "system")
    rows, found = rows.filter(system=system), None
    with suppress(ValueError):
        found = rows.filter(public_id=UUID(status.order)).first()
    return found or (rows.filter(their_id=status.id).first() if status.id else None)


def _apply(order: Order, ours: str, status: Status, at: datetime | None) -> str:
    """What a state of theirs does here; a word that says what was done."""
    if status.id and not order.their_id:
        order.their_id = status.id
    order.their_state, order.their_at = ours, at or order.their_at
    if order.state in {"waiting", "sent", "dead"}:
        order.state, order.sent_at = "acknowledged", order.sent_at or clock.now()
    told = _told(order, ours, status)
    if ours == "returned":
        _differ(order, _("对方已退回，请本单位研究处理。"))
    elif ours == "finished":
        told = _finish(order, status, told)
    else:
        sign_for(order)
    order.save()
    if told:
        cases.comment(actor=actor_of(order.system), case=order.task.case.public_id, text=told)
    return ours


def _told(order: Order, ours: str, status: Status) -> str:
    label = OUR_STATES[ours]["zh-hans"]
    text = f"{label}：{status.text}" if status.text else label
    return masked(order.system, text)[:LONGEST_NOTE]


def _differ(order: Order, why: str) -> None:
    order.differs, order.difference = True, why[:300]


def sign_for(order: Order) -> None:
    """Their taking it is the signature: from now on the clock of the work runs. The unit stays answerable."""
    task = Task.objects.get(pk=order.task_id)
    if task.state == "offered" and task.kind != "offer":
        cases.sign_task(actor=actor_of(order.system), task=task.public_id, seen=None)


def _finish(order: Order, status: Status, told: str) -> str:
    """Complete our task with their reply if the flow allows it; else the difference is shown.

    Returns:
        What is still to be said as a step.
    """
    if not order.system.completes:
        _differ(order, _("对方已办结，按设置须由本单位人工办结。"))
        return told
    try:
        with transaction.atomic():
            sign_for(order)
            _complete(order, status)
    except GroundplanError as error:
        _differ(order, _("对方已办结，我方未能办结：%(why)s") % {"why": error.detail or error.title["zh-hans"]})
        return told
    order.state, order.differs, order.difference = "finished", False, ""
    return ""


def _complete(order: Order, status: Status) -> None:
    task = Task.objects.select_related("case", "party").get(pk=order.task_id)
    flow, actor, reply = flow_of(task.case.flow_version_id), actor_of(order.system), masked(order.system, status.text)
    if task.state not in ACTIVE_TASK:
        raise GroundplanError(_("我方任务已由他人处理。"))
    fitting = {
        key: fields
        for key, outcome in outcomes_for(flow, task, actor).items()
        if (fields := _filled(flow, task.case, outcome, reply)) is not None
    }
    if len(fitting) != 1:
        raise GroundplanError(_("该环节的办理结果须由人工选择。"))
    ((outcome, data),) = fitting.items()
    note = "" if data else reply[:LONGEST_NOTE]
    cases.complete_task(actor=actor, task=task.public_id, seen=None, outcome=outcome, data=data, note=note)


def _filled(flow: Any, case: Case, outcome: Outcome, reply: str) -> dict[str, str] | None:
    """What an outcome asks for, filled with their reply; None when that cannot be said by one text."""
    asked = [name for name in outcome.requires if name == "reply" or case.data.get(name) is None]
    texts = [name for name in asked if flow.fields[name].type in {"text", "string"} and not flow.fields[name].personal]
    if len(asked) > 1 or asked != texts or (asked and not reply):
        return None
    return dict.fromkeys(asked, reply)
