"""Columns of incidents."""

from __future__ import annotations

from django.db import models

from groundplan.kernel.cases.models import Case
from groundplan.kernel.parties.models import Party
from groundplan.lib import clock
from groundplan.lib.identity import uuid7

KINDS = ("hotline", "component", "matter")


class Category(models.Model):
    """What a report can be about: a component or matter of city management, or a matter of the hotline.

    Retention: kept, ended by ``valid_until``. Components and matters share numbers: the kind belongs to the key.
    """

    kind = models.CharField(max_length=10)
    code = models.CharField(max_length=40)
    group = models.JSONField()
    label = models.JSONField()
    words = models.JSONField(default=list)
    origin = models.CharField(max_length=120)
    valid_from = models.DateField()
    valid_until = models.DateField(null=True)
    position = models.PositiveIntegerField(default=0)

    class Meta:
        """A code means one thing at a time."""

        db_table = "incidents_category"
        constraints = [models.UniqueConstraint(fields=["kind", "code", "valid_from"], name="incidents_category_once")]

    def __str__(self) -> str:
        return f"{self.kind}:{self.code}"


class ColumnMapping(models.Model):
    """Which column of a kind of file is which field, kept by name. Retention: until replaced."""

    name = models.CharField(max_length=64, unique=True)
    columns = models.JSONField()
    flow = models.CharField(max_length=64)
    saved_at = models.DateTimeField(default=clock.now)
    saved_by = models.CharField(max_length=64)

    class Meta:
        """Found by name."""

        db_table = "incidents_column_mapping"

    def __str__(self) -> str:
        return self.name


class Load(models.Model):
    """One imported file: read = stored + repeated + quarantined. Retention: 5 years."""

    public_id = models.UUIDField(unique=True, default=uuid7, editable=False)
    file_name = models.CharField(max_length=255)
    digest = models.CharField(max_length=64)
    flow = models.CharField(max_length=64)
    columns = models.JSONField()
    loaded_at = models.DateTimeField(default=clock.now)
    loaded_by = models.CharField(max_length=64)
    read = models.PositiveIntegerField(default=0)
    stored = models.PositiveIntegerField(default=0)
    repeated = models.PositiveIntegerField(default=0)
    quarantined = models.PositiveIntegerField(default=0)

    class Meta:
        """Newest first."""

        db_table = "incidents_load"
        indexes = [models.Index(fields=["-loaded_at"], name="incidents_load_newest")]

    def __str__(self) -> str:
        return self.file_name


class QuarantinedRow(models.Model):
    """A row of a file that was not accepted, with the reason. Retention: 1 year; personal parts encrypted."""

    load = models.ForeignKey(Load, on_delete=models.PROTECT, related_name="rows")
    number = models.PositiveIntegerField()
    reason = models.TextField()
    cells = models.BinaryField()

    class Meta:
        """Read by load, in order."""

        db_table = "incidents_quarantined_row"
        constraints = [models.UniqueConstraint(fields=["load", "number"], name="incidents_quarantined_once")]

    def __str__(self) -> str:
        return f"{self.load_id}:{self.number}"


class Incident(models.Model):
    """What was reported, where and through which door; its handling is the case. Retention: as its case."""

    public_id = models.UUIDField(unique=True, default=uuid7, editable=False)
    case = models.OneToOneField(Case, on_delete=models.PROTECT, related_name="incident")
    channel = models.CharField(max_length=20)
    kind = models.CharField(max_length=10)
    category = models.CharField(max_length=40, blank=True, default="")
    proposed_category = models.CharField(max_length=40, blank=True, default="")
    certainty = models.PositiveSmallIntegerField(default=0)
    component = models.CharField(max_length=40, blank=True, default="")
    text = models.TextField()
    hidden_parts = models.PositiveSmallIntegerField(default=0)
    place = models.CharField(max_length=300, blank=True, default="")
    longitude = models.FloatField(null=True)
    latitude = models.FloatField(null=True)
    district = models.CharField(max_length=12, blank=True, default="")
    street = models.CharField(max_length=12, blank=True, default="")
    community = models.CharField(max_length=15, blank=True, default="")
    unit_grid = models.CharField(max_length=24, blank=True, default="")
    governance_grid = models.CharField(max_length=24, blank=True, default="")
    reporter = models.CharField(max_length=64, blank=True, default="")
    phone_hash = models.BinaryField(null=True)
    reported_at = models.DateTimeField()
    received_at = models.DateTimeField(default=clock.now)
    receipt = models.CharField(max_length=64, unique=True)
    intake_key = models.BinaryField(null=True, unique=True)
    fingerprint = models.BinaryField()
    external_id = models.CharField(max_length=120, blank=True, default="")
    load = models.ForeignKey(Load, null=True, on_delete=models.PROTECT, related_name="incidents")
    likely = models.JSONField(default=list)

    class Meta:
        """Found by place, by caller, by file; newest first."""

        db_table = "incidents_incident"
        indexes = [
            models.Index(fields=["kind", "category", "-reported_at"], name="incidents_by_category"),
            models.Index(fields=["-reported_at", "-id"], name="incidents_newest"),
            models.Index(fields=["longitude", "latitude"], name="incidents_by_place"),
            models.Index(fields=["phone_hash", "-reported_at"], name="incidents_by_caller"),
            models.Index(fields=["fingerprint", "-received_at"], name="incidents_by_fingerprint"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["channel", "external_id"],
                condition=~models.Q(external_id=""),
                name="incidents_external_id_once",
            ),
        ]

    def __str__(self) -> str:
        return self.receipt


