"""Columns of the knowledge base."""

from __future__ import annotations

from django.db import models

from groundplan.kernel.parties.models import Party
from groundplan.lib import clock
from groundplan.lib.identity import uuid7
from groundplan.lib.search import SearchColumn, search_index

VERSION_STATES = ("draft", "in_force", "superseded", "refused", "retired")


class Article(models.Model):
    """A standard answer; what it says is its version in force. Retention: kept, ended by ``ended_at``."""

    public_id = models.UUIDField(unique=True, default=uuid7, editable=False)
    owner = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField(default=clock.now)
    changed_at = models.DateTimeField(default=clock.now)
    ended_at = models.DateTimeField(null=True)
    ended_for = models.CharField(max_length=400, blank=True, default="")
    reminded_at = models.DateTimeField(null=True)
    search = SearchColumn(null=True, editable=False)

    class Meta:
        """Found by words and by owner; newest change first."""

        db_table = "knowledge_article"
        indexes = [
            search_index("search", "knowledge_words"),
            models.Index(fields=["-changed_at", "-id"], name="knowledge_newest"),
            models.Index(fields=["owner", "-changed_at"], name="knowledge_by_owner"),
        ]

    def __str__(self) -> str:
        return f"{self.public_id}"


class Version(models.Model):
    """One wording of an article. Retention: as its article."""

    public_id = models.UUIDField(unique=True, default=uuid7, editable=False)
    article = models.ForeignKey(Article, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    state = models.CharField(max_length=12, default="draft")
    title = models.CharField(max_length=120)
    question = models.TextField(blank=True, default="")
    answer = models.TextField()
    basis = models.TextField()
    words = models.JSONField(default=list)
    public = models.BooleanField(default=False)
    review_by = models.DateField()
    written_by = models.CharField(max_length=64)
    written_name = models.CharField(max_length=120, blank=True, default="")
    written_at = models.DateTimeField(default=clock.now)
    decided_by = models.CharField(max_length=64, blank=True, default="")
    decided_name = models.CharField(max_length=120, blank=True, default="")
    decided_at = models.DateTimeField(null=True)
    note = models.CharField(max_length=400, blank=True, default="")

    class Meta:
        """Versions count up; one is in force and one is a draft at most."""

        db_table = "knowledge_version"
        indexes = [models.Index(fields=["state", "review_by"], name="knowledge_review")]
        constraints = [
            models.UniqueConstraint(fields=["article", "number"], name="knowledge_version_number"),
            models.UniqueConstraint(
                fields=["article"], condition=models.Q(state="in_force"), name="knowledge_version_in_force"
            ),
            models.UniqueConstraint(fields=["article"], condition=models.Q(state="draft"), name="knowledge_one_draft"),
            models.CheckConstraint(condition=models.Q(state__in=VERSION_STATES), name="knowledge_version_state"),
        ]

    def __str__(self) -> str:
        return f"{self.title} {self.number}"


class Feedback(models.Model):
    """Somebody says that an article is outdated; its owner answers. Retention: 3 years after it was settled."""

    public_id = models.UUIDField(unique=True, default=uuid7, editable=False)
    article = models.ForeignKey(Article, on_delete=models.PROTECT, related_name="feedback")
    text = models.CharField(max_length=1000)
    made_by = models.CharField(max_length=64)
    made_at = models.DateTimeField(default=clock.now)
    settled_at = models.DateTimeField(null=True)
    settled_by = models.CharField(max_length=64, blank=True, default="")
    answer = models.CharField(max_length=1000, blank=True, default="")

    class Meta:
        """What waits is found by article."""

        db_table = "knowledge_feedback"
        indexes = [
            models.Index(
                fields=["article", "made_at"],
                condition=models.Q(settled_at__isnull=True),
                name="knowledge_feedback_waits",
            )
        ]

    def __str__(self) -> str:
        return f"{self.article_id} {self.made_at:%Y-%m-%d}"
