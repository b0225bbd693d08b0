"""身份源: houses outside that say who somebody is; proposed by one administrator, taken into use by another."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from groundplan.kernel.events import actions as events
from groundplan.kernel.identity import registry
from groundplan.kernel.identity.errors import OnePersonTwice, SourceInvalid, SourceNotFound
from groundplan.kernel.identity.models import Source
from groundplan.kernel.ledger import actions as ledger
from groundplan.kernel.parties.queries import Actor
from groundplan.lib import clock, crypto
from groundplan.lib.errors import Conflict, NotAllowed

SHORTEST_SECRET = 8
LONGEST_OPTION = 300
CHANGES = {
    "pause": (("active",), "paused"),
    "resume": (("paused",), "active"),
    "end": (("proposed", "active", "paused"), "ended"),
}


@transaction.atomic
def propose_source(
    *,
    actor: Actor,
    kind: str,
    name: str,
    address: str,
    secret: str,
    name_en: str = "",
    options: Mapping[str, str] | None = None,
    opens_accounts: bool = False,
    is_strong: bool = False,
) -> Source:
    """Describe a house outside that says who somebody is; nobody signs in by it until it is approved.

    Args:
        actor: the system administration.
        kind: a registered kind: ``oidc``, ``provincial``, ``wecom``, ``dingtalk``.
        name: what stands on the button, 1 to 60 characters.
        address: of the house; nothing else is called beside the addresses in ``options``.
        name_en: the same in English; the name if none is given.
        secret: ours at the house, 8 characters or more; stored encrypted.
        options: what the kind needs beside.
        opens_accounts: whether a person unknown here gets an account without any role, as residents do.
        is_strong: whether a second factor that the house says it has asked for counts here.

    Raises:
        NotAllowed: the actor is not the system administration.
        SourceInvalid: naming the fields that are wrong.
        AddressRefused: an address is inside this network.
    """
    _require(actor, "system_admin")
    known = registry.kind_of(kind)
    if known is None:
        raise SourceInvalid(_("没有这种身份源。"), accepted=", ".join(each.key for each in registry.kinds()))
    given = {key: str(value).strip() for key, value in (options or {}).items() if str(value).strip()}
    wrong = [each for each in known.needed if not given.get(each)]
    wrong += [each for each, text in given.items() if len(text) > LONGEST_OPTION or not text.isprintable()]
    wrong += [] if 1 <= len(name.strip()) <= 60 else ["name"]  # noqa: PLR2004 - the column's length.
    wrong += [] if len(secret) >= SHORTEST_SECRET else ["secret"]
    if wrong:
        raise SourceInvalid(_("身份源填写不完整：%(fields)s。") % {"fields": "、".join(wrong)}, fields=wrong)
    options = {key: given[key] for key in (*known.needed, *known.optional) if key in given}
    for each in (address, *(text for key, text in options.items() if key.endswith("_address"))):
        events.resolve(each)
    row = Source.objects.create(
        kind=kind, name={"zh-hans": name.strip(), "en": name_en.strip()[:60] or name.strip()},
        address=address.strip().rstrip("/")[:300], options=options,
        sealed=crypto.encrypt(secret), opens_accounts=opens_accounts, is_strong=is_strong,
        proposed_by_id=actor.user_id,
    )  # fmt: skip
    _record(actor, "propose_source", row, kind=kind)
    return row


def decide_source(*, actor: Actor, source: UUID, grant: bool) -> Source:
    """Take a proposed source into use, or refuse it, as the second person; what it publishes is fetched first.

    Raises:
        NotAllowed: the actor is not the security administration.
        OnePersonTwice: the actor proposed it.
        SourceNotFound: there is none.
        SourceRefused: it does not answer as its kind must; it stays proposed.
        Conflict: it was decided before.
    """
    _require(actor, "security_admin")
    row = _found(source)
    if actor.user_id is not None and row.proposed_by_id == actor.user_id:
        raise OnePersonTwice(_("提出人不得审批自己提出的身份源。"))
    known = registry.kind_of(row.kind)
    if grant and known is not None:
        known.prepare(row)
    with transaction.atomic():
        changed = Source.objects.filter(pk=row.pk, state="proposed").update(
            state="active" if grant else "refused", decided_by=actor.user_id, decided_at=clock.now()
        )
        if not changed:
            raise Conflict
        _record(actor, "decide_source", row, granted=grant)
    row.refresh_from_db()
    return row


@transaction.atomic
def change_source(*, actor: Actor, source: UUID, change: str) -> None:
    """Pause, resume or end a source; nobody signs in by it any more from the next request on.

    Raises:
        NotAllowed: the actor is neither system nor security administration; only the latter resumes.
        SourceNotFound: there is none.
        Conflict: it is not in the state that the change starts from.
    """
    _require(actor, *(("security_admin",) if change == "resume" else ("system_admin", "security_admin")))
    before, after = CHANGES[change]
    row = _found(source)
    if not Source.objects.filter(pk=row.pk, state__in=before).update(state=after):
        raise Conflict
    _record(actor, "change_source", row, change=change)


def _found(source: UUID) -> Source:
    row = Source.objects.filter(public_id=source).first()
    if row is None:
        raise SourceNotFound
    return row


def _require(actor: Actor, *roles: str) -> None:
    if not actor.has_role(*roles):
        raise NotAllowed(accepted=", ".join(roles))


def _record(actor: Actor, action: str, row: Source, **data: object) -> None:
    ledger.record(actor=actor.actor_id, action=f"identity.{action}", subject=f"source:{row.public_id}", data=dict(data))
