"""Sending and receiving: each packet is one transaction and one record on either side."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from uuid import UUID

from django.db import transaction
from django.db.models import F
from pydantic import BaseModel, ValidationError

from groundplan.commons.zones import queries, registry
from groundplan.commons.zones.errors import PacketRefused
from groundplan.commons.zones.logic import packet as packets
from groundplan.commons.zones.models import Message, Packet, Peer, Refusal
from groundplan.kernel.ledger import actions as ledger
from groundplan.lib import clock, crypto
from groundplan.lib.errors import GroundplanError

RESEND = timedelta(minutes=15)
FULL = 64 * 1024 * 1024


@dataclass(frozen=True)
class Sent:
    """What one turn of sending did: packets made, files written."""

    made: int
    written: int


@dataclass
class Received:
    """What one turn of receiving did: packets applied, messages in them, files refused by reason."""

    applied: int = 0
    messages: int = 0
    refused: Counter[str] = field(default_factory=Counter)


def send_message(*, kind: str, message: BaseModel) -> UUID:
    """Put a message aside for the other zone, in the caller's transaction.

    Only a kind that is registered for this zone leaves it, and of it only the fields of its model.

    Args:
        kind: name of a registered kind.
        message: an instance of the kind's model.

    Raises:
        PacketRefused: the kind may not be sent from here, or the message is of another model.
    """
    known = registry.kinds.get(kind)
    if known is None or known.sender != queries.side() or type(message) is not known.model:
        raise PacketRefused("content", accepted=", ".join(sorted(registry.kinds)))
    text = known.model.model_validate(message.model_dump()).model_dump_json()
    return Message.objects.create(kind=kind, body=crypto.encrypt(text)).public_id


def send_packets(*, folder: Path | None = None, again: bool = False) -> Sent:
    """Make packets of the messages that wait, and write those that are not acknowledged.

    Each packet is one transaction; its file is written after that, so a killed turn is made good by the next.

    Args:
        folder: where the files go; ``out`` of the drop folder when empty.
        again: write what was written within the last quarter of an hour as well.

    Raises:
        ZoneNotPaired: there is no confirmed other zone.
    """
    peer = queries.active_peer()
    target = folder or queries.folder() / "out"
    made = 0
    while _make_packet(peer.pk):
        made += 1
    return Sent(made, _write_files(peer, target, again=again))


def receive_packets(*, folder: Path | None = None) -> Received:
    """Apply the packets that have come, each once and in order; refuse and list what is none.

    A packet that is applied or came before is taken out of the folder, a refused one stands in ``refused``, one that
    came too early stays until the missing one is there.

    Args:
        folder: where the files are; ``in`` of the drop folder when empty.

    Raises:
        ZoneNotPaired: there is no confirmed other zone.
    """
    queries.active_peer()
    source = folder or queries.folder() / "in"
    done = Received()
    files = [path for path in source.glob("*.gpz") if path.is_file() and not path.is_symlink()]
    for path in sorted(files, key=_claimed):
        if path.stat().st_size > packets.MOST_PACKET:
            _refuse(path, b"", "too-large", done)
            continue
        content = path.read_bytes()
        try:
            done.messages += _apply(content)
            done.applied += 1
            path.unlink(missing_ok=True)
        except PacketRefused as refusal:
            _refuse(path, content, refusal.detail, done)
    return done


@transaction.atomic
def _make_packet(peer_id: int) -> bool:
    """Make the next packet; False when there is nothing to say."""
    peer = Peer.objects.select_for_update().get(pk=peer_id)
    waiting: list[tuple[int, packets.Carried]] = []
    size = 0
    for row in Message.objects.filter(packet=None).order_by("id")[: packets.MOST_MESSAGES]:
        body = crypto.decrypt(bytes(row.body)).encode()
        if waiting and size + len(body) > FULL:
            break
        waiting.append((row.pk, packets.Carried(str(row.public_id), row.kind, body)))
        size += len(body)
    if peer.state != "active" or not (waiting or peer.owed > peer.told):
        return False
    number = peer.sent + 1
    content = packets.written(
        [carried for _pk, carried in waiting], acknowledged=peer.received, number=number, previous=peer.sent_digest,
        own=queries.own_keys(), to=peer.keys,
    )  # fmt: skip
    digest = packets.digest_of(content)
    made = Packet.objects.create(
        peer=peer, direction="out", number=number, digest=digest, messages=len(waiting), size=len(content),
        content=content,
    )  # fmt: skip
    Message.objects.filter(pk__in=[pk for pk, _carried in waiting]).update(packet=made)
    peer.sent, peer.sent_digest, peer.told = number, digest, peer.received
    peer.save(update_fields=["sent", "sent_digest", "told"])
    _record("zones.send_packet", made, {})
    return True


def _write_files(peer: Peer, target: Path, *, again: bool) -> int:
    """Write the packets that are due, each in one step."""
    target.mkdir(parents=True, exist_ok=True)
    now, count = clock.now(), 0
    open_ones = Packet.objects.filter(peer=peer, direction="out", acknowledged_at=None).exclude(content=None)
    # A packet that only acknowledges is never acknowledged itself: alone it is not written again.
    stale = now - RESEND if open_ones.filter(messages__gt=0).exists() else None
    for row in open_ones.order_by("number").iterator(chunk_size=1):
        if row.written_at and not again and (stale is None or row.written_at > stale):
            continue
        path = target / f"{queries.side()}-{row.number:09d}.gpz"
        making = path.with_suffix(f".{os.getpid()}.part")
        with making.open("wb") as stream:
            stream.write(bytes(row.content or b""))
            stream.flush()
            os.fsync(stream.fileno())
        making.replace(path)
        Packet.objects.filter(pk=row.pk).update(written_at=now)
        count += 1
    return count


@transaction.atomic
def _apply(content: bytes) -> int:
    """Apply one packet: all of it or nothing; how many messages it held."""
    peer = Peer.objects.select_for_update().get(state="active")
    own = queries.own_keys()
    head, sealed = packets.checked(content, sender=peer.keys, own=own.public.fingerprint)
    digest = packets.digest_of(content)
    if head.number <= peer.received:
        _check_repeated(peer, head.number, digest)
    if head.number > peer.received + 1:
        raise PacketRefused("gap")
    if head.previous != peer.received_digest:
        raise PacketRefused("forked")
    acknowledged, carried = packets.unpacked(head, sealed, own)
    if not peer.acknowledged <= acknowledged <= peer.sent:
        raise PacketRefused("content")
    refused = Counter(reason for each in carried if (reason := _handle(each)))
    made = Packet.objects.create(
        peer=peer, direction="in", number=head.number, digest=digest, messages=len(carried), refused=refused.total(),
        size=len(content), acknowledged_at=clock.now(),
    )  # fmt: skip
    peer.received, peer.received_digest, peer.acknowledged = head.number, digest, acknowledged
    peer.owed = head.number if carried else peer.owed
    peer.save(update_fields=["received", "received_digest", "acknowledged", "owed"])
    settled = Packet.objects.filter(peer=peer, direction="out", number__lte=acknowledged, acknowledged_at=None)
    Message.objects.filter(packet__in=settled).update(body=b"")
    settled.update(acknowledged_at=clock.now(), content=None)
    _record("zones.receive_packet", made, dict(refused))
    return len(carried)


def _check_repeated(peer: Peer, number: int, digest: str) -> None:
    known = Packet.objects.filter(peer=peer, direction="in", number=number, digest=digest).exists()
    raise PacketRefused("repeated" if known else "forked")


def _handle(carried: packets.Carried) -> str:
    """Apply one message; the reason when it is refused, which stands in the record."""
    known = registry.kinds.get(carried.kind)
    if known is None or known.sender != queries.OTHER[queries.side()]:
        raise PacketRefused("content")
    try:
        with transaction.atomic():
            known.handler(known.model.model_validate_json(carried.body))
    except ValidationError:
        raise PacketRefused("content") from None
    except GroundplanError as error:
        return error.code
    return ""


def _refuse(path: Path, content: bytes, reason: str, done: Received) -> None:
    """List a file that is not taken, and put it where it is not read again, unless it may still be its turn."""
    done.refused[reason] += 1
    digest = packets.digest_of(content or path.name.encode())
    row, made = Refusal.objects.get_or_create(digest=digest, reason=reason, defaults={"name": path.name[:200]})
    if not made:
        Refusal.objects.filter(pk=row.pk).update(times=F("times") + 1, last_at=clock.now())
    if reason == "gap":
        return
    if reason == "repeated":
        # The other zone has not heard that it was taken: tell it again.
        Packet.objects.filter(peer__state="active", direction="out", acknowledged_at=None).update(written_at=None)
        path.unlink(missing_ok=True)
        return
    (path.parent / "refused").mkdir(exist_ok=True)
    path.replace(path.parent / "refused" / path.name)


def _claimed(path: Path) -> tuple[int, str]:
    with path.open("rb") as stream:
        return packets.number_of(stream.read(packets.MOST_HEADER + 64)), path.name


def _record(action: str, made: Packet, refused: dict[str, int]) -> None:
    data = {"number": made.number, "sha256": made.digest, "messages": made.messages, "refused": refused}
    ledger.record(actor="system", action=action, subject=f"zone:{made.peer.public_id}", data=data)
