"""登录绑定: which account an identity at a source opens; and what a user lets applications know."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from groundplan.kernel.identity.errors import IdentityUntied, SourceNotFound, TieNotFound, TieTaken
from groundplan.kernel.identity.models import Client, Consent, Source, Tie, Token
from groundplan.kernel.identity.registry import Outsider
from groundplan.kernel.ledger import actions as ledger
from groundplan.kernel.parties import actions as parties
from groundplan.kernel.parties.errors import UserNotFound
from groundplan.kernel.parties.models import User
from groundplan.kernel.parties.queries import SYSTEM, Actor, keeper_of, user_named
from groundplan.lib import clock, crypto
from groundplan.lib.errors import GroundplanError, NotAllowed

MOST_ROWS = 20_000


@dataclass(frozen=True)
class TiedRow:
    """A row of a list of ties that could not be taken: its number, the user name, why."""

    number: int
    username: str
    reason: str


@transaction.atomic
def tie_own_account(*, actor: Actor, source: Source, outsider: Outsider) -> Tie:
    """Tie one's own account to the identity that a source has just confirmed.

    Raises:
        NotAllowed: nobody is signed in.
        TieTaken: the identity opens another account, or the account is tied at this source already.
    """
    user = User.objects.filter(pk=actor.user_id, is_active=True).first() if actor.user_id else None
    if user is None:
        raise NotAllowed
    made = _tie(source, user, outsider.subject, actor)
    _record(actor, "tie_own_account", made)
    return made


@transaction.atomic
def tie_account(*, actor: Actor, source: UUID, username: str, subject: str) -> Tie:
    """Tie somebody's account to an identity at a source, as the personnel list says.

    Args:
        actor: who keeps accounts of this kind: the system administration, for administrators another one.
        source: one that is not ended.
        username: whose account.
        subject: the id of the person at the source, letter by letter.

    Raises:
        NotAllowed: the actor does not keep this account, or it is the actor's own.
        SourceNotFound, UserNotFound: there is none.
        TieTaken: the identity or the account is tied already.
    """
    made = _tied_by(actor, _source(source), username, subject)
    _record(actor, "tie_account", made)
    return made


def import_ties(*, actor: Actor, source: UUID, rows: Sequence[tuple[int, str, str]]) -> tuple[int, list[TiedRow]]:
    """Tie many accounts at once; what cannot be taken is told row by row, the others are taken.

    Args:
        actor: as in ``tie_account``.
        source: one that is not ended.
        rows: number in the file, user name, id at the source; at most 20,000.

    Returns:
        How many were tied, and the rows that were not.
    """
    if not actor.has_role("system_admin"):
        raise NotAllowed(accepted="system_admin")
    found, wrong, tied = _source(source), [], 0
    with transaction.atomic():
        for number, username, subject in rows[:MOST_ROWS]:
            try:
                with transaction.atomic():
                    _tied_by(actor, found, username, subject)
                tied += 1
            except GroundplanError as error:
                wrong.append(TiedRow(number, username[:64], error.detail or error.title["zh-hans"]))
        ledger.record(
            actor=actor.actor_id, action="identity.import_ties", subject=f"source:{found.public_id}",
            data={"tied": tied, "refused": len(wrong)},
        )  # fmt: skip
    return tied, wrong


@transaction.atomic
def untie(*, actor: Actor, tie: UUID) -> None:
    """End a tie: one's own, or somebody's whose account one keeps.

    Raises:
        TieNotFound: there is none, or it is somebody else's.
    """
    row = Tie.objects.select_related("user", "source").filter(public_id=tie, ended_at=None).first()
    own = row is not None and row.user_id == actor.user_id
    if row is None or not (own or actor.has_role(keeper_of(row.user))):
        raise TieNotFound
    Tie.objects.filter(pk=row.pk).update(ended_at=clock.now())
    _record(actor, "untie", row)


def come_in(*, source: Source, outsider: Outsider) -> User:
    """The account that an identity opens.

    Raises:
        IdentityUntied: no account, or one that is not in use.
    """
    found_by = _hash(source, outsider.subject)
    with transaction.atomic():
        tie = Tie.objects.select_related("user").filter(source=source, found_by=found_by, ended_at=None).first()
        if tie is None and source.opens_accounts:
            tie = _open_account(source, outsider)
        if tie is not None and tie.user.is_active:
            Tie.objects.filter(pk=tie.pk).update(used_at=clock.now())
            return tie.user
        ledger.record(actor="system", action="identity.refuse_sign_in", subject=f"source:{source.public_id}", data={})
    raise IdentityUntied(
        _("“%(source)s”确认了您的身份，但本系统还没有与之绑定的账号。") % {"source": source},
        next_step=_("先用用户名和密码登录，在“我的账号”中绑定；或请系统管理员代为绑定。"),
    )


@transaction.atomic
def give_consent(*, actor: Actor, client: Client, scope: str) -> Consent:
    """Let an application know who one is, until one takes it back.

    Raises:
        NotAllowed: nobody is signed in.
    """
    if actor.user_id is None:
        raise NotAllowed
    before = Consent.objects.filter(client=client, user_id=actor.user_id, ended_at=None)
    known = {each for row in before for each in row.scope.split()}
    before.update(ended_at=clock.now())
    granted = " ".join(each for each in client.scopes if each in known | set(scope.split()))
    made = Consent.objects.create(client=client, user_id=actor.user_id, scope=granted)
    subject = f"client:{client.public_id}"
    ledger.record(actor=actor.actor_id, action="identity.give_consent", subject=subject, data={"scope": granted})
    return made


@transaction.atomic
def take_consent_back(*, actor: Actor, consent: UUID) -> None:
    """Take it back: the application is asked anew, its tokens of this user end at once.

    Raises:
        TieNotFound: it is not one's own.
    """
    row = Consent.objects.select_related("client").filter(
        public_id=consent, user_id=actor.user_id or 0, ended_at=None
    ).first()  # fmt: skip
    if row is None or actor.user_id is None:
        raise TieNotFound
    now = clock.world()
    Consent.objects.filter(pk=row.pk).update(ended_at=clock.now())
    ended = Token.objects.filter(client=row.client, user_id=actor.user_id, revoked_at=None).update(revoked_at=now)
    ledger.record(
        actor=actor.actor_id, action="identity.take_consent_back", subject=f"client:{row.client.public_id}",
        data={"tokens": ended},
    )  # fmt: skip


def _open_account(source: Source, outsider: Outsider) -> Tie:
    """A resident's account: no password, no role, opened by this identity alone."""
    user = parties.add_user(
        actor=SYSTEM, username=f"r-{secrets.token_hex(8)}", display_name=outsider.name[:64] or _("市民"),
        password=None, must_change_password=False,
    )  # fmt: skip
    return _tie(source, user, outsider.subject, SYSTEM)


