"""Columns of reports."""

from __future__ import annotations

from django.db import models

from groundplan.kernel.files.models import StoredFile
from groundplan.kernel.parties.models import Party
from groundplan.lib import clock
from groundplan.lib.identity import uuid7

STATES = ("draft", "checked", "issued", "withdrawn")


class Report(models.Model):
    """A report with its figures as they were when it was made. Retention: for ever; official papers are archived."""

    public_id = models.UUIDField(unique=True, default=uuid7, editable=False)
    source = models.CharField(max_length=40)
    kind = models.CharField(max_length=10)
    title = models.JSONField()
    first = models.DateField()
    last = models.DateField()
    about = models.JSONField(default=dict)
    unit = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    sections = models.JSONField()
    state = models.CharField(max_length=10, default="draft")
    number = models.CharField(max_length=40, blank=True, default="")
    made_at = models.DateTimeField(default=clock.now)
    made_by = models.CharField(max_length=64)
    made_name = models.CharField(max_length=120)
    checked_at = models.DateTimeField(null=True)
    checked_by = models.CharField(max_length=64, blank=True, default="")
    checked_name = models.CharField(max_length=120, blank=True, default="")
    issued_at = models.DateTimeField(null=True)
    reason = models.TextField(blank=True, default="")
    text = models.ForeignKey(StoredFile, null=True, on_delete=models.PROTECT, related_name="+")
    schedule_key = models.CharField(max_length=120, blank=True, default="")
    version = models.PositiveIntegerField(default=1)

    class Meta:
        """Newest first for a unit; a schedule makes one report of a period."""

        db_table = "reports_report"
        indexes = [models.Index(fields=["unit", "-made_at", "-id"], name="reports_report_newest")]
        constraints = [
            models.UniqueConstraint(
                fields=["schedule_key"], condition=~models.Q(schedule_key=""), name="reports_report_scheduled_once"
            ),
            models.UniqueConstraint(
                fields=["unit", "number"], condition=~models.Q(number=""), name="reports_report_number_once"
            ),
            models.CheckConstraint(condition=models.Q(state__in=STATES), name="reports_report_state"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.first}"


class Schedule(models.Model):
    """A report that is drafted by itself when its period has ended. Retention: ended, never deleted."""

    public_id = models.UUIDField(unique=True, default=uuid7, editable=False)
    source = models.CharField(max_length=40)
    kind = models.CharField(max_length=10)
    unit = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    hour = models.PositiveSmallIntegerField(default=7)
    active = models.BooleanField(default=True)
    since = models.DateField()
    set_by = models.CharField(max_length=64)
    set_at = models.DateTimeField(default=clock.now)

    class Meta:
        """One for each source, kind and unit."""

        db_table = "reports_schedule"
        constraints = [models.UniqueConstraint(fields=["source", "kind", "unit"], name="reports_schedule_once")]

    def __str__(self) -> str:
        return f"{self.source} {self.kind}"


class Letterhead(models.Model):
    """How a unit's papers look: the name in red, the sign of numbers, its own template. Retention: the newest."""

    unit = models.OneToOneField(Party, on_delete=models.PROTECT, related_name="+")
    organ = models.JSONField()
    sign = models.CharField(max_length=40, blank=True, default="")
    template = models.ForeignKey(StoredFile, null=True, on_delete=models.PROTECT, related_name="+")
    set_by = models.CharField(max_length=64)
    set_at = models.DateTimeField(default=clock.now)

    class Meta:
        """One for each unit."""

        db_table = "reports_letterhead"

    def __str__(self) -> str:
        return str(self.unit_id)
