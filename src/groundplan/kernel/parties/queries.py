"""Who somebody is and what they may see: actors, scopes, parties, relations."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass, field
from typing import Any

from django.db import connection
from django.db.models import Q, QuerySet

from groundplan.kernel.parties.errors import PartyNotFound, UserNotFound
from groundplan.kernel.parties.logic import roles
from groundplan.kernel.parties.models import (
    ApiToken,
    IdempotencyKey,
    Identifier,
    Membership,
    Party,
    Relation,
    User,
    today,
)
from groundplan.lib import clock, crypto, sql

APP = "groundplan.kernel.parties"


@dataclass(frozen=True)
class Scope:
    """One right: a role, in a department, within a territory, until a day.

    Args:
        role: one of ``roles.ROLES``.
        party_id: the unit; the units below it are covered as well.
        territory: prefix of the division codes it reaches; empty = no limit of territory.
        until: first day on which it no longer holds; None = without term.
    """

    role: str
    party_id: int
    territory: str = ""
    until: dt.date | None = None


@dataclass(frozen=True)
class Actor:
    """Who does or sees something, with every right held at this moment.

    Args:
        actor_id: the opaque id that log and events know.
        user_id: the user, None for the system and for people without an account.
        display_name: shown to people.
        scopes: the rights in force.
        person_id: the party that the user is.
    """

    actor_id: str
    user_id: int | None
    display_name: str
    scopes: tuple[Scope, ...] = ()
    person_id: int | None = None
    _covered: dict[frozenset[int], frozenset[int]] = field(default_factory=dict, compare=False, repr=False)

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

    def unit_ids(self, *names: str) -> frozenset[int]:
        """The units in which one of these roles (any role if none is named) is held, without those below."""
        return frozenset(scope.party_id for scope in self.scopes if not names or scope.role in names)

    def party_ids(self, *names: str) -> frozenset[int]:
        """The units covered by these roles (any role if none is named): theirs and all that stand below them.

        Below means: belongs to, or reports work to, at any distance. The system covers every party.
        """
        if self.is_system:
            return frozenset(Party.objects.values_list("id", flat=True))
        above = self.unit_ids(*names)
        if above and above not in self._covered:
            self._covered[above] = subordinates(*above) | above
        return self._covered.get(above, frozenset())

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


SYSTEM = Actor(actor_id="system", user_id=None, display_name="系统")
ANONYMOUS = Actor(actor_id="anonymous", user_id=None, display_name="未登录")


def actor_for_user(user: User, on: dt.date | None = None) -> Actor:
    """The actor that a user is, with the memberships in force on a day."""
    if not user.is_active:
        return ANONYMOUS
    held = Membership.objects.on(on).filter(user=user).order_by("id")
    scopes = tuple(Scope(row.role, row.party_id, row.territory, row.valid_until) for row in held)
    return Actor(user.actor_id, user.pk, user.display_name, scopes, user.person_id)


def actor_named(username: str) -> Actor:
    """The actor of a user by the name used to sign in.

    Raises:
        UserNotFound: nobody has this name, or the account is closed.
    """
    return actor_for_user(user_named(username))


def user_named(username: str) -> User:
    """The active user of a name.

    Raises:
        UserNotFound: nobody has this name, or the account is closed.
    """
    user = User.objects.filter(username=username, is_active=True).first()
    if user is None:
        raise UserNotFound(f"{username!r} is not the name of an active user.", accepted="the name used to sign in")
    return user


def actor_for_token(token: str) -> Actor | None:
    """The actor of a bearer token; None when it is unknown, expired or revoked."""
    found_by = crypto.keyed_hash(token, purpose="token")
    row = ApiToken.objects.select_related("user").filter(found_by=found_by, revoked_at=None).first()
    if row is None or row.expires_at <= clock.now() or not row.user.is_active:
        return None
    return actor_for_user(row.user)


def party_by_code(code: str) -> Party:
    """The party of a code; the code of a merged party leads to the one it went into.

    Raises:
        PartyNotFound: no party has this code.
    """
    party: Party | None = Party.objects.select_related("merged_into").filter(code=code).first()
    if party is None:
        raise PartyNotFound(f"{code!r} is not the code of a party.", next_step="party list --json shows the codes.")
    return survivor(party)


def party(public_id: uuid.UUID | str) -> Party:
    """The party of a public id.

    Raises:
        PartyNotFound: no party has this id.
    """
    found: Party | None = Party.objects.filter(public_id=public_id).first()
    if found is None:
        raise PartyNotFound(f"{public_id} is not the id of a party.")
    return found


def survivor(party: Party) -> Party:
    """The party in which a merged party lives on; itself if it was not merged."""
    while party.merged_into is not None:
        party = party.merged_into
    return party


def subordinates(*party_ids: int, on: dt.date | None = None) -> frozenset[int]:
    """All parties below these: that belong to, or report work to, one of them at any distance."""
    day = on or today()
    with connection.cursor() as cursor:
        cursor.execute(sql.named(APP, "covered"), {"above": list(party_ids), "kinds": list(roles.COVERING), "day": day})
        return frozenset(row[0] for row in cursor.fetchall()) - frozenset(party_ids)


def superior(party_id: int, kind: str = "belongs_to", on: dt.date | None = None) -> Party | None:
    """The party directly above by one kind of relation; the oldest relation when there are several."""
    relation = (
        Relation.objects.on(on)
        .select_related("to_party")
        .filter(from_party_id=party_id, kind=kind)
        .order_by("valid_from", "id")
        .first()
    )
    return relation.to_party if relation else None


def related(party_id: int, kind: str, on: dt.date | None = None) -> QuerySet[Party]:
    """The parties to which a party stands in a relation on a day."""
    found: QuerySet[Party] = Party.objects.filter(
        pk__in=Relation.objects.on(on).filter(from_party_id=party_id, kind=kind).values("to_party_id")
    )
    return found


def members(party_id: int, *names: str, on: dt.date | None = None) -> QuerySet[User]:
    """The active users who hold a role (one of these, if named) in a party."""
    held = Membership.objects.on(on).filter(party_id=party_id)
    if names:
        held = held.filter(role__in=names)
    return User.objects.filter(is_active=True, pk__in=held.values("user_id")).order_by("id")


def party_by_identifier(scheme: str, value: str) -> Party | None:
    """The party that an identifier names; personal numbers are found by their keyed hash."""
    found_by = crypto.keyed_hash(value.strip().upper(), purpose=scheme)
    row: Any = Identifier.objects.select_related("party").filter(scheme=scheme, found_by=found_by).first()
    return row.party if row else None


@dataclass(frozen=True)
class StoredAnswer:
    """An answer that was given to a request with an Idempotency-Key."""

    fingerprint: bytes
    status: int
    content_type: str
    content: str


def take_answer(actor_id: str, key: str) -> bool:
    """Take an Idempotency-Key until the end of the transaction; False while another request holds it."""
    with connection.cursor() as cursor:
        return sql.try_advisory_lock(cursor, f"groundplan.parties.answer:{actor_id}:{key}")


def answer_for(actor_id: str, key: str) -> StoredAnswer | None:
    """The answer that a key was given before."""
    row = IdempotencyKey.objects.filter(actor_id=actor_id, key=key).first()
    if row is None:
        return None
    return StoredAnswer(bytes(row.fingerprint), row.status, row.content_type, crypto.decrypt(bytes(row.sealed)))


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
    if text.strip():
        wanted = text.strip()
        found = found.filter(
            Q(("name__zh-hans__icontains", wanted))
            | Q(name__en__icontains=wanted)
            | Q(code__icontains=wanted)
            | Q(sort_key__startswith=wanted.lower())
        )
    ordered: QuerySet[Party] = found.order_by("sort_key", "id")
    return ordered
