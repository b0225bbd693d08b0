"""Columns of beside runs: what the vendor's files told and how our rules judge it. Nobody's work hangs on them."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from groundplan.kernel.parties.models import Party
from groundplan.lib import clock
from groundplan.lib.identity import uuid7


class Beside(models.Model):
    """A run beside the vendor's system (旁路运行). Retention: 5 years; its rows are erased 180 days after its end."""

    class Switch(models.TextChoices):
        """Whether new rows become cases."""

        OFF = "off", "off"
        PROPOSED = "proposed", "proposed"
        LIVE = "live", "live"

    public_id = models.UUIDField(unique=True, default=uuid7, editable=False)
    name = models.CharField(max_length=64, unique=True)
    unit = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    keeper = models.ForeignKey(Party, null=True, on_delete=models.PROTECT, related_name="+")
    answerable = models.CharField(max_length=64)
    columns = models.JSONField(default=dict)
    started_on = models.DateField()
    ends_on = models.DateField()
    started_at = models.DateTimeField(default=clock.now)
    started_by = models.CharField(max_length=64)
    switch = models.CharField(max_length=10, choices=Switch.choices, default=Switch.OFF)
    live_from = models.DateTimeField(null=True)
    proposed_by = models.CharField(max_length=64, blank=True, default="")
    approved_by = models.CharField(max_length=64, blank=True, default="")
    erased_on = models.DateField(null=True)
    figures = models.JSONField(default=list)

    class Meta:
        """Newest first; a live run has its two people."""

        db_table = "incidents_beside"
        indexes = [models.Index(fields=["-started_at", "-id"], name="incidents_beside_newest")]
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(switch="live")
                | (models.Q(live_from__isnull=False) & ~models.Q(approved_by="") & ~models.Q(proposed_by="")
                   & ~models.Q(approved_by=models.F("proposed_by"))),
                name="incidents_beside_four_eyes",
            ),
            models.CheckConstraint(
                condition=models.Q(ends_on__gte=models.F("started_on")), name="incidents_beside_ends_after"
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.name

    def may_take(self) -> bool:
        """Whether files are still taken: until its last day, and as long as it is live."""
        today = timezone.localdate(clock.now())
        return self.erased_on is None and (self.switch == self.Switch.LIVE or today <= self.ends_on)


class BesideStep(models.Model):
    """A step of a run (started, proposed, approved, taken back …) with its record. Retention: as its run."""

    run = models.ForeignKey(Beside, on_delete=models.PROTECT, related_name="steps")
    at = models.DateTimeField(default=clock.now)
    kind = models.CharField(max_length=16)
    actor = models.CharField(max_length=64)
    actor_name = models.CharField(max_length=120)
    note = models.CharField(max_length=500, blank=True, default="")
    record = models.UUIDField()

    class Meta:
        """In order of time."""

        db_table = "incidents_beside_step"
        indexes = [models.Index(fields=["run", "at"], name="incidents_beside_steps")]

    def __str__(self) -> str:
        return self.kind


class BesideFile(models.Model):
    """A file that a run took: read = fresh + changed + known + quarantined. Retention: as its run."""

    public_id = models.UUIDField(unique=True, default=uuid7, editable=False)
    run = models.ForeignKey(Beside, on_delete=models.PROTECT, related_name="files")
    file_name = models.CharField(max_length=255)
    digest = models.CharField(max_length=64)
    taken_at = models.DateTimeField(default=clock.now)
    taken_by = models.CharField(max_length=64)
    read = models.PositiveIntegerField(default=0)
    fresh = models.PositiveIntegerField(default=0)
    changed = models.PositiveIntegerField(default=0)
    known = models.PositiveIntegerField(default=0)
    quarantined = models.PositiveIntegerField(default=0)
    opened = models.PositiveIntegerField(default=0)
    unopened = models.PositiveIntegerField(default=0)
    directory_version = models.PositiveIntegerField()
    limits_version = models.PositiveIntegerField()
    judged = models.CharField(max_length=64, blank=True, default="")
    record = models.UUIDField(null=True)

    class Meta:
        """Newest first."""

        db_table = "incidents_beside_file"
        indexes = [models.Index(fields=["run", "-taken_at", "-id"], name="incidents_beside_files")]

    def __str__(self) -> str:
        return self.file_name


class BesideBad(models.Model):
    """A row that could not be taken, encrypted, with its reason. Retention: 180 days after the end of its run."""

    file = models.ForeignKey(BesideFile, on_delete=models.PROTECT, related_name="bad")
    number = models.PositiveIntegerField()
    reason = models.CharField(max_length=1000)
    cells = models.BinaryField()

    class Meta:
        """In order of the file."""

        db_table = "incidents_beside_bad"
        indexes = [models.Index(fields=["file", "number"], name="incidents_beside_bad_rows")]

    def __str__(self) -> str:
        return f"{self.file_id}:{self.number}"


class BesideRow(models.Model):
    """A case of the vendor's system as its last file told it, and what our rules say of it.

    Text is masked; name and telephone number of who reports are never kept. Retention: 180 days after its run.
    """

    public_id = models.UUIDField(unique=True, default=uuid7, editable=False)
    run = models.ForeignKey(Beside, on_delete=models.PROTECT, related_name="rows")
    external_id = models.CharField(max_length=120)
    first_file = models.ForeignKey(BesideFile, on_delete=models.PROTECT, related_name="+")
    last_file = models.ForeignKey(BesideFile, on_delete=models.PROTECT, related_name="rows")
    day = models.DateField()
    state = models.BinaryField()
    told = models.DateTimeField(null=True)
    title = models.CharField(max_length=200, blank=True, default="")
    said_matter = models.CharField(max_length=200, blank=True, default="")
    matter = models.CharField(max_length=200, blank=True, default="")
    district = models.CharField(max_length=12, blank=True, default="")
    type = models.CharField(max_length=12, blank=True, default="")
    said_unit = models.CharField(max_length=200, blank=True, default="")
    first_unit = models.CharField(max_length=64, blank=True, default="")
    final_unit = models.CharField(max_length=64, blank=True, default="")
    our_unit = models.CharField(max_length=64, blank=True, default="")
    fired = models.CharField(max_length=200, blank=True, default="")
    limits_fired = models.CharField(max_length=200, blank=True, default="")
    reported_at = models.DateTimeField(null=True)
    dispatched_at = models.DateTimeField(null=True)
    signed_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField(null=True)
    our_due_at = models.DateTimeField(null=True)
    warned_at = models.DateTimeField(null=True)
    returns = models.PositiveSmallIntegerField(default=0)
    verdict = models.CharField(max_length=10)
    cause = models.CharField(max_length=10, blank=True, default="")
    limits_differ = models.BooleanField(default=False)
    late = models.BooleanField(default=False)
    avoided = models.BooleanField(default=False)
    unmapped = models.CharField(max_length=40, blank=True, default="")
    incident = models.ForeignKey("incidents.Incident", null=True, on_delete=models.PROTECT, related_name="beside_rows")

    class Meta:
        """One row for each number of the vendor; read by day, newest first."""

        db_table = "incidents_beside_row"
        indexes = [
            models.Index(fields=["run", "-day", "-id"], name="incidents_beside_by_day"),
            models.Index(fields=["run", "verdict", "-day", "-id"], name="incidents_beside_verdict"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["run", "external_id"], name="incidents_beside_row_once"),
        ]

    def __str__(self) -> str:
        return self.external_id
