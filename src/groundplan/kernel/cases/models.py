"""Columns of cases."""

from __future__ import annotations

from datetime import UTC, datetime

from django.db import models

from groundplan.kernel.files.models import StoredFile
from groundplan.kernel.parties.models import Party
from groundplan.lib import clock
from groundplan.lib.identity import uuid7
from groundplan.lib.search import SearchColumn, search_index

NEVER = datetime(9999, 12, 31, tzinfo=UTC)
ACTIVE_CASE = ("open", "suspended", "on_account")
ACTIVE_TASK = ("offered", "open", "waiting")


class FlowVersion(models.Model):
    """One version of a flow. Retention: kept while a case ran on it."""

    public_id = models.UUIDField(unique=True, default=uuid7, editable=False)
    key = models.CharField(max_length=64)
    number = models.PositiveIntegerField()
    label = models.JSONField()
    noun = models.JSONField()
    document = models.JSONField()
    source = models.TextField()
    digest = models.CharField(max_length=64)
    origin = models.CharField(max_length=120)
    in_force = models.BooleanField(default=False)
    imported_at = models.DateTimeField(default=clock.now)
    imported_by = models.CharField(max_length=64)

    class Meta:
        """Versions count up within a flow, and one of them is in force."""

        db_table = "cases_flow_version"
        constraints = [
            models.UniqueConstraint(fields=["key", "number"], name="cases_flow_version_number"),
            models.UniqueConstraint(fields=["key"], name="cases_flow_version_in_force",
                                    condition=models.Q(in_force=True)),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.key} {self.number}"


class NumberSeries(models.Model):
    """The last number given in a series such as one day's hotline cases. Retention: as the cases."""

    name = models.CharField(max_length=160, unique=True)
    value = models.BigIntegerField(default=0)

    class Meta:
        """One row for each series."""

        db_table = "cases_number_series"

    def __str__(self) -> str:
        return f"{self.name} {self.value}"


class Timed(models.Model):
    """A clock: its spans, its pauses, and when it runs out."""

    limit_spans = models.CharField(max_length=200, blank=True, default="")
    clock_started_at = models.DateTimeField(null=True)
    pauses = models.JSONField(default=list)
    paused_for = models.JSONField(default=list)
    due_at = models.DateTimeField(null=True)
    calendar_missing = models.BooleanField(default=False)
    overdue = models.BooleanField(default=False)

    class Meta:
        """Columns only."""

        abstract = True


