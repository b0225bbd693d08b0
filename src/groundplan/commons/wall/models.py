"""Columns of walls."""

from __future__ import annotations

from django.db import models

from groundplan.lib import clock
from groundplan.lib.identity import uuid7


class Wall(models.Model):
    """A screen with a code of its own, which reads figures and nothing else. Retention: two years after its end."""

    public_id = models.UUIDField(unique=True, default=uuid7, editable=False)
    name = models.CharField(max_length=60)
    found_by = models.BinaryField(unique=True)
    opened_at = models.DateTimeField(default=clock.now)
    opened_by = models.CharField(max_length=64)
    opened_name = models.CharField(max_length=120)
    seen_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        """Found by the keyed hash of its code."""

        db_table = "wall_wall"

    def __str__(self) -> str:
        return self.name
