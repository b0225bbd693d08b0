"""Columns of the outbox, the event log, its consumers and webhooks."""

from __future__ import annotations

from django.db import models

from groundplan.lib import clock
from groundplan.lib.identity import uuid7


class Outgoing(models.Model):
    """An event that its writer has committed, or will, and the dispatcher has not yet given a position.

    Retention: until it has its position, usually under a second.
    """

    event_id = models.UUIDField()
    type = models.CharField(max_length=100)
    subject = models.CharField(max_length=200)
    at = models.DateTimeField()
    actor = models.CharField(max_length=200)
    audience = models.JSONField(default=list)
    data = models.JSONField(default=dict)

    class Meta:
        db_table = "events_outgoing"


class StoredEvent(models.Model):
    """An event with its position: 1, 2, 3 … without gaps, in the order of integration.

    Retention: 90 days, then pruned once every consumer and webhook has passed it.
    """

    position = models.BigIntegerField(primary_key=True)
    event_id = models.UUIDField(unique=True)
    type = models.CharField(max_length=100)
    subject = models.CharField(max_length=200)
    at = models.DateTimeField()
    actor = models.CharField(max_length=200)
    audience = models.JSONField(default=list)
    data = models.JSONField(default=dict)

    class Meta:
        db_table = "events_event"
        indexes = [models.Index(fields=["subject", "position"], name="events_event_subject")]


class Counter(models.Model):
    """One row: the last position given out.

    Retention: for ever.
    """

    last = models.BigIntegerField(default=0)

    class Meta:
        db_table = "events_counter"


class Consumer(models.Model):
    """How far an in-process consumer has read.

    Retention: while the consumer is registered, and after.
    """

    name = models.CharField(max_length=100, primary_key=True)
    position = models.BigIntegerField(default=0)

    class Meta:
        db_table = "events_consumer"


class Consumed(models.Model):
    """A consumer has dealt with an event: written in the transaction of its work, so that it happens once.

    Retention: as the event.
    """

    pk = models.CompositePrimaryKey("consumer", "event_id")
    consumer = models.CharField(max_length=100)
    event_id = models.UUIDField()

    class Meta:
        db_table = "events_consumed"


class Webhook(models.Model):
    """An address outside that is told of events, in their order.

    Retention: ended, never deleted; deliveries are not kept.
    """

    public_id = models.UUIDField(unique=True, default=uuid7, editable=False)
    name = models.CharField(max_length=100)
    url = models.CharField(max_length=500)
    types = models.JSONField(default=list)
    audience = models.JSONField(default=list)
    secret = models.BinaryField()
    state = models.CharField(max_length=10, default="active", choices=[(s, s) for s in ("active", "paused", "ended")])
    paused_because = models.CharField(max_length=100, blank=True, default="")
    position = models.BigIntegerField(default=0)
    attempts = models.IntegerField(default=0)
    failed_in_a_row = models.IntegerField(default=0)
    next_at = models.DateTimeField(default=clock.now)
    leased_until = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        db_table = "events_webhook"


class Letter(models.Model):
    """An event that a consumer or webhook could not be given: waiting for its next try, or dead.

    Retention: until delivered or given up by a person; as the event.
    """

    public_id = models.UUIDField(unique=True, default=uuid7, editable=False)
    target = models.CharField(max_length=120)
    event = models.ForeignKey(StoredEvent, on_delete=models.PROTECT, related_name="letters")
    state = models.CharField(max_length=10, choices=[(s, s) for s in ("waiting", "dead")])
    attempts = models.IntegerField(default=1)
    reason = models.CharField(max_length=200)
    next_at = models.DateTimeField(default=clock.now)
    at = models.DateTimeField(default=clock.now)

    class Meta:
        db_table = "events_letter"
        constraints = [models.UniqueConstraint(fields=["target", "event"], name="events_letter_once")]
        indexes = [models.Index(fields=["state", "next_at"], name="events_letter_due")]
