"""Reads of proofs: who may see which record, lists, proofs told step by step."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from groundplan.kernel.events import queries as events
from groundplan.kernel.events.models import Letter, Webhook
from groundplan.kernel.ledger import logic as tree
from groundplan.kernel.ledger import queries as ledger
from groundplan.kernel.ledger.errors import EntryNotFound, SizeOutOfRange
from groundplan.kernel.ledger.models import Entry, Head, Key
from groundplan.kernel.parties.models import User
from groundplan.kernel.parties.queries import Actor
from groundplan.kernel.proofs import registry
from groundplan.kernel.proofs.errors import FilterInvalid
from groundplan.kernel.proofs.logic import Step, steps
from groundplan.kernel.proofs.queries.witnesses import (
    Agreement,
    agreement_with,
    agreements,
    due_witnesses,
    head_lines,
    may_witness,
    witness_file,
    witnesses,
)
from groundplan.lib import clock, keyset
from groundplan.lib.crypto import signing

__all__ = [
    "Agreement", "agreement_with", "agreements", "due_witnesses", "head_lines", "may_witness", "witness_file",
    "witnesses",
]  # fmt: skip
AUDITORS = ("audit_admin", "data_office")
# Looking behind a mask, wherever it is done.
UNMASKING = ("cases.unmask", "parties.unmask_identifier")
PUSHERS = ("system_admin", "data_office")


@dataclass(frozen=True)
class Filters:
    """What the list of records is narrowed to; days are in the city's zone, both included."""

    subject: str = ""
    actor: str = ""
    action: str = ""
    since: str = ""
    until: str = ""


@dataclass(frozen=True)
class Proven:
    """A record and its proof, as the page tells it."""

    entry: Entry
    content: dict[str, Any]
    leaf: str
    proof: tree.InclusionProof
    steps: list[Step]
    head: dict[str, Any]
    fingerprint: str
    root_fits: bool
    signature_holds: bool


@dataclass(frozen=True)
class Added:
    """Whether the later of two logs only adds to the earlier, as the page tells it."""

    first: str
    second: str
    fault: str = ""
    holds: bool = False
    old: str = ""
    new: str = ""
    path: list[str] = field(default_factory=list)


def may_audit(actor: Actor) -> bool:
    """Whether an actor may read the whole log."""
    return actor.has_role(*AUDITORS)


def may_push(actor: Actor) -> bool:
    """Whether an actor may see and change webhooks."""
    return actor.has_role(*PUSHERS)


def is_oneself(actor: Actor, subject: str) -> bool:
    """Whether ``user:<actor id>`` is the actor: everybody may see the records of the own account."""
    return actor.is_signed_in and subject == f"user:{actor.actor_id}"


def readable_subject(actor: Actor, entry_id: UUID) -> str:
    """The subject of a record that an actor may read, integrated or not.

    Raises:
        EntryNotFound: no such record, or none that the actor may know of.
    """
    subject = ledger.subject_of(entry_id)
    if subject is None or not (may_audit(actor) or registry.may_read(actor, subject)):
        raise EntryNotFound(f"There is no record {entry_id}.")
    return subject


def record(actor: Actor, entry_id: UUID) -> Entry:
    """One record.

    Raises:
        EntryNotFound: no such record, or none that the actor may know of.
        NotYetIntegrated: it will be in the log in a moment.
    """
    readable_subject(actor, entry_id)
    return ledger.entry(entry_id)


def proof(actor: Actor, entry_id: UUID) -> tree.InclusionProof:
    """The proof of one record; errors as of :func:`record`."""
    readable_subject(actor, entry_id)
    return ledger.inclusion_proof(entry_id)


def proven(actor: Actor, entry_id: UUID) -> Proven:
    """A record with its proof, checked here and told step by step; errors as of :func:`record`."""
    found = record(actor, entry_id)
    made = ledger.inclusion_proof(entry_id)
    leaf = tree.leaf_hash(made.body)
    way = steps(leaf, made.leaf_index, made.head.size, made.path)
    return Proven(
        entry=found,
        content=json.loads(made.body),
        leaf=leaf.hex(),
        proof=made,
        steps=way,
        head=json.loads(made.head.body),
        fingerprint=signing.fingerprint(made.head.public_key),
        root_fits=(way[-1].result if way else leaf.hex()) == made.head.root.hex(),
        signature_holds=signing.verify(
            public_key=made.head.public_key, message=made.head.body, signature=made.head.signature
        ),
    )


def records(filters: Filters, *, after: str | None = None, size: int = 50) -> keyset.Page[Entry]:
    """The log, latest first. The caller has asked :func:`may_audit`.

    Raises:
        FilterInvalid: a day that cannot be read.
        CursorInvalid: a cursor of another list.
    """
    return keyset.page(filtered(filters), order=("-leaf_index",), after=after, size=size)


