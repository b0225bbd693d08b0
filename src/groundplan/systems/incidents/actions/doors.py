"""Limits of the public doors, counted in PostgreSQL so that every web process counts together."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from groundplan.lib import clock, crypto, sql
from groundplan.systems.incidents.errors import TooManyRequests
from groundplan.systems.incidents.models import DoorCount

# Uses of a door from one address: (most, in how many minutes).
LIMITS: dict[str, tuple[int, int]] = {
    "report": (30, 10), "follow": (60, 10), "supplement": (20, 60),
    "field": (1200, 10), "field-bundle": (120, 10),
    "open311": (30, 10), "open311-key": (600, 10), "open311-read": (600, 10),
}  # fmt: skip


def count_visit(*, door: str, visitor: str) -> int:
    """Count one use of a public door.

    Args:
        door: a key of ``LIMITS``.
        visitor: what tells visitors apart, such as an address; only its keyed hash is kept, for a day.

    Returns:
        How many uses the window holds now.

    Raises:
        TooManyRequests: the door was used too often; ``retry_after`` is in seconds.
    """
    most, minutes = LIMITS[door]
    now = clock.now()
    window = _window(now, minutes)
    asker = crypto.keyed_hash(f"{visitor}\0{window:%Y%m%d}", purpose="incidents.visitor")
    counted = sql.run(sql.named("groundplan.systems.incidents", "count_visit"), [door, asker, window])
    count = int(counted.fetchall()[0][0])
    if count > most:
        left = int((window + timedelta(minutes=minutes) - now).total_seconds()) + 1
        raise TooManyRequests(
            _("同一来源 %(minutes)d 分钟内最多 %(most)d 次。") % {"minutes": minutes, "most": most},
            next_step=_("请 %(left)d 秒后再试，或拨打热线。") % {"left": left},
            retry_after=left,
        )
    return count


def _window(now: datetime, minutes: int) -> datetime:
    return now.replace(minute=now.minute // minutes * minutes if minutes < 60 else 0, second=0, microsecond=0)  # noqa: PLR2004


def forget_visits() -> int:
    """Delete the counts of yesterday and before; how many there were."""
    return DoorCount.objects.filter(window__lt=clock.now() - timedelta(days=1)).delete()[0]