class Case(Timed):
    """Something somebody must do by a time. Retention: 10 years after it ended, personal part 3 years."""

    public_id = models.UUIDField(unique=True, default=uuid7, editable=False)
    number = models.CharField(max_length=64, unique=True)
    flow_version = models.ForeignKey(FlowVersion, on_delete=models.PROTECT)
    flow = models.CharField(max_length=64)
    stage = models.CharField(max_length=64)
    state = models.CharField(max_length=10, default="open")
    title = models.CharField(max_length=300)
    channel = models.CharField(max_length=40)
    subject = models.CharField(max_length=120, blank=True, default="")
    data = models.JSONField(default=dict)
    outputs = models.JSONField(default=dict)
    personal = models.BinaryField(null=True)
    reporter = models.CharField(max_length=64, blank=True, default="")
    reporter_hash = models.BinaryField(null=True)
    owner_party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    opened_at = models.DateTimeField(default=clock.now)
    opened_by = models.CharField(max_length=64)
    closed_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=64, blank=True, default="")
    suspended_until = models.DateTimeField(null=True)
    supervised = models.PositiveSmallIntegerField(default=0)
    reopened = models.PositiveSmallIntegerField(default=0)
    merged_into = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="merged")
    longitude = models.FloatField(null=True)
    latitude = models.FloatField(null=True)
    divisions = models.JSONField(default=dict)
    district = models.CharField(max_length=12, blank=True, default="")
    version = models.PositiveIntegerField(default=1)
    search = SearchColumn(null=True)

    class Meta:
        """An active case has a stage; its words are indexed."""

        db_table = "cases_case"
        indexes = [
            search_index("search", "cases_case_search"),
            models.Index(fields=["-opened_at", "-id"], name="cases_case_newest"),
            models.Index(
                fields=["state", "due_at"],
                condition=models.Q(state__in=["open", "suspended", "on_account"]),
                name="cases_case_active",
            ),
            models.Index(fields=["reporter"], condition=~models.Q(reporter=""), name="cases_case_reporter"),
            models.Index(fields=["subject"], condition=~models.Q(subject=""), name="cases_case_subject"),
            models.Index(
                fields=["calendar_missing"], condition=models.Q(calendar_missing=True), name="cases_case_no_calendar"
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=["open", "suspended", "on_account", "closed", "cancelled", "merged"]),
                name="cases_case_state",
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def active(self) -> bool:
        """Whether somebody still has to do something."""
        return self.state in ACTIVE_CASE


class Task(Timed):
    """What one unit has to do in a case. Retention: as its case."""

    public_id = models.UUIDField(unique=True, default=uuid7, editable=False)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="tasks")
    stage = models.CharField(max_length=64)
    key = models.CharField(max_length=64, blank=True, default="")
    kind = models.CharField(max_length=10, default="work")
    state = models.CharField(max_length=10, default="open")
    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    role = models.CharField(max_length=32)
    assignee = models.CharField(max_length=64, blank=True, default="")
    level = models.PositiveSmallIntegerField(default=0)
    parent = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="children")
    asks = models.JSONField(default=dict)
    opened_at = models.DateTimeField(default=clock.now)
    signed_at = models.DateTimeField(null=True)
    done_at = models.DateTimeField(null=True)
    done_by = models.CharField(max_length=64, blank=True, default="")
    outcome = models.CharField(max_length=64, blank=True, default="")
    sort_at = models.DateTimeField(default=NEVER)
    on_hold = models.BooleanField(default=False)
    on_account = models.BooleanField(default=False, db_default=False)
    escalation = models.PositiveSmallIntegerField(default=0)
    next_escalation_at = models.DateTimeField(null=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        """The to-do queue of a unit and role is one range of an index, overdue first."""

        db_table = "cases_task"
        indexes = [
            models.Index(
                fields=["party", "role", "on_hold", "sort_at", "id"],
                condition=models.Q(state__in=["offered", "open"], on_account=False),
                name="cases_task_waiting",
            ),
            models.Index(
                fields=["next_escalation_at"],
                condition=models.Q(next_escalation_at__isnull=False),
                name="cases_task_escalation",
            ),
            models.Index(
                fields=["calendar_missing"], condition=models.Q(calendar_missing=True), name="cases_task_no_calendar"
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=["offered", "open", "waiting", "done", "returned", "cancelled"]),
                name="cases_task_state",
            ),
            models.CheckConstraint(
                condition=models.Q(kind__in=["work", "child", "assist", "offer", "ruling", "extension", "account"]),
                name="cases_task_kind",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.stage} {self.state}"

    @property
    def active(self) -> bool:
        """Whether it still binds its unit."""
        return self.state in ACTIVE_TASK


class Account(models.Model):
    """A case that stays unsolved and is put on account (挂账) until it is taken off. Retention: as its case."""

    public_id = models.UUIDField(unique=True, default=uuid7, editable=False)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="accounts")
    unit = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    reason = models.TextField()
    asked_by = models.CharField(max_length=64)
    asked_name = models.CharField(max_length=120, blank=True, default="")
    keeper = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    approved_by = models.CharField(max_length=64)
    approved_name = models.CharField(max_length=120, blank=True, default="")
    since = models.DateTimeField(default=clock.now)
    review_on = models.DateField()
    reviews = models.PositiveSmallIntegerField(default=0)
    told_on = models.DateField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        """A case is on account once at a time, and by two people."""

        db_table = "cases_account"
        indexes = [
            models.Index(fields=["review_on"], condition=models.Q(ended_at=None), name="cases_account_review"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["case"], condition=models.Q(ended_at=None), name="cases_account_once"),
            models.CheckConstraint(condition=~models.Q(approved_by=models.F("asked_by")),
                                   name="cases_account_two_people"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.case_id} {self.review_on}"


class SubCase(models.Model):
    """A case that was opened below a task of another, which may wait for it. Retention: as its case."""

    task = models.ForeignKey(Task, on_delete=models.PROTECT, related_name="subcases")
    child = models.OneToOneField(Case, on_delete=models.PROTECT, related_name="above")
    waits = models.BooleanField(default=True)
    sets = models.JSONField(default=dict)
    outcome = models.CharField(max_length=64, blank=True, default="")
    ended_at = models.DateTimeField(null=True)

    class Meta:
        """What has not ended is looked through."""

        db_table = "cases_subcase"
        indexes = [models.Index(fields=["id"], condition=models.Q(ended_at=None), name="cases_subcase_open")]

    def __str__(self) -> str:
        return f"{self.task_id} {self.child_id}"


class Involvement(models.Model):
    """A unit that may see a case, with what lists are sorted and filtered by. Retention: as its case."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="involvements")
    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+", db_index=False)
    part = models.CharField(max_length=10)
    state = models.CharField(max_length=10)
    opened_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)

    class Meta:
        """Every list of cases is a range of one of these indexes for each unit."""

        db_table = "cases_involvement"
        constraints = [models.UniqueConstraint(fields=["case", "party"], name="cases_involvement_once")]
        indexes = [
            models.Index(fields=["party", "-opened_at", "-case"], name="cases_involvement_all"),
            models.Index(fields=["party", "state", "-opened_at", "-case"], name="cases_involvement_state"),
            models.Index(
                fields=["party", "-done_at", "-case"],
                condition=models.Q(done_at__isnull=False),
                name="cases_involvement_done",
            ),
            models.Index(
                fields=["party", "state", "-done_at", "-case"],
                condition=models.Q(done_at__isnull=False),
                name="cases_involvement_ended",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.case_id} {self.party_id}"


class Step(models.Model):
    """One line of the timeline of a case. Retention: as its case."""

    public_id = models.UUIDField(unique=True, default=uuid7, editable=False)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="steps")
    at = models.DateTimeField(default=clock.now)
    kind = models.CharField(max_length=32)
    text = models.JSONField()
    note = models.TextField(blank=True, default="")
    actor = models.CharField(max_length=64)
    actor_name = models.CharField(max_length=120, blank=True, default="")
    acting_for = models.CharField(max_length=64, blank=True, default="", db_default="")
    acting_for_name = models.CharField(max_length=120, blank=True, default="", db_default="")
    party = models.ForeignKey(Party, null=True, on_delete=models.PROTECT, related_name="+")
    task = models.ForeignKey(Task, null=True, on_delete=models.PROTECT, related_name="steps")
    record = models.UUIDField()
    decision = models.UUIDField(null=True)

    class Meta:
        """Read by case, in order."""

        db_table = "cases_step"

    def __str__(self) -> str:
        return f"{self.kind} {self.at:%Y-%m-%d %H:%M}"


class Attachment(models.Model):
    """A file of a case. Retention: as its case."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="attachments")
    step = models.ForeignKey(Step, on_delete=models.PROTECT, related_name="attachments")
    file = models.ForeignKey(StoredFile, on_delete=models.PROTECT, related_name="+")

    class Meta:
        """A file is attached once to a step."""

        db_table = "cases_attachment"
        constraints = [models.UniqueConstraint(fields=["step", "file"], name="cases_attachment_once")]

    def __str__(self) -> str:
        return f"{self.case_id} {self.file_id}"


class Rating(models.Model):
    """What the reporter says of a case, asked in a call-back or by themselves. Retention: as its case."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="ratings")
    at = models.DateTimeField(default=clock.now)
    source = models.CharField(max_length=10)
    reached = models.BooleanField(default=True)
    solved = models.BooleanField(null=True)
    satisfaction = models.PositiveSmallIntegerField(null=True)
    note = models.TextField(blank=True, default="")
    actor = models.CharField(max_length=64)

    class Meta:
        """The newest rating of a case counts."""

        db_table = "cases_rating"

    def __str__(self) -> str:
        return f"{self.case_id} {self.satisfaction}"


class FlowMigration(models.Model):
    """Running cases of a flow move to another version by a mapping. Retention: as the cases."""

    public_id = models.UUIDField(unique=True, default=uuid7, editable=False)
    from_version = models.ForeignKey(FlowVersion, on_delete=models.PROTECT, related_name="+")
    to_version = models.ForeignKey(FlowVersion, on_delete=models.PROTECT, related_name="+")
    mapping = models.JSONField(default=dict)
    reason = models.TextField()
    state = models.CharField(max_length=10, default="proposed")
    proposed_at = models.DateTimeField(default=clock.now)
    proposed_by = models.CharField(max_length=64)
    proposed_name = models.CharField(max_length=120, blank=True, default="")
    approved_at = models.DateTimeField(null=True)
    approved_by = models.CharField(max_length=64, blank=True, default="")
    approved_name = models.CharField(max_length=120, blank=True, default="")
    reached = models.BigIntegerField(default=0)
    moved = models.PositiveIntegerField(default=0)
    left = models.PositiveIntegerField(default=0)

    class Meta:
        """One of a version at a time is proposed or under way."""

        db_table = "cases_flow_migration"
        constraints = [
            models.UniqueConstraint(fields=["from_version"], name="cases_flow_migration_one",
                                    condition=models.Q(state__in=["proposed", "approved"])),
            models.CheckConstraint(condition=models.Q(state__in=["proposed", "approved", "done", "withdrawn"]),
                                   name="cases_flow_migration_state"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.from_version_id} → {self.to_version_id} {self.state}"