class DoorCount(models.Model):
    """How often a public door was used from one address in one window. Retention: 1 day."""

    door = models.CharField(max_length=20)
    visitor = models.BinaryField()
    window = models.DateTimeField()
    count = models.PositiveIntegerField(default=0)

    class Meta:
        """One row for each door, visitor and window."""

        db_table = "incidents_door_count"
        constraints = [models.UniqueConstraint(fields=["door", "visitor", "window"], name="incidents_door_count_once")]

    def __str__(self) -> str:
        return f"{self.door} {self.count}"


class Acknowledged(models.Model):
    """How many reports a process has said yes to, counted after their transaction. Retention: for ever."""

    process = models.CharField(max_length=40, unique=True)
    count = models.PositiveBigIntegerField(default=0)

    class Meta:
        """One row for each process, so that processes do not wait for one another."""

        db_table = "incidents_acknowledged"

    def __str__(self) -> str:
        return f"{self.process} {self.count}"


class Objection(models.Model):
    """A case shall not count for a unit (剔除), or one of its figures is contested (申诉). Retention: as its case.

    The objection is worked on as a case of its own; it counts while that case is closed as ``upheld``.
    """

    case = models.OneToOneField(Case, on_delete=models.PROTECT, related_name="objection")
    about = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="objections")
    unit = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=10)
    indicator = models.CharField(max_length=32, blank=True, default="")
    ground = models.CharField(max_length=32)
    made_at = models.DateTimeField(default=clock.now)
    made_by = models.CharField(max_length=64)

    class Meta:
        """Found by the case that it is about, for each unit."""

        db_table = "incidents_objection"
        indexes = [models.Index(fields=["about", "unit"], name="incidents_objection_about")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind="exclusion", indicator="")
                | (models.Q(kind="appeal") & ~models.Q(indicator="")),
                name="incidents_objection_kind",
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.about_id}"


class Draw(models.Model):
    """A sample drawn for audit (抽查); population, seed and size give the same again. Retention: 5 years."""

    public_id = models.UUIDField(unique=True, default=uuid7, editable=False)
    start = models.DateTimeField()
    end = models.DateTimeField()
    unit = models.ForeignKey(Party, null=True, on_delete=models.PROTECT, related_name="+")
    population = models.JSONField()
    digest = models.CharField(max_length=64)
    seed = models.CharField(max_length=80)
    seed_origin = models.CharField(max_length=20)
    size = models.PositiveIntegerField()
    drawn_at = models.DateTimeField(default=clock.now)
    drawn_by = models.CharField(max_length=64)

    class Meta:
        """Newest first."""

        db_table = "incidents_draw"
        indexes = [models.Index(fields=["-drawn_at", "-id"], name="incidents_draw_newest")]

    def __str__(self) -> str:
        return f"{self.size} of {len(self.population)}"


class DrawnCase(models.Model):
    """One case of a sample, and the case in which it is audited. Retention: 5 years."""

    draw = models.ForeignKey(Draw, on_delete=models.PROTECT, related_name="cases")
    about = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="audits")
    case = models.OneToOneField(Case, on_delete=models.PROTECT, related_name="audit")
    unit = models.ForeignKey(Party, null=True, on_delete=models.PROTECT, related_name="+")
    position = models.PositiveIntegerField()

    class Meta:
        """In the order of the draw; a case is drawn once."""

        db_table = "incidents_drawn_case"
        constraints = [models.UniqueConstraint(fields=["draw", "about"], name="incidents_drawn_once")]

    def __str__(self) -> str:
        return f"{self.draw_id} {self.position}"


class OuterReport(models.Model):
    """Outer zone: a report handed in there; of its content nothing stays but the status told by the inner zone.

    Retention: 2 years.
    """

    public_id = models.UUIDField(unique=True, default=uuid7, editable=False)
    number = models.CharField(max_length=64, unique=True)
    reported_at = models.DateTimeField(default=clock.now)
    intake_key = models.BinaryField(null=True, unique=True)
    status = models.JSONField(default=dict)
    status_at = models.DateTimeField(null=True)
    rated_at = models.DateTimeField(null=True)

    class Meta:
        """Found by number."""

        db_table = "incidents_outer_report"

    def __str__(self) -> str:
        return self.number


class PassedIncident(models.Model):
    """Inner zone: which incident a report of the outer zone became, and what that zone was told last.

    Retention: as its case.
    """

    outer_id = models.UUIDField(unique=True)
    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="passed")
    told = models.CharField(max_length=64, blank=True, default="")

    class Meta:
        """Found by incident."""

        db_table = "incidents_passed_incident"

    def __str__(self) -> str:
        return str(self.outer_id)


# The columns of the doors stand beside them.
from groundplan.systems.incidents.beside.models import (  # noqa: E402, F401
    Beside,
    BesideBad,
    BesideFile,
    BesideRow,
    BesideStep,
)
from groundplan.systems.incidents.field.models import FieldPhoto, FieldWork  # noqa: E402, F401
from groundplan.systems.incidents.open311.models import Open311Key, Open311Request  # noqa: E402, F401


class Call(models.Model):
    """A call that rings at an operator's desk, told by the telephone system; number encrypted. Retention: 7 days."""

    public_id = models.UUIDField(unique=True, default=uuid7, editable=False)
    external_id = models.CharField(max_length=120, unique=True)
    operator = models.CharField(max_length=64)
    number = models.BinaryField()
    rang_at = models.DateTimeField(default=clock.now)
    told_by = models.CharField(max_length=64)
    incident = models.ForeignKey(Incident, null=True, on_delete=models.PROTECT, related_name="calls")

    class Meta:
        """Found by operator, newest first."""

        db_table = "incidents_call"
        indexes = [models.Index(fields=["operator", "-rang_at"], name="incidents_call_of_operator")]

    def __str__(self) -> str:
        return self.external_id
