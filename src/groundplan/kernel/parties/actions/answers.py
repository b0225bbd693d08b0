"""What is kept for a while only: answers for requests that are sent again, sessions, failed sign-ins."""

from __future__ import annotations

import datetime as dt

from axes.models import AccessAttempt
from django.contrib.sessions.models import Session

from groundplan.kernel.parties.models import IdempotencyKey
from groundplan.lib import clock, crypto

KEPT_HOURS = 72
FAILURES_KEPT_HOURS = 24


def keep_answer(*, actor_id: str, key: str, fingerprint: bytes, status: int, content_type: str, content: str) -> None:
    """Keep an answer, encrypted, in the transaction of the action that it answers; that action leaves the record.

    Args:
        actor_id: who asked.
        key: the Idempotency-Key.
        fingerprint: hash of the request.
        status: HTTP status of the answer.
        content_type: media type of the answer.
        content: the answer; it may repeat what a resident told us.
    """
    IdempotencyKey.objects.create(
        actor_id=actor_id,
        key=key,
        fingerprint=fingerprint,
        status=status,
        content_type=content_type,
        sealed=crypto.encrypt(content),
    )


def forget_answers() -> int:
    """Delete answers older than 72 hours.

    Returns:
        How many were deleted.
    """
    deleted, _tables = IdempotencyKey.objects.filter(
        created_at__lt=clock.now() - dt.timedelta(hours=KEPT_HOURS)
    ).delete()
    return deleted


def forget_sessions() -> int:
    """Delete sessions that have ended, and failed sign-ins older than a day: they hold addresses.

    Returns:
        How many rows were deleted.
    """
    ended, _tables = Session.objects.filter(expire_date__lt=clock.now()).delete()
    before = clock.now() - dt.timedelta(hours=FAILURES_KEPT_HOURS)
    failures, _tables = AccessAttempt.objects.filter(attempt_time__lt=before).delete()
    return int(ended + failures)
