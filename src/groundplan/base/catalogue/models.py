"""Columns of the catalogue."""

from __future__ import annotations

from django.db import models

from groundplan.kernel.cases.models import Case
from groundplan.kernel.parties.models import Party
from groundplan.lib import clock, search
from groundplan.lib.identity import uuid7

ENTRY_STATES = ("draft", "review", "published", "offline", "withdrawn")
VERSION_STATES = ("draft", "review", "returned", "published", "superseded", "withdrawn")
RESOURCE_STATES = ("mounted", "ended")


class Shelf(models.Model):
    """A base register or theme under which entries stand; dated. Retention: for ever."""

    key = models.CharField(max_length=64, unique=True)
    kind = models.CharField(max_length=10)
    label = models.JSONField()
    place = models.PositiveSmallIntegerField(default=0)
    valid_from = models.DateField()
    valid_until = models.DateField(null=True)
    origin = models.CharField(max_length=20)

    class Meta:
        """In the order of the profile."""

        db_table = "catalogue_shelf"
        constraints = [
            models.CheckConstraint(condition=models.Q(kind__in=["register", "theme"]), name="catalogue_shelf_kind")
        ]

    def __str__(self) -> str:
        return self.key


class Term(models.Model):
    """Words that the catalogue knows, with what they mean: marks of secrets, synonyms; dated. Retention: for ever."""

    kind = models.CharField(max_length=12)
    key = models.CharField(max_length=64)
    words = models.JSONField()
    meaning = models.JSONField(default=dict)
    valid_from = models.DateField()
    valid_until = models.DateField(null=True)
    origin = models.CharField(max_length=20)

    class Meta:
        """One row for each kind and key."""

        db_table = "catalogue_term"
        constraints = [models.UniqueConstraint(fields=["kind", "key"], name="catalogue_term_key")]

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"


class Entry(models.Model):
    """A description of data (目录条目), as it stands in force. Retention: for ever; it goes offline, never away."""

    public_id = models.UUIDField(unique=True, default=uuid7, editable=False)
    identifier = models.CharField(max_length=200, unique=True)
    provider = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    shelf = models.ForeignKey(Shelf, on_delete=models.PROTECT, related_name="+")
    title = models.JSONField()
    name = models.CharField(max_length=300)
    summary = models.JSONField(default=dict)
    kind = models.CharField(max_length=12)
    sharing = models.CharField(max_length=16)
    openness = models.CharField(max_length=12)
    cycle = models.CharField(max_length=12)
    form = models.CharField(max_length=40, blank=True, default="")
    grade = models.CharField(max_length=12, blank=True, default="")
    content = models.JSONField()
    state = models.CharField(max_length=10, default="draft")
    number = models.PositiveIntegerField(default=0)
    made_at = models.DateTimeField(default=clock.now)
    changed_at = models.DateTimeField(default=clock.now)
    published_at = models.DateTimeField(null=True)
    mounted_at = models.DateTimeField(null=True)
    offline_at = models.DateTimeField(null=True)
    data_at = models.DateTimeField(null=True)
    search = search.SearchColumn(null=True)

    class Meta:
        """Found by words, listed newest first."""

        db_table = "catalogue_entry"
        indexes = [
            search.search_index("search", "catalogue_entry_words"),
            models.Index(fields=["-changed_at", "-id"], name="catalogue_entry_newest"),
            models.Index(fields=["provider", "state"], name="catalogue_entry_of_unit"),
        ]
        constraints = [
            models.CheckConstraint(condition=models.Q(state__in=ENTRY_STATES), name="catalogue_entry_state"),
        ]

    def __str__(self) -> str:
        return self.identifier


