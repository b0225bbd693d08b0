"""Outside witnesses: who keeps copies of the signed heads, and the giving, in order for each."""

from __future__ import annotations

import secrets
from datetime import timedelta
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.utils.translation import gettext as _

from groundplan.kernel.events import actions as events
from groundplan.kernel.events import logic as waiting
from groundplan.kernel.ledger import actions as ledger
from groundplan.kernel.parties.queries import Actor
from groundplan.kernel.proofs import queries
from groundplan.kernel.proofs.errors import WitnessInvalid, WitnessNotFound, WitnessStateChanged
from groundplan.kernel.proofs.logic import copies
from groundplan.kernel.proofs.models import Witness
from groundplan.lib import clock, crypto
from groundplan.lib.errors import NotAllowed

LEASE = timedelta(seconds=60)
BATCH = 500
MEDIA_TYPE = "application/jsonl; charset=utf-8"


@transaction.atomic
def add_witness(*, actor: Actor, name: str, kind: str, address: str) -> tuple[UUID, str]:
    """Give every signed head to a file or an address outside, from the first head on.

    Args:
        actor: a system administrator.
        name: shown in lists and in what ``ledger verify`` finds.
        kind: ``file`` or ``webhook``.
        address: a file name inside the folder of witnesses, or an http or https address.

    Returns:
        The witness's id, and the secret that signs what an address is sent: shown this once, empty for a file.

    Raises:
        NotAllowed: the actor is no system administrator.
        WitnessInvalid: no name, or a file name that is none.
        AddressRefused: the address is one that this installation does not call.
        WitnessStateChanged: a witness already stands at this address.
    """
    _require(actor)
    name = name.strip()
    if not name or len(name) > 100 or "\0" in name + address or kind not in ("file", "webhook"):  # noqa: PLR2004
        raise WitnessInvalid("A witness has a name and a kind.", accepted="1 to 100 characters; file or webhook")
    if kind == "webhook":
        events.resolve(address)
    elif not copies.FILE_NAME.fullmatch(address):
        raise WitnessInvalid(f"{address[:50]!r} is no name of a file.", accepted="letters, digits, . _ -; up to 100")
    secret = secrets.token_bytes(32)
    try:
        with transaction.atomic():
            row = Witness.objects.create(
                name=name, kind=kind, address=address[:500], secret=crypto.encrypt(secret.hex())
            )
    except IntegrityError:
        raise WitnessStateChanged("A witness already stands at this address.", next_step="End it first.") from None
    data = {"kind": kind, "name": name}
    ledger.record(actor=actor.actor_id, action="proofs.add_witness", subject=f"witness:{row.public_id}", data=data)
    return row.public_id, waiting.shown_secret(secret) if kind == "webhook" else ""


@transaction.atomic
def change_witness(*, actor: Actor, witness: UUID, change: str) -> None:
    """End a witness for good, or try again now.

    Args:
        actor: a system administrator.
        witness: public id.
        change: ``end`` or ``retry``.

    Raises:
        NotAllowed: the actor is no system administrator.
        WitnessNotFound: no such witness.
        WitnessStateChanged: it has ended.
    """
    _require(actor)
    if not Witness.objects.filter(public_id=witness).exists():
        raise WitnessNotFound(f"There is no witness {witness}.")
    values = {"state": "ended"} if change == "end" else {"next_at": clock.now(), "attempts": 0}
    if not Witness.objects.filter(public_id=witness, state="active").update(**values):
        raise WitnessStateChanged("The witness has ended.")
    ledger.record(actor=actor.actor_id, action=f"proofs.{change}_witness", subject=f"witness:{witness}")


def give_heads(*, witness: UUID) -> int:
    """One turn at one witness: the next heads, in order, until it has all or one batch fails.

    A lease keeps two processes from serving one witness at once; a batch that was taken but not noted is given again,
    and a witness knows it by the numbers of the heads.

    Returns:
        How many heads it was given.
    """
    now = clock.now()
    free = Witness.objects.filter(public_id=witness, state="active", next_at__lte=now)
    if not free.filter(Q(leased_until=None) | Q(leased_until__lt=now)).update(leased_until=now + LEASE):
        return 0
    row = Witness.objects.get(public_id=witness)
    start = row.given
    try:
        while lines := queries.head_lines(row.given, BATCH):
            reason = _give(row, lines)
            mine = Witness.objects.filter(pk=row.pk)
            if reason:
                wait = timedelta(seconds=waiting.wait_s(row.attempts))
                mine.update(attempts=F("attempts") + 1, reason=reason[:100], next_at=clock.now() + wait)
                break
            row.given += len(lines)
            mine.update(given=row.given, attempts=0, reason="", leased_until=clock.now() + LEASE)
    finally:
        Witness.objects.filter(pk=row.pk).update(leased_until=None)
    return row.given - start


def _give(row: Witness, lines: list[bytes]) -> str:
    if row.kind == "file":
        return copies.append(queries.witness_file(row.address), row.given, lines)
    secret = bytes.fromhex(crypto.decrypt(bytes(row.secret)))
    message_id = f"{row.public_id}.{row.given}.{len(lines)}"
    return events.post(row.address, b"".join(lines), message_id, secret, kind=MEDIA_TYPE)


def _require(actor: Actor) -> None:
    if not queries.may_witness(actor):
        raise NotAllowed(_("只有系统管理员可以管理见证方。"), accepted="system_admin")
