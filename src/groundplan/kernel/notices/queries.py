"""Notices of one user; nobody reads another's."""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import Count, Q, Sum

from groundplan.kernel.events import logic as delivering
from groundplan.kernel.notices import logic
from groundplan.kernel.notices.errors import ReportRefused
from groundplan.kernel.notices.models import Channel, Delivery, Notice, Preference, Todo
from groundplan.kernel.notices.registry import Message
from groundplan.kernel.parties.queries import Actor
from groundplan.lib import clock, crypto, keyset

UNREAD_SHOWN_MAX = 99
REPORT_AGE_S = 300


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


@dataclass(frozen=True)
class ChannelStatus:
    """A channel with what became of its messages this month."""

    channel: Channel
    label: dict[str, str]
    waiting: int
    sent: int
    dead: int
    parts: int
    latest: list[Delivery]


def channel_statuses() -> list[ChannelStatus]:
    """Every channel that has not ended: counts of this month and its last deliveries."""
    first = clock.now().replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    counts: Any = Channel.objects.exclude(state="ended").annotate(
        waiting=Count("deliveries", filter=Q(deliveries__state="waiting")),
        dead=Count("deliveries", filter=Q(deliveries__state="dead")),
        sent=Count("deliveries", filter=Q(deliveries__done_at__gte=first)),
        parts=Sum("deliveries__parts", filter=Q(deliveries__done_at__gte=first), default=0),
    )
    return [
        ChannelStatus(
            row, logic.KINDS[row.kind], row.waiting, row.sent, row.dead, row.parts,
            list(Delivery.objects.filter(channel=row).order_by("-id")[:5]),
        )
        for row in counts.order_by("id")[:20]
    ]  # fmt: skip


def preference_of(actor: Actor) -> tuple[Preference | None, dict[str, str]]:
    """What a user has said about channels, and their own addresses."""
    row = Preference.objects.filter(user_id=actor.user_id).first() if actor.user_id else None
    return row, _addresses(row)


def address_for(told: Preference | None, kind: str) -> str:
    """Where a user is reached over a kind of channel; empty when not, or not wanted."""
    return "" if told is None or kind in told.off else _addresses(told).get(kind, "")


def absolute(url: str) -> str:
    """The address of a page of ours as somebody outside opens it; empty when the installation has no public name."""
    host = next((name for name in settings.ALLOWED_HOSTS if name.strip(".") and not name.startswith("[")), "")
    if not url.startswith("/") or host in {"", "127.0.0.1", "localhost", "*"}:
        return ""
    scheme = "https" if settings.SESSION_COOKIE_SECURE else "http"
    return f"{scheme}://{host.lstrip('.')}{url}"


def check_signature(channel: UUID, headers: Mapping[str, str], body: bytes) -> None:
    """Refuse a report that the channel's secret has not signed within the last five minutes.

    Raises:
        ReportRefused: no such channel, too old, or signed otherwise; which of them is not told.
    """
    row = Channel.objects.filter(public_id=channel).exclude(state="ended").first()
    secret = crypto.decrypt(bytes(row.sealed)) if row else ""
    stamp, given = headers.get("webhook-timestamp", ""), headers.get("webhook-signature", "")
    wanted = delivering.signature(secret.encode(), headers.get("webhook-id", ""), stamp, body)
    fresh = stamp.isascii() and stamp.isdigit() and abs(int(stamp[:12]) - clock.now().timestamp()) <= REPORT_AGE_S
    right = any(hmac.compare_digest(wanted.encode(), one.encode("utf-8", "replace")) for one in given.split())
    if row is None or not fresh or not right:
        raise ReportRefused


def dead_deliveries() -> int:
    """How many messages and to-dos could not be sent."""
    return Delivery.objects.filter(state="dead").count() + Todo.objects.filter(state="dead").count()


def pushes_todos() -> bool:
    """Whether any channel shows to-dos."""
    return Channel.objects.filter(todos=True).exclude(state="ended").exists()


def todos_about(*, most: int) -> list[UUID]:
    """What stands in to-do lists outside, newest first."""
    rows = Todo.objects.filter(wanted="open").order_by("-id").values_list("about", flat=True)
    return list(dict.fromkeys(rows[:most]))


def _addresses(row: Preference | None) -> dict[str, str]:
    found: dict[str, str] = json.loads(crypto.decrypt(bytes(row.sealed))) if row else {}
    return found
