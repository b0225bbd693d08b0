"""Columns of work that phones hand in."""

from __future__ import annotations

from django.db import models

from groundplan.kernel.cases.models import Case
from groundplan.kernel.files.models import StoredFile
from groundplan.lib import clock


class FieldWork(models.Model):
    """A piece of work that a phone has handed in under its own key, and what became of it. Retention: as its case."""

    key = models.UUIDField()
    actor = models.CharField(max_length=64)
    kind = models.CharField(max_length=10)
    digest = models.CharField(max_length=64)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="field_works")
    created = models.BooleanField(default=True)
    done_at = models.DateTimeField()
    received_at = models.DateTimeField(default=clock.now)

    class Meta:
        """A worker's key names one piece of work for ever."""

        db_table = "incidents_field_work"
        constraints = [models.UniqueConstraint(fields=["actor", "key"], name="incidents_field_work_once")]

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"


class FieldPhoto(models.Model):
    """A photo that has arrived before the work it belongs to. Retention: until that work, at most 30 days."""

    key = models.UUIDField()
    actor = models.CharField(max_length=64)
    digest = models.CharField(max_length=64)
    stored = models.ForeignKey(StoredFile, null=True, on_delete=models.PROTECT, related_name="+")
    received_at = models.DateTimeField(default=clock.now)

    class Meta:
        """A worker's key names one photo; the oldest are forgotten first."""

        db_table = "incidents_field_photo"
        indexes = [models.Index(fields=["received_at"], name="incidents_field_photo_age")]
        constraints = [models.UniqueConstraint(fields=["actor", "key"], name="incidents_field_photo_once")]

    def __str__(self) -> str:
        return str(self.key)
