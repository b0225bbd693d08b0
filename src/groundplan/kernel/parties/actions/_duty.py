"""Who may do what to parties, and the record that each action leaves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from groundplan.kernel.ledger import actions as ledger
from groundplan.kernel.parties.logic import roles
from groundplan.kernel.parties.queries import Actor
from groundplan.lib.errors import NotAllowed


def require(actor: Actor, *names: str) -> None:
    """Let only the system and holders of one of these roles pass.

    Raises:
        NotAllowed: the actor holds none of them.
    """
    if not actor.has_role(*names):
        wanted = "、".join(roles.ROLES[name]["zh-hans"] for name in names)
        raise NotAllowed(_("此操作需要角色：%(roles)s。") % {"roles": wanted}, accepted=", ".join(names))


def record(actor: Actor, action: str, subject: str, data: Mapping[str, Any] | None = None) -> None:
    """Leave the one record of an action, without personal data."""
    ledger.record(actor=actor.actor_id, action=action, subject=subject, data=dict(data or {}))
