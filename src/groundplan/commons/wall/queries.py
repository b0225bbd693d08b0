"""Every read of walls."""

from __future__ import annotations

from django.db.models import QuerySet

from groundplan.commons.wall.models import Wall
from groundplan.lib import crypto

LONGEST_CODE = 100


def wall_of(code: str) -> Wall | None:
    """The wall of a code, None for none or an ended one."""
    if not code.startswith("wall_") or len(code) > LONGEST_CODE:
        return None
    return Wall.objects.filter(found_by=crypto.keyed_hash(code, purpose="wall"), ended_at=None).first()


def walls() -> QuerySet[Wall]:
    """All walls, open ones first, the newest first."""
    return Wall.objects.order_by("ended_at", "-opened_at", "-id")
