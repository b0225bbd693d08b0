"""Accounts: system administrators open them, security administrators grant roles, nobody grants to themselves."""

from __future__ import annotations

import datetime as dt
import secrets

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from groundplan.kernel.parties.actions._accounts import check_password, insert_membership, store_password, user_subject
from groundplan.kernel.parties.actions._duty import record, require
from groundplan.kernel.parties.errors import CodeTaken, DutiesConflict, PasswordRefused
from groundplan.kernel.parties.logic import roles
from groundplan.kernel.parties.models import ApiToken, Membership, Party, User, today
from groundplan.kernel.parties.queries import Actor, keeper_of
from groundplan.lib import clock, crypto
from groundplan.lib.errors import Conflict, Invalid, NotAllowed, NotFound

TOKEN_DAYS_MAX = 365


def add_user(
    *,
    actor: Actor,
    username: str,
    display_name: str,
    password: str | None = None,
    must_change_password: bool = True,
    language: str = "",
    person: Party | None = None,
) -> User:
    """Open an account. It holds no role until a security administrator grants one.

    Args:
        actor: the system, or a system administrator.
        username: the name used to sign in.
        display_name: shown to others.
        password: the first password; without one the account cannot sign in by password.
        must_change_password: whether the first sign-in asks for another password.
        language: language of the interface; the browser's if none is given.
        person: the party that the user is.

    Raises:
        NotAllowed: the actor is not a system administrator.
        CodeTaken: the name is taken.
    """
    require(actor, "system_admin")
    user = User(
        username=username.strip(),
        display_name=display_name,
        must_change_password=must_change_password and password is not None,
        language=language,
        person=person,
    )
    user.set_password(password)
    with transaction.atomic():
        try:
            with transaction.atomic():
                user.save(force_insert=True)
        except IntegrityError:
            raise CodeTaken(_("用户名 %(name)s 已被使用。") % {"name": username}) from None
        record(actor, "parties.add_user", user_subject(user))
    return user


def grant_membership(
    *,
    actor: Actor,
    user: User,
    party: Party,
    role: str,
    territory: str = "",
    valid_from: dt.date | None = None,
    valid_until: dt.date | None = None,
) -> Membership:
    """Give a user a role in a unit for a term.

    Args:
        actor: the system, or a security administrator; never the user.
        user: who receives it.
        party: the unit; those below it are covered.
        role: one of ``roles.ROLES``.
        territory: prefix of the division codes that it reaches; empty = no limit.
        valid_from: first day, today if none is given.
        valid_until: first day on which it no longer holds; open if none is given.

    Raises:
        NotAllowed: the actor is not a security administrator.
        DutiesConflict: granting to oneself, or a second administrator role at the same time.
        Conflict: the user holds this role there already.
        Invalid: the role is unknown.
    """
    require(actor, "security_admin")
    if role not in roles.ROLES:
        raise Invalid(_("角色 %(role)s 不存在。") % {"role": role}, accepted=", ".join(roles.ROLES))
    if actor.user_id == user.pk:
        raise DutiesConflict(_("任何人不得为自己授予角色。"), next_step=_("请另一位安全管理员办理。"))
    made = Membership(
        user=user,
        party=party,
        role=role,
        territory=territory,
        valid_from=valid_from or today(),
        valid_until=valid_until,
        granted_by_id=actor.user_id,
    )
    with transaction.atomic():
        insert_membership(made)
        data = {"role": role, "party": str(party.public_id), "territory": territory}
        record(actor, "parties.grant_membership", user_subject(user), data)
    return made


def end_membership(*, actor: Actor, membership: Membership, on: dt.date | None = None) -> Membership:
    """Let a role end on a day; it stays on record.

    Raises:
        NotAllowed: the actor is not a security administrator.
        Conflict: it ended before.
    """
    require(actor, "security_admin")
    day = on or today()
    with transaction.atomic():
        open_still = Q(valid_until=None) | Q(valid_until__gt=day)
        if not Membership.objects.filter(open_still, pk=membership.pk, valid_from__lte=day).update(valid_until=day):
            raise Conflict(_("该角色此前已终止。"))
        record(actor, "parties.end_membership", user_subject(membership.user), {"role": membership.role})
    membership.refresh_from_db()
    return membership


