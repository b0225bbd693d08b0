"""Triggers: enough reports of one kind in one district suggest to start a plan; a person decides."""

from __future__ import annotations

from datetime import timedelta
from functools import reduce
from operator import or_

from django.db import connection, transaction
from django.db.models import Q

from groundplan.kernel.cases.models import Case
from groundplan.kernel.ledger.actions import record
from groundplan.kernel.notices import actions as notices
from groundplan.kernel.parties.queries import Actor
from groundplan.lib import sql
from groundplan.systems.linkage import queries
from groundplan.systems.linkage.logic.plan import Trigger
from groundplan.systems.linkage.models import PlanVersion, Response, Suggestion


@transaction.atomic
def suggest_start(*, actor: Actor, case: Case) -> list[Suggestion]:
    """Look whether a new case completes a trigger of a plan in force, and tell its commander.

    A plan that is running in the district, or was suggested within the trigger's window, is not suggested again.

    Args:
        actor: the system.
        case: the case that was opened.
    """
    made = []
    for plan in PlanVersion.objects.filter(state="in_force").order_by("key"):
        for trigger in queries.plan_of(plan).triggers:
            if trigger.flow == case.flow and any(word in case.title for word in trigger.words):
                found = _enough(plan, trigger, case)
                if found:
                    made.append(_suggest(actor, plan, trigger, case, found))
                    break
    return made


def _enough(plan: PlanVersion, trigger: Trigger, case: Case) -> int:
    """How many cases meet the trigger; 0 when too few, or when the plan runs or was suggested already."""
    since = case.opened_at - timedelta(minutes=trigger.within_minutes)
    words = reduce(or_, (Q(title__contains=word) for word in trigger.words))
    like = Case.objects.filter(
        words, flow=trigger.flow, district=case.district, opened_at__gt=since, opened_at__lte=case.opened_at
    ).exclude(state__in=("cancelled", "merged"))
    found = like.count()
    if found < trigger.count:
        return 0
    with connection.cursor() as cursor:
        sql.advisory_xact_lock(cursor, f"linkage.suggest.{plan.key}")
    running = Response.objects.filter(plan__key=plan.key, state="active", exercise=False)
    if running.filter(Q(district=case.district) | Q(district="")).exists():
        return 0
    known = Suggestion.objects.filter(plan__key=plan.key, district=case.district, made_at__gt=since)
    return 0 if known.exists() else found


def _suggest(actor: Actor, plan: PlanVersion, trigger: Trigger, case: Case, found: int) -> Suggestion:
    made = Suggestion.objects.create(
        plan=plan, level=trigger.level, district=case.district, words=list(trigger.words), found=found,
        made_at=case.opened_at,
    )  # fmt: skip
    record(
        actor=actor.actor_id, action="linkage.suggest_start", subject=f"linkage-plan:{plan.public_id}",
        data={"plan": plan.key, "level": trigger.level, "district": case.district, "found": found},
    )  # fmt: skip
    notices.notify(
        actor=actor, recipients=[(plan.commander_id, queries.COMMANDING)], kind="linkage.suggested",
        subject=f"linkage-plan:{plan.public_id}", values={"plan": plan.label.get("zh-hans", plan.key), "n": found},
        url=f"/linkage/plans/{plan.public_id}",
    )  # fmt: skip
    return made
