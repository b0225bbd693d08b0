"""What second factors a user has, whether one is required, and which resets are open."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet

from groundplan.kernel.parties.logic.roles import ADMINISTRATORS
from groundplan.kernel.parties.models import Membership, User
from groundplan.kernel.parties.queries import Actor
from groundplan.kernel.signin.errors import FactorNotFound
from groundplan.kernel.signin.models import Factor, RecoveryCode, Reset
from groundplan.lib import crypto, environment
from groundplan.lib.errors import NotAllowed

__all__ = [
    "credentials",
    "deadline",
    "deadline_of",
    "factor",
    "factors",
    "has_factor",
    "open_reset",
    "open_resets",
    "recovery_codes_left",
    "required_roles",
    "users_without",
]


def factors(user: User) -> QuerySet[Factor]:
    """The factors of a user that are in force, oldest first."""
    return Factor.objects.filter(user=user, removed_at=None).order_by("id")


def has_factor(user: User) -> bool:
    """Whether signing in takes a second step."""
    return factors(user).exists()


def factor(user: User, public_id: UUID) -> Factor:
    """One factor of a user.

    Raises:
        FactorNotFound: the user has none of this id in force.
    """
    found = factors(user).filter(public_id=public_id).first()
    if found is None:
        raise FactorNotFound
    return found


def credentials(user: User) -> list[bytes]:
    """The passkeys of a user as the ceremonies want them."""
    held = factors(user).filter(kind="passkey")
    return [bytes.fromhex(crypto.decrypt(bytes(row.sealed))) for row in held]


def recovery_codes_left(user: User) -> int:
    """How many recovery codes still open."""
    return RecoveryCode.objects.filter(user=user, used_at=None).count()


def required_roles() -> frozenset[str]:
    """The roles that take a second factor; empty while none is required."""
    if _from() is None:
        return frozenset()
    return frozenset(environment.read("GROUNDPLAN_SECOND_FACTOR_ROLES"))


def deadline(valid_from: dt.date) -> dt.date | None:
    """The first day on which a holder of a role since some day must have a second factor; None if never."""
    begins = _from()
    if begins is None:
        return None
    return max(begins, valid_from + dt.timedelta(days=environment.read("GROUNDPLAN_SECOND_FACTOR_GRACE")))


def deadline_of(user: User) -> dt.date | None:
    """The first day on which this user must have a second factor; None if no role of theirs asks for one."""
    held = Membership.objects.on().filter(user=user, role__in=required_roles()).order_by("valid_from")
    first = held.values_list("valid_from", flat=True).first()
    return deadline(first) if first else None


def users_without(actor: Actor) -> list[tuple[User, dt.date | None]]:
    """Users whose role asks for a second factor and who have none, with their deadlines; for administrators.

    Raises:
        NotAllowed: the actor is none of the three administrators.
    """
    _administrator(actor)
    held = (
        Membership.objects.on()
        .filter(role__in=required_roles(), user__is_active=True)
        .exclude(Exists(Factor.objects.filter(user=OuterRef("user"), removed_at=None)))
        .select_related("user")
        .order_by("valid_from", "id")
    )
    first: dict[int, tuple[User, dt.date | None]] = {}
    for row in held[:500]:
        first.setdefault(row.user_id, (row.user, deadline(row.valid_from)))
    return list(first.values())


def open_resets(actor: Actor) -> QuerySet[Reset]:
    """Requests that wait for a second person; for administrators.

    Raises:
        NotAllowed: the actor is none of the three administrators.
    """
    _administrator(actor)
    return Reset.objects.filter(decided_at=None).select_related("user", "asked_by").order_by("id")


def open_reset(actor: Actor, public_id: UUID) -> Reset:
    """One open request.

    Raises:
        NotAllowed: the actor is none of the three administrators.
        FactorNotFound: there is none of this id.
    """
    found = open_resets(actor).filter(public_id=public_id).first()
    if found is None:
        raise FactorNotFound
    return found


def _administrator(actor: Actor) -> None:
    if not actor.has_role(*ADMINISTRATORS):
        raise NotAllowed


def _from() -> dt.date | None:
    """The first day on which the rule holds; by default at once in production and never elsewhere."""
    said = environment.read("GROUNDPLAN_SECOND_FACTOR_FROM")
    if said == "never" or (not said and environment.read("GROUNDPLAN_MODE") != "production"):
        return None
    return dt.date.fromisoformat(said) if said else dt.date.min
