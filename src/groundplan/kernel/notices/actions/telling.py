"""Writes of notices: tell, mark as read, forget."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from groundplan.kernel.events import actions as events
from groundplan.kernel.ledger import actions as ledger
from groundplan.kernel.notices import registry
from groundplan.kernel.notices.errors import NoticeInvalid, NoticeNotFound
from groundplan.kernel.notices.models import Notice
from groundplan.kernel.parties.models import Membership, User
from groundplan.kernel.parties.queries import Actor, deputy_ids
from groundplan.lib import clock

KEPT_DAYS = 180
Recipient = User | tuple[int, Sequence[str]]


def notify(
    *,
    actor: Actor | str,
    recipients: Iterable[Recipient],
    kind: str,
    subject: str,
    title: registry.Labels | None = None,
    values: Mapping[str, str | int] | None = None,
    url: str = "",
) -> int:
    """Tell users something; everybody is told once, however many of the roles they hold.

    Args:
        actor: who causes it.
        recipients: users, or ``(party id, roles)`` for all who hold one of these roles there today.
        kind: a registered kind, or any name if ``title`` is given.
        subject: what it is about, such as ``case:<id>``.
        title: the text as a label; the registered text of the kind if none is given.
        values: fill the placeholders of the text.
        url: page to open.

    Returns:
        How many users were told; nobody is no error and leaves no record.

    Raises:
        NoticeInvalid: the kind has no text, or a placeholder has no value.
    """
    texts = _filled(kind, title, values or {})
    actor_id = actor if isinstance(actor, str) else actor.actor_id
    with transaction.atomic():
        users = list(_users(recipients))
        made = Notice.objects.bulk_create(
            Notice(user=user, kind=kind, title=texts, subject=subject, url=url) for user in users
        )
        for notice in made:
            events.publish(
                type="notice.created.v1",
                subject=f"notice:{notice.public_id}",
                data={"notice": notice.public_id, "kind": kind},
                actor=actor_id,
                audience=[f"user:{notice.user.actor_id}"],
            )
        if made:
            data = {"kind": kind, "recipients": sorted(user.actor_id for user in users)}
            ledger.record(actor=actor_id, action="notices.notify", subject=subject, data=data)
    return len(made)


def read_notice(*, actor: Actor, public_id: UUID) -> Notice:
    """Mark one's own notice as read; once read it stays read. Reading changes nothing in the city: no record is left.

    Raises:
        NoticeNotFound: there is none, or it is somebody else's.
    """
    with transaction.atomic():
        own = Notice.objects.filter(public_id=public_id, user_id=actor.user_id) if actor.user_id else None
        notice = own.first() if own is not None else None
        if notice is None:
            raise NoticeNotFound
        Notice.objects.filter(pk=notice.pk, read_at=None).update(read_at=clock.now())
        notice.refresh_from_db()
    return notice


def read_all_notices(*, actor: Actor) -> int:
    """Mark all one's own notices as read.

    Returns:
        How many were not read before.
    """
    if actor.user_id is None:
        return 0
    return Notice.objects.filter(user_id=actor.user_id, read_at=None).update(read_at=clock.now())


def forget_notices() -> int:
    """Delete notices older than 180 days; what they told of stays on record.

    Returns:
        How many were deleted.
    """
    deleted, _tables = Notice.objects.filter(created_at__lt=clock.now() - dt.timedelta(days=KEPT_DAYS)).delete()
    return deleted


def _users(recipients: Iterable[Recipient]) -> Iterable[User]:
    """The active users meant, each once, in the order of their accounts."""
    meant: set[int] = set()
    wanted = Q(pk=None)
    for recipient in recipients:
        if isinstance(recipient, User):
            meant.add(recipient.pk)
        else:
            party_id, roles = recipient
            wanted |= Q(party_id=party_id, role__in=list(roles))
    meant.update(Membership.objects.on().filter(wanted).values_list("user_id", flat=True))
    meant.update(deputy_ids(wanted))
    return User.objects.filter(pk__in=meant, is_active=True).order_by("id")


def _filled(kind: str, title: registry.Labels | None, values: Mapping[str, str | int]) -> registry.Labels:
    """The text of a notice in every language.

    Raises:
        NoticeInvalid: there is no text, or a placeholder has no value.
    """
    template = title or registry.kinds.get(kind)
    if not template:
        raise NoticeInvalid(f"The kind {kind!r} has no text.", next_step="Register it: notices.registry.kind(…).")
    try:
        return {language: text.format_map(values) for language, text in template.items()}
    except KeyError as missing:
        raise NoticeInvalid(f"The text of {kind!r} needs the value {missing}.", accepted=str(missing)) from None
