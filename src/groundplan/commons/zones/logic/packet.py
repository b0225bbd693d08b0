"""One packet: a signed header in clear, and a sealed body with a manifest; no length is believed unchecked."""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from groundplan.commons.zones.errors import PacketRefused
from groundplan.lib.canonical import canonical_json
from groundplan.lib.crypto.sealing import SIGNATURE_BYTES, OwnPair, PublicPair, seal

MAGIC = b"GPZONE1\n"
MOST_HEADER = 4096
MOST_BODY = 256 * 1024 * 1024
MOST_PACKET = MOST_BODY + 1024 * 1024
MOST_MESSAGES = 500
LENGTH = struct.Struct(">I")
FIELDS = {"from": str, "to": str, "number": int, "previous": str, "ephemeral": str, "size": int, "sha256": str}
REASONS: dict[str, dict[str, str]] = {
    "truncated": {"zh-hans": "文件不完整", "en": "Cut off"},
    "too-large": {"zh-hans": "文件过大", "en": "Too large"},
    "not-a-packet": {"zh-hans": "不是数据包", "en": "Not a packet"},
    "foreign": {"zh-hans": "不是对方签发或不是发给本区的", "en": "Not from the paired zone, or not for this one"},
    "tampered": {"zh-hans": "内容被改动", "en": "Changed on the way"},
    "gap": {"zh-hans": "前面的数据包未到，等待补齐", "en": "An earlier packet is missing: waits for it"},
    "repeated": {"zh-hans": "重复送达，已处理过", "en": "Arrived again: applied before"},
    "forked": {"zh-hans": "与已收到的数据包不衔接", "en": "Does not follow the packet applied before"},
    "content": {"zh-hans": "内容不符合约定", "en": "Its content is not what was agreed"},
}


@dataclass(frozen=True)
class Head:
    """The header of a packet whose signature holds."""

    sender: str
    recipient: str
    number: int
    previous: str
    ephemeral: bytes
    beside: bytes


@dataclass(frozen=True)
class Carried:
    """One message of a packet."""

    id: str
    kind: str
    body: bytes


def digest_of(content: bytes) -> str:
    """What the next packet names this one by."""
    return hashlib.sha256(content).hexdigest()


def written(
    messages: Sequence[Carried], *, acknowledged: int, number: int, previous: str, own: OwnPair, to: PublicPair
) -> bytes:
    """A packet as bytes."""
    manifest = canonical_json({
        "acknowledged": acknowledged,
        "messages": [
            {"id": each.id, "kind": each.kind, "size": len(each.body), "sha256": digest_of(each.body)}
            for each in messages
        ],
    })  # fmt: skip
    body = LENGTH.pack(len(manifest)) + manifest + b"".join(each.body for each in messages)
    ephemeral = X25519PrivateKey.generate()
    clear = {
        "from": own.public.fingerprint, "to": to.fingerprint, "number": number, "previous": previous,
        "ephemeral": ephemeral.public_key().public_bytes_raw().hex(),
    }  # fmt: skip
    sealed = seal(body, to=to, ephemeral=ephemeral, beside=canonical_json(clear))
    header = canonical_json({**clear, "size": len(sealed), "sha256": digest_of(sealed)})
    return MAGIC + LENGTH.pack(len(header)) + header + own.sign(MAGIC + header) + sealed


def number_of(start: bytes) -> int:
    """The number that a file claims, to read files in order; 0 for what is none."""
    try:
        return int(_header(start)[0]["number"])
    except PacketRefused:
        return 0


def checked(content: bytes, *, sender: PublicPair, own: str) -> tuple[Head, bytes]:
    """Header and sealed body of a packet that is whole, the other zone's, and for this one.

    Raises:
        PacketRefused: it is not.
    """
    if len(content) > MOST_PACKET:
        raise PacketRefused("too-large")
    fields, header, rest = _header(content)
    if len(rest) < SIGNATURE_BYTES:
        raise PacketRefused("truncated")
    if fields["from"] != sender.fingerprint or fields["to"] != own:
        raise PacketRefused("foreign")
    if not sender.signed(MAGIC + header, rest[:SIGNATURE_BYTES]):
        raise PacketRefused("tampered")
    sealed = rest[SIGNATURE_BYTES:]
    if len(sealed) < fields["size"]:
        raise PacketRefused("truncated")
    if len(sealed) != fields["size"] or digest_of(sealed) != fields["sha256"]:
        raise PacketRefused("tampered")
    beside = canonical_json({name: fields[name] for name in ("from", "to", "number", "previous", "ephemeral")})
    ephemeral = bytes.fromhex(fields["ephemeral"])
    return Head(fields["from"], fields["to"], fields["number"], fields["previous"], ephemeral, beside), sealed


def unpacked(head: Head, sealed: bytes, own: OwnPair) -> tuple[int, list[Carried]]:
    """What the other zone has acknowledged, and the messages.

    Raises:
        PacketRefused: the body does not open or does not fit its manifest.
    """
    try:
        body = own.opened(sealed, head.ephemeral, head.beside)
        (length,) = LENGTH.unpack_from(body)
        manifest = json.loads(body[LENGTH.size : LENGTH.size + length])
        rows, at, carried = manifest["messages"], LENGTH.size + length, []
        if len(rows) > MOST_MESSAGES:
            raise PacketRefused("content")
        for row in rows:
            size = int(row["size"])
            part = body[at : at + size]
            if size < 0 or len(part) != size or digest_of(part) != row["sha256"]:
                raise PacketRefused("content")
            carried.append(Carried(str(row["id"]), str(row["kind"]), part))
            at += size
        if at != len(body):
            raise PacketRefused("content")
        return int(manifest["acknowledged"]), carried
    except (ValueError, KeyError, TypeError, struct.error):
        raise PacketRefused("content") from None


def _header(content: bytes) -> tuple[dict[str, Any], bytes, bytes]:
    start = len(MAGIC) + LENGTH.size
    if not content.startswith(MAGIC):
        raise PacketRefused("truncated" if MAGIC.startswith(content) else "not-a-packet")
    if len(content) < start:
        raise PacketRefused("truncated")
    (length,) = LENGTH.unpack_from(content, len(MAGIC))
    if length > MOST_HEADER:
        raise PacketRefused("not-a-packet")
    header = content[start : start + length]
    if len(header) < length:
        raise PacketRefused("truncated")
    try:
        fields = json.loads(header)
    except ValueError:
        raise PacketRefused("tampered") from None
    if not isinstance(fields, dict) or any(type(fields.get(name)) is not form for name, form in FIELDS.items()):
        raise PacketRefused("tampered")
    return fields, header, content[start + length :]
