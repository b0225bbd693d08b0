"""Columns of attached systems, what came from them and what went to them."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from groundplan.kernel.cases.models import Case, Task
from groundplan.kernel.parties.models import Party
from groundplan.lib import clock
from groundplan.lib.identity import uuid7


class System(models.Model):
    """A system of the city that goes on beside ours; its secret stands encrypted. Retention: ended, never deleted."""

    public_id = models.UUIDField(unique=True, default=uuid7, editable=False)
    name = models.CharField(max_length=60)
    kind = models.CharField(max_length=32)
    direction = models.CharField(max_length=4, default="both")
    flow = models.CharField(max_length=64)
    address = models.CharField(max_length=300)
    sealed = models.BinaryField()
    mapping = models.JSONField()
    unit = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    every_minutes = models.PositiveSmallIntegerField(default=5)
    completes = models.BooleanField(default=True)
    state = models.CharField(max_length=10, default="active")
    created_at = models.DateTimeField(default=clock.now)
    next_at = models.DateTimeField(default=clock.now)
    leased_until = models.DateTimeField(null=True)
    # How far its events and states have been read, when it last answered, and since when it does not.
    since = models.DateTimeField(null=True)
    status_since = models.DateTimeField(null=True)
    seen_at = models.DateTimeField(null=True)
    down_since = models.DateTimeField(null=True)
    down_because = models.CharField(max_length=60, blank=True, default="")
    failures = models.PositiveIntegerField(default=0)

    class Meta:
        """Few rows."""

        db_table = "attached_system"
        constraints = [
            models.CheckConstraint(condition=Q(state__in=["active", "paused", "ended"]), name="attached_system_state"),
            models.CheckConstraint(condition=Q(direction__in=["in", "out", "both"]), name="attached_system_direction"),
        ]

    def __str__(self) -> str:
        return self.name


class Code(models.Model):
    """One code of theirs and what it is here. Retention: as its system."""

    system = models.ForeignKey(System, on_delete=models.PROTECT, related_name="codes")
    kind = models.CharField(max_length=10)
    theirs = models.CharField(max_length=120)
    ours = models.CharField(max_length=120)

    class Meta:
        """One of theirs means one thing here."""

        db_table = "attached_code"
        constraints = [
            models.UniqueConstraint(fields=["system", "kind", "theirs"], name="attached_code_once"),
            models.CheckConstraint(condition=Q(kind__in=["category", "unit", "state"]), name="attached_code_kind"),
        ]
        indexes = [models.Index(fields=["kind", "ours"], name="attached_code_of_ours")]

    def __str__(self) -> str:
        return f"{self.kind} {self.theirs} → {self.ours}"


class Link(models.Model):
    """An event of theirs and the one case that was made of it. Retention: as its case."""

    system = models.ForeignKey(System, on_delete=models.PROTECT, related_name="links")
    their_id = models.CharField(max_length=120)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="+")
    revision = models.CharField(max_length=40, blank=True, default="")
    at = models.DateTimeField(default=clock.now)

    class Meta:
        """An event of theirs is one case."""

        db_table = "attached_link"
        constraints = [models.UniqueConstraint(fields=["system", "their_id"], name="attached_link_once")]

    def __str__(self) -> str:
        return f"{self.their_id} → {self.case_id}"


class Order(models.Model):
    """A task of ours as it goes to the system of its unit. Retention: as its case."""

    public_id = models.UUIDField(unique=True, default=uuid7, editable=False)
    system = models.ForeignKey(System, on_delete=models.PROTECT, related_name="orders")
    task = models.ForeignKey(Task, on_delete=models.PROTECT, related_name="+")
    their_id = models.CharField(max_length=120, blank=True, default="")
    their_state = models.CharField(max_length=10, blank=True, default="")
    their_at = models.DateTimeField(null=True)
    state = models.CharField(max_length=12, default="waiting")
    differs = models.BooleanField(default=False)
    difference = models.CharField(max_length=300, blank=True, default="")
    attempts = models.PositiveSmallIntegerField(default=0)
    reason = models.CharField(max_length=60, blank=True, default="")
    created_at = models.DateTimeField(default=clock.now)
    next_at = models.DateTimeField(default=clock.now)
    sent_at = models.DateTimeField(null=True)

    class Meta:
        """A task goes to a system once; what is due is one range of an index."""

        db_table = "attached_order"
        constraints = [
            models.UniqueConstraint(fields=["system", "task"], name="attached_order_once"),
            models.CheckConstraint(
                condition=Q(state__in=["waiting", "sent", "acknowledged", "finished", "dead", "withdrawn", "settled"]),
                name="attached_order_state",
            ),
        ]
        indexes = [
            models.Index(fields=["system", "next_at"], condition=Q(state="waiting"), name="attached_order_due"),
            models.Index(fields=["system", "created_at", "id"], name="attached_order_by_day"),
            models.Index(fields=["system", "their_id"], condition=~Q(their_id=""), name="attached_order_theirs"),
        ]

    def __str__(self) -> str:
        return f"{self.task_id} {self.state}"


class Item(models.Model):
    """One message of theirs as it came, encrypted: an event or a status. Retention: 3 years.

    What they send is kept here before anything is made of it, so that nothing of theirs is lost without a row.
    """

    public_id = models.UUIDField(unique=True, default=uuid7, editable=False)
    system = models.ForeignKey(System, on_delete=models.PROTECT, related_name="items")
    kind = models.CharField(max_length=6)
    their_id = models.CharField(max_length=120, blank=True, default="")
    digest = models.CharField(max_length=64)
    revision = models.CharField(max_length=40, blank=True, default="")
    sealed = models.BinaryField()
    state = models.CharField(max_length=8, default="waiting")
    missing = models.JSONField(default=list)
    reason = models.CharField(max_length=300, blank=True, default="")
    times = models.PositiveIntegerField(default=1)
    case = models.ForeignKey(Case, null=True, on_delete=models.PROTECT, related_name="+")
    order = models.ForeignKey(Order, null=True, on_delete=models.PROTECT, related_name="items")
    received_at = models.DateTimeField(default=clock.now)
    settled_at = models.DateTimeField(null=True)

    class Meta:
        """The same message is one row, however often it comes."""

        db_table = "attached_item"
        constraints = [
            models.UniqueConstraint(fields=["system", "kind", "their_id", "digest"], name="attached_item_once"),
            models.CheckConstraint(condition=Q(kind__in=["event", "status"]), name="attached_item_kind"),
            models.CheckConstraint(condition=Q(state__in=["waiting", "taken", "refused"]), name="attached_item_state"),
        ]
        indexes = [
            models.Index(fields=["system", "id"], condition=Q(state="waiting"), name="attached_item_waiting"),
            models.Index(fields=["system", "received_at", "id"], name="attached_item_by_day"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.their_id} {self.state}"


class Pickup(models.Model):
    """A file that was taken from a drop folder; the same content is never read twice. Retention: 3 years."""

    system = models.ForeignKey(System, on_delete=models.PROTECT, related_name="pickups")
    digest = models.CharField(max_length=64)
    name = models.CharField(max_length=200)
    lines = models.PositiveIntegerField()
    at = models.DateTimeField(default=clock.now)

    class Meta:
        """Once by its content."""

        db_table = "attached_pickup"
        constraints = [models.UniqueConstraint(fields=["system", "digest"], name="attached_pickup_once")]

    def __str__(self) -> str:
        return self.name


class Check(models.Model):
    """One comparison of a day with their list. Retention: 3 years."""

    system = models.ForeignKey(System, on_delete=models.PROTECT, related_name="checks")
    day = models.DateField()
    theirs = models.PositiveIntegerField()
    found = models.PositiveIntegerField()
    at = models.DateTimeField(default=clock.now)

    class Meta:
        """The newest of a day counts."""

        db_table = "attached_check"
        indexes = [models.Index(fields=["system", "day", "-id"], name="attached_check_newest")]

    def __str__(self) -> str:
        return f"{self.day} {self.theirs}"
