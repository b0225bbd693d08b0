"""Columns of the log; only ``actions`` writes them, and triggers refuse every change of what is integrated."""

from __future__ import annotations

from django.contrib.postgres.indexes import BrinIndex
from django.db import models

from groundplan.lib import clock


class Pending(models.Model):
    """An entry that its writer has committed, or will, and the sequencer has not yet moved into the log.

    Retention: until it is integrated, usually under a second.
    """

    entry_id = models.UUIDField()
    at = models.DateTimeField()
    actor = models.CharField(max_length=200)
    action = models.CharField(max_length=100)
    subject = models.CharField(max_length=200)
    body = models.BinaryField()

    class Meta:
        db_table = "ledger_pending"


class Entry(models.Model):
    """A leaf of the tree. The columns beside ``body`` repeat parts of it so that they can be searched.

    Retention: for ever; holds no personal data.
    """

    leaf_index = models.BigIntegerField(primary_key=True)
    entry_id = models.UUIDField(unique=True)
    at = models.DateTimeField()
    actor = models.CharField(max_length=200)
    action = models.CharField(max_length=100)
    subject = models.CharField(max_length=200)
    body = models.BinaryField()

    class Meta:
        db_table = "ledger_entry"
        indexes = [
            models.Index(fields=["subject", "leaf_index"], name="ledger_entry_subject"),
            models.Index(fields=["actor", "leaf_index"], name="ledger_entry_actor"),
            models.Index(fields=["action", "leaf_index"], name="ledger_entry_action"),
            BrinIndex(fields=["at"], name="ledger_entry_at", pages_per_range=16),
        ]


class Node(models.Model):
    """The hash of a complete subtree: level 0 are leaf hashes, level k covers 2^k leaves from ``position * 2^k``.

    Retention: for ever.
    """

    pk = models.CompositePrimaryKey("level", "position")
    level = models.SmallIntegerField()
    position = models.BigIntegerField()
    hash = models.BinaryField()

    class Meta:
        db_table = "ledger_node"


class Head(models.Model):
    """A signed tree head; each names the hash of the one before it.

    Retention: for ever.
    """

    number = models.BigIntegerField(primary_key=True)
    size = models.BigIntegerField()
    root = models.BinaryField()
    at = models.DateTimeField()
    key_id = models.CharField(max_length=16)
    body = models.BinaryField()
    signature = models.BinaryField()

    class Meta:
        db_table = "ledger_head"
        indexes = [models.Index(fields=["size"], name="ledger_head_size")]


class Key(models.Model):
    """The public part of a key that signs, or signed, tree heads.

    Retention: for ever: old heads stay verifiable.
    """

    key_id = models.CharField(max_length=16, primary_key=True)
    public_key = models.BinaryField()
    valid_from = models.DateTimeField(default=clock.now)
    valid_until = models.DateTimeField(null=True)

    class Meta:
        db_table = "ledger_key"
        constraints = [
            models.UniqueConstraint(fields=["valid_until"], nulls_distinct=False, name="ledger_key_one_current"),
        ]
