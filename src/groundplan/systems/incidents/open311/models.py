"""Columns of the door for Open311: keys of programs, and which incidents came through it."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from groundplan.lib import clock
from groundplan.lib.identity import uuid7


class Open311Key(models.Model):
    """A program that may report. Retention: ended, never deleted; of the key itself only a keyed hash is kept."""

    public_id = models.UUIDField(unique=True, default=uuid7, editable=False)
    name = models.CharField(max_length=80)
    key_hash = models.BinaryField(unique=True)
    created_at = models.DateTimeField(default=clock.now)
    created_by = models.CharField(max_length=64)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        """Few rows, read by hash."""

        db_table = "incidents_open311_key"

    def __str__(self) -> str:
        return self.name


class Open311Request(models.Model):
    """A request that came through Open311; ``sealed`` holds it encrypted until a batch has taken it in.

    Retention: as its incident; one that was refused 90 days.
    """

    public_id = models.UUIDField(unique=True, default=uuid7, editable=False)
    incident = models.OneToOneField(
        "incidents.Incident", null=True, on_delete=models.PROTECT, related_name="open311_request"
    )
    service_code = models.CharField(max_length=80)
    key = models.ForeignKey(Open311Key, null=True, on_delete=models.PROTECT, related_name="requests")
    asked_hash = models.BinaryField(null=True, unique=True)
    same_as = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="+")
    media_url = models.CharField(max_length=500, blank=True, default="")
    state = models.CharField(max_length=10, default="done")
    reason = models.CharField(max_length=300, blank=True, default="")
    sealed = models.BinaryField(null=True)
    requested_at = models.DateTimeField(default=clock.now)

    class Meta:
        """Listed newest first by the time of the report; those that wait are few."""

        db_table = "incidents_open311_request"
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(state__in=["waiting", "done", "refused"]), name="incidents_open311_state"
            )
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["-requested_at", "-id"],
                condition=models.Q(state="done"),
                name="incidents_open311_newest",
            ),
            models.Index(fields=["id"], condition=models.Q(state="waiting"), name="incidents_open311_waiting"),
        ]

    def __str__(self) -> str:
        return str(self.public_id)
