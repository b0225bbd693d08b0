"""Rows of users and memberships: what the actions share."""

from __future__ import annotations

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from groundplan.kernel.parties.actions._duty import record
from groundplan.kernel.parties.errors import DutiesConflict, PasswordRefused
from groundplan.kernel.parties.models import Membership, User
from groundplan.kernel.parties.queries import Actor
from groundplan.lib.errors import Conflict


def insert_membership(made: Membership) -> None:
    """Store a membership and explain what the database refuses.

    Raises:
        DutiesConflict: the user would hold two administrator roles at one time.
        Conflict: the user holds this role there already.
    """
    try:
        with transaction.atomic():
            made.save(force_insert=True)
    except IntegrityError as error:
        if "three_administrators_apart" in str(error):
            raise DutiesConflict(
                _("系统、安全、审计三类管理员不得由同一人同时担任。"),
                next_step=_("请先终止该用户原有的管理员角色，或另选一人。"),
            ) from None
        raise Conflict(_("该用户在此期间已有相同角色。")) from None


def store_password(actor: Actor, user: User, password: str, *, must_change: bool, action: str, **data: int) -> None:
    """Store a password, with one record that says what else ended."""
    user.set_password(password)
    user.must_change_password = must_change
    with transaction.atomic():
        user.save(update_fields=["password", "must_change_password"])
        record(actor, action, user_subject(user), data)


def check_password(password: str, user: User) -> None:
    """Refuse a password that does not satisfy the rules.

    Raises:
        PasswordRefused: naming every rule that it breaks.
    """
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise PasswordRefused(" ".join(error.messages)) from None


def user_subject(user: User) -> str:
    """The name of a user in log and events."""
    return f"user:{user.actor_id}"
