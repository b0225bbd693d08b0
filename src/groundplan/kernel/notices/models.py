"""Columns of notices."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q

from groundplan.kernel.parties.models import User
from groundplan.lib import clock
from groundplan.lib.identity import uuid7


class Notice(models.Model):
    """Something one user should know. Retention: 180 days (actions.forget_notices); what it tells of is on record."""

    public_id = models.UUIDField(unique=True, default=uuid7, editable=False)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="notices")
    kind = models.CharField(max_length=64)
    title = models.JSONField()
    subject = models.CharField(max_length=120)
    url = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(default=clock.now)
    read_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        """Listed by user, newest first."""

        db_table = "notices_notice"
        indexes: ClassVar[list[Any]] = [
            models.Index(fields=["user", "-id"], name="notices_of_user"),
            models.Index(fields=["user"], condition=Q(read_at=None), name="notices_unread"),
            models.Index(fields=["created_at"], name="notices_by_age"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject}"
