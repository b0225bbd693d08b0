"""Columns of the catalogue."""

from __future__ import annotations

from django.db import models

from groundplan.kernel.cases.models import Case
from groundplan.kernel.parties.models import Party
from groundplan.lib import clock
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

    class Meta:
        """Listed newest first; found by the postings of its words."""

        db_table = "catalogue_entry"
        indexes = [
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


class ColumnMapping(models.Model):
    """Which column of a unit's list is which field, kept under a name. Retention: until replaced."""

    name = models.CharField(max_length=64, unique=True)
    columns = models.JSONField()
    defaults = models.JSONField(default=dict)
    saved_at = models.DateTimeField(default=clock.now)
    saved_by = models.CharField(max_length=64)

    class Meta:
        """By name."""

        db_table = "catalogue_column_mapping"

    def __str__(self) -> str:
        return self.name


class Load(models.Model):
    """A file of entries that was taken in: read = stored + changed + repeated + refused. Retention: for ever."""

    public_id = models.UUIDField(unique=True, default=uuid7, editable=False)
    file_name = models.CharField(max_length=255)
    digest = models.CharField(max_length=64)
    form = models.CharField(max_length=8)
    columns = models.JSONField(default=dict)
    published = models.BooleanField(default=False)
    read = models.PositiveIntegerField(default=0)
    stored = models.PositiveIntegerField(default=0)
    changed = models.PositiveIntegerField(default=0)
    repeated = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)
    loaded_by = models.CharField(max_length=64)
    loaded_at = models.DateTimeField(default=clock.now)

    class Meta:
        """Newest first."""

        db_table = "catalogue_load"
        indexes = [models.Index(fields=["-loaded_at", "-id"], name="catalogue_load_newest")]

    def __str__(self) -> str:
        return self.file_name


class Problem(models.Model):
    """What is wrong with a row of a load: the cell, the reason, what stood there. Retention: as the load."""

    load = models.ForeignKey(Load, on_delete=models.PROTECT, related_name="problems")
    row = models.PositiveIntegerField()
    cell = models.CharField(max_length=300)
    field = models.CharField(max_length=120)
    reason = models.CharField(max_length=400)
    value = models.CharField(max_length=400, blank=True, default="")

    class Meta:
        """In the order of the file."""

        db_table = "catalogue_problem"
        indexes = [models.Index(fields=["load", "row", "id"], name="catalogue_problem_in_order")]

    def __str__(self) -> str:
        return self.cell


class Word(models.Model):
    """A word under which entries are found, and in how many. Retention: as the entries; made from them."""

    text = models.CharField(max_length=60, unique=True)
    entries = models.PositiveIntegerField(default=0)

    class Meta:
        """By text."""

        db_table = "catalogue_word"

    def __str__(self) -> str:
        return self.text


class Posting(models.Model):
    """That an entry is found under a word, and how heavily. Retention: as the entry; made from it.

    Searches read the primary key alone: one word, its heaviest entries first. The two references are not checked by
    the database, since a load of 40,000 entries writes millions of rows, all made from rows that are there.
    """

    pk = models.CompositePrimaryKey("word_id", "weight", "entry_id")
    word = models.ForeignKey(Word, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    weight = models.SmallIntegerField()
    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="+", db_constraint=False)

    class Meta:
        """Read by word."""

        db_table = "catalogue_posting"

    def __str__(self) -> str:
        return f"{self.word_id} {self.entry_id}"
