"""Who acts in the simulated day: the officers of each unit and role, one after the other."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from itertools import cycle
from typing import TYPE_CHECKING

from groundplan.kernel.parties.models import Membership, Party
from groundplan.kernel.parties.queries import Actor, actor_for_user, subordinates

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass
class Crew:
    """The officers by unit and role, and the units by code."""

    actors: dict[tuple[int, str], Iterator[Actor]] = field(default_factory=dict)
    units: dict[str, Party] = field(default_factory=dict)
    codes: dict[int, str] = field(default_factory=dict)
    _below: dict[int, tuple[str, ...]] = field(default_factory=dict)

    @classmethod
    def mustered(cls) -> Crew:
        """Everybody who holds a role today."""
        crew = cls()
        found: dict[tuple[int, str], list[Actor]] = defaultdict(list)
        known: dict[int, Actor] = {}
        for row in Membership.objects.on().select_related("user").order_by("id"):
            actor = known.setdefault(row.user_id, actor_for_user(row.user))
            found[row.party_id, row.role].append(actor)
        crew.actors = {key: cycle(actors) for key, actors in found.items()}
        crew.units = {party.code: party for party in Party.objects.on()}
        crew.codes = {party.pk: code for code, party in crew.units.items()}
        return crew

    def actor(self, party: int, role: str) -> Actor | None:
        """The next officer of a unit in a role; None when it has none."""
        found = self.actors.get((party, role))
        return next(found) if found else None

    def of(self, code: str, role: str) -> Actor:
        """The next officer of a unit, by its code.

        Raises:
            LookupError: the sample city has nobody there.
        """
        found = self.actor(self.units[code].pk, role)
        if found is None:
            raise LookupError(f"nobody is {role} in {code}")
        return found

    def below(self, party: int) -> tuple[str, ...]:
        """Codes of the units below a unit that have a handler."""
        if party not in self._below:
            staffed = (pk for pk in sorted(subordinates(party)) if (pk, "handler") in self.actors)
            self._below[party] = tuple(self.codes[pk] for pk in staffed if pk in self.codes)
        return self._below[party]
