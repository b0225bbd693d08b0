"""Columns of linkage."""

from __future__ import annotations

from django.db import models

from groundplan.kernel.cases.models import Case
from groundplan.kernel.parties.models import Party
from groundplan.lib import clock
from groundplan.lib.identity import uuid7


class PlanVersion(models.Model):
    """One version of a linkage plan. Retention: for ever; a response names the version it followed."""

    public_id = models.UUIDField(unique=True, default=uuid7, editable=False)
    key = models.CharField(max_length=64)
    number = models.PositiveIntegerField()
    label = models.JSONField()
    document = models.JSONField()
    digest = models.CharField(max_length=64)
    origin = models.CharField(max_length=120)
    commander = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=10, default="draft")
    drafted_at = models.DateTimeField(default=clock.now)
    drafted_by = models.CharField(max_length=64)
    drafted_name = models.CharField(max_length=120, blank=True, default="")
    approved_at = models.DateTimeField(null=True)
    approved_by = models.CharField(max_length=64, blank=True, default="")
    approved_name = models.CharField(max_length=120, blank=True, default="")

    class Meta:
        """Versions count up within a plan, and one of them is in force."""

        db_table = "linkage_plan_version"
        constraints = [
            models.UniqueConstraint(fields=["key", "number"], name="linkage_plan_version_number"),
            models.UniqueConstraint(
                fields=["key"], condition=models.Q(state="in_force"), name="linkage_plan_version_in_force"
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=["draft", "in_force", "retired"]), name="linkage_plan_version_state"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.key} {self.number}"


class Response(models.Model):
    """A plan that was started, or an exercise of it. Retention: for ever."""

    public_id = models.UUIDField(unique=True, default=uuid7, editable=False)
    number = models.CharField(max_length=40, unique=True)
    plan = models.ForeignKey(PlanVersion, on_delete=models.PROTECT, related_name="responses")
    commander = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    level = models.CharField(max_length=4)
    exercise = models.BooleanField(default=False)
    reason = models.TextField()
    place = models.CharField(max_length=300, blank=True, default="")
    district = models.CharField(max_length=12, blank=True, default="")
    street = models.CharField(max_length=12, blank=True, default="")
    longitude = models.FloatField(null=True)
    latitude = models.FloatField(null=True)
    state = models.CharField(max_length=10, default="active")
    started_at = models.DateTimeField(default=clock.now)
    started_by = models.CharField(max_length=64)
    started_name = models.CharField(max_length=120)
    ended_at = models.DateTimeField(null=True)
    ended_by = models.CharField(max_length=64, blank=True, default="")
    ended_name = models.CharField(max_length=120, blank=True, default="")
    conclusion = models.TextField(blank=True, default="")
    start_key = models.CharField(max_length=160, unique=True, null=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        """Newest first."""

        db_table = "linkage_response"
        indexes = [models.Index(fields=["-started_at", "-id"], name="linkage_response_newest")]
        constraints = [
            models.CheckConstraint(condition=models.Q(state__in=["active", "ended"]), name="linkage_response_state")
        ]

    def __str__(self) -> str:
        return self.number


class LinkedCase(models.Model):
    """A case that a response opened for a unit. Retention: as the response."""

    response = models.ForeignKey(Response, on_delete=models.PROTECT, related_name="linked")
    case = models.OneToOneField(Case, on_delete=models.PROTECT, related_name="linkage")
    task = models.CharField(max_length=64)
    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    level = models.CharField(max_length=4)

    class Meta:
        """A task of the plan is opened once in a response."""

        db_table = "linkage_linked_case"
        constraints = [models.UniqueConstraint(fields=["response", "task"], name="linkage_linked_case_once")]

    def __str__(self) -> str:
        return f"{self.response_id} {self.task}"


class LogEntry(models.Model):
    """A line of the situation log (值守记录); the database refuses to change or delete it. Retention: for ever."""

    public_id = models.UUIDField(unique=True, default=uuid7, editable=False)
    response = models.ForeignKey(Response, on_delete=models.PROTECT, related_name="log")
    at = models.DateTimeField(default=clock.now)
    kind = models.CharField(max_length=12)
    text = models.JSONField()
    actor = models.CharField(max_length=64)
    actor_name = models.CharField(max_length=120, blank=True, default="")
    case = models.ForeignKey(Case, null=True, on_delete=models.PROTECT, related_name="+")
    record = models.UUIDField(null=True)
    event = models.UUIDField(null=True, unique=True)

    class Meta:
        """Read by response, in order."""

        db_table = "linkage_log_entry"
        indexes = [models.Index(fields=["response", "at", "id"], name="linkage_log_in_order")]

    def __str__(self) -> str:
        return f"{self.kind} {self.at:%Y-%m-%d %H:%M}"


class PublicWarning(models.Model):
    """A warning to the public in CAP 1.2: drafted by one person, approved by another. Retention: for ever."""

    public_id = models.UUIDField(unique=True, default=uuid7, editable=False)
    response = models.ForeignKey(Response, on_delete=models.PROTECT, related_name="warnings")
    identifier = models.CharField(max_length=120, unique=True)
    sender = models.CharField(max_length=64)
    kind = models.CharField(max_length=10)
    level = models.CharField(max_length=4)
    words = models.JSONField()
    references = models.JSONField(default=list)
    expires_at = models.DateTimeField()
    state = models.CharField(max_length=10, default="draft")
    drafted_at = models.DateTimeField(default=clock.now)
    drafted_by = models.CharField(max_length=64)
    drafted_name = models.CharField(max_length=120)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.CharField(max_length=64, blank=True, default="")
    decided_name = models.CharField(max_length=120, blank=True, default="")
    reason = models.TextField(blank=True, default="")
    xml = models.TextField(blank=True, default="")

    class Meta:
        """Approved once, and then never changed."""

        db_table = "linkage_warning"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=["draft", "approved", "refused"]), name="linkage_warning_state"
            ),
            models.CheckConstraint(
                condition=models.Q(state="approved") | models.Q(xml=""), name="linkage_warning_text_when_approved"
            ),
        ]

    def __str__(self) -> str:
        return self.identifier


class Suggestion(models.Model):
    """Reports met a trigger of a plan: somebody should look whether to start it. Retention: 1 year."""

    public_id = models.UUIDField(unique=True, default=uuid7, editable=False)
    plan = models.ForeignKey(PlanVersion, on_delete=models.PROTECT, related_name="suggestions")
    level = models.CharField(max_length=4)
    district = models.CharField(max_length=12, blank=True, default="")
    words = models.JSONField()
    found = models.PositiveIntegerField()
    made_at = models.DateTimeField(default=clock.now)
    response = models.ForeignKey(Response, null=True, on_delete=models.PROTECT, related_name="suggestions")

    class Meta:
        """Newest first; those that led to nothing are shown for a day."""

        db_table = "linkage_suggestion"
        indexes = [models.Index(fields=["-made_at"], name="linkage_suggestion_newest")]

    def __str__(self) -> str:
        return f"{self.plan_id} {self.level} {self.district}"
