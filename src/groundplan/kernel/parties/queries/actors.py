"""Who somebody is at this moment, and how far their rights reach."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field, replace

from django.db import connection

from groundplan.kernel.parties.logic import roles
from groundplan.kernel.parties.models import Party, today
from groundplan.lib import sql

APP = "groundplan.kernel.parties"


@dataclass(frozen=True)
class Scope:
    """One right: a role, in a department, within a territory, until a day.

    Args:
        role: one of ``roles.ROLES``.
        party_id: the unit; the units below it are covered as well.
        territory: prefix of the division codes it reaches; empty = no limit of territory.
        until: first day on which it no longer holds; None = without term.
        behalf: the actor whose right it is, if it is held as a deputy.
    """

    role: str
    party_id: int
    territory: str = ""
    until: dt.date | None = None
    behalf: str = ""


@dataclass(frozen=True)
class StandsIn:
    """A right that somebody has as a deputy: for whom, in which role and unit."""

    actor_id: str
    name: str
    role: str
    party_id: int
    territory: str = ""


@dataclass(frozen=True)
class Actor:
    """Who does or sees something, with every right held at this moment.

    Args:
        actor_id: the opaque id that log and events know.
        user_id: the user, None for the system and for people without an account.
        display_name: shown to people.
        scopes: the rights in force.
        person_id: the party that the user is.
        stands_in: whose deputy the actor is, for each role and unit.
    """

    actor_id: str
    user_id: int | None
    display_name: str
    scopes: tuple[Scope, ...] = ()
    person_id: int | None = None
    stands_in: tuple[StandsIn, ...] = ()
    _covered: dict[tuple[frozenset[int], str], frozenset[int]] = field(default_factory=dict, compare=False, repr=False)

    @property
    def is_system(self) -> bool:
        """Whether this is the machine itself: jobs and loaders."""
        return self.actor_id == "system"

    @property
    def is_signed_in(self) -> bool:
        """Whether a user stands behind it."""
        return self.user_id is not None

    @property
    def roles(self) -> frozenset[str]:
        """The names of the roles held anywhere."""
        return frozenset(scope.role for scope in self.scopes)

    def has_role(self, *names: str) -> bool:
        """Whether one of these roles is held anywhere; the system holds all but is no person."""
        return self.is_system or any(scope.role in names for scope in self.scopes)

    def own(self) -> Actor:
        """The same person without what is held as a deputy."""
        scopes = tuple(scope for scope in self.scopes if not scope.behalf)
        return replace(self, scopes=scopes, stands_in=(), _covered={})

    def of(self, principal: str) -> Actor:
        """The same person with only what is held as the deputy of one principal."""
        held = tuple(each for each in self.stands_in if each.actor_id == principal)
        scopes = tuple(Scope(each.role, each.party_id, each.territory) for each in held)
        return replace(self, scopes=scopes, stands_in=held, _covered={})

    def unit_ids(self, *names: str) -> frozenset[int]:
        """The units in which one of these roles (any role if none is named) is held, without those below."""
        return frozenset(scope.party_id for scope in self.scopes if not names or scope.role in names)

    def party_ids(self, *names: str) -> frozenset[int]:
        """The units covered by these roles (any role if none is named): theirs and all that stand below them.

        Below means: belongs to, or reports work to, at any distance. A scope with a territory covers only those of
        these units whose division lies in it. The system covers every party.
        """
        if self.is_system:
            return frozenset(Party.objects.values_list("id", flat=True))
        held = [scope for scope in self.scopes if not names or scope.role in names]
        covered: set[int] = set()
        for territory in {scope.territory for scope in held}:
            above = frozenset(scope.party_id for scope in held if scope.territory == territory)
            covered |= self._below(above, territory)
        return frozenset(covered)

    def _below(self, above: frozenset[int], territory: str) -> frozenset[int]:
        key = (above, territory)
        if key not in self._covered:
            units = subordinates(*above) | above
            if territory:
                inside = Party.objects.filter(pk__in=units, division_code__startswith=territory)
                units = frozenset(inside.values_list("id", flat=True))
            self._covered[key] = units
        return self._covered[key]

    def covers(self, party_id: int, *names: str) -> bool:
        """Whether a party is covered by these roles."""
        return self.is_system or party_id in self.party_ids(*names)

    def territories(self, *names: str) -> tuple[str, ...]:
        """The prefixes of division codes that these roles reach; ``("",)`` = everywhere, ``()`` = nowhere."""
        if self.is_system:
            return ("",)
        found = {scope.territory for scope in self.scopes if not names or scope.role in names}
        return ("",) if "" in found else tuple(sorted(found))

    def audience(self) -> set[str]:
        """The keys under which change hints reach this actor: ``public``, ``user:<actor id>``, ``party:<id>``."""
        keys = {"public"}
        if self.is_signed_in:
            keys.add(f"user:{self.actor_id}")
        return keys | {f"party:{party_id}" for party_id in self.party_ids()}


def subordinates(*party_ids: int, on: dt.date | None = None) -> frozenset[int]:
    """All parties below these: that belong to, or report work to, one of them at any distance."""
    day = on or today()
    with connection.cursor() as cursor:
        cursor.execute(sql.named(APP, "covered"), {"above": list(party_ids), "kinds": list(roles.COVERING), "day": day})
        return frozenset(row[0] for row in cursor.fetchall()) - frozenset(party_ids)
