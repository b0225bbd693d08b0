"""Columns of the component register (GB/T 30428.2, 18 fields) and of dated code lists."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models

from groundplan.lib import clock
from groundplan.lib.identity import uuid7


class State(models.TextChoices):
    """States of a component, by the words of the standard."""

    INTACT = "完好", "完好"
    BROKEN = "破损", "破损"
    LOST = "丢失", "丢失"
    ABANDONED = "废弃", "废弃"
    REMOVED = "移除", "移除"


class RegisterLoad(models.Model):
    """One import of a register. Retention: kept for good, it is the origin of the rows."""

    public_id = models.UUIDField(unique=True, default=uuid7, editable=False)
    register = models.CharField(max_length=20)
    filename = models.CharField(max_length=200)
    origin = models.CharField(max_length=200)
    digest = models.CharField(max_length=64)
    rows_read = models.PositiveIntegerField(default=0)
    stored = models.PositiveIntegerField(default=0)
    quarantined = models.PositiveIntegerField(default=0)
    loaded_at = models.DateTimeField(default=clock.now)
    loaded_by = models.CharField(max_length=64)

    class Meta:
        """Table."""

        db_table = "registers_load"

    def __str__(self) -> str:
        return f"{self.register} {self.filename}"


class QuarantinedRow(models.Model):
    """A row that was not taken over, with the reasons (问题数据). Retention: one year after the load."""

    load = models.ForeignKey(RegisterLoad, on_delete=models.PROTECT, related_name="bad_rows")
    number = models.PositiveIntegerField()
    values = models.JSONField()
    reasons = models.JSONField()

    class Meta:
        """Table."""

        db_table = "registers_quarantined_row"
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["load", "number"], name="registers_quarantined_number")
        ]

    def __str__(self) -> str:
        return f"{self.load_id}:{self.number}"


class Component(models.Model):
    """A thing of the city with an owner. Retention: kept for good; a removed one keeps its row with the state 移除."""

    public_id = models.UUIDField(unique=True, default=uuid7, editable=False)
    identity = models.CharField(max_length=17, unique=True)
    name = models.CharField(max_length=30)
    category = models.CharField(max_length=5)
    authority_code = models.CharField(max_length=18, blank=True)
    authority_name = models.CharField(max_length=60, blank=True)
    owner_code = models.CharField(max_length=18, blank=True)
    owner_name = models.CharField(max_length=60, blank=True)
    maintainer_code = models.CharField(max_length=18, blank=True)
    maintainer_name = models.CharField(max_length=60, blank=True)
    unit_grid = models.CharField(max_length=15, blank=True)
    state = models.CharField(max_length=4, choices=State, default=State.INTACT)
    first_date = models.DateField(null=True, blank=True)
    change_date = models.DateField(null=True, blank=True)
    source = models.CharField(max_length=30, blank=True)
    note = models.CharField(max_length=200, blank=True)
    street_code = models.CharField(max_length=9, blank=True)
    street_name = models.CharField(max_length=60, blank=True)
    community_code = models.CharField(max_length=12, blank=True)
    community_name = models.CharField(max_length=60, blank=True)
    lon = models.FloatField()
    lat = models.FloatField()
    load = models.ForeignKey(RegisterLoad, on_delete=models.PROTECT, related_name="components")
    version = models.PositiveIntegerField(default=1)

    class Meta:
        """Table; the nearest component is searched in a box of one category."""

        db_table = "registers_component"
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["category", "lat", "lon"], name="registers_component_near"),
            models.Index(fields=["lat", "lon"], name="registers_component_place"),
            models.Index(fields=["community_code"], name="registers_component_community"),
        ]

    def __str__(self) -> str:
        return f"{self.identity} {self.name}"


class CodeList(models.Model):
    """An edition of a code list, imported as a version. Retention: kept for good, old cases name its codes."""

    list = models.CharField(max_length=40)
    edition = models.CharField(max_length=60)
    valid_from = models.DateField()
    valid_until = models.DateField(null=True, blank=True)
    weak = models.BooleanField(default=False)
    source = models.JSONField()
    origin = models.CharField(max_length=200)
    digest = models.CharField(max_length=64, unique=True)
    imported_at = models.DateTimeField(default=clock.now)

    class Meta:
        """Table."""

        db_table = "registers_code_list"

    def __str__(self) -> str:
        return f"{self.list} {self.edition}"


class Code(models.Model):
    """A code of one edition; components and matters share numbers, so kind is in the key. Retention: as its list."""

    code_list = models.ForeignKey(CodeList, on_delete=models.PROTECT, related_name="codes")
    kind = models.CharField(max_length=12)
    code = models.CharField(max_length=5)
    label = models.JSONField()
    major = models.JSONField()

    class Meta:
        """Table."""

        db_table = "registers_code"
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["code_list", "kind", "code"], name="registers_code_key")
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.code}"


class CodeMapping(models.Model):
    """What a code of one edition is in another. Retention: kept for good."""

    list = models.CharField(max_length=40)
    kind = models.CharField(max_length=12)
    from_edition = models.CharField(max_length=60)
    from_code = models.CharField(max_length=5)
    to_edition = models.CharField(max_length=60)
    to_code = models.CharField(max_length=5)
    relation = models.CharField(max_length=10)
    weak = models.BooleanField(default=False)

    class Meta:
        """Table."""

        db_table = "registers_code_mapping"
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["list", "kind", "from_edition", "from_code", "to_edition", "to_code"],
                name="registers_code_mapping_key",
            )
        ]

    def __str__(self) -> str:
        return f"{self.from_code} -> {self.to_code}"