class EntryVersion(models.Model):
    """What an entry said, says or shall say, and the case that decides. Retention: for ever."""

    public_id = models.UUIDField(unique=True, default=uuid7, editable=False)
    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    kind = models.CharField(max_length=8)
    content = models.JSONField()
    reason = models.TextField(blank=True, default="")
    state = models.CharField(max_length=10, default="draft")
    case = models.ForeignKey(Case, null=True, on_delete=models.PROTECT, related_name="+")
    written_by = models.CharField(max_length=64)
    written_name = models.CharField(max_length=120)
    written_at = models.DateTimeField(default=clock.now)
    decided_at = models.DateTimeField(null=True)

    class Meta:
        """Numbers count up within an entry; at most one version is on its way."""

        db_table = "catalogue_entry_version"
        constraints = [
            models.UniqueConstraint(fields=["entry", "number"], name="catalogue_version_number"),
            models.UniqueConstraint(fields=["case"], name="catalogue_version_case"),
            models.UniqueConstraint(
                fields=["entry"], condition=models.Q(state__in=["draft", "review", "returned"]),
                name="catalogue_version_on_its_way",
            ),
            models.CheckConstraint(condition=models.Q(state__in=VERSION_STATES), name="catalogue_version_state"),
            models.CheckConstraint(
                condition=models.Q(kind__in=["new", "change", "offline"]), name="catalogue_version_kind"
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.entry_id} {self.number}"


class Element(models.Model):
    """A data item (数据项) of an entry in force. Retention: as the entry; replaced with each version."""

    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="elements")
    place = models.PositiveIntegerField()
    name = models.CharField(max_length=120)
    key = models.CharField(max_length=120)
    label = models.CharField(max_length=200, blank=True, default="")
    type = models.CharField(max_length=12)
    required = models.BooleanField(default=False)
    personal = models.CharField(max_length=10)
    grade = models.CharField(max_length=12, blank=True, default="")
    source = models.ForeignKey(Party, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        """In the order of the entry; found by the plain form of the name."""

        db_table = "catalogue_element"
        constraints = [models.UniqueConstraint(fields=["entry", "place"], name="catalogue_element_place")]
        indexes = [models.Index(fields=["key", "entry"], name="catalogue_element_key")]

    def __str__(self) -> str:
        return self.name


class Resource(models.Model):
    """Data that is really there (数据资源), mounted at an entry. Retention: for ever; it ends, never away."""

    public_id = models.UUIDField(unique=True, default=uuid7, editable=False)
    identifier = models.CharField(max_length=120, unique=True)
    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="resources")
    provider = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=12)
    title = models.JSONField()
    form = models.CharField(max_length=40, blank=True, default="")
    address = models.CharField(max_length=2000, blank=True, default="")
    mount = models.JSONField(default=dict)
    state = models.CharField(max_length=10, default="mounted")
    number = models.PositiveIntegerField(default=0)
    mounted_at = models.DateTimeField(default=clock.now)
    mounted_by = models.CharField(max_length=64)
    data_at = models.DateTimeField(null=True)
    rows = models.BigIntegerField(null=True)
    uses = models.BigIntegerField(default=0)
    ended_at = models.DateTimeField(null=True)
    ended_for = models.TextField(blank=True, default="")

    class Meta:
        """Named by one text everywhere: lake, grants, exchange."""

        db_table = "catalogue_resource"
        constraints = [
            models.CheckConstraint(condition=models.Q(state__in=RESOURCE_STATES), name="catalogue_resource_state")
        ]

    def __str__(self) -> str:
        return self.identifier


class ResourceVersion(models.Model):
    """A state of the data of a resource: when it was brought up to date, with how many rows. Retention: for ever."""

    resource = models.ForeignKey(Resource, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    at = models.DateTimeField()
    rows = models.BigIntegerField(null=True)
    digest = models.CharField(max_length=64, blank=True, default="")
    note = models.CharField(max_length=400, blank=True, default="")
    noted_by = models.CharField(max_length=64)

    class Meta:
        """Numbers count up within a resource."""

        db_table = "catalogue_resource_version"
        constraints = [models.UniqueConstraint(fields=["resource", "number"], name="catalogue_resource_version_number")]

    def __str__(self) -> str:
        return f"{self.resource_id} {self.number}"
