"""Writes on webhooks and dead letters: rights, one record each."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from groundplan.kernel.events import actions as events
from groundplan.kernel.ledger import actions as ledger
from groundplan.kernel.parties.queries import Actor
from groundplan.kernel.proofs import queries
from groundplan.kernel.proofs.actions.witnesses import add_witness, change_witness, give_heads
from groundplan.lib.errors import NotAllowed

__all__ = ["add_witness", "change_webhook", "change_witness", "create_webhook", "give_heads", "replay_letters"]


@transaction.atomic
def create_webhook(
    *, actor: Actor, name: str, url: str, types: Sequence[str], audience: Sequence[str] = ()
) -> tuple[UUID, str]:
    """Tell an address outside of events from now on.

    Returns:
        The webhook's id, and the secret that signs what it is sent: shown this once.

    Raises:
        NotAllowed: the actor manages no webhooks.
        AddressRefused: the address is one that this installation does not call.
        Invalid: no name, or no type.
    """
    _require(actor)
    public_id, secret = events.add_webhook(name=name, url=url, types=types, audience=audience)
    data = {"types": sorted(types), "audience": sorted(audience)}
    ledger.record(actor=actor.actor_id, action="proofs.create_webhook", subject=f"webhook:{public_id}", data=data)
    return public_id, secret


@transaction.atomic
def change_webhook(*, actor: Actor, webhook: UUID, change: str) -> None:
    """Pause, resume or end a webhook.

    Args:
        actor: who does it.
        webhook: public id.
        change: ``pause``, ``resume`` or ``end``.

    Raises:
        NotAllowed: the actor manages no webhooks.
        WebhookNotFound: no such webhook.
        WebhookStateChanged: it is not in the state to start from.
    """
    _require(actor)
    if change == "pause":
        events.pause_webhook(webhook=webhook)
    elif change == "resume":
        events.resume_webhook(webhook=webhook)
    else:
        events.end_webhook(webhook=webhook)
    ledger.record(actor=actor.actor_id, action=f"proofs.{change}_webhook", subject=f"webhook:{webhook}")


@transaction.atomic
def replay_letters(*, actor: Actor, target: str = "", letters: Sequence[UUID] = ()) -> int:
    """Let dead letters be tried again.

    Args:
        actor: who does it.
        target: name of a consumer or ``webhook:<id>``; empty for all.
        letters: public ids; empty for all of the target.

    Returns:
        How many will be tried.

    Raises:
        NotAllowed: the actor manages no webhooks.
    """
    _require(actor)
    count = events.replay_dead_letters(target=target, letters=letters)
    if count:
        subject = f"letters:{target or 'all'}"
        ledger.record(actor=actor.actor_id, action="proofs.replay_letters", subject=subject, data={"count": count})
    return count


def _require(actor: Actor) -> None:
    if not queries.may_push(actor):
        raise NotAllowed(_("只有系统管理员和数据管理人员可以管理消息推送。"), accepted=", ".join(queries.PUSHERS))
