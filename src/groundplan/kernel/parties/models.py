"""Columns of parties: units, firms and people; relations, identifiers, users, memberships, tokens."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import F, Func, Q
from django.utils import timezone
from django.utils.translation import get_language

from groundplan.kernel.parties.logic import roles
from groundplan.lib import clock
from groundplan.lib.identity import uuid7


def today() -> dt.date:
    """The present day where the city is."""
    return timezone.localdate(clock.now())


def choices(labels: dict[str, dict[str, str]]) -> list[tuple[str, str]]:
    """A closed list as Django's choices."""
    return [(name, texts["zh-hans"]) for name, texts in labels.items()]


def days() -> Func:
    """The half-open range of days in which a row is valid; open when it has no end."""
    return Func(F("valid_from"), F("valid_until"), function="daterange")


class Dated(models.QuerySet[Any]):
    """Rows that are valid from one day until, not including, another."""

    def on(self, day: dt.date | None = None) -> Dated:
        """The rows valid on a day, today if none is given."""
        day = day or today()
        return self.filter(Q(valid_until=None) | Q(valid_until__gt=day), valid_from__lte=day)


def forward_dates(name: str) -> models.CheckConstraint:
    """A row ends after it begins, or never begins at all (both days equal)."""
    return models.CheckConstraint(
        condition=Q(valid_until=None) | Q(valid_until__gte=F("valid_from")), name=f"{name}_dates_forward"
    )


class Party(models.Model):
    """A unit, territory, firm or person. Retention: for ever; a party ends, it never vanishes."""

    public_id = models.UUIDField(unique=True, default=uuid7, editable=False)
    kind = models.CharField(max_length=16, choices=choices(roles.KINDS))
    code = models.CharField(max_length=64, unique=True)
    name = models.JSONField(default=dict)
    short_name = models.JSONField(default=dict, blank=True)
    sort_key = models.CharField(max_length=200, blank=True, db_index=True)
    division_code = models.CharField(max_length=12, blank=True, db_index=True)
    address = models.CharField(max_length=200, blank=True)
    public_phone = models.CharField(max_length=40, blank=True)
    duties = models.JSONField(default=dict, blank=True)
    valid_from = models.DateField(default=today)
    valid_until = models.DateField(null=True, blank=True)
    calendar = models.ForeignKey("UnitCalendar", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    merged_into = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="absorbed")
    version = models.IntegerField(default=1)
    created_at = models.DateTimeField(default=clock.now)

    objects: ClassVar[Any] = Dated.as_manager()

    class Meta:
        """Listed by the sound of the name."""

        db_table = "parties_party"
        indexes: ClassVar[list[Any]] = [models.Index(fields=["kind", "sort_key", "id"], name="parties_party_by_kind")]
        constraints: ClassVar[list[Any]] = [forward_dates("party")]

    def __str__(self) -> str:
        return self.shown_name

    @property
    def shown_name(self) -> str:
        """The name in the reader's language."""
        language = get_language() or "zh-hans"
        return str(self.name.get(language) or self.name.get("zh-hans") or next(iter(self.name.values()), self.code))

    @property
    def shown_short_name(self) -> str:
        """The short name in the reader's language, the name when there is none."""
        return str(self.short_name.get(get_language() or "zh-hans") or self.short_name.get("zh-hans") or self)

    @property
    def kind_label(self) -> dict[str, str]:
        """The kind as a label."""
        return roles.KINDS[self.kind]

    @property
    def is_current(self) -> bool:
        """Whether the party exists today."""
        return self.valid_from <= today() and (self.valid_until is None or self.valid_until > today())


class UnitCalendar(models.Model):
    """A unit's own work time; never changed, only followed by another. Retention: as the unit."""

    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="calendars")
    rows = models.JSONField()
    source = models.CharField(max_length=120)
    imported_at = models.DateTimeField(default=clock.now)
    imported_by = models.CharField(max_length=64)

    class Meta:
        """The unit says which one it keeps."""

        db_table = "parties_unit_calendar"

    def __str__(self) -> str:
        return f"{self.party_id} {self.source}"


