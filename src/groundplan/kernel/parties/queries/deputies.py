"""Deputies (代理人): for whom somebody acts today, and who may name one. Chains are not followed."""

from __future__ import annotations

import datetime as dt

from django.db.models import Q, QuerySet

from groundplan.kernel.parties.logic import roles
from groundplan.kernel.parties.models import Deputation, Membership, Party, User
from groundplan.kernel.parties.queries.actors import Actor, Scope, StandsIn, subordinates

Deputised = list[tuple[Deputation, Membership]]


def with_deputised(own: tuple[Scope, ...], deputised: Deputised) -> tuple[Scope, ...]:
    """The scopes of a user and those held as a deputy; what is held in one's own right is not held twice.

    A deputy's right is never wider than the principal's own membership of that day: what a principal holds as
    somebody's deputy is no membership, so no chain is followed.
    """
    found = list(own)
    known = {(scope.role, scope.party_id, scope.territory) for scope in own}
    for named, held in deputised:
        key = (held.role, held.party_id, held.territory)
        if key not in known:
            known.add(key)
            until = min(named.valid_until, held.valid_until or named.valid_until)
            found.append(Scope(*key, until, named.principal.actor_id))
    return tuple(found)


def stands_in(deputised: Deputised) -> tuple[StandsIn, ...]:
    """Whose deputy somebody is, for each role and unit."""
    return tuple(
        StandsIn(named.principal.actor_id, named.principal.display_name, held.role, held.party_id, held.territory)
        for named, held in deputised
    )


def deputised_for(user: User, on: dt.date | None = None) -> Deputised:
    """The memberships of others that a user fills on a day."""
    named = list(
        Deputation.objects.on(on)
        .select_related("principal")
        .filter(deputy=user, principal__is_active=True)
        .order_by("id")
    )
    if not named:
        return []
    held = list(Membership.objects.on(on).filter(user__in=[each.principal for each in named]).order_by("id"))
    return [
        (each, row)
        for each in named
        for row in held
        if (row.user_id, row.party_id) == (each.principal_id, each.party_id)
        and row.role in each.role_names
        and row.role in roles.DEPUTISED
    ]


def deputies_shown(actor: Actor) -> QuerySet[Deputation]:
    """The deputations that concern an actor: as principal, as deputy, or as leader of the unit or of one above."""
    led = actor.own().party_ids("leader") if "leader" in actor.roles else frozenset()
    found: QuerySet[Deputation] = (
        Deputation.objects.select_related("principal", "deputy", "party", "named_by")
        .filter(Q(principal_id=actor.user_id) | Q(deputy_id=actor.user_id) | Q(party_id__in=led))
        .order_by("-valid_from", "-id")
    )
    return found


def may_name(actor: Actor, principal: User, party: Party) -> bool:
    """Whether an actor may name a deputy for somebody in a unit: oneself, or as leader of the unit or of one above.

    A leader's deputy does not name deputies.
    """
    return actor.user_id == principal.pk or actor.own().covers(party.pk, "leader")


def in_line(user: User, party: Party) -> bool:
    """Whether a user holds an office in a unit, below it or above it: only these can be its officers' deputies."""
    units = set(Membership.objects.on().filter(user=user, role__in=roles.DEPUTISED).values_list("party_id", flat=True))
    return bool(units & ({party.pk} | subordinates(party.pk))) or party.pk in subordinates(*units)


def principals_of(actor: Actor) -> list[Membership]:
    """The memberships for which an actor may name a deputy: the own ones, and in the units that the actor leads."""
    led = actor.own().party_ids("leader") if "leader" in actor.roles else frozenset()
    rows = Membership.objects.on().select_related("user", "party").filter(role__in=roles.DEPUTISED)
    mine = rows.filter(Q(user_id=actor.user_id) | Q(party_id__in=led, user__is_active=True))
    return list(mine.order_by("party__sort_key", "user__display_name", "id")[:400])


def deputy_ids(wanted: Q) -> list[int]:
    """The users who stand in today for those with some memberships (a condition on Membership)."""
    held = Membership.objects.on().filter(wanted).values_list("user_id", "party_id", "role")
    about = {(user, party, role) for user, party, role in held}
    named = Deputation.objects.on().filter(principal__in=[each[0] for each in about], principal__is_active=True)
    return [
        row.deputy_id
        for row in named
        if any((row.principal_id, row.party_id, role) in about for role in row.role_names)
    ]
