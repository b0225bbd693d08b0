"""Columns of kept filters and bulk runs."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from groundplan.kernel.cases.models import Case, Task
from groundplan.kernel.parties.models import Party
from groundplan.lib import clock
from groundplan.lib.identity import uuid7

RUN_STATES = ("running", "done")
ITEM_STATES = ("waiting", "done", "refused")


class SavedFilter(models.Model):
    """A filter of a list under a name, own or shared with a unit. Retention: until its owner removes it."""

    public_id = models.UUIDField(unique=True, default=uuid7, editable=False)
    listing = models.CharField(max_length=40)
    name = models.CharField(max_length=40)
    query = models.JSONField()
    owner = models.CharField(max_length=64)
    owner_name = models.CharField(max_length=120)
    party = models.ForeignKey(Party, null=True, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField(default=clock.now)

    class Meta:
        """A person has each name once in a list."""

        db_table = "worklists_filter"
        constraints = [
            models.UniqueConstraint(fields=["owner", "listing", "name"], name="worklists_filter_name_once"),
        ]
        indexes = [models.Index(fields=["party", "listing"], name="worklists_filter_of_unit")]

    def __str__(self) -> str:
        return f"{self.listing}: {self.name}"


class DefaultFilter(models.Model):
    """The filter by which a person's list opens. Retention: as the filter."""

    owner = models.CharField(max_length=64)
    listing = models.CharField(max_length=40)
    chosen = models.ForeignKey(SavedFilter, on_delete=models.PROTECT, related_name="+")

    class Meta:
        """One for a person and list."""

        db_table = "worklists_default"
        constraints = [models.UniqueConstraint(fields=["owner", "listing"], name="worklists_default_once")]

    def __str__(self) -> str:
        return f"{self.owner} {self.listing}"


class BulkRun(models.Model):
    """One action on many cases. Retention: two years; each case keeps its own steps and records."""

    public_id = models.UUIDField(unique=True, default=uuid7, editable=False)
    key = models.CharField(max_length=64)
    action = models.CharField(max_length=20)
    given = models.JSONField(default=dict)
    actor = models.CharField(max_length=64)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    language = models.CharField(max_length=10, default="zh-hans")
    state = models.CharField(max_length=10, default="running")
    total = models.PositiveIntegerField()
    started_at = models.DateTimeField(default=clock.now)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        """Sent again with the same key it is the same run."""

        db_table = "worklists_bulk"
        constraints = [
            models.UniqueConstraint(fields=["actor", "key"], name="worklists_bulk_once"),
            models.CheckConstraint(condition=models.Q(state__in=RUN_STATES), name="worklists_bulk_state"),
        ]
        indexes = [models.Index(fields=["actor", "-started_at", "-id"], name="worklists_bulk_newest")]

    def __str__(self) -> str:
        return f"{self.action} × {self.total}"


class BulkItem(models.Model):
    """One case of a run and what became of it. Retention: as the run."""

    run = models.ForeignKey(BulkRun, on_delete=models.PROTECT, related_name="items")
    position = models.PositiveIntegerField()
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="+")
    task = models.ForeignKey(Task, null=True, on_delete=models.PROTECT, related_name="+")
    seen = models.IntegerField()
    state = models.CharField(max_length=10, default="waiting")
    reason = models.CharField(max_length=400, blank=True, default="")
    at = models.DateTimeField(null=True)

    class Meta:
        """In the order in which they were chosen; a case stands once in a run."""

        db_table = "worklists_bulk_item"
        constraints = [
            models.UniqueConstraint(fields=["run", "position"], name="worklists_item_place"),
            models.UniqueConstraint(fields=["run", "case"], name="worklists_item_once"),
            models.CheckConstraint(condition=models.Q(state__in=ITEM_STATES), name="worklists_item_state"),
        ]

    def __str__(self) -> str:
        return f"{self.run_id} {self.position} {self.state}"
