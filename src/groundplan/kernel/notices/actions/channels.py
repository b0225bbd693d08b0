"""Setting up channels, trying them, sending dead letters again; and what a user wants of them."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from groundplan.kernel.events import actions as events
from groundplan.kernel.ledger import actions as ledger
from groundplan.kernel.notices import logic
from groundplan.kernel.notices.actions._carriers import Outside, carry
from groundplan.kernel.notices.errors import ChannelInvalid, ChannelNotFound
from groundplan.kernel.notices.models import Channel, Delivery, Preference, Todo
from groundplan.kernel.parties.queries import Actor
from groundplan.lib import clock, crypto
from groundplan.lib.errors import Conflict, NotAllowed
from groundplan.lib.identity import uuid7

KEEPER = "system_admin"
# What may become of a channel: change -> (states it starts from, state it ends in).
CHANGES = {
    "pause": (("active",), "paused"),
    "resume": (("paused",), "active"),
    "end": (("active", "paused"), "ended"),
}


@transaction.atomic
def create_channel(
    *,
    actor: Actor,
    kind: str,
    name: str,
    address: str,
    secret: str,
    options: Mapping[str, str] | None = None,
    with_text: bool = False,
    todos: bool = False,
) -> Channel:
    """Set up a channel out of the house.

    Args:
        actor: the system administration.
        kind: ``sms``, ``wecom``, ``dingtalk``, ``webhook`` or ``mail``.
        name: 1 to 60 characters.
        address: of the gateway; nothing else is ever called over this channel.
        secret: signs messages or opens the gateway, 16 characters or more (mail: 8); stored encrypted.
        options: what the kind needs beside, such as ``sign_name`` and ``template``.
        with_text: whether texts may leave the house, or only a link.
        todos: whether open tasks stand in its to-do lists too (``wecom`` and ``dingtalk``).

    Raises:
        NotAllowed: the actor is not the system administration.
        ChannelInvalid: something is missing or of the wrong form.
        AddressRefused: the address is inside this network.
    """
    _check_keeper(actor)
    given = {key: value.strip() for key, value in (options or {}).items() if value.strip()}
    if kind not in logic.KINDS:
        raise ChannelInvalid(_("没有这种渠道。"), accepted=", ".join(logic.KINDS))
    wrong = logic.wrong_options(kind, given)
    short = len(secret) < logic.shortest_secret(kind)
    missing = [*(["name"] if not name.strip() else []), *(["secret"] if short else []), *wrong]
    if missing:
        raise ChannelInvalid(
            _("渠道设置不完整或格式不对：%(fields)s。") % {"fields": "、".join(missing)}, fields=missing
        )
    events.resolve(address, **({"ports": logic.MAIL_PORTS} if kind == "mail" else {}))
    row = Channel.objects.create(
        kind=kind, name=name.strip()[:60], address=address[:300], sealed=crypto.encrypt(secret), with_text=with_text,
        todos=todos and kind in logic.LISTING_KINDS,
        options={key: given[key] for key in logic.NEEDED[kind]},
    )  # fmt: skip
    _record(actor, "create_channel", row.public_id, {"kind": kind})
    return row


@transaction.atomic
def change_channel(*, actor: Actor, channel: UUID, change: str) -> None:
    """Pause, resume or end a channel.

    Raises:
        NotAllowed: the actor is not the system administration.
        ChannelNotFound: there is none.
        Conflict: it is not in the state that the change starts from.
    """
    _check_keeper(actor)
    before, after = CHANGES[change]
    if not Channel.objects.filter(public_id=channel).exists():
        raise ChannelNotFound
    found = Channel.objects.filter(public_id=channel, state__in=before)
    if not found.update(state=after, paused_because=""):
        raise Conflict
    _record(actor, "change_channel", channel, {"change": change})


def try_channel(*, actor: Actor, channel: UUID, to: str) -> str:
    """Send a message without content to an address of one's own and see whether the gateway takes it.

    Returns:
        Why it was not taken, as a short code; empty when it was.

    Raises:
        NotAllowed, ChannelNotFound: as above.
        ChannelInvalid: nobody can be reached at this address over this channel.
    """
    _check_keeper(actor)
    row = Channel.objects.filter(public_id=channel).exclude(state="ended").first()
    if row is None:
        raise ChannelNotFound
    if not logic.may_be_address(row.kind, to.strip()):
        raise ChannelInvalid(_("接收地址格式不对。"), fields=["to"])
    failed = carry(row, Outside(str(uuid7()), to.strip(), _("渠道测试消息"), ""))
    with transaction.atomic():
        _record(actor, "try_channel", channel, {"taken": not failed, "reason": failed})
    return failed


@transaction.atomic
def replay_deliveries(*, actor: Actor, channel: UUID) -> int:
    """Let what died on a channel be tried again, under the same ids.

    Returns:
        How many.

    Raises:
        NotAllowed: the actor is not the system administration.
    """
    _check_keeper(actor)
    dead = Delivery.objects.filter(channel__public_id=channel, state="dead")
    count = dead.update(state="waiting", attempts=0, next_at=clock.now())
    lost = Todo.objects.filter(channel__public_id=channel, state="dead")
    count += lost.update(state="waiting", attempts=0, next_at=clock.now())
    if count:
        _record(actor, "replay_deliveries", channel, {"count": count})
    return count


@transaction.atomic
def set_preference(
    *,
    actor: Actor,
    addresses: Mapping[str, str],
    off: Sequence[str] = (),
    quiet_from: dt.time | None = None,
    quiet_until: dt.time | None = None,
) -> Preference:
    """Say where one wants to be told outside the house, and when not.

    Args:
        actor: the user.
        addresses: kind of channel -> mobile or account; an empty one means not to be reached there.
        off: kinds that are not wanted.
        quiet_from: quiet hours begin, local time.
        quiet_until: they end; messages wait until then.

    Raises:
        NotAllowed: nobody is signed in.
        ChannelInvalid: an address is of the wrong form.
    """
    if actor.user_id is None:
        raise NotAllowed
    given = {kind: text.strip() for kind, text in addresses.items() if text.strip() and kind in logic.KINDS}
    wrong = [kind for kind, text in given.items() if not logic.may_be_address(kind, text)]
    if wrong:
        raise ChannelInvalid(_("接收地址格式不对。"), fields=wrong)
    row, _made = Preference.objects.update_or_create(
        user_id=actor.user_id,
        defaults={
            "sealed": crypto.encrypt(json.dumps(given, ensure_ascii=False)),
            "off": [kind for kind in off if kind in logic.KINDS],
            "quiet_from": quiet_from,
            "quiet_until": quiet_until,
        },
    )
    ledger.record(
        actor=actor.actor_id, action="notices.set_preference", subject=f"user:{actor.actor_id}",
        data={"kinds": sorted(given), "off": sorted(row.off)},
    )  # fmt: skip
    return row


def _check_keeper(actor: Actor) -> None:
    if not actor.has_role(KEEPER):
        raise NotAllowed(accepted=KEEPER)


def _record(actor: Actor, action: str, channel: UUID, data: dict[str, object]) -> None:
    ledger.record(actor=actor.actor_id, action=f"notices.{action}", subject=f"channel:{channel}", data=data)
