"""Every write of walls."""

from __future__ import annotations

import secrets
from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from groundplan.commons.wall.errors import WallInvalid, WallUnknown
from groundplan.commons.wall.models import Wall
from groundplan.kernel.ledger.actions import record
from groundplan.kernel.parties.queries import Actor
from groundplan.lib import clock, crypto
from groundplan.lib.errors import NotAllowed

MOST = 50
LONGEST_NAME = 60
SEEN_EVERY = timedelta(minutes=1)
PURPOSE = "wall"


@transaction.atomic
def open_wall(*, actor: Actor, name: str) -> tuple[Wall, str]:
    """Give a screen a code of its own.

    Args:
        actor: a system administrator.
        name: where it hangs, at most 60 characters.

    Returns:
        The wall, and its code: shown once, stored nowhere.

    Raises:
        NotAllowed: the actor administrates no systems.
        WallInvalid: no name, or 50 walls are open.
    """
    _require_keeper(actor)
    words = " ".join(name.replace("\x00", "").split())
    if not words or len(words) > LONGEST_NAME or Wall.objects.filter(ended_at=None).count() >= MOST:
        raise WallInvalid(_("请填写不超过 60 字的名称；最多 50 块大屏。"), accepted="1–60")
    code = "wall_" + secrets.token_urlsafe(24)
    wall = Wall.objects.create(
        name=words, found_by=crypto.keyed_hash(code, purpose=PURPOSE), opened_by=actor.actor_id,
        opened_name=actor.display_name[:120],
    )  # fmt: skip
    record(actor=actor.actor_id, action="wall.open_wall", subject=f"wall:{wall.public_id}", data={})
    return wall, code


@transaction.atomic
def end_wall(*, actor: Actor, wall: UUID | str) -> None:
    """End a wall: its screen shows nothing from the next fetch on.

    Raises:
        NotAllowed: the actor administrates no systems.
        WallUnknown: there is none, or it was ended before.
    """
    _require_keeper(actor)
    if not Wall.objects.filter(public_id=wall, ended_at=None).update(ended_at=clock.now()):
        raise WallUnknown
    record(actor=actor.actor_id, action="wall.end_wall", subject=f"wall:{wall}", data={})


def note_wall(*, wall: Wall) -> None:
    """Note that a screen is alive, once a minute at most; a figure of operation, so no record is left."""
    now = clock.now()
    old = Q(seen_at=None) | Q(seen_at__lt=now - SEEN_EVERY)
    Wall.objects.filter(old, pk=wall.pk).update(seen_at=now)


def _require_keeper(actor: Actor) -> None:
    if not actor.has_role("system_admin"):
        raise NotAllowed
