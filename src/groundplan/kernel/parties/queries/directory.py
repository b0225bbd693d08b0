"""The organisation as a reader may see it: the public directory for all, the inside of a unit for those it concerns."""

from __future__ import annotations

import datetime as dt
import uuid
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Q, QuerySet

from groundplan.kernel.parties.errors import PartyNotFound
from groundplan.kernel.parties.logic import roles
from groundplan.kernel.parties.models import Membership, Party, Relation, User, today
from groundplan.kernel.parties.queries.actors import Actor

# Who keeps the register or answers for it sees all of it; personal numbers stay masked for them as well.
KEEPERS = ("system_admin", "security_admin", "audit_admin", "data_office")
ROOTS_MAX = 300


@dataclass
class Branch:
    """A party with those below it, as far down as was asked for."""

    party: Party
    children: list[Branch] = field(default_factory=list)


def directory(*, kind: str = "", text: str = "", private: bool = False, on: dt.date | None = None) -> QuerySet[Party]:
    """The parties in force on a day, by the sound of their names.

    Args:
        kind: only this kind.
        text: part of the name or the code.
        private: firms and people as well; the public directory lists none of them.
        on: the day, today if none is given.
    """
    found = Party.objects.on(on)
    if not private:
        found = found.exclude(kind__in=sorted(roles.PRIVATE_KINDS))
    if kind:
        found = found.filter(kind=kind)
    wanted = text.strip().replace("\0", "")
    if wanted:
        found = found.filter(
            Q(("name__zh-hans__icontains", wanted))
            | Q(name__en__icontains=wanted)
            | Q(code__icontains=wanted)
            | Q(sort_key__startswith=wanted.lower())
        )
    ordered: QuerySet[Party] = found.order_by("sort_key", "id")
    return ordered


def visible_party(actor: Actor, public_id: uuid.UUID | str) -> Party:
    """A party that an actor may know of: every unit, one's own person, firms that one covers.

    Raises:
        PartyNotFound: there is none, or it is private and not the actor's.
    """
    found: Party | None = Party.objects.select_related("merged_into").filter(public_id=public_id).first()
    if found is None or (found.kind in roles.PRIVATE_KINDS and not sees_inside(actor, found)):
        raise PartyNotFound(f"{public_id} is not the id of a party.")
    return found


def sees_inside(actor: Actor, party: Party) -> bool:
    """Whether members and masked identifiers of a party are shown to an actor."""
    return actor.has_role(*KEEPERS) or actor.person_id == party.pk or actor.covers(party.pk)


def relations_of(party: Party, *, ended: bool = True) -> QuerySet[Relation]:
    """The relations of a party to units, both ways, present ones first; private parties are left out."""
    found = Relation.objects.filter(Q(from_party=party) | Q(to_party=party))
    if not ended:
        found = found.on()
    found = found.select_related("from_party", "to_party")
    private = sorted(roles.PRIVATE_KINDS)
    shown = found.exclude(~Q(from_party=party), from_party__kind__in=private).exclude(
        ~Q(to_party=party), to_party__kind__in=private
    )
    ordered: QuerySet[Relation] = shown.order_by("valid_until", "kind", "to_party__sort_key", "id")
    return ordered


def memberships_of(party: Party) -> QuerySet[Membership]:
    """The roles held in a party today."""
    held: QuerySet[Membership] = (
        Membership.objects.on()
        .select_related("user")
        .filter(party=party, user__is_active=True)
        .order_by("role", "user__display_name", "id")
    )
    return held


def keeper_of(user: User, on: dt.date | None = None) -> str:
    """The role that resets the password of an account: for an administrator's account a holder of the same role."""
    day = on or today()
    held = Membership.objects.filter(Q(valid_until=None) | Q(valid_until__gt=day), user=user)
    role = held.filter(role__in=roles.ADMINISTRATORS).order_by("valid_from").values_list("role", flat=True).first()
    return role or "system_admin"


def scopes_shown(actor: Actor) -> list[dict[str, Any]]:
    """The roles of an actor with the names of their units, for people to read."""
    principals = {each.actor_id: each.name for each in actor.stands_in}
    names = {party.pk: party for party in Party.objects.filter(pk__in=actor.unit_ids())}
    return [
        {
            "role": scope.role,
            "role_label": roles.ROLES[scope.role],
            "party": names[scope.party_id].shown_name,
            "unit": names[scope.party_id],
            "territory": scope.territory,
            "until": scope.until,
            "behalf": principals.get(scope.behalf, ""),
        }
        for scope in actor.scopes
    ]


def ending_soon(days: int = 30) -> int:
    """Roles in force whose term ends within so many days."""
    day = today()
    return Membership.objects.filter(
        valid_from__lte=day, valid_until__gt=day, valid_until__lte=day + dt.timedelta(days=days)
    ).count()


def users(text: str = "") -> QuerySet[User]:
    """Accounts by name, for the administrators."""
    found = User.objects.all()
    wanted = text.strip().replace("\0", "")
    if wanted:
        found = found.filter(Q(username__icontains=wanted) | Q(display_name__icontains=wanted))
    return found.order_by("username", "id")


def tree(kind: str = "belongs_to", *, under: Party | None = None, depth: int = 3) -> list[Branch]:
    """The units in force today as branches of one kind of relation.

    Args:
        kind: one of ``roles.RELATIONS``.
        under: the party whose branches are wanted; without one, from those that have nobody above them.
        depth: how many levels down.

    Returns:
        Branches by the sound of their names; at most 300 at the top.
    """
    links = Relation.objects.on().filter(kind=kind)
    if under is None:
        tops = directory().exclude(pk__in=links.values("from_party_id"))
        if kind != "belongs_to":
            tops = tops.filter(pk__in=links.values("to_party_id"))
        level = [Branch(party) for party in tops[:ROOTS_MAX]]
    else:
        level = [Branch(under)]
    found = level
    for _step in range(depth):
        children = _children(links, [branch.party.pk for branch in level])
        for branch in level:
            branch.children = [Branch(party) for party in children[branch.party.pk]]
        level = [child for branch in level for child in branch.children]
        if not level:
            break
    return found if under is None else found[0].children


def _children(links: QuerySet[Relation], above: list[int]) -> dict[int, list[Party]]:
    """The units directly below each of some parties."""
    below = defaultdict(list)
    pairs = links.filter(to_party_id__in=above).values_list("from_party_id", "to_party_id")
    upper = defaultdict(list)
    for low, up in pairs:
        upper[low].append(up)
    for party in directory().filter(pk__in=list(upper)):
        for up in upper[party.pk]:
            below[up].append(party)
    return below
