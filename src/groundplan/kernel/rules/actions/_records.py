"""What the actions on versions share: the role, the record with its event, the stamp."""

from __future__ import annotations

from typing import Any

from groundplan.kernel.events.actions import publish
from groundplan.kernel.ledger.actions import record
from groundplan.kernel.parties.queries import Actor
from groundplan.kernel.rules.errors import RuleRoleNeeded
from groundplan.kernel.rules.models import RuleTable, RuleVersion
from groundplan.lib.identity import uuid7


def require(actor: Actor, role: str) -> None:
    """Check a role.

    Raises:
        RuleRoleNeeded: the actor does not hold it.
    """
    if not actor.has_role(role):
        raise RuleRoleNeeded(role)


def tell(actor: Actor, verb: str, version: RuleVersion, key: str, **data: Any) -> None:
    """The record of an action on a version, and its event."""
    record(
        actor=actor.actor_id,
        action=f"rules.{verb}",
        subject=f"rule:{key}",
        data={"version": version.version, "digest": version.digest, **data},
    )
    publish(
        type="rule.changed.v1",
        subject=f"rule:{key}",
        data={"key": key, "version": version.version, "change": verb, "digest": version.digest},
        actor=actor.actor_id,
        audience=["public"],
    )


def stamp(rule: RuleTable) -> None:
    """Make every process look again at what is in force."""
    RuleTable.objects.filter(pk=rule.pk).update(stamp=uuid7())
