"""Columns of notices."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q

from groundplan.kernel.parties.models import User
from groundplan.lib import clock
from groundplan.lib.identity import uuid7


class Notice(models.Model):
    """Something one user should know. Retention: 180 days (actions.forget_notices); what it tells of is on record."""

    public_id = models.UUIDField(unique=True, default=uuid7, editable=False)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="notices")
    kind = models.CharField(max_length=64)
    title = models.JSONField()
    subject = models.CharField(max_length=120)
    url = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(default=clock.now)
    read_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        """Listed by user, newest first."""

        db_table = "notices_notice"
        indexes: ClassVar[list[Any]] = [
            models.Index(fields=["user", "-id"], name="notices_of_user"),
            models.Index(fields=["user"], condition=Q(read_at=None), name="notices_unread"),
            models.Index(fields=["created_at"], name="notices_by_age"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject}"


class Channel(models.Model):
    """A way out of the house that a city has set up; its secret stands encrypted. Retention: ended, never deleted."""

    public_id = models.UUIDField(unique=True, default=uuid7, editable=False)
    name = models.CharField(max_length=60)
    kind = models.CharField(max_length=20)
    address = models.CharField(max_length=300)
    options = models.JSONField(default=dict)
    sealed = models.BinaryField()
    with_text = models.BooleanField(default=False)
    todos = models.BooleanField(default=False, db_default=False)
    state = models.CharField(max_length=10, default="active")
    paused_because = models.CharField(max_length=40, blank=True, default="")
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        """Few rows."""

        db_table = "notices_channel"
        constraints: ClassVar[list[Any]] = [
            models.CheckConstraint(condition=Q(state__in=["active", "paused", "ended"]), name="notices_channel_state")
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def todos_open(self) -> int:
        """How many to-dos stand there."""
        return self.todos_pushed.filter(shown="open").count()

    @property
    def todos_dead(self) -> int:
        """How many to-dos could not be brought there."""
        return self.todos_pushed.filter(state="dead").count()


class Delivery(models.Model):
    """A notice on its way over one channel. Retention: 180 days (actions.forget_deliveries)."""

    public_id = models.UUIDField(unique=True, default=uuid7, editable=False)
    channel = models.ForeignKey(Channel, on_delete=models.PROTECT, related_name="deliveries")
    notice = models.UUIDField()
    state = models.CharField(max_length=10, default="waiting")
    attempts = models.PositiveSmallIntegerField(default=0)
    reason = models.CharField(max_length=60, blank=True, default="")
    parts = models.PositiveSmallIntegerField(default=0)
    next_at = models.DateTimeField(default=clock.now)
    created_at = models.DateTimeField(default=clock.now)
    done_at = models.DateTimeField(null=True)

    class Meta:
        """A notice goes over a channel once; what is due is one range of an index."""

        db_table = "notices_delivery"
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["channel", "notice"], name="notices_delivery_once"),
            models.CheckConstraint(
                condition=Q(state__in=["waiting", "sent", "delivered", "failed", "dead", "skipped"]),
                name="notices_delivery_state",
            ),
        ]
        indexes: ClassVar[list[Any]] = [
            models.Index(fields=["next_at"], condition=Q(state="waiting"), name="notices_delivery_due"),
            models.Index(fields=["channel", "-id"], name="notices_delivery_newest"),
            models.Index(fields=["created_at"], name="notices_delivery_by_age"),
        ]

    def __str__(self) -> str:
        return f"{self.channel_id} {self.state}"


class Todo(models.Model):
    """A task in the to-do list of a message app, for one user. Retention: 180 days after it ended (forget_todos)."""

    public_id = models.UUIDField(unique=True, default=uuid7, editable=False)
    channel = models.ForeignKey(Channel, on_delete=models.PROTECT, related_name="todos_pushed")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    about = models.UUIDField()
    title = models.JSONField()
    url = models.CharField(max_length=300)
    due_at = models.DateTimeField(null=True)
    # What is to stand there and what does: a row is sent until both agree.
    wanted = models.CharField(max_length=10, default="open")
    shown = models.CharField(max_length=10, blank=True, default="")
    their_id = models.CharField(max_length=300, blank=True, default="")
    edition = models.PositiveSmallIntegerField(default=1)
    shown_edition = models.PositiveSmallIntegerField(default=0)
    state = models.CharField(max_length=10, default="waiting")
    attempts = models.PositiveSmallIntegerField(default=0)
    reason = models.CharField(max_length=60, blank=True, default="")
    next_at = models.DateTimeField(default=clock.now)
    changed_at = models.DateTimeField(default=clock.now)

    class Meta:
        """A task stands once in the list of a user."""

        db_table = "notices_todo"
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["channel", "about", "user"], name="notices_todo_once"),
            models.CheckConstraint(
                condition=Q(wanted__in=["open", "done", "cancelled"], state__in=["waiting", "settled", "dead"]),
                name="notices_todo_state",
            ),
        ]
        indexes: ClassVar[list[Any]] = [
            models.Index(fields=["next_at"], condition=Q(state="waiting"), name="notices_todo_due"),
            models.Index(fields=["about"], name="notices_todo_about"),
            models.Index(fields=["changed_at"], name="notices_todo_by_age"),
        ]

    def __str__(self) -> str:
        return f"{self.about} {self.wanted}"


class Preference(models.Model):
    """Where a user wants to be told, and when not; addresses stand encrypted. Retention: as the user's account."""

    user = models.OneToOneField(User, on_delete=models.PROTECT, related_name="notice_preference")
    sealed = models.BinaryField()
    off = models.JSONField(default=list)
    quiet_from = models.TimeField(null=True)
    quiet_until = models.TimeField(null=True)

    class Meta:
        """One row for each user who has said something."""

        db_table = "notices_preference"

    def __str__(self) -> str:
        return str(self.user_id)
