"""Columns of rules, their versions, and the decisions they made."""

from __future__ import annotations

from django.db import models

from groundplan.lib import clock
from groundplan.lib.identity import uuid7


class RuleTable(models.Model):
    """A rule: the name under which its versions follow one another.

    Retention: never deleted; decisions point to it.
    """

    key = models.CharField(max_length=64, unique=True)
    label = models.JSONField()
    # New at every change of what is in force, so that a process sees with one cheap read whether its cache is true.
    # Not a counter: a change that is rolled back and another that is kept must not look alike.
    stamp = models.UUIDField(default=uuid7)
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        """Table name."""

        db_table = "rules_table"

    def __str__(self) -> str:
        return self.key


class RuleVersion(models.Model):
    """One text of a rule, as imported: a draft until a second person approves it, in force between two days.

    Retention: never deleted; every decision must be explainable as long as it is kept.
    """

    class State(models.TextChoices):
        """Where a version stands."""

        DRAFT = "draft"
        APPROVED = "approved"
        IN_FORCE = "in_force"
        RETIRED = "retired"

    class Origin(models.TextChoices):
        """Who wrote it: Groundplan, the city's profile, or the city."""

        SHIPPED = "shipped"
        PROFILE = "profile"
        CITY = "city"

    public_id = models.UUIDField(unique=True, default=uuid7, editable=False)
    rule = models.ForeignKey(RuleTable, on_delete=models.PROTECT, related_name="versions")
    version = models.IntegerField()
    state = models.CharField(max_length=16, choices=State.choices, default=State.DRAFT)
    origin = models.CharField(max_length=16, choices=Origin.choices)
    definition = models.JSONField()
    digest = models.CharField(max_length=64)
    source_name = models.CharField(max_length=200, blank=True)
    effective_from = models.DateField(null=True)
    effective_until = models.DateField(null=True)
    drafted_by = models.CharField(max_length=64)
    drafted_at = models.DateTimeField(default=clock.now)
    approved_by = models.CharField(max_length=64, blank=True)
    approved_at = models.DateTimeField(null=True)

    class Meta:
        """Table name; versions are counted per rule."""

        db_table = "rules_version"
        constraints = [
            models.UniqueConstraint(fields=["rule", "version"], name="rules_version_number"),
            models.CheckConstraint(
                condition=models.Q(state="in_force", effective_from__isnull=False) | ~models.Q(state="in_force"),
                name="rules_version_has_its_day",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rule_id}/{self.version}"


class Decision(models.Model):
    """One use of a rule: which version, which rows, what followed. Its facts stand apart, erasable.

    Retention: as long as the record of the action it served; the facts go earlier (DecisionFacts).
    """

    public_id = models.UUIDField(unique=True, default=uuid7, editable=False)
    version = models.ForeignKey(RuleVersion, on_delete=models.PROTECT, related_name="decisions")
    subject = models.CharField(max_length=128, db_index=True)
    actor = models.CharField(max_length=64)
    # The day whose law was applied, which may lie before the day of deciding.
    applies_at = models.DateTimeField()
    decided_at = models.DateTimeField(default=clock.now)
    rows = models.JSONField()
    outputs = models.JSONField()
    commitment = models.CharField(max_length=64)
    record = models.UUIDField(null=True)

    class Meta:
        """Table name; replay reads the decisions of a version in their order."""

        db_table = "rules_decision"
        indexes = [models.Index(fields=["version", "id"], name="rules_decision_replay")]

    def __str__(self) -> str:
        return str(self.public_id)


class DecisionFacts(models.Model):
    """The facts of a decision and the salt of its commitment: erasing the row makes the facts unrecoverable.

    Retention: until ``retain_until``, then erased; backups older than that follow docs/rules.md.
    """

    decision = models.OneToOneField(Decision, on_delete=models.PROTECT, primary_key=True, related_name="facts")
    facts = models.JSONField()
    # Facts of personal inputs, as encrypted JSON; null when there are none.
    personal = models.BinaryField(null=True)
    salt = models.BinaryField(max_length=16)
    retain_until = models.DateField(db_index=True)

    class Meta:
        """Table name."""

        db_table = "rules_decision_facts"

    def __str__(self) -> str:
        return str(self.decision_id)
