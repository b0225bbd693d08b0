"""Notices of one user; nobody reads another's."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings

from groundplan.kernel.notices.models import Notice
from groundplan.kernel.notices.registry import Message
from groundplan.kernel.parties.queries import Actor
from groundplan.lib import keyset

UNREAD_SHOWN_MAX = 99


def unread(actor: Actor) -> int:
    """How many notices an actor has not read; counting stops at 99."""
    if actor.user_id is None:
        return 0
    return len(Notice.objects.filter(user_id=actor.user_id, read_at=None).values("id")[:UNREAD_SHOWN_MAX])


def notices_for(
    actor: Actor, *, unread_only: bool = False, after: str | None = None, size: int = 50
) -> keyset.Page[Notice]:
    """The notices of an actor, newest first."""
    found = Notice.objects.filter(user_id=actor.user_id) if actor.user_id else Notice.objects.none()
    if unread_only:
        found = found.filter(read_at=None)
    return keyset.page(found, order=("-id",), after=after, size=size)


def message_for(public_id: UUID) -> Message | None:
    """A notice as a channel is given it; None when it was read, forgotten, or its user's account is closed."""
    notice = Notice.objects.select_related("user").filter(public_id=public_id, read_at=None).first()
    if notice is None or not notice.user.is_active:
        return None
    language = notice.user.language or settings.LANGUAGE_CODE
    return Message(
        notice=notice.public_id,
        recipient=notice.user.actor_id,
        display_name=notice.user.display_name,
        language=language,
        text=notice.title.get(language) or next(iter(notice.title.values())),
        url=notice.url,
        kind=notice.kind,
    )
