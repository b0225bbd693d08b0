"""Columns of the outside witnesses of the log."""

from __future__ import annotations

from django.db import models

from groundplan.lib import clock
from groundplan.lib.identity import uuid7


class Witness(models.Model):
    """A file or an address outside that is given every signed tree head, in order.

    Retention: ended, never deleted; what it was given is kept by the witness.
    """

    public_id = models.UUIDField(unique=True, default=uuid7, editable=False)
    name = models.CharField(max_length=100)
    kind = models.CharField(max_length=10, choices=[(kind, kind) for kind in ("file", "webhook")])
    address = models.CharField(max_length=500)
    secret = models.BinaryField()
    state = models.CharField(max_length=10, default="active", choices=[(s, s) for s in ("active", "ended")])
    # The number of the next head to be given: so many stand with the witness.
    given = models.BigIntegerField(default=0)
    attempts = models.IntegerField(default=0)
    reason = models.CharField(max_length=100, blank=True, default="")
    next_at = models.DateTimeField(default=clock.now)
    leased_until = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        db_table = "proofs_witness"
        constraints = [
            models.UniqueConstraint(
                fields=["address"], condition=models.Q(state="active"), name="proofs_witness_one_each"
            ),
        ]
