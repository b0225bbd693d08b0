"""Tasks of ours for units that have a system of their own: ordered with the task, sent by the worker, once."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from groundplan.commons.attached import queries
from groundplan.commons.attached.errors import OrderMoved
from groundplan.commons.attached.models import Code, Link, Order
from groundplan.kernel.cases.models import ACTIVE_TASK, Task
from groundplan.kernel.ledger import actions as ledger
from groundplan.kernel.parties.queries import Actor
from groundplan.lib import clock

ORDERED = ("work", "child", "assist")


@transaction.atomic
def order_task(*, task: UUID | str) -> int:
    """Put a task on its way to the system of its unit, if the unit has one; safe to repeat.

    Returns:
        To how many systems it goes.
    """
    found = Task.objects.select_related("party", "case").filter(public_id=task, state__in=ACTIVE_TASK).first()
    if found is None or found.kind not in ORDERED:
        return 0
    rows = Code.objects.filter(
        kind="unit", ours=found.party.code, system__direction__in=("out", "both"), system__flow=found.case.flow
    ).exclude(system__state="ended")
    systems = {row.system_id for row in rows}
    # What they gave us does not go back to them.
    systems -= set(Link.objects.filter(system__in=systems, case=found.case).values_list("system_id", flat=True))
    made = Order.objects.bulk_create(
        [Order(system_id=each, task=found) for each in sorted(systems)], ignore_conflicts=True
    )
    return len(made)


@transaction.atomic
def replay_orders(*, actor: Actor, system: UUID) -> int:
    """Let what could not be sent be tried again, under the same ids.

    Returns:
        How many.

    Raises:
        SystemNotFound: none that the actor may see.
        NotAllowed: the actor does not configure systems.
    """
    row = queries.kept_system(actor, system)
    count = Order.objects.filter(system=row, state="dead").update(state="waiting", attempts=0, next_at=clock.now())
    if count:
        ledger.record(
            actor=actor.actor_id, action="attached.replay_orders", subject=f"attached:{row.public_id}",
            data={"count": count},
        )  # fmt: skip
    return count


@transaction.atomic
def settle_order(*, actor: Actor, order: UUID, note: str) -> None:
    """Say that a difference or a failure was dealt with by people.

    Raises:
        SystemNotFound: none that the actor may see.
        OrderMoved: there is nothing to settle.
    """
    row = queries.order_for(actor, order)
    text = note.replace("\x00", "").strip()[:300]
    if not text:
        raise OrderMoved(_("请写明处理情况。"))
    open_ones = Order.objects.filter(pk=row.pk).filter(queries.UNSETTLED)
    if not open_ones.update(state="settled", differs=False, difference=text):
        raise OrderMoved(_("该工单没有需要核销的差异。"))
    ledger.record(
        actor=actor.actor_id, action="attached.settle_order", subject=f"attached-order:{row.public_id}", data={}
    )
