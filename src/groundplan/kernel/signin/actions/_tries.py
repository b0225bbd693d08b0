"""Tries one after another, counted in a row, and the record that each action leaves."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from groundplan.kernel.ledger import actions as ledger
from groundplan.kernel.parties.models import User
from groundplan.kernel.parties.queries import Actor
from groundplan.kernel.signin.errors import SecondFactorPaused
from groundplan.kernel.signin.models import Patience
from groundplan.lib import clock
from groundplan.lib.errors import NotAllowed

FAILURES_MAX = 5
PAUSE = dt.timedelta(minutes=15)


def tried(user: User, check: Callable[[], str | None], *, passed: str, refused: str) -> str | None:
    """Try something once: what ``check`` says, and one record of it; None is a failure and counts.

    The row is locked meanwhile, so a code is neither tried nor used by two requests at one time.

    Raises:
        SecondFactorPaused: five failures in a row, the last of them less than a quarter of an hour ago.
    """
    with transaction.atomic():
        Patience.objects.get_or_create(user=user)
        patience = Patience.objects.select_for_update().get(user=user)
        now = clock.world()
        resting = patience.failed_at is not None and now - patience.failed_at < PAUSE
        if patience.failures >= FAILURES_MAX and resting:
            raise SecondFactorPaused(
                _("连续 %(count)s 次验证未通过，本账号的验证暂停 %(minutes)s 分钟。")
                % {"count": FAILURES_MAX, "minutes": PAUSE.seconds // 60},
                next_step=_("到时可再试；如非本人操作，请立即修改密码并告知安全管理员。"),
                retry_after=PAUSE.seconds,
            )
        found = check()
        patience.failures = 0 if found else (patience.failures + 1 if resting else 1)
        patience.failed_at = None if found else now
        patience.save(update_fields=["failures", "failed_at"])
        record(user.actor_id, passed if found else refused, user, {"by": found} if found else {})
    return found


def own(actor: Actor, user: User) -> None:
    """Let only the holder of the account pass.

    Raises:
        NotAllowed: it is somebody else's account.
    """
    if actor.user_id != user.pk:
        raise NotAllowed(_("只能管理本人账号的认证方式。"))


def record(actor_id: str, action: str, user: User, data: Mapping[str, Any]) -> None:
    """Leave the one record of an action, without codes, secrets or names."""
    ledger.record(actor=actor_id, action=action, subject=f"user:{user.actor_id}", data=dict(data))
