"""Pairing two zones: one administrator brings the other zone's key file, another one confirms its fingerprint."""

from __future__ import annotations

import json

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from groundplan.commons.zones import queries
from groundplan.commons.zones.errors import ZoneKeyInvalid, ZonePairingChanged
from groundplan.commons.zones.models import Message, Packet, Peer
from groundplan.kernel.ledger import actions as ledger
from groundplan.kernel.parties.queries import Actor
from groundplan.lib import clock
from groundplan.lib.crypto.sealing import KEY_BYTES, PublicPair
from groundplan.lib.errors import NotAllowed

MOST_BYTES = 4096


@transaction.atomic
def propose_zone(*, actor: Actor, content: bytes) -> Peer:
    """Bring the key file of the other zone; it counts for nothing until another administrator confirms it.

    Args:
        actor: a system administrator.
        content: the file that ``groundplan zones pair --export`` or the page of the other zone wrote.

    Raises:
        NotAllowed: the actor is no system administrator.
        ZoneKeyInvalid: it is no key file, this zone's own, or not of the other zone.
        ZonePairingChanged: another zone is known, or this key was used before.
    """
    _require(actor, "system_admin")
    side, keys = _read(content)
    if side != queries.OTHER.get(queries.side()):
        raise ZoneKeyInvalid(
            _("这不是另一区的密钥文件。"), accepted=queries.OTHER.get(queries.side(), "GROUNDPLAN_ZONE")
        )
    try:
        with transaction.atomic():
            made = Peer.objects.create(
                side=side, signing=keys.signing, exchange=keys.exchange, fingerprint=keys.fingerprint,
                proposed_by=actor.actor_id,
            )  # fmt: skip
    except IntegrityError:
        raise ZonePairingChanged(
            _("已有配对，或该密钥曾经用过。"), next_step=_("先终止现有配对；对方须重新生成密钥。")
        ) from None
    _record(actor, "zones.propose_zone", made)
    return made


@transaction.atomic
def confirm_zone(*, actor: Actor, fingerprint: str) -> Peer:
    """Confirm the other zone by the fingerprint that its people told by another way.

    Args:
        actor: a security administrator other than who proposed it.
        fingerprint: 64 hexadecimal digits; blanks do not matter.

    Raises:
        NotAllowed: the actor is no security administrator, or proposed it.
        ZoneKeyInvalid: the fingerprint is another.
        ZonePairingChanged: nothing waits to be confirmed.
    """
    _require(actor, "security_admin")
    found = Peer.objects.select_for_update().filter(state="proposed").first()
    if found is None:
        raise ZonePairingChanged(_("没有待确认的配对。"))
    if found.proposed_by == actor.actor_id:
        raise NotAllowed(_("提出配对的人不能自己确认。"), accepted="security_admin")
    if "".join(fingerprint.split()).lower() != found.fingerprint:
        raise ZoneKeyInvalid(_("指纹不一致，请与对方当面或电话核对。"))
    found.state, found.confirmed_by, found.confirmed_at = "active", actor.actor_id, clock.now()
    found.save(update_fields=["state", "confirmed_by", "confirmed_at"])
    _record(actor, "zones.confirm_zone", found)
    return found


@transaction.atomic
def end_zone(*, actor: Actor) -> None:
    """End the pairing; this zone's keys are thrown away, and messages not yet acknowledged wait for the next pairing.

    Args:
        actor: a system or security administrator.

    Raises:
        NotAllowed: the actor is neither.
        ZonePairingChanged: there is no pairing.
    """
    _require(actor, "system_admin", "security_admin")
    found = Peer.objects.select_for_update().exclude(state="ended").first()
    if found is None:
        raise ZonePairingChanged(_("没有配对。"))
    found.state = "ended"
    found.save(update_fields=["state"])
    Message.objects.filter(packet__peer=found, packet__acknowledged_at=None).update(packet=None)
    Packet.objects.filter(peer=found).update(content=None)
    _record(actor, "zones.end_zone", found)
    transaction.on_commit(lambda: queries.key_path().unlink(missing_ok=True))


def _read(content: bytes) -> tuple[str, PublicPair]:
    """Zone and keys of a key file.

    Raises:
        ZoneKeyInvalid: it is none.
    """
    wrong = ZoneKeyInvalid(_("这不是密钥文件，或文件已损坏。"), accepted="groundplan zones pair --export FILE")
    try:
        given = json.loads(content[: MOST_BYTES + 1])
        keys = PublicPair(bytes.fromhex(given["signing"]), bytes.fromhex(given["exchange"]))
        side = str(given["zone"])
    except (ValueError, KeyError, TypeError):
        raise wrong from None
    if len(keys.signing) != KEY_BYTES or len(keys.exchange) != KEY_BYTES:
        raise wrong
    return side, keys


def _record(actor: Actor, action: str, found: Peer) -> None:
    data = {"side": found.side, "fingerprint": found.fingerprint}
    ledger.record(actor=actor.actor_id, action=action, subject=f"zone:{found.public_id}", data=data)


def _require(actor: Actor, *roles: str) -> None:
    if not actor.has_role(*roles):
        raise NotAllowed(_("您没有管理两区配对的角色。"), accepted="、".join(roles))
