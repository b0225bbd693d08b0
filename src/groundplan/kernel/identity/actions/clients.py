"""接入应用: a system administrator proposes a client, a security administrator lets it in, nobody does both."""

from __future__ import annotations

import datetime as dt
import re
import secrets
from collections.abc import Sequence
from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from groundplan.kernel.identity.actions._hashes import secret_hash
from groundplan.kernel.identity.errors import ClientInvalid, ClientNotFound, OnePersonTwice
from groundplan.kernel.identity.logic import words
from groundplan.kernel.identity.logic.addresses import LONGEST, MOST, wrong_address
from groundplan.kernel.identity.models import Client, Token
from groundplan.kernel.ledger import actions as ledger
from groundplan.kernel.parties import actions as parties
from groundplan.kernel.parties.models import Party
from groundplan.kernel.parties.queries import Actor
from groundplan.lib import clock
from groundplan.lib.errors import Conflict, NotAllowed

# How long the secret before the last one still opens, so that a program can be changed over without a gap.
OVERLAP = dt.timedelta(hours=24)
USERNAME = re.compile(r"^[a-z0-9][a-z0-9.-]{2,40}$")
CHANGES = {
    "pause": (("active",), "paused"),
    "resume": (("paused",), "active"),
    "end": (("proposed", "active", "paused"), "ended"),
}


@transaction.atomic
def propose_client(
    *,
    actor: Actor,
    kind: str,
    name: str,
    unit: Party,
    scopes: Sequence[str],
    username: str = "",
    redirect_uris: Sequence[str] = (),
) -> Client:
    """Describe a program or an application that shall ask for tokens; it opens nothing until it is approved.

    A program gets an account of its own, without password and without roles: the security administration grants them
    like anybody's, and the program may do what the account may.

    Args:
        actor: the system administration.
        kind: ``machine`` (OAuth 2.0 client credentials) or ``site`` (OpenID Connect, authorization code).
        name: 1 to 60 characters; people see it when they are asked for consent.
        unit: who answers for it.
        scopes: of ``words.SCOPES_OF[kind]``.
        username: of a program's account, 3 to 41 small letters, digits, dots and hyphens.
        redirect_uris: where browsers may be sent back: https, or http on this machine; compared letter by letter.

    Raises:
        NotAllowed: the actor is not the system administration.
        ClientInvalid: naming the fields that are wrong.
        CodeTaken: the user name is taken.
    """
    _require(actor, "system_admin")
    wrong = _wrong(kind, name, scopes, username, redirect_uris)
    if wrong:
        raise ClientInvalid(
            _("接入应用填写不完整或格式不对：%(fields)s。") % {"fields": "、".join(wrong)},
            accepted=_("回调地址须为 https:// 开头的完整地址；用户名为 3 至 41 位小写字母、数字、点和连字符。"),
            fields=wrong,
        )
    account = None
    if kind == "machine":
        account = parties.add_user(
            actor=actor, username=username, display_name=name.strip(), password=None, must_change_password=False
        )
    row = Client.objects.create(
        client_id=f"gp-{secrets.token_hex(12)}", name=name.strip(), kind=kind, unit=unit, account=account,
        redirect_uris=list(dict.fromkeys(redirect_uris)), scopes=[each for each in words.SCOPES if each in scopes],
        proposed_by_id=actor.user_id,
    )  # fmt: skip
    _record(actor, "propose_client", row, kind=kind, unit=str(unit.public_id))
    return row


@transaction.atomic
def decide_client(*, actor: Actor, client: UUID, grant: bool) -> Client:
    """Let a proposed client in, or refuse it, as the second person.

    Raises:
        NotAllowed: the actor is not the security administration.
        OnePersonTwice: the actor proposed it.
        ClientNotFound: there is none.
        Conflict: it was decided before.
    """
    _require(actor, "security_admin")
    row = _found(client)
    if actor.user_id is not None and row.proposed_by_id == actor.user_id:
        raise OnePersonTwice(_("提出人不得审批自己提出的接入应用。"))
    changed = Client.objects.filter(pk=row.pk, state="proposed").update(
        state="active" if grant else "refused", decided_by=actor.user_id, decided_at=clock.now()
    )
    if not changed:
        raise Conflict
    if not grant and row.account is not None:
        row.account.is_active = False
        row.account.save(update_fields=["is_active"])
    _record(actor, "decide_client", row, granted=grant)
    row.refresh_from_db()
    return row


@transaction.atomic
def renew_secret(*, actor: Actor, client: UUID, at_once: bool = False) -> str:
    """Make the secret with which a client asks for tokens; the one before still opens for 24 hours.

    Args:
        actor: the system administration.
        client: one in use.
        at_once: let the old secret and all tokens end now, because it may have leaked.

    Returns:
        The secret: 256 bits, shown once, stored as a keyed hash only.

    Raises:
        NotAllowed: the actor is not the system administration.
        ClientNotFound: there is none.
        Conflict: it is not in use.
    """
    _require(actor, "system_admin")
    row = _found(client)
    secret, now = secrets.token_urlsafe(32), clock.world()
    before: dict[str, object] = {"previous": None, "previous_until": None}
    if not at_once:
        before = {"previous": F("hashed"), "previous_until": now + OVERLAP}
    changed = Client.objects.filter(pk=row.pk, state__in=("active", "paused")).update(
        hashed=secret_hash(secret), secret_at=now, **before
    )
    if not changed:
        raise Conflict(_("接入应用未在使用中。"))
    ended = Token.objects.filter(client=row, revoked_at=None).update(revoked_at=now) if at_once else 0
    _record(actor, "renew_secret", row, at_once=at_once, tokens=ended)
    return secret


@transaction.atomic
def change_client(*, actor: Actor, client: UUID, change: str) -> None:
    """Pause, resume or end a client; its tokens stop opening anything at once.

    Raises:
        NotAllowed: the actor is neither system nor security administration; only the latter resumes.
        ClientNotFound: there is none.
        Conflict: it is not in the state that the change starts from.
    """
    _require(actor, *(("security_admin",) if change == "resume" else ("system_admin", "security_admin")))
    before, after = CHANGES[change]
    row = _found(client)
    if not Client.objects.filter(pk=row.pk, state__in=before).update(state=after):
        raise Conflict
    _record(actor, "change_client", row, change=change)


def _wrong(kind: str, name: str, scopes: Sequence[str], username: str, redirect_uris: Sequence[str]) -> list[str]:
    if kind not in words.CLIENT_KINDS:
        return ["kind"]
    wrong = [] if 1 <= len(name.strip()) <= 60 else ["name"]  # noqa: PLR2004 - the column's length.
    if not scopes or set(scopes) - set(words.SCOPES_OF[kind]):
        wrong.append("scopes")
    if kind == "machine":
        return wrong + ([] if USERNAME.match(username) else ["username"])
    if "openid" not in scopes and "scopes" not in wrong:
        wrong.append("scopes")
    short = not 1 <= len(redirect_uris) <= MOST
    if short or any(wrong_address(each) or len(each) > LONGEST for each in redirect_uris):
        wrong.append("redirect_uris")
    return wrong


def _found(client: UUID) -> Client:
    row = Client.objects.select_related("account", "unit").filter(public_id=client).first()
    if row is None:
        raise ClientNotFound
    return row


def _require(actor: Actor, *roles: str) -> None:
    if not actor.has_role(*roles):
        raise NotAllowed(accepted=", ".join(roles))


def _record(actor: Actor, action: str, row: Client, **data: object) -> None:
    ledger.record(actor=actor.actor_id, action=f"identity.{action}", subject=f"client:{row.public_id}", data=dict(data))
