"""The tables of the lake, and every piece of work on them: loads, rollbacks, changes of schema, upkeep."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models

from groundplan.base.lake.logic import Column, column_of
from groundplan.kernel.parties.models import Party
from groundplan.lib import clock
from groundplan.lib.identity import uuid7


class Mode(models.TextChoices):
    """What a load does to the rows that are there."""

    APPEND = "append", "追加"
    REPLACE = "replace", "替换"
    MERGE = "merge", "按主键合并"


class LakeTable(models.Model):
    """A table whose rows are in the lake. Retention: kept for good; its rows by the table's own term."""

    public_id = models.UUIDField(unique=True, default=uuid7, editable=False)
    identifier = models.CharField(max_length=120, unique=True)
    title = models.JSONField(default=dict)
    provider = models.ForeignKey(Party, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    columns = models.JSONField(default=list)
    key = models.JSONField(default=list)
    rows = models.BigIntegerField(default=0)
    snapshot = models.BigIntegerField(null=True)
    created_at = models.DateTimeField(default=clock.now)
    created_by = models.CharField(max_length=64)
    changed_at = models.DateTimeField(default=clock.now)

    class Meta:
        """Table."""

        db_table = "lake_table"

    def __str__(self) -> str:
        return self.identifier

    @property
    def schema(self) -> tuple[Column, ...]:
        """The columns in force."""
        return tuple(map(column_of, self.columns))

    @property
    def subject(self) -> str:
        """What log and events call it."""
        return f"lake:{self.identifier}"


class LakeRun(models.Model):
    """One piece of work on a table: its intent, and what came of it. Retention: kept for good, it is the lineage.

    A row in state ``running`` is an intent. Iceberg's commit carries its id; the completion follows. What was running
    when a process died is completed or called off by reconciliation.
    """

    KINDS = ("load", "rollback", "schema", "compaction", "expiry", "erasure")

    public_id = models.UUIDField(unique=True, default=uuid7, editable=False)
    table = models.ForeignKey(LakeTable, on_delete=models.PROTECT, related_name="runs")
    kind = models.CharField(max_length=12, default="load")
    mode = models.CharField(max_length=8, choices=Mode, blank=True)
    state = models.CharField(max_length=8, default="running")
    digest = models.CharField(max_length=64, blank=True)
    sources = models.JSONField(default=list)
    options = models.JSONField(default=dict)
    progress = models.PositiveSmallIntegerField(default=0)
    rows_read = models.BigIntegerField(default=0)
    stored = models.BigIntegerField(default=0)
    quarantined = models.BigIntegerField(default=0)
    snapshot = models.BigIntegerField(null=True)
    seconds = models.FloatField(default=0)
    fault = models.JSONField(default=dict)
    reconciled = models.BooleanField(default=False)
    begun_at = models.DateTimeField(default=clock.now)
    ended_at = models.DateTimeField(null=True)
    begun_by = models.CharField(max_length=64)

    class Meta:
        """Table; what runs is looked for at each start, a digest before each load."""

        db_table = "lake_run"
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["table", "-id"], name="lake_run_of_table"),
            models.Index(fields=["table", "digest"], name="lake_run_digest"),
            models.Index(fields=["state"], condition=models.Q(state__in=("running", "waiting")), name="lake_run_open"),
        ]
        constraints: ClassVar[list[Any]] = [
            models.CheckConstraint(
                condition=models.Q(rows_read=models.F("stored") + models.F("quarantined")), name="lake_run_balanced"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.public_id}"

    @property
    def subject(self) -> str:
        """What log and events call it."""
        return f"lake-run:{self.public_id}"

    @property
    def ratio(self) -> float:
        """The share of rows that did not fit, 0 to 1."""
        return self.quarantined / self.rows_read if self.rows_read else 0.0


class Lineage(models.Model):
    """What a snapshot was made from. Retention: kept for good."""

    run = models.ForeignKey(LakeRun, on_delete=models.PROTECT, related_name="lineage")
    source = models.CharField(max_length=300)
    kind = models.CharField(max_length=12)
    digest = models.CharField(max_length=64, blank=True)
    bytes = models.BigIntegerField(default=0)
    rows = models.BigIntegerField(default=0)

    class Meta:
        """Table."""

        db_table = "lake_lineage"

    def __str__(self) -> str:
        return f"{self.source} → {self.run_id}"