def _tied_by(actor: Actor, source: Source, username: str, subject: str) -> Tie:
    user = user_named(username.strip())
    if actor.user_id == user.pk or not actor.has_role(keeper_of(user)):
        raise NotAllowed(_("不能代为绑定此账号。"))
    if not user.is_active:
        raise UserNotFound(_("账号已停用。"))
    if not 1 <= len(subject.strip()) <= 255:  # noqa: PLR2004 - OpenID Connect Core 1.0, clause 2.
        raise TieTaken(_("对方用户标识为空或过长。"))
    return _tie(source, user, subject.strip(), actor)


def _tie(source: Source, user: User, subject: str, by: Actor) -> Tie:
    try:
        with transaction.atomic():
            return Tie.objects.create(
                source=source,
                user=user,
                found_by=_hash(source, subject),
                masked=_masked(subject),
                made_by_id=by.user_id,
            )
    except IntegrityError:
        raise TieTaken(_("该身份或账号已有绑定，请先解除。")) from None


def _masked(subject: str) -> str:
    """The ends of an id, so that people can tell two apart without reading either."""
    return f"{subject[:2]}…{subject[-2:]}" if len(subject) > 8 else "…"  # noqa: PLR2004 - less would tell the most of it.


def _hash(source: Source, subject: str) -> bytes:
    return crypto.keyed_hash(f"{source.public_id}:{subject}", purpose="outside-identity")


def _source(public_id: UUID) -> Source:
    row = Source.objects.filter(public_id=public_id).exclude(state__in=("ended", "refused")).first()
    if row is None:
        raise SourceNotFound
    return row


def _record(actor: Actor, action: str, row: Tie) -> None:
    ledger.record(
        actor=actor.actor_id, action=f"identity.{action}", subject=f"user:{row.user.actor_id}",
        data={"source": str(row.source.public_id)},
    )  # fmt: skip
