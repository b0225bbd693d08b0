"""Columns of the exchange between two zones."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from groundplan.lib import clock
from groundplan.lib.crypto.sealing import PublicPair
from groundplan.lib.identity import uuid7

STATES = ("proposed", "active", "ended")


class Peer(models.Model):
    """The other zone, proposed by one administrator and confirmed by another. Retention: ended, never deleted."""

    public_id = models.UUIDField(unique=True, default=uuid7, editable=False)
    side = models.CharField(max_length=10, choices=[(side, side) for side in ("outer", "inner")])
    signing = models.BinaryField()
    exchange = models.BinaryField()
    fingerprint = models.CharField(max_length=64, unique=True)
    state = models.CharField(
        max_length=10, default="proposed", choices=[(s, s) for s in ("proposed", "active", "ended")]
    )
    proposed_by = models.CharField(max_length=64)
    proposed_at = models.DateTimeField(default=clock.now)
    confirmed_by = models.CharField(max_length=64, blank=True, default="")
    confirmed_at = models.DateTimeField(null=True)
    # The last packet made, and how far the other side has confirmed.
    sent = models.BigIntegerField(default=0)
    sent_digest = models.CharField(max_length=64, blank=True, default="")
    acknowledged = models.BigIntegerField(default=0)
    # The last packet applied, the last of them with messages, and how far the other side was told.
    received = models.BigIntegerField(default=0)
    received_digest = models.CharField(max_length=64, blank=True, default="")
    owed = models.BigIntegerField(default=0)
    told = models.BigIntegerField(default=0)

    class Meta:
        """One other zone at a time, confirmed by another person than who proposed it."""

        db_table = "zones_peer"
        constraints = [
            models.UniqueConstraint(models.Value(1), condition=~Q(state="ended"), name="zones_peer_one"),
            models.CheckConstraint(
                condition=Q(confirmed_by="") | ~Q(confirmed_by=F("proposed_by")), name="zones_peer_two_people"
            ),
        ]

    def __str__(self) -> str:
        return self.fingerprint[:16]

    @property
    def keys(self) -> PublicPair:
        """Its public keys."""
        return PublicPair(bytes(self.signing), bytes(self.exchange))


class Packet(models.Model):
    """A numbered packet sent or applied; the content of a sent one stands until it is acknowledged.

    Retention: 5 years.
    """

    peer = models.ForeignKey(Peer, on_delete=models.PROTECT, related_name="packets")
    direction = models.CharField(max_length=3, choices=[(d, d) for d in ("out", "in")])
    number = models.BigIntegerField()
    digest = models.CharField(max_length=64)
    messages = models.PositiveIntegerField()
    refused = models.PositiveIntegerField(default=0)
    size = models.BigIntegerField()
    at = models.DateTimeField(default=clock.now)
    written_at = models.DateTimeField(null=True)
    acknowledged_at = models.DateTimeField(null=True)
    content = models.BinaryField(null=True)

    class Meta:
        """A number is used once in each direction."""

        db_table = "zones_packet"
        constraints = [models.UniqueConstraint(fields=["peer", "direction", "number"], name="zones_packet_once")]
        indexes = [models.Index(fields=["-at", "-id"], name="zones_packet_newest")]

    def __str__(self) -> str:
        return f"{self.direction} {self.number}"


class Message(models.Model):
    """A message that waits to be sent or acknowledged; encrypted, emptied when acknowledged. Retention: 1 year."""

    public_id = models.UUIDField(unique=True, default=uuid7, editable=False)
    kind = models.CharField(max_length=32)
    body = models.BinaryField()
    at = models.DateTimeField(default=clock.now)
    packet = models.ForeignKey(Packet, null=True, on_delete=models.PROTECT, related_name="carried")

    class Meta:
        """Those that wait, in order."""

        db_table = "zones_message"
        indexes = [models.Index(fields=["id"], condition=Q(packet=None), name="zones_message_waiting")]

    def __str__(self) -> str:
        return self.kind


class Refusal(models.Model):
    """A file that was not taken, and why; the same file again is counted. Retention: 1 year."""

    digest = models.CharField(max_length=64)
    name = models.CharField(max_length=200)
    reason = models.CharField(max_length=20)
    times = models.PositiveIntegerField(default=1)
    first_at = models.DateTimeField(default=clock.now)
    last_at = models.DateTimeField(default=clock.now)

    class Meta:
        """One row for a content and a reason; newest first."""

        db_table = "zones_refusal"
        constraints = [models.UniqueConstraint(fields=["digest", "reason"], name="zones_refusal_once")]
        indexes = [models.Index(fields=["-last_at", "-id"], name="zones_refusal_newest")]

    def __str__(self) -> str:
        return f"{self.name} {self.reason}"
