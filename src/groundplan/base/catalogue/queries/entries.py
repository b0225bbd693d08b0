"""Who sees which entries and resources, and the rows themselves."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from groundplan.base.catalogue.errors import EntryNotFound, ResourceNotFound
from groundplan.base.catalogue.logic.content import plain_name
from groundplan.base.catalogue.models import Element, Entry, EntryVersion, Resource, Shelf, Term
from groundplan.kernel.parties import queries as parties
from groundplan.kernel.parties.logic.roles import ROLES
from groundplan.kernel.parties.models import Party
from groundplan.kernel.parties.queries import Actor

EDITORS = ("handler", "data_office")
KEEPERS = ("data_office",)
# Whoever works for the city sees every published entry; residents and vendors see what is open.
STAFF = tuple(sorted(set(ROLES) - {"resident", "vendor"}))


def is_staff(actor: Actor) -> bool:
    """Whether an actor works for the city."""
    return actor.has_role(*STAFF)


def edits_for(actor: Actor, provider_id: int) -> bool:
    """Whether an actor writes entries of a unit."""
    return actor.has_role(*KEEPERS) or provider_id in actor.party_ids("handler")


def units_of(actor: Actor) -> list[Party]:
    """The units for which an actor writes entries, for choosing; at most 500."""
    held = Party.objects.on().exclude(kind__in=("person", "firm"))
    if not actor.has_role(*KEEPERS):
        held = held.filter(pk__in=actor.party_ids("handler"))
    return list(held.order_by("sort_key", "id")[:500])


def entries_for(actor: Actor) -> QuerySet[Entry]:
    """The entries that an actor sees: published ones as far as they are open, one's own units' in every state."""
    rows: QuerySet[Entry] = Entry.objects.select_related("provider", "shelf")
    if actor.has_role(*KEEPERS):
        return rows
    if not is_staff(actor):
        return rows.filter(state="published", openness__in=("open", "conditional"))
    return rows.filter(Q(state__in=("published", "offline")) | Q(provider_id__in=actor.party_ids("handler", "leader")))


def own_entries(actor: Actor) -> QuerySet[Entry]:
    """The entries of the units for which an actor writes."""
    rows: QuerySet[Entry] = Entry.objects.select_related("provider", "shelf")
    return rows if actor.has_role(*KEEPERS) else rows.filter(provider_id__in=actor.party_ids("handler"))


def entry_for(actor: Actor, entry: UUID | str) -> Entry:
    """An entry by its public id or its identifier.

    Raises:
        EntryNotFound: there is none that the actor sees.
    """
    named = Q(public_id=entry) if isinstance(entry, UUID) else _named(entry)
    found = entries_for(actor).filter(named).first()
    if found is None:
        raise EntryNotFound
    return found


def version_for(actor: Actor, version: UUID | str) -> EntryVersion:
    """A version of an entry whose unit the actor writes for.

    Raises:
        EntryNotFound: there is none.
    """
    rows = EntryVersion.objects.select_related("entry__provider", "case")
    found = rows.filter(public_id=version, entry__in=own_entries(actor)).first()
    if found is None:
        raise EntryNotFound
    return found


def versions_of(entry: Entry) -> list[EntryVersion]:
    """All versions, newest first."""
    return list(entry.versions.select_related("case").order_by("-number")[:200])


def elements_of(entry: Entry) -> list[Element]:
    """The data items in order."""
    return list(entry.elements.select_related("source").order_by("place"))


def resources_for(actor: Actor) -> QuerySet[Resource]:
    """The resources of the entries that an actor sees."""
    rows: QuerySet[Resource] = Resource.objects.select_related("entry__provider", "provider")
    return rows if actor.has_role(*KEEPERS) else rows.filter(entry__in=entries_for(actor))


def resource_for(actor: Actor, identifier: str) -> Resource:
    """A resource by its identifier.

    Raises:
        ResourceNotFound: there is none that the actor sees.
    """
    found = resources_for(actor).filter(identifier=identifier.replace("\x00", "")).first()
    if found is None:
        raise ResourceNotFound
    return found


def resource_named(identifier: str) -> Resource:
    """A resource by its identifier, whoever asks: for apps that check rights themselves.

    Raises:
        ResourceNotFound: there is none.
    """
    rows = Resource.objects.select_related("entry__provider", "provider")
    found: Resource | None = rows.filter(identifier=identifier.replace("\x00", "")).first()
    if found is None:
        raise ResourceNotFound(f"{identifier[:80]!r} is not the identifier of a resource.")
    return found


def holders_of(actor: Actor, name: str) -> QuerySet[Element]:
    """Who holds a data item: the elements of this name in published entries that the actor sees, its source first."""
    rows: QuerySet[Element] = Element.objects.select_related("entry__provider", "source")
    seen = entries_for(actor).filter(state="published")
    return rows.filter(key=plain_name(name), entry__in=seen).order_by("entry__provider__sort_key", "entry_id")


def shelves() -> QuerySet[Shelf]:
    """The shelves in force today, in order."""
    day = parties.today()
    rows: QuerySet[Shelf] = Shelf.objects.filter(valid_from__lte=day)
    return rows.filter(Q(valid_until=None) | Q(valid_until__gt=day)).order_by("kind", "place", "id")


def terms(kind: str) -> list[tuple[Iterable[str], dict[str, Any]]]:
    """Words and meaning of the terms of a kind in force today."""
    day = parties.today()
    rows = Term.objects.filter(kind=kind, valid_from__lte=day).exclude(valid_until__lte=day)
    return list(rows.order_by("id").values_list("words", "meaning"))


def _named(text: str) -> Q:
    try:
        return Q(public_id=UUID(text))
    except ValueError:
        return Q(identifier=text.replace("\x00", "")[:200])
