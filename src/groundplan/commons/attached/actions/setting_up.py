"""Which systems are attached, and what their codes mean here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from groundplan.commons.attached import queries, registry
from groundplan.commons.attached.actions import _taking as taking
from groundplan.commons.attached.errors import OrderMoved, SystemInvalid
from groundplan.commons.attached.logic import CODE_KINDS, DIRECTIONS, LONGEST_ID
from groundplan.commons.attached.logic import mapping as mapped
from groundplan.commons.attached.models import Code, Item, System
from groundplan.kernel.ledger import actions as ledger
from groundplan.kernel.parties.models import Party
from groundplan.kernel.parties.queries import Actor
from groundplan.lib import clock, crypto
from groundplan.lib.errors import NotAllowed
from groundplan.lib.tabular import read_table

SHORTEST_SECRET = 16
LONGEST_MINUTES = 1440
MOST_CODES = 20_000
COLUMNS = ("类别", "对方代码", "本系统代码")
CHANGES = {
    "pause": (("active",), "paused"),
    "resume": (("paused",), "active"),
    "end": (("active", "paused"), "ended"),
}


@transaction.atomic
def add_system(
    *,
    actor: Actor,
    name: str,
    kind: str,
    address: str,
    secret: str,
    unit: Party,
    flow: str,
    direction: str = "both",
    mapping: str = "",
    every_minutes: int = 5,
    completes: bool = True,
) -> System:
    """Attach a system; it is spoken to from the next minute on.

    Args:
        actor: the data office of the owning unit.
        name: 1 to 60 characters.
        kind: ``rest``, ``files``, ``hotline-12345`` or what else is registered.
        address: of the system, or the name of its drop folder.
        secret: signs requests; 16 characters or more, none for a folder; stored encrypted.
        unit: who answers for the attachment.
        flow: which flow its events open, and whose tasks go to it.
        direction: ``both``, ``in`` or ``out``.
        mapping: YAML; that of the kind when empty.
        every_minutes: 1 to 1440.
        completes: whether their "finished" completes our task.

    Raises:
        NotAllowed: the actor is no data office of the unit.
        SystemInvalid: ``fields`` names what is missing or wrong.
        AddressRefused: the address is inside this network.
    """
    if not actor.covers(unit.pk, registry.KEEPER):
        raise NotAllowed(accepted=registry.KEEPER)
    known = registry.offered()
    wrong = [
        field
        for field, bad in (
            ("name", not name.strip()), ("kind", kind not in known), ("direction", direction not in DIRECTIONS),
            ("flow", flow not in registry.takers), ("every_minutes", not 1 <= every_minutes <= LONGEST_MINUTES),
            ("secret", kind != "files" and len(secret) < SHORTEST_SECRET),
        )
        if bad
    ]  # fmt: skip
    if wrong:
        raise SystemInvalid(_("以下各项缺失或不合要求：%(fields)s。") % {"fields": "、".join(wrong)}, fields=wrong)
    read = _read(mapping, kind)
    known[kind].check(address)
    row = System.objects.create(
        name=name.strip()[:60], kind=kind, direction=direction, flow=flow, address=address[:300],
        sealed=crypto.encrypt(secret), mapping=read.model_dump(mode="json"), unit=unit, every_minutes=every_minutes,
        completes=completes,
    )  # fmt: skip
    Code.objects.bulk_create(
        Code(system=row, kind=part, theirs=theirs[:LONGEST_ID], ours=ours)
        for part, pairs in read.codes.items()
        for theirs, ours in pairs.items()
    )
    _record(actor, "add_system", row, {"kind": kind, "direction": direction, "mapping": read.version})
    return row


@transaction.atomic
def change_system(*, actor: Actor, system: UUID, change: str) -> None:
    """Pause, resume or end an attachment; nothing that is waiting is lost by it.

    Raises:
        SystemNotFound, NotAllowed: not the actor's.
        OrderMoved: it is not in the state that the change starts from.
    """
    row = queries.kept_system(actor, system)
    before, after = CHANGES[change]
    moved = System.objects.filter(pk=row.pk, state__in=before)
    if not moved.update(state=after, next_at=clock.now(), failures=0):
        raise OrderMoved(_("该系统当前状态不能这样更改。"), accepted="、".join(before))
    _record(actor, "change_system", row, {"change": change})


@transaction.atomic
def change_mapping(*, actor: Actor, system: UUID, mapping: str) -> System:
    """Replace the mapping of the fields of a system.

    Raises:
        SystemNotFound, NotAllowed: not the actor's.
        SystemInvalid: it is no mapping; the text says where.
    """
    row = queries.kept_system(actor, system)
    row.mapping = _read(mapping, row.kind).model_dump(mode="json")
    row.save(update_fields=["mapping"])
    _record(actor, "change_mapping", row, {"mapping": row.mapping["version"]})
    return row


@transaction.atomic
def set_codes(*, actor: Actor, system: UUID, codes: Sequence[tuple[str, str, str]]) -> int:
    """Say what codes of theirs mean here, and take in what waited for them; an empty meaning drops the code.

    Args:
        actor: the data office.
        system: public id.
        codes: kind (``category``, ``unit``, ``state``), theirs, ours.

    Returns:
        How many waiting messages were taken in.

    Raises:
        SystemNotFound, NotAllowed: not the actor's.
        SystemInvalid: ``fields`` names each code at fault; none is kept.
    """
    row = queries.kept_system(actor, system)
    wanted = [(kind.strip(), theirs.strip(), ours.strip()) for kind, theirs, ours in codes]
    _check_codes(row, wanted)
    for kind, theirs, ours in wanted:
        if ours:
            Code.objects.update_or_create(system=row, kind=kind, theirs=theirs, defaults={"ours": ours})
        else:
            Code.objects.filter(system=row, kind=kind, theirs=theirs).delete()
    _record(actor, "set_codes", row, {"count": len(wanted)})
    return taking.take_waiting(row)


def import_codes(*, actor: Actor, system: UUID, content: bytes, filename: str) -> int:
    """Take codes from a table with the columns 类别, 对方代码, 本系统代码.

    Returns:
        How many waiting messages were taken in.

    Raises:
        UnreadableTable, SystemInvalid, SystemNotFound, NotAllowed: as in ``set_codes``; nothing is kept.
    """
    table = read_table(content, filename, most_bytes=5_000_000, most_rows=MOST_CODES)
    table.require(*COLUMNS)
    words = {label: kind for kind, labels in CODE_KINDS.items() for label in (*labels.values(), kind)}
    rows = [tuple(row.text(column) for column in COLUMNS) for row in table.rows]
    return set_codes(
        actor=actor, system=system, codes=[(words.get(kind, kind), theirs, ours) for kind, theirs, ours in rows]
    )


@transaction.atomic
def refuse_item(*, actor: Actor, item: UUID, reason: str) -> None:
    """Refuse a message that waits, with the reason; it stays on the list of refused ones.

    Raises:
        SystemNotFound, NotAllowed: not the actor's.
        OrderMoved: it does not wait, or no reason is given.
    """
    row = queries.item_for(actor, item)
    queries.kept_system(actor, row.system.public_id)
    text = reason.replace("\x00", "").strip()[:300]
    if not text:
        raise OrderMoved(_("请填写理由。"))
    waiting = Item.objects.filter(pk=row.pk, state="waiting")
    if not waiting.update(state="refused", reason=text, settled_at=clock.now()):
        raise OrderMoved(_("该件已不在待对照列表中。"))
    _record(actor, "refuse_item", row.system, {"item": str(row.public_id)})


def _read(source: str, kind: str) -> mapped.Mapping:
    if not source.strip():
        found = registry.shipped_mapping(kind)
        if found is None:
            raise SystemInvalid(fields=["mapping"])
        return found
    try:
        return mapped.read_mapping(source)
    except ValueError as error:
        raise SystemInvalid(_("字段映射有误：%(why)s") % {"why": str(error)[:600]}, fields=["mapping"]) from error


def _check_codes(row: System, codes: Sequence[tuple[str, str, str]]) -> None:
    allowed: dict[str, Mapping[str, Any]] = {kind: queries.meanings(row, kind) for kind in CODE_KINDS}
    wrong = [
        f"{kind}:{theirs} → {ours}"
        for kind, theirs, ours in codes
        if kind not in allowed or not theirs or len(theirs) > LONGEST_ID or (ours and ours not in allowed[kind])
    ]
    if wrong or len(codes) > MOST_CODES:
        text = "；".join(wrong[:20])
        raise SystemInvalid(_("以下对照有误：%(codes)s") % {"codes": text}, fields=[each[:300] for each in wrong[:20]])


def _record(actor: Actor, action: str, row: System, data: dict[str, object]) -> None:
    ledger.record(actor=actor.actor_id, action=f"attached.{action}", subject=f"attached:{row.public_id}", data=data)
