"""Made-up units and people for the tests of every app; the fixed cast is :func:`make_cast`."""

from __future__ import annotations

import datetime as dt
import itertools
from dataclasses import dataclass

from django.test import Client

from groundplan.kernel.parties import actions
from groundplan.kernel.parties.models import Party, User
from groundplan.kernel.parties.queries import SYSTEM, Actor, actor_for_user

BEGINNING = dt.date(2020, 1, 1)
PASSWORD = "correct horse battery staple"
_numbers = itertools.count(1)


@dataclass
class Player:
    """Somebody of the cast: the user, the unit, the actor with rights read anew, a signed-in browser."""

    user: User
    unit: Party | None

    @property
    def actor(self) -> Actor:
        return actor_for_user(self.user)

    @property
    def client(self) -> Client:
        client = Client()
        client.force_login(self.user)
        return client

    @property
    def token(self) -> str:
        return actions.issue_token(actor=self.actor, user=self.user, name="test")[1]


@dataclass
class Cast:
    """A resident, an officer (handler), an outsider (handler of another unit), a vendor."""

    resident: Player
    officer: Player
    outsider: Player
    vendor: Player


def make_unit(code="", kind="department", name="", parent=None, **fields) -> Party:
    """A unit that has existed since 2020; below ``parent`` if one is given."""
    number = next(_numbers)
    code = code or f"unit-{number}"
    unit = actions.create_party(
        actor=SYSTEM,
        kind=kind,
        code=code,
        name={"zh-hans": name or f"第{number}局", "en": f"Bureau {number}"},
        **{"valid_from": BEGINNING, **fields},
    )
    if parent is not None:
        actions.relate(actor=SYSTEM, kind="belongs_to", from_party=unit, to_party=parent, valid_from=BEGINNING)
    return unit


def make_user(username="", **fields) -> User:
    """A user without any role, whose password need not be changed."""
    username = username or f"user-{next(_numbers)}"
    return actions.add_user(
        actor=SYSTEM,
        username=username,
        display_name=fields.pop("display_name", username),
        password=fields.pop("password", PASSWORD),
        must_change_password=fields.pop("must_change_password", False),
        **fields,
    )


def make_officer(unit, role="handler", username="", territory="") -> User:
    """A user who holds a role in a unit since 2020."""
    user = make_user(username)
    actions.grant_membership(actor=SYSTEM, user=user, party=unit, role=role, territory=territory, valid_from=BEGINNING)
    return user


def make_player(unit, role="handler", username="") -> Player:
    """An officer with browser and token."""
    return Player(make_officer(unit, role, username), unit)


def make_cast() -> Cast:
    """The fixed cast, in two departments and a firm."""
    ours, other = make_unit(), make_unit()
    firm = make_unit(kind="firm")
    return Cast(
        resident=Player(make_user(), None),
        officer=make_player(ours),
        outsider=make_player(other),
        vendor=make_player(firm, "vendor"),
    )