class Relation(models.Model):
    """A dated relation of one party to another. Retention: for ever; a relation ends, it never vanishes."""

    kind = models.CharField(max_length=16, choices=choices(roles.RELATIONS))
    from_party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="relations")
    to_party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="inverse_relations")
    valid_from = models.DateField(default=today)
    valid_until = models.DateField(null=True, blank=True)

    objects: ClassVar[Any] = Dated.as_manager()

    class Meta:
        """The database itself refuses duplicates that overlap and a second superior at one time."""

        db_table = "parties_relation"
        indexes: ClassVar[list[Any]] = [models.Index(fields=["to_party", "kind"], name="parties_relation_inverse")]
        constraints: ClassVar[list[Any]] = [
            forward_dates("relation"),
            models.CheckConstraint(condition=~Q(from_party=F("to_party")), name="relation_not_to_itself"),
            ExclusionConstraint(
                name="relation_not_twice",
                expressions=[
                    ("kind", RangeOperators.EQUAL),
                    ("from_party", RangeOperators.EQUAL),
                    ("to_party", RangeOperators.EQUAL),
                    (days(), RangeOperators.OVERLAPS),
                ],
            ),
            ExclusionConstraint(
                name="relation_one_superior",
                expressions=[("from_party", RangeOperators.EQUAL), (days(), RangeOperators.OVERLAPS)],
                condition=Q(kind="belongs_to"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.from_party_id} {self.kind} {self.to_party_id}"

    @property
    def kind_label(self) -> dict[str, str]:
        """The kind as a label."""
        return roles.RELATIONS[self.kind]


class Identifier(models.Model):
    """A number that names a party elsewhere. Personal ones are encrypted. Retention: as the party."""

    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="identifiers")
    scheme = models.CharField(max_length=24, choices=choices(roles.SCHEMES))
    value = models.CharField(max_length=64, blank=True)
    sealed = models.BinaryField(null=True, blank=True)
    found_by = models.BinaryField(max_length=32)
    masked = models.CharField(max_length=64)
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        """A personal number never stands in the clear."""

        db_table = "parties_identifier"
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["scheme", "found_by"], name="identifier_names_one_party"),
            models.CheckConstraint(
                condition=~Q(scheme__in=sorted(roles.PERSONAL_SCHEMES)) | Q(value="", sealed__isnull=False),
                name="identifier_personal_is_sealed",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.scheme} {self.masked}"

    @property
    def scheme_label(self) -> dict[str, str]:
        """The scheme as a label."""
        return roles.SCHEMES[self.scheme]


class Users(BaseUserManager["User"]):
    """Finds users by the name they sign in with."""


class User(AbstractBaseUser):
    """Somebody who signs in: an officer, a resident, a program. Retention: while a record names the user."""

    public_id = models.UUIDField(unique=True, default=uuid7, editable=False)
    username = models.CharField(max_length=64, unique=True)
    display_name = models.CharField(max_length=64)
    person = models.ForeignKey(Party, null=True, blank=True, on_delete=models.PROTECT, related_name="users")
    language = models.CharField(max_length=10, blank=True)
    is_active = models.BooleanField(default=True)
    must_change_password = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=clock.now)

    USERNAME_FIELD = "username"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    objects: ClassVar[Users] = Users()

    class Meta:
        """There is no super-user."""

        db_table = "parties_user"

    def __str__(self) -> str:
        return self.display_name

    @property
    def actor_id(self) -> str:
        """The opaque id that the log and the events know."""
        return str(uuid.UUID(str(self.public_id)))


