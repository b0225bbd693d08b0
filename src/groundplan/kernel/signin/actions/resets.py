"""A lost second factor: one administrator asks, another decides, the holder of the account is neither."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from groundplan.kernel.parties.logic.roles import ADMINISTRATORS
from groundplan.kernel.parties.models import User
from groundplan.kernel.parties.queries import Actor, actor_for_user
from groundplan.kernel.signin import queries
from groundplan.kernel.signin.actions._tries import record
from groundplan.kernel.signin.errors import FactorNotFound, FactorTaken, ResetRefused
from groundplan.kernel.signin.models import Factor, Patience, RecoveryCode, Reset
from groundplan.lib import clock
from groundplan.lib.errors import Invalid, NotAllowed

REASON_MAX = 200


def ask_reset(*, actor: Actor, user: User, reason: str) -> Reset:
    """Ask that all factors be taken off an account whose holder has lost them.

    Args:
        actor: a security administrator; for the account of one, a system administrator.
        user: the account.
        reason: how the holder was recognised, and what was lost.

    Raises:
        NotAllowed: the actor may not ask for this account.
        ResetRefused: it is the actor's own account.
        Invalid: no reason is given.
        FactorNotFound: the account has no factor.
        FactorTaken: a request is open already.
    """
    asker = "system_admin" if actor_for_user(user).has_role("security_admin") else "security_admin"
    if actor.user_id == user.pk:
        raise ResetRefused(_("不得申请重置本人的双因素认证。"), next_step=_("请联系安全管理员。"))
    if actor.user_id is None or not actor.has_role(asker):
        raise NotAllowed(_("只有安全管理员可以申请重置；安全管理员本人的由系统管理员申请。"))
    if not reason.strip():
        raise Invalid(_("请写明如何核实本人身份及重置原因。"))
    if not queries.has_factor(user):
        raise FactorNotFound(_("该账号没有设置双因素认证。"))
    try:
        with transaction.atomic():
            made = Reset.objects.create(user=user, reason=reason.strip()[:REASON_MAX], asked_by_id=actor.user_id)
            record(actor.actor_id, "signin.ask_reset", user, {"reset": str(made.public_id)})
    except IntegrityError:
        raise FactorTaken(_("该账号已有待办理的重置申请。")) from None
    return made


def decide_reset(*, actor: Actor, reset: Reset, grant: bool) -> Reset:
    """Grant or refuse a request as the second person; granted, all factors and recovery codes end at once.

    Args:
        actor: one of the three administrators, who neither asked nor holds the account.
        reset: the request.
        grant: whether the factors go.

    Raises:
        NotAllowed: the actor is no administrator.
        ResetRefused: the actor asked for it, or holds the account.
        FactorNotFound: it was decided before.
    """
    if actor.user_id is None or not actor.has_role(*ADMINISTRATORS):
        raise NotAllowed(_("只有系统、安全、审计管理员可以复核重置申请。"))
    if actor.user_id == reset.user_id or (grant and actor.user_id == reset.asked_by_id):
        raise ResetRefused(_("申请人和账号本人不得复核。"), next_step=_("请另一位管理员复核。"))
    with transaction.atomic():
        waiting = Reset.objects.filter(pk=reset.pk, decided_at=None)
        if not waiting.update(decided_by_id=actor.user_id, decided_at=clock.now(), granted=grant):
            raise FactorNotFound(_("该申请此前已办结。"))
        ended = 0
        if grant:
            ended = Factor.objects.filter(user=reset.user, removed_at=None).update(removed_at=clock.now())
            RecoveryCode.objects.filter(user=reset.user).delete()
            Patience.objects.filter(user=reset.user).update(failures=0, failed_at=None)
        data = {"reset": str(reset.public_id), "granted": grant, "factors": ended}
        record(actor.actor_id, "signin.decide_reset", reset.user, data)
    reset.refresh_from_db()
    return reset
