"""What can go wrong between two zones."""

from __future__ import annotations

from typing import ClassVar

from groundplan.lib.errors import Conflict, Invalid


class ZoneNotPaired(Conflict):
    """This installation is no zone, or knows no confirmed other one."""

    code = "zone-not-paired"
    title: ClassVar[dict[str, str]] = {"zh-hans": "两区尚未配对", "en": "The zones are not paired"}


class ZoneKeyInvalid(Invalid):
    """A key file is none, or is of the wrong zone."""

    code = "zone-key-invalid"
    title: ClassVar[dict[str, str]] = {"zh-hans": "密钥文件无效", "en": "The key file is not valid"}


class ZonePairingChanged(Conflict):
    """The pairing is not in the state that was asked for."""

    code = "zone-pairing-changed"
    title: ClassVar[dict[str, str]] = {"zh-hans": "配对状态已变化", "en": "The pairing has changed"}


class PacketRefused(Invalid):
    """A packet is not the next one, or not whole and the other zone's; the detail is one of ``REASONS``."""

    code = "packet-refused"
    title: ClassVar[dict[str, str]] = {"zh-hans": "数据包被拒收", "en": "The packet was refused"}