def records_table(filters: Filters) -> tuple[list[str], Iterator[list[Any]]]:
    """Titles and rows of the log, latest first. The caller has asked :func:`may_audit`."""
    heads = [_("序号"), _("时间"), _("操作名称"), _("对象"), _("操作人标识"), _("留痕编号")]
    found = filtered(filters).order_by("-leaf_index").iterator(chunk_size=500)
    rows = (
        [r.leaf_index, f"{timezone.localtime(r.at):%Y-%m-%d %H:%M:%S}", r.action, r.subject, r.actor, str(r.entry_id)]
        for r in found
    )
    return heads, rows


def filtered(filters: Filters) -> QuerySet[Entry]:
    """The log by a filter."""
    rows = Entry.objects.all()
    exact = {"subject": filters.subject, "actor": filters.actor, "action": filters.action}
    rows = rows.filter(**{name: value.replace("\0", "") for name, value in exact.items() if value})
    if filters.since:
        rows = rows.filter(at__gte=_midnight(filters.since))
    if filters.until:
        rows = rows.filter(at__lt=_midnight(filters.until) + timedelta(days=1))
    return rows


def records_of(actor: Actor, subject: str, *, after: str | None = None, size: int = 50) -> keyset.Page[Entry]:
    """The records of one subject, oldest first; none for those who may not know of it."""
    allowed = may_audit(actor) or registry.may_read(actor, subject)
    rows = ledger.entries_for(subject) if allowed else Entry.objects.none()
    return keyset.page(rows, order=("leaf_index",), after=after, size=size)


def names_of(actors: Iterable[str]) -> dict[str, str]:
    """The display names of those actor ids that are users."""
    ids = {text for text in actors if is_uuid(text)}
    rows = User.objects.filter(public_id__in=ids).values_list("public_id", "display_name")
    return {str(public_id): name for public_id, name in rows}


def heads(*, after: str | None = None, size: int = 50) -> keyset.Page[Head]:
    """Signed tree heads, latest first: public."""
    return keyset.page(Head.objects.all(), order=("-number",), after=after, size=size)


def head_document(row: Head) -> dict[str, Any]:
    """A signed head as the API gives it."""
    return {
        "number": row.number,
        "size": row.size,
        "root": bytes(row.root).hex(),
        "at": row.at,
        "key_id": row.key_id,
        "body": bytes(row.body).decode(),
        "signature": bytes(row.signature).hex(),
    }


def key_document(row: Key) -> dict[str, Any]:
    """A public key as the API gives it."""
    return {
        "key_id": row.key_id,
        "public_key": bytes(row.public_key).hex(),
        "fingerprint": signing.fingerprint(bytes(row.public_key)),
        "valid_from": row.valid_from,
        "valid_until": row.valid_until,
    }


def keys() -> list[dict[str, Any]]:
    """All public keys of the log, oldest first: public."""
    return [key_document(row) for row in ledger.keys()]  # noqa: SIM118 - a query, not a dict.


def webhooks(*, after: str | None = None, size: int = 50) -> keyset.Page[Webhook]:
    """Webhooks, latest first."""
    return keyset.page(events.webhooks(), order=("-id",), after=after, size=size)


def dead_letters(*, after: str | None = None, size: int = 50) -> keyset.Page[Letter]:
    """Events that could not be delivered, latest first."""
    return keyset.page(events.dead_letters(), order=("-id",), after=after, size=size)


def added(first: str, second: str) -> Added | None:
    """What the page says about two heads that a reader named by their sizes; None when none were named."""
    if not (first or second):
        return None
    try:
        made = ledger.consistency_proof(int(first[:18]), int(second[:18]))
    except ValueError:
        return Added(first, second, fault=_("记录条数应为整数。"))
    except SizeOutOfRange:
        return Added(first, second, fault=_("请从下表选两个日志头的记录条数，较早的在前。"))
    old, new = made.first, made.second
    holds = tree.consistent(old.size, new.size, old.root, new.root, made.path)
    return Added(first, second, holds=holds, old=old.root.hex(), new=new.root.hex(), path=[p.hex() for p in made.path])


def _midnight(text: str) -> datetime:
    try:
        day = date.fromisoformat(text)
        return datetime.combine(day, time.min, tzinfo=timezone.get_default_timezone())
    except ValueError:
        raise FilterInvalid(f"{text[:20]!r} is not a day.", accepted="2026-07-01") from None


def is_uuid(text: str) -> bool:
    """Whether a text is a UUID in its usual spelling."""
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False


def unmasked_today() -> int:
    """How often somebody looked behind a mask today, at most 1,000."""
    midnight = timezone.localtime(clock.now()).replace(hour=0, minute=0, second=0, microsecond=0)
    seen = Entry.objects.filter(action__in=UNMASKING, at__gte=midnight)
    return int(seen[:1000].count())
