"""Columns of identity: clients that ask for tokens, sources that say who somebody is, ties of accounts to them."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import get_language

from groundplan.kernel.identity.logic import words
from groundplan.kernel.parties.models import Party, User, choices
from groundplan.lib import clock
from groundplan.lib.identity import uuid7


def by_two_people(name: str) -> models.CheckConstraint:
    """Whoever proposed a row has not decided on it."""
    return models.CheckConstraint(
        condition=Q(decided_by=None) | Q(proposed_by=None) | ~Q(decided_by=F("proposed_by")), name=name
    )


class Client(models.Model):
    """A program or an application outside that may ask for tokens (接入应用). Retention: for ever; it ends."""

    public_id = models.UUIDField(unique=True, default=uuid7, editable=False)
    client_id = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=60)
    kind = models.CharField(max_length=8, choices=choices(words.CLIENT_KINDS))
    unit = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    account = models.OneToOneField(User, null=True, on_delete=models.PROTECT, related_name="client")
    redirect_uris = models.JSONField(default=list)
    scopes = models.JSONField(default=list)
    hashed = models.BinaryField(max_length=32, null=True)
    previous = models.BinaryField(max_length=32, null=True)
    previous_until = models.DateTimeField(null=True)
    secret_at = models.DateTimeField(null=True)
    state = models.CharField(max_length=8, choices=choices(words.STATES), default="proposed")
    proposed_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    decided_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        """The database itself wants two people, and an account of its own for a program."""

        db_table = "identity_client"
        constraints: ClassVar[list[Any]] = [
            by_two_people("client_by_two_people"),
            models.CheckConstraint(
                condition=Q(kind="site", account=None) | Q(kind="machine", account__isnull=False),
                name="client_program_has_account",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def kind_label(self) -> dict[str, str]:
        """The kind as a label."""
        return words.CLIENT_KINDS[self.kind]

    @property
    def state_label(self) -> dict[str, str]:
        """The state as a label."""
        return words.STATES[self.state]


class Code(models.Model):
    """An authorization code, as a keyed hash. Retention: one day after its end (jobs.forget_tokens)."""

    found_by = models.BinaryField(max_length=32, unique=True)
    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="codes")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    redirect_uri = models.CharField(max_length=300)
    scope = models.CharField(max_length=120)
    nonce = models.CharField(max_length=300, blank=True)
    challenge = models.CharField(max_length=128, blank=True)
    authenticated_at = models.DateTimeField()
    methods = models.JSONField(default=list)
    expires_at = models.DateTimeField(db_index=True)
    used_at = models.DateTimeField(null=True)

    class Meta:
        """It opens once."""

        db_table = "identity_code"


class Token(models.Model):
    """An access token of a client, as a keyed hash. Retention: one day after its end (jobs.forget_tokens)."""

    found_by = models.BinaryField(max_length=32, unique=True)
    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="tokens")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    code = models.ForeignKey(Code, null=True, on_delete=models.PROTECT, related_name="tokens")
    scope = models.CharField(max_length=120)
    expires_at = models.DateTimeField(db_index=True)
    revoked_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=clock.world)

    class Meta:
        """One row a token."""

        db_table = "identity_token"


class Consent(models.Model):
    """What a user lets an application know. Retention: as the user; it ends, it never vanishes."""

    public_id = models.UUIDField(unique=True, default=uuid7, editable=False)
    client = models.ForeignKey(Client, on_delete=models.PROTECT, related_name="consents")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    scope = models.CharField(max_length=120)
    given_at = models.DateTimeField(default=clock.now)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        """One in force for an application."""

        db_table = "identity_consent"
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["client", "user"], condition=Q(ended_at=None), name="consent_one")
        ]


class Source(models.Model):
    """A house outside that says who somebody is (身份源). Retention: for ever; it ends."""

    public_id = models.UUIDField(unique=True, default=uuid7, editable=False)
    kind = models.CharField(max_length=16)
    name = models.JSONField()
    address = models.CharField(max_length=300)
    options = models.JSONField(default=dict)
    sealed = models.BinaryField()
    published = models.JSONField(default=dict)
    published_at = models.DateTimeField(null=True)
    opens_accounts = models.BooleanField(default=False)
    is_strong = models.BooleanField(default=False)
    state = models.CharField(max_length=8, choices=choices(words.STATES), default="proposed")
    proposed_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    decided_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        """The database itself wants two people."""

        db_table = "identity_source"
        constraints: ClassVar[list[Any]] = [by_two_people("source_by_two_people")]

    def __str__(self) -> str:
        return str(self.name.get(get_language() or "zh-hans") or self.name["zh-hans"])

    @property
    def state_label(self) -> dict[str, str]:
        """The state as a label."""
        return words.STATES[self.state]


class Tie(models.Model):
    """An account tied to an identity at a source, found by a keyed hash. Retention: as the user; it ends."""

    public_id = models.UUIDField(unique=True, default=uuid7, editable=False)
    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="ties")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="ties")
    found_by = models.BinaryField(max_length=32)
    masked = models.CharField(max_length=64)
    made_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField(default=clock.now)
    used_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        """An identity opens one account, an account has one identity at a source."""

        db_table = "identity_tie"
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["source", "found_by"], condition=Q(ended_at=None), name="tie_opens_one_account"
            ),
            models.UniqueConstraint(fields=["source", "user"], condition=Q(ended_at=None), name="tie_one_a_source"),
        ]
