"""Who somebody is and what they may see: actors, scopes, parties, relations."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from groundplan.kernel.parties.errors import PartyNotFound, UserNotFound
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
from groundplan.kernel.parties.queries.actors import Actor, Scope, StandsIn, subordinates
from groundplan.kernel.parties.queries.deputies import (
    deputies_shown,
    deputised_for,
    deputy_ids,
    in_line,
    may_name,
    principals_of,
    stands_in,
    with_deputised,
)
from groundplan.kernel.parties.queries.directory import (
    KEEPERS,
    Branch,
    directory,
    ending_soon,
    keeper_of,
    memberships_of,
    relations_of,
    scopes_shown,
    sees_inside,
    tree,
    users,
    visible_party,
)
from groundplan.kernel.parties.queries.worktimes import calendar_of, units_with_calendars
from groundplan.lib import clock, crypto, sql
from groundplan.lib.sql import rows

__all__ = [
    "ANONYMOUS",
    "KEEPERS",
    "SYSTEM",
    "Actor",
    "Branch",
    "Scope",
    "StandsIn",
    "StoredAnswer",
    "actor_for_token",
    "actor_for_user",
    "actor_named",
    "answer_for",
    "calendar_of",
    "deputies_shown",
    "deputy_ids",
    "directory",
    "ending_soon",
    "in_line",
    "keeper_of",
    "may_name",
    "members",
    "memberships_of",
    "party",
    "party_by_code",
    "party_by_identifier",
    "principals_of",
    "related",
    "relations_of",
    "scopes_shown",
    "sees_inside",
    "subordinates",
    "superior",
    "survivor",
    "take_answer",
    "today",
    "tree",
    "units_with_calendars",
    "user_named",
    "users",
    "visible_party",
]

SYSTEM = Actor(actor_id="system", user_id=None, display_name="系统")
ANONYMOUS = Actor(actor_id="anonymous", user_id=None, display_name="未登录")


def actor_for_user(user: User, on: dt.date | None = None) -> Actor:
    """The actor that a user is, with the memberships in force on a day."""
    if not user.is_active:
        return ANONYMOUS
    held = Membership.objects.on(on).filter(user=user).order_by("id")
    scopes = tuple(Scope(row.role, row.party_id, row.territory, row.valid_until) for row in held)
    deputised = deputised_for(user, on)
    scopes = with_deputised(scopes, deputised)
    return Actor(user.actor_id, user.pk, user.display_name, scopes, user.person_id, stands_in(deputised))


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


def labels_by_code() -> dict[str, dict[str, str]]:
    """The names of all units by their codes, for lists and tables that hold codes; people are never among them."""
    return dict(Party.objects.exclude(kind="person").values_list("code", "name"))


def party_by_code(code: str) -> Party:
    """The party of a code; the code of a merged party leads to the one it went into.

    Raises:
        PartyNotFound: no party has this code.
    """
    party: Party | None = rows.find([Party], "WHERE code = %s", [code]).first()
    if party is None:
        raise PartyNotFound(f"{code!r} is not the code of a party.", next_step="party list --json shows the codes.")
    return survivor(party)


def unit_of_division(division_code: str, kind: str) -> Party | None:
    """The unit of a kind, such as ``district``, that stands for a division today."""
    day = today()
    valid = "division_code = %s AND kind = %s AND valid_from <= %s AND (valid_until IS NULL OR valid_until > %s)"
    found: Party | None = rows.find(
        [Party], f"WHERE {valid} ORDER BY id LIMIT 1", [division_code, kind, day, day]
    ).first()
    return found


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