def close_user(*, actor: Actor, user: User) -> None:
    """Close an account: it signs in no more, its tokens open nothing; what it did stays on record.

    Raises:
        NotAllowed: the actor is not a system administrator.
        Conflict: it was closed before.
    """
    require(actor, "system_admin")
    with transaction.atomic():
        if not User.objects.filter(pk=user.pk, is_active=True).update(is_active=False):
            raise Conflict(_("该账号此前已停用。"))
        # Its sessions end by themselves: none opens for an account that is not active.
        revoked = _revoke_all(user)
        record(actor, "parties.close_user", user_subject(user), {"tokens": revoked})


def change_password(*, actor: Actor, user: User, old: str, new: str) -> None:
    """Change one's own password.

    Raises:
        NotAllowed: it is not the actor's own account, or the old password is wrong.
        PasswordRefused: the new one is too short, too common, too near to the name, or the old one.
    """
    if actor.user_id != user.pk:
        raise NotAllowed(_("只能修改自己的密码。"))
    if not user.check_password(old):
        raise NotAllowed(_("原密码不正确。"))
    check_password(new, user)
    if old == new:
        raise PasswordRefused(_("新密码不能与原密码相同。"))
    store_password(actor, user, new, must_change=False, action="parties.change_password")


def reset_password(*, actor: Actor, user: User) -> str:
    """Give a user a new first password, which the next sign-in must change; all sessions and tokens end at once.

    Returns:
        The password, shown once.

    Raises:
        NotAllowed: the actor does not keep this account.
        DutiesConflict: it is the actor's own account.
    """
    # Whoever knows a password can act under it: no administrator gets at the account of another kind.
    require(actor, keeper_of(user))
    if actor.user_id == user.pk:
        raise DutiesConflict(_("请在“我的账号”中修改自己的密码。"))
    password = secrets.token_urlsafe(12)
    with transaction.atomic():
        # Sessions carry a keyed hash of the password, so they end with it; tokens know nothing of it.
        revoked = _revoke_all(user)
        store_password(actor, user, password, must_change=True, action="parties.reset_password", tokens=revoked)
    return password


def set_language(*, actor: Actor, user: User, language: str) -> None:
    """Remember the language in which a user reads.

    Raises:
        NotAllowed: it is not the actor's own account.
    """
    if actor.user_id != user.pk:
        raise NotAllowed(_("只能修改自己的语言。"))
    with transaction.atomic():
        user.language = language
        user.save(update_fields=["language"])
        record(actor, "parties.set_language", user_subject(user), {"language": language})


def issue_token(*, actor: Actor, user: User, name: str, days: int = 90) -> tuple[ApiToken, str]:
    """Make a bearer token with the rights of its user.

    Args:
        actor: the user, or the system.
        user: whose rights it carries.
        name: what it is for.
        days: how long it is valid, at most a year.

    Returns:
        The row, and the token itself: shown once, stored nowhere.

    Raises:
        NotAllowed: it is not the actor's own account.
        Invalid: the term is longer than a year, or the name is empty.
    """
    if actor.user_id != user.pk and not actor.is_system:
        raise NotAllowed(_("只能为自己的账号创建令牌。"))
    if not 1 <= days <= TOKEN_DAYS_MAX or not name.strip():
        raise Invalid(_("令牌须有名称，有效期为 1 至 %(days)s 天。") % {"days": TOKEN_DAYS_MAX}, accepted="1-365")
    token = "gp_" + secrets.token_urlsafe(32)
    with transaction.atomic():
        row = ApiToken.objects.create(
            user=user,
            name=name.strip()[:64],
            found_by=crypto.keyed_hash(token, purpose="token"),
            hint=token[:8],
            expires_at=clock.now() + dt.timedelta(days=days),
        )
        record(actor, "parties.issue_token", user_subject(user), {"token": str(row.public_id), "days": days})
    return row, token


def revoke_token(*, actor: Actor, token: ApiToken) -> None:
    """End a token at once.

    Raises:
        NotFound: it is not the actor's own.
        Conflict: it was revoked before.
    """
    if actor.user_id != token.user_id and not actor.has_role("system_admin"):
        raise NotFound(_("没有这个令牌。"))
    with transaction.atomic():
        if not ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=clock.now()):
            raise Conflict(_("该令牌此前已撤销。"))
        record(actor, "parties.revoke_token", user_subject(token.user), {"token": str(token.public_id)})


def _revoke_all(user: User) -> int:
    """End every token of a user; how many there were."""
    return ApiToken.objects.filter(user=user, revoked_at=None).update(revoked_at=clock.now())
