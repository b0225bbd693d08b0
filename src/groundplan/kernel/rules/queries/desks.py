"""What rules put on the desks of those who write and approve them."""

from __future__ import annotations

from django.http import HttpRequest
from django.urls import reverse

from groundplan.kernel.parties.access import actor_of
from groundplan.kernel.rules.models import RuleVersion
from groundplan.portal import desk
from groundplan.portal.desk import Count, Figure


def drafts_waiting(request: HttpRequest) -> Count | None:
    """Drafts that wait for the reader's approval: somebody else's."""
    actor = actor_of(request)
    if not actor.has_role("rule_approver"):
        return None
    drafts = RuleVersion.objects.filter(state=RuleVersion.State.DRAFT).exclude(drafted_by=actor.actor_id)
    return Count(drafts[: desk.CAP].count())


def own_drafts(request: HttpRequest) -> Figure:
    """Drafts of the reader that nobody has approved yet."""
    drafts = RuleVersion.objects.filter(state=RuleVersion.State.DRAFT, drafted_by=actor_of(request).actor_id)
    return Figure(drafts.count(), "", reverse("rules"))
