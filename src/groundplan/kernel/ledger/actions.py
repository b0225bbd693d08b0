"""Writes of the ledger: record an entry, move entries into the log, rotate the key."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from groundplan.kernel.ledger import logic, queries
from groundplan.kernel.ledger.errors import EntryInvalid, OutsideTransaction
from groundplan.kernel.ledger.models import Head, Key
from groundplan.lib import clock, sql
from groundplan.lib.canonical import canonical_json, iso_time
from groundplan.lib.crypto import signing
from groundplan.lib.identity import uuid7

APP = "groundplan.kernel.ledger"
SEQUENCER_LOCK = "groundplan.ledger.sequencer"
LIMITS = {"actor": 200, "action": 100, "subject": 200}
quiet = sql.Quiet(every_s=0.05)


def record(*, actor: str, action: str, subject: str, data: Mapping[str, Any] = MappingProxyType({})) -> UUID:
    """Record who did what to what, in the transaction of the change itself.

    Args:
        actor: opaque id of who acted.
        action: name of the action, as ``cases.open_case``.
        subject: what it was done to, as ``case:<public id>``.
        data: JSON without personal data and without floats; erasable facts stand here as a commitment.

    Returns:
        The entry's id; its proof can be had as soon as the sequencer has integrated it.

    Raises:
        OutsideTransaction: no transaction is open.
        EntryInvalid: a name is empty, too long, or not text that can be stored.
        NotCanonical: ``data`` has no canonical JSON form.
    """
    if not connection.in_atomic_block:
        raise OutsideTransaction(
            f"{action} was recorded outside a transaction.",
            next_step="Record inside the transaction.atomic() of the change.",
        )
    for name, value in (("actor", actor), ("action", action), ("subject", subject)):
        if not value or len(value) > LIMITS[name] or "\0" in value:
            raise EntryInvalid(f"{name} is {value[:20]!r}.", accepted=f"1 to {LIMITS[name]} characters")
    entry_id, at = uuid7(), clock.now()
    body = canonical_json(
        {"id": entry_id, "at": iso_time(at), "actor": actor, "action": action, "subject": subject, "data": data}
    )
    statement = "record_entry_and_notify" if quiet.may_notify() else "record_entry"
    sql.run(sql.named(APP, statement), [entry_id, at, actor, action, subject, body])
    return entry_id


@transaction.atomic
def sequence(*, batch: int = 1000) -> int:
    """Move committed entries into the log and sign the new tree head, all in one transaction.

    Only one sequencer works at a time; another finds the lock taken and does nothing.

    Args:
        batch: most entries to move.

    Returns:
        How many were moved.

    Raises:
        SigningKeyMissing: the current key is not in this process's key folder.
    """
    with connection.cursor() as cursor:
        if not sql.try_advisory_lock(cursor, SEQUENCER_LOCK):
            return 0
        last = Head.objects.order_by("-number").first()
        size = last.size if last else 0
        cursor.execute(sql.named(APP, "integrate"), {"batch": batch, "size": size})
        rows = sorted(cursor.fetchall())
        if not rows:
            return 0
        frontier = queries.stored_nodes(logic.peaks(size))
        made = logic.grow(size, frontier, [logic.leaf_hash(body) for _, body in rows])
        sql.copy_rows(
            cursor, "ledger_node", ("level", "position", "hash"), ("int2", "int8", "bytea"),
            ((level, position, value) for (level, position), value in made.items()),
        )  # fmt: skip
        size += len(rows)
        known = {**frontier, **made}
        _sign_head(last, size, logic.fold([known[node] for node in logic.peaks(size)]))
        return len(rows)


@transaction.atomic
def rotate_key(*, actor: str) -> str:
    """Let a new key sign from now on; the log itself tells of it, under a head of the old key's successor.

    Args:
        actor: opaque id of who rotates.

    Returns:
        The new key's id.
    """
    with connection.cursor() as cursor:
        sql.advisory_xact_lock(cursor, SEQUENCER_LOCK)
    old = _current_key()
    new, moment = signing.create_key(), clock.now()
    Key.objects.filter(key_id=old.key_id).update(valid_until=moment)
    Key.objects.create(key_id=new.key_id, public_key=new.public_key, valid_from=moment)
    data = {"old": old.key_id, "new": new.key_id, "public_key": new.public_key.hex()}
    # The old key vouches for the new one: whoever trusts the old key can follow the log to the new.
    data["signature"] = old.sign(new.public_key).hex()
    record(actor=actor, action="ledger.rotate_key", subject=f"key:{new.key_id}", data=data)
    return new.key_id


def _current_key() -> signing.SigningKey:
    current = Key.objects.filter(valid_until=None).first()
    if current:
        return signing.load_key(current.key_id)
    key = signing.create_key()
    Key.objects.create(key_id=key.key_id, public_key=key.public_key)
    return key


def _sign_head(last: Head | None, size: int, root: bytes) -> None:
    key, moment = _current_key(), clock.now()
    number = last.number + 1 if last else 0
    body = logic.body_of_head(
        number=number, size=size, root=root, at=moment, key_id=key.key_id,
        previous=logic.digest_of_head(bytes(last.body), bytes(last.signature)) if last else "",
        algorithm=key.algorithm,
    )  # fmt: skip
    Head.objects.create(
        number=number, size=size, root=root, at=moment, key_id=key.key_id, body=body, signature=key.sign(body)
    )
