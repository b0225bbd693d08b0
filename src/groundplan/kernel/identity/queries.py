"""Reads of identity: clients and sources for administrators, actors of tokens, what an application may know."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from groundplan.kernel.identity.errors import ClientNotFound, ScopeTooSmall, SourceNotFound
from groundplan.kernel.identity.models import Client, Consent, Source, Tie, Token
from groundplan.kernel.parties.logic.roles import ADMINISTRATORS
from groundplan.kernel.parties.models import Membership, User
from groundplan.kernel.parties.queries import Actor, actor_for_user
from groundplan.kernel.parties.registry import WayIn
from groundplan.lib import clock, crypto

SAFE = ("GET", "HEAD", "OPTIONS")


@dataclass(frozen=True)
class Login:
    """Somebody who is signed in and lets an application know: since when, and by what (RFC 8176)."""

    user: User
    at: datetime
    methods: tuple[str, ...]


def issuer(request: HttpRequest) -> str:
    """Who we are towards applications: the address by which they reach us, checked against GROUNDPLAN_HOSTS."""
    return f"{request.scheme}://{request.get_host()}"


def clients(actor: Actor) -> QuerySet[Client]:
    """All clients for an administrator, the newest first; none for anybody else."""
    if not actor.has_role(*ADMINISTRATORS):
        return Client.objects.none()
    return Client.objects.select_related("unit", "account", "proposed_by", "decided_by").order_by("-id")


def client(actor: Actor, public_id: UUID) -> Client:
    """One client.

    Raises:
        ClientNotFound: there is none, or the actor is no administrator.
    """
    found = clients(actor).filter(public_id=public_id).first()
    if found is None:
        raise ClientNotFound
    return found


def live_tokens(row: Client) -> int:
    """How many tokens of a client open something now; counting stops at 1,000."""
    open_now = Token.objects.filter(client=row, revoked_at=None, expires_at__gt=clock.world())
    return len(open_now.values("id")[:1000])


def sources(actor: Actor) -> QuerySet[Source]:
    """All sources for an administrator, each with the number of its ties; none for anybody else."""
    if not actor.has_role(*ADMINISTRATORS):
        return Source.objects.none()
    held = Count("ties", filter=Q(ties__ended_at=None))
    return Source.objects.select_related("proposed_by", "decided_by").annotate(held=held).order_by("-id")


def sources_with_ties(actor: Actor) -> list[tuple[Source, int]]:
    """The newest 1,000 sources for an administrator, each with the number of its ties."""
    return [(row, row.held) for row in sources(actor)[:1000]]  # type: ignore[attr-defined]


def source(actor: Actor, public_id: UUID) -> Source:
    """One source.

    Raises:
        SourceNotFound: there is none, or the actor is no administrator.
    """
    found = sources(actor).filter(public_id=public_id).first()
    if found is None:
        raise SourceNotFound
    return found


def open_sources() -> list[Source]:
    """The sources by which somebody may sign in now."""
    return list(Source.objects.filter(state="active").order_by("id"))


def ways_in() -> list[WayIn]:
    """A button of the sign-in page for each source in use."""
    return [WayIn(str(row), reverse("sign-in-with", args=[row.public_id])) for row in open_sources()]


def ties_of(actor: Actor) -> list[Tie]:
    """One's own ties."""
    return list(Tie.objects.select_related("source").filter(user_id=actor.user_id or 0, ended_at=None).order_by("id"))


def consents_of(actor: Actor) -> list[Consent]:
    """What one lets applications know."""
    return list(
        Consent.objects.select_related("client").filter(user_id=actor.user_id or 0, ended_at=None).order_by("id")
    )


def has_consent(row: Client, user: User, scope: str) -> bool:
    """Whether the user lets the application know at least this."""
    given = Consent.objects.filter(client=row, user=user, ended_at=None).first()
    return given is not None and set(scope.split()) <= set(given.scope.split())


def token_named(text: str) -> Token | None:
    """A token that still opens something."""
    found = Token.objects.select_related("client", "user").filter(
        found_by=crypto.keyed_hash(text, purpose="oauth"), revoked_at=None, expires_at__gt=clock.world(),
        client__state="active", user__is_active=True,
    )  # fmt: skip
    return found.first()


def actor_for(text: str, request: HttpRequest) -> Actor | None:
    """The actor of a program's token: its account, with the rights granted to it.

    Raises:
        ScopeTooSmall: it is for reading, and this request writes.
    """
    token = token_named(text)
    if token is None:
        return None
    if request.method not in SAFE and "write" not in token.scope.split():
        raise ScopeTooSmall(_("此令牌仅限查询，不能办理。"), accepted="write", next_step=_("请申请包含“办理”的权限。"))
    return actor_for_user(token.user)


def told(row: Client, user: User, scope: str) -> dict[str, Any]:
    """What an application may know of a user, by the granted scopes; ids differ from application to application."""
    granted = scope.split()
    known: dict[str, Any] = {"sub": subject_for(row, user)}
    if "profile" in granted:
        known |= {"name": user.display_name, "preferred_username": user.username}
        known |= {"locale": user.language} if user.language else {}
    if "units" in granted:
        held = Membership.objects.select_related("party").filter(user=user).on().order_by("id")
        known["units"] = [
            {"code": each.party.code, "name": each.party.name, "role": each.role, "territory": each.territory}
            for each in held
        ]
    return known


def subject_for(row: Client, user: User) -> str:
    """A pairwise id of a user for one application (OpenID Connect Core 1.0, clause 8.1)."""
    digest = crypto.keyed_hash(f"{row.client_id}:{user.actor_id}", purpose="pairwise-subject")
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")
