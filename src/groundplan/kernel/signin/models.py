"""Columns of second factors: authenticators, recovery codes, failures, resets."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.db.models import F, Q

from groundplan.kernel.parties.models import User
from groundplan.kernel.signin.logic import words
from groundplan.lib import clock
from groundplan.lib.identity import uuid7


class Factor(models.Model):
    """Something that a user has: an authenticator's secret, sealed, or a passkey. Retention: as the user."""

    public_id = models.UUIDField(unique=True, default=uuid7, editable=False)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="factors")
    kind = models.CharField(max_length=8, choices=[(name, texts["zh-hans"]) for name, texts in words.KINDS.items()])
    name = models.CharField(max_length=64)
    sealed = models.BinaryField()
    credential_id = models.BinaryField(max_length=1023, null=True, unique=True)
    counter = models.BigIntegerField(default=0)
    created_at = models.DateTimeField(default=clock.now)
    used_at = models.DateTimeField(null=True)
    removed_at = models.DateTimeField(null=True)

    class Meta:
        """One authenticator in force a user; passkeys as many as wanted."""

        db_table = "signin_factor"
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["user"], condition=Q(kind="totp", removed_at=None), name="factor_one_authenticator"
            ),
            models.CheckConstraint(
                condition=Q(kind="totp", credential_id=None) | Q(kind="passkey", credential_id__isnull=False),
                name="factor_passkey_has_a_name",
            ),
        ]

    @property
    def kind_label(self) -> dict[str, str]:
        """The kind as a label."""
        return words.KINDS[self.kind]


class RecoveryCode(models.Model):
    """A code that opens once, as a keyed hash. Retention: until the next set is made."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="recovery_codes")
    found_by = models.BinaryField(max_length=32)
    used_at = models.DateTimeField(null=True)

    class Meta:
        """A user's codes differ."""

        db_table = "signin_recovery_code"
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["user", "found_by"], name="recovery_code_once")
        ]


class Patience(models.Model):
    """Wrong codes of a user in a row; a lock for its tries. Retention: one row a user."""

    user = models.OneToOneField(User, primary_key=True, on_delete=models.PROTECT, related_name="+")
    failures = models.IntegerField(default=0)
    failed_at = models.DateTimeField(null=True)

    class Meta:
        """Its row is locked while a code is tried, so that no two are tried at one time."""

        db_table = "signin_patience"


class Reset(models.Model):
    """A request to take all factors off an account, decided by a second person. Retention: five years."""

    public_id = models.UUIDField(unique=True, default=uuid7, editable=False)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="factor_resets")
    reason = models.CharField(max_length=200)
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(default=clock.now)
    decided_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True)
    granted = models.BooleanField(null=True)

    class Meta:
        """The database itself wants two people, and one open request an account."""

        db_table = "signin_reset"
        constraints: ClassVar[list[Any]] = [
            models.CheckConstraint(
                condition=~Q(asked_by=F("user")) & (Q(decided_by=None) | ~Q(decided_by=F("user"))),
                name="reset_not_ones_own",
            ),
            models.CheckConstraint(
                condition=Q(decided_by=None) | Q(granted=False) | ~Q(decided_by=F("asked_by")),
                name="reset_by_two_people",
            ),
            models.UniqueConstraint(fields=["user"], condition=Q(decided_at=None), name="reset_one_open"),
        ]
