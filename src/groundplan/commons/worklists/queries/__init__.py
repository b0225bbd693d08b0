"""Every read of kept filters."""

from __future__ import annotations

from uuid import UUID

from django.db.models import Q, QuerySet

from groundplan.commons.worklists.errors import FilterNotFound
from groundplan.commons.worklists.models import DefaultFilter, SavedFilter
from groundplan.kernel.parties.models import Party
from groundplan.kernel.parties.queries import Actor

MOST_SHOWN = 40


def filters_for(actor: Actor, listing: str) -> list[SavedFilter]:
    """The filters that an actor sees in a list: the own ones and those of the own units, by name."""
    found = _seen(actor).filter(listing=listing).select_related("party")
    return list(found.order_by("name", "id")[:MOST_SHOWN])


def filter_for(actor: Actor, public_id: UUID | str) -> SavedFilter:
    """A filter that an actor sees.

    Raises:
        FilterNotFound: there is none, or it is another's and not shared with the actor's units.
    """
    found = _seen(actor).filter(public_id=public_id).first()
    if found is None:
        raise FilterNotFound
    return found


def default_for(actor: Actor, listing: str) -> SavedFilter | None:
    """The filter by which an actor's list opens, as long as the actor still sees it."""
    chosen = DefaultFilter.objects.filter(owner=actor.actor_id, listing=listing).values_list("chosen_id", flat=True)
    return _seen(actor).filter(pk__in=chosen).first()


def _seen(actor: Actor) -> QuerySet[SavedFilter]:
    if not actor.is_signed_in:
        return SavedFilter.objects.none()
    return SavedFilter.objects.filter(Q(owner=actor.actor_id) | Q(party_id__in=actor.unit_ids()))


def units_of(actor: Actor) -> list[Party]:
    """The units in which an actor holds an office, by name."""
    return list(Party.objects.filter(pk__in=actor.unit_ids()).order_by("sort_key", "id"))
