"""Keeping filters: under a name, own or shared with one's unit, one of them the default."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from groundplan.commons.worklists import queries
from groundplan.commons.worklists.errors import FilterInvalid
from groundplan.commons.worklists.logic import LONGEST_NAME, cleaned
from groundplan.commons.worklists.models import DefaultFilter, SavedFilter
from groundplan.kernel.ledger.actions import record
from groundplan.kernel.parties.models import Party
from groundplan.kernel.parties.queries import Actor
from groundplan.lib import sql
from groundplan.lib.errors import NotAllowed
from groundplan.portal.worklists import registry

MOST_OWN = 30
MOST_SHARED = 30


@transaction.atomic
def save_filter(
    *, actor: Actor, listing: str, name: str, query: Mapping[str, str], unit: str = "", default: bool = False
) -> SavedFilter:
    """Keep a filter under a name; the same name again keeps the new one in its place.

    Args:
        actor: whose filter it is.
        listing: name of the list.
        name: at most 40 characters.
        query: parameters of its address; what is no filter of the list is left out.
        unit: code of the unit that it is shared with, one of the actor's own; empty for nobody.
        default: whether the list shall open by it.

    Raises:
        FilterInvalid: no such list, no name, nothing to keep, or too many.
        NotAllowed: the actor has no office in the unit, or is not signed in.
    """
    if not actor.is_signed_in:
        raise NotAllowed
    known = registry.listings.get(listing)
    words = " ".join(name.replace("\x00", "").split())
    kept = cleaned(query, known.params) if known else {}
    if known is None or not kept or not words or len(words) > LONGEST_NAME:
        raise FilterInvalid(_("请先设置筛选条件，并填写不超过 40 字的名称。"), accepted="1–40")
    party = _unit(actor, unit)
    _lock(actor)
    made = SavedFilter.objects.filter(owner=actor.actor_id, listing=listing, name=words).first()
    _require_room(actor, listing, party, made)
    made = made or SavedFilter(owner=actor.actor_id, listing=listing, name=words)
    made.query, made.party, made.owner_name = kept, party, actor.display_name[:120]
    made.save()
    if default:
        _choose(actor, listing, made)
    data = {"list": listing, "unit": party.code if party else "", "default": default}
    record(actor=actor.actor_id, action="worklists.save_filter", subject=f"filter:{made.public_id}", data=data)
    return made


@transaction.atomic
def remove_filter(*, actor: Actor, saved: UUID | str) -> None:
    """Remove a filter of one's own; those who opened their list by it have no default any more.

    Raises:
        FilterNotFound: there is none for this actor.
        NotAllowed: it is another's; a leader of the unit it is shared with may remove it as well.
    """
    found = queries.filter_for(actor, saved)
    if found.owner != actor.actor_id and found.party_id not in actor.unit_ids("leader"):
        raise NotAllowed(_("只有保存人或本单位领导可以删除共用的筛选。"))
    DefaultFilter.objects.filter(chosen=found).delete()
    subject = f"filter:{found.public_id}"
    found.delete()
    record(actor=actor.actor_id, action="worklists.remove_filter", subject=subject, data={"list": found.listing})


@transaction.atomic
def choose_default(*, actor: Actor, listing: str, saved: UUID | str | None) -> None:
    """Let a list open by a filter, or by none.

    Raises:
        FilterInvalid: no such list.
        FilterNotFound: the actor sees no such filter in this list.
    """
    if listing not in registry.listings:
        raise FilterInvalid(_("没有这个列表。"), accepted=", ".join(registry.listings))
    found = queries.filter_for(actor, saved) if saved else None
    if found is not None and found.listing != listing:
        raise FilterInvalid(_("这个筛选属于另一个列表。"))
    _choose(actor, listing, found)
    chosen = str(found.public_id) if found else ""
    data = {"list": listing, "filter": chosen}
    record(actor=actor.actor_id, action="worklists.choose_default", subject=f"actor:{actor.actor_id}", data=data)


def _lock(actor: Actor) -> None:
    """One writer a person at a time, so that a limit holds."""
    from django.db import connection  # noqa: PLC0415 - only here.

    with connection.cursor() as cursor:
        sql.advisory_xact_lock(cursor, f"worklists:{actor.actor_id}")


def _choose(actor: Actor, listing: str, found: SavedFilter | None) -> None:
    DefaultFilter.objects.filter(owner=actor.actor_id, listing=listing).delete()
    if found is not None:
        DefaultFilter.objects.create(owner=actor.actor_id, listing=listing, chosen=found)


def _unit(actor: Actor, code: str) -> Party | None:
    if not code:
        return None
    found: Party | None = Party.objects.filter(code=code[:64], pk__in=actor.unit_ids()).first()
    if found is None:
        raise NotAllowed(_("只能与自己任职的单位共用。"))
    return found


def _require_room(actor: Actor, listing: str, party: Party | None, made: SavedFilter | None) -> None:
    others = SavedFilter.objects.filter(listing=listing).exclude(pk=made.pk if made else 0)
    own = others.filter(owner=actor.actor_id).count()
    shared = others.filter(party=party).count() if party else 0
    if own >= MOST_OWN or shared >= MOST_SHARED:
        raise FilterInvalid(_("常用筛选已满，请先删除不用的。"), accepted=f"{MOST_OWN} / {MOST_SHARED}")
