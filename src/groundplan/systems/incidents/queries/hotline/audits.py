"""Sampled audits (抽查): what can be drawn, what was drawn, and the same drawn again."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.db.models import Count, Q, QuerySet

from groundplan.kernel.cases.models import Case
from groundplan.kernel.parties.models import Party
from groundplan.kernel.parties.queries import Actor
from groundplan.lib.errors import NotFound
from groundplan.systems.incidents.logic.sampling import sample
from groundplan.systems.incidents.models import Draw
from groundplan.systems.incidents.queries.hotline.appraisal import controlling_unit, standing_units

DRAWING_ROLES = ("dispatcher", "supervisor")


def may_audit(actor: Actor) -> bool:
    """Whether an actor draws samples and sees them: dispatchers and supervisors of the hotline office."""
    office = controlling_unit()
    return actor.is_system or (office is not None and office.pk in actor.unit_ids(*DRAWING_ROLES))


def population_of(*, start: datetime, end: datetime, unit: Party | None) -> list[Case]:
    """The cases of the hotline that were handled and closed in a period, for a unit or for all, by number."""
    closed = Case.objects.filter(flow="hotline", state="closed", closed_at__gte=start, closed_at__lt=end)
    rows = list(closed.filter(outcome="closed").only("id", "public_id", "number", "data", "title").order_by("number"))
    if unit is None:
        return rows
    answering = standing_units([row.pk for row in rows])
    return [row for row in rows if row.pk in answering and answering[row.pk].pk == unit.pk]


def draws(actor: Actor) -> QuerySet[Draw]:
    """The samples that an actor may see, newest first, with how many of each are done and how many failed."""
    found = Draw.objects.select_related("unit").defer("population")
    if not may_audit(actor):
        return found.none()
    return found.annotate(
        done=Count("cases", filter=Q(cases__case__state="closed")),
        failed=Count("cases", filter=Q(cases__case__outcome="failed")),
    ).order_by("-drawn_at", "-id")


def draw_for(actor: Actor, public_id: uuid.UUID | str) -> Draw:
    """One sample that an actor may see.

    Raises:
        NotFound: there is none, or not for this actor.
    """
    found = Draw.objects.select_related("unit").filter(public_id=public_id).first() if may_audit(actor) else None
    if found is None:
        raise NotFound
    return found


def redrawn(draw: Draw) -> bool:
    """Whether population, seed and size give the same cases again."""
    drawn = list(draw.cases.order_by("position").values_list("about__number", flat=True))
    return sample(draw.population, seed=draw.seed, size=draw.size) == drawn
