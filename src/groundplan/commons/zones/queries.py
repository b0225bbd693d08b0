"""Reads of the exchange between two zones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.db.models import Min, QuerySet
from django.utils.translation import gettext as _

from groundplan.commons.zones.errors import ZoneNotPaired
from groundplan.commons.zones.models import Message, Packet, Peer, Refusal
from groundplan.commons.zones.registry import READERS
from groundplan.kernel.parties.queries import Actor
from groundplan.lib import clock, environment
from groundplan.lib.canonical import canonical_json
from groundplan.lib.crypto.sealing import OwnPair, kept_pair
from groundplan.lib.errors import NotAllowed

OTHER = {"outer": "inner", "inner": "outer"}


def side() -> str:
    """Which zone this installation is: ``outer``, ``inner``, or empty for an undivided one."""
    return str(environment.read("GROUNDPLAN_ZONE"))


def is_outer() -> bool:
    """Whether this is the zone that residents reach."""
    return side() == "outer"


def own_keys() -> OwnPair:
    """This zone's keys, made at first use."""
    return kept_pair(key_path())


def key_path() -> Path:
    """Where this zone's keys are kept."""
    return Path(settings.STATE) / "keys" / "zones.json"


def key_file() -> bytes:
    """This zone's public keys, to be carried to the other zone."""
    keys = own_keys().public
    return canonical_json({"zone": side(), "signing": keys.signing.hex(), "exchange": keys.exchange.hex()}) + b"\n"


def folder() -> Path:
    """The drop folder: packets to be carried away in ``out``, packets that came in ``in``."""
    return Path(environment.read("GROUNDPLAN_ZONE_FOLDER") or Path(settings.STATE) / "zones")


def peer() -> Peer | None:
    """The other zone, proposed or confirmed; None when there is none."""
    return Peer.objects.exclude(state="ended").first()


def active_peer() -> Peer:
    """The confirmed other zone.

    Raises:
        ZoneNotPaired: there is none.
    """
    found = Peer.objects.filter(state="active").first()
    if not side() or found is None:
        raise ZoneNotPaired(_("本系统未设为其中一区，或对方的密钥尚未由两名管理员确认。"), next_step="docs/zones.md")
    return found


def lag_s() -> int:
    """Seconds since the oldest message that the other zone has not acknowledged; 0 when there is none."""
    oldest = _open_messages().aggregate(at=Min("at"))["at"]
    return max(0, round((clock.now() - oldest).total_seconds())) if oldest else 0


def state() -> dict[str, Any]:
    """Where the exchange stands."""
    known = peer()
    return {
        "zone": side(),
        "fingerprint": own_keys().public.fingerprint if side() else "",
        "peer": known.fingerprint if known else "",
        "pairing": known.state if known else "none",
        "sent": known.sent if known else 0,
        "acknowledged": known.acknowledged if known else 0,
        "received": known.received if known else 0,
        "waiting": _open_messages().count() if side() else 0,
        "refused": Refusal.objects.exclude(reason="repeated").count(),
        "lag_s": lag_s(),
    }


def require_zone() -> None:
    """Refuse where the installation is not divided.

    Raises:
        ZoneNotPaired: it is no zone.
    """
    if not side():
        raise ZoneNotPaired(_("本系统未分区运行。"), next_step="GROUNDPLAN_ZONE")


def require_reader(actor: Actor) -> None:
    """Refuse whoever is none of the three administrators.

    Raises:
        NotAllowed: the actor is none.
    """
    if not actor.has_role(*READERS):
        raise NotAllowed(_("只有三类管理员可以查看两区交换。"), accepted="、".join(READERS))


def packets(actor: Actor) -> QuerySet[Packet]:
    """Packets of both directions, without their contents."""
    require_reader(actor)
    return Packet.objects.defer("content")


def refusals(actor: Actor) -> QuerySet[Refusal]:
    """Files that were not taken."""
    require_reader(actor)
    return Refusal.objects.order_by("-last_at", "-id")


def _open_messages() -> QuerySet[Message]:
    return Message.objects.filter(packet=None) | Message.objects.filter(packet__acknowledged_at=None)
