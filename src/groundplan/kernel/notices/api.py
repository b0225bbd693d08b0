"""Notices of the caller."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Router, Schema, Status
from pydantic import StringConstraints

from groundplan.kernel.notices import actions, queries
from groundplan.kernel.parties import access

router = Router(auth=access.signed_in)


class NoticeOut(Schema):
    """One notice."""

    id: UUID
    kind: str
    title: dict[str, str]
    subject: str
    url: str
    created_at: dt.datetime
    read_at: dt.datetime | None

    @staticmethod
    def resolve_id(notice: Any) -> UUID:
        """The public id."""
        return UUID(str(notice.public_id))


class NoticePage(Schema):
    """A page of notices; ``next`` is the cursor of the following one."""

    items: list[NoticeOut]
    next: str | None


class Unread(Schema):
    """How many notices wait; 99 stands for 99 and more."""

    unread: int


@router.get("", response=NoticePage)
def list_notices(request: HttpRequest, after: str | None = None, size: int = 50, *, unread: bool = False) -> Any:
    """One's own notices, newest first."""
    return queries.notices_for(access.actor_of(request), unread_only=unread, after=after, size=size)


@router.get("/unread", response=Unread)
def count_unread(request: HttpRequest) -> Any:
    """How many of one's own notices are unread."""
    return {"unread": queries.unread(access.actor_of(request))}


@router.post("/{public_id}/read", response=NoticeOut)
def read(request: HttpRequest, public_id: UUID) -> Any:
    """Mark one's own notice as read."""
    return actions.read_notice(actor=access.actor_of(request), public_id=public_id)


class ReportIn(Schema):
    """What became of a message that a gateway had taken."""

    id: UUID
    arrived: bool
    reason: Annotated[str, StringConstraints(max_length=60)] = ""


@router.post("/reports/{channel}", auth=None, response={204: None})
def report_delivery(request: HttpRequest, channel: UUID, payload: ReportIn) -> Status[None]:
    """A gateway reports on a message, signed with the channel's secret (Standard Webhooks)."""
    queries.check_signature(channel, request.headers, request.body)
    actions.confirm_delivery(channel=channel, delivery=payload.id, arrived=payload.arrived, reason=payload.reason)
    return Status(204, None)