class Membership(models.Model):
    """A role of a user in a party for a term, within a territory. Retention: as the user."""

    public_id = models.UUIDField(unique=True, default=uuid7, editable=False)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="memberships")
    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="memberships")
    role = models.CharField(max_length=24, choices=choices(roles.ROLES))
    territory = models.CharField(max_length=12, blank=True)
    valid_from = models.DateField(default=today)
    valid_until = models.DateField(null=True, blank=True)
    granted_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="granted")
    created_at = models.DateTimeField(default=clock.now)

    objects: ClassVar[Any] = Dated.as_manager()

    class Meta:
        """三员分立 is held by the database: two administrator roles of one user never overlap in time."""

        db_table = "parties_membership"
        indexes: ClassVar[list[Any]] = [models.Index(fields=["party", "role"], name="parties_membership_of_party")]
        constraints: ClassVar[list[Any]] = [
            forward_dates("membership"),
            models.CheckConstraint(
                condition=Q(granted_by=None) | ~Q(granted_by=F("user")), name="membership_not_to_oneself"
            ),
            models.CheckConstraint(condition=Q(role__in=list(roles.ROLES)), name="membership_known_role"),
            ExclusionConstraint(
                name="membership_not_twice",
                expressions=[
                    ("user", RangeOperators.EQUAL),
                    ("party", RangeOperators.EQUAL),
                    ("role", RangeOperators.EQUAL),
                    ("territory", RangeOperators.EQUAL),
                    (days(), RangeOperators.OVERLAPS),
                ],
            ),
            ExclusionConstraint(
                name="membership_three_administrators_apart",
                expressions=[
                    ("user", RangeOperators.EQUAL),
                    ("role", RangeOperators.NOT_EQUAL),
                    (days(), RangeOperators.OVERLAPS),
                ],
                condition=Q(role__in=roles.ADMINISTRATORS),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.role} {self.party_id}"

    @property
    def role_label(self) -> dict[str, str]:
        """The role as a label."""
        return roles.ROLES[self.role]


class Deputation(models.Model):
    """A deputy (代理人) does an officer's work in a unit for a term. Retention: as the users."""

    public_id = models.UUIDField(unique=True, default=uuid7, editable=False)
    principal = models.ForeignKey(User, on_delete=models.PROTECT, related_name="deputies")
    deputy = models.ForeignKey(User, on_delete=models.PROTECT, related_name="principals")
    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    role_names = models.JSONField()
    kind = models.CharField(max_length=12, choices=choices(roles.DEPUTY_KINDS))
    reason = models.CharField(max_length=200)
    valid_from = models.DateField(default=today)
    valid_until = models.DateField()
    named_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=clock.now)

    objects: ClassVar[Any] = Dated.as_manager()

    class Meta:
        """Nobody is one's own deputy or names oneself; of two people one term at a time in a unit."""

        db_table = "parties_deputation"
        constraints: ClassVar[list[Any]] = [
            forward_dates("deputation"),
            models.CheckConstraint(
                condition=~Q(deputy=F("principal")) & ~Q(deputy=F("named_by")), name="deputation_of_another"
            ),
            ExclusionConstraint(
                name="deputation_not_twice",
                expressions=[
                    ("principal", RangeOperators.EQUAL),
                    ("deputy", RangeOperators.EQUAL),
                    ("party", RangeOperators.EQUAL),
                    (days(), RangeOperators.OVERLAPS),
                ],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.deputy_id} for {self.principal_id}"

    @property
    def kind_label(self) -> dict[str, str]:
        """The kind as a label."""
        return roles.DEPUTY_KINDS[self.kind]

    @property
    def role_labels(self) -> list[dict[str, str]]:
        """The roles as labels."""
        return [roles.ROLES[name] for name in self.role_names]

    @property
    def last_day(self) -> dt.date:
        """The last day on which it holds."""
        return self.valid_until - dt.timedelta(days=1)

    @property
    def is_open(self) -> bool:
        """Whether it holds today or later."""
        return self.valid_until > today() and self.valid_until > self.valid_from


class ApiToken(models.Model):
    """A bearer token of a user; only its keyed hash is stored. Retention: two years after its end."""

    public_id = models.UUIDField(unique=True, default=uuid7, editable=False)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="tokens")
    name = models.CharField(max_length=64)
    found_by = models.BinaryField(max_length=32, unique=True)
    hint = models.CharField(max_length=12)
    created_at = models.DateTimeField(default=clock.now)
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        """One row a token."""

        db_table = "parties_token"

    def __str__(self) -> str:
        return self.name

    @property
    def is_current(self) -> bool:
        """Whether it still opens anything."""
        return self.revoked_at is None and self.expires_at > clock.now()


class IdempotencyKey(models.Model):
    """The answer given to a request that may be sent again. Retention: 72 hours (jobs.forget_answers)."""

    actor_id = models.CharField(max_length=64)
    key = models.CharField(max_length=128)
    fingerprint = models.BinaryField(max_length=32)
    status = models.IntegerField()
    content_type = models.CharField(max_length=80)
    sealed = models.BinaryField()
    created_at = models.DateTimeField(default=clock.now, db_index=True)

    class Meta:
        """One answer a key."""

        db_table = "parties_idempotency"
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["actor_id", "key"], name="idempotency_one_answer")
        ]

    def __str__(self) -> str:
        return self.key
