"""Columns of divisions and grid cells; a code means a piece of land only together with a day."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from groundplan.lib import clock
from groundplan.lib.identity import uuid7


class Level(models.TextChoices):
    """Levels of GB/T 2260 and GB/T 10114 that a city holds."""

    CITY = "city", "市"
    DISTRICT = "district", "区县"
    STREET = "street", "街道/乡镇"
    COMMUNITY = "community", "社区/村"


class Layer(models.TextChoices):
    """The two grids: 单元网格 of city management and 治理网格 of grid workers; they need not share borders."""

    UNIT_GRID = "unit_grid", "单元网格"
    GOVERNANCE_GRID = "governance_grid", "治理网格"


class LayerLoad(models.Model):
    """One import of a layer; its number is the layer's version. Retention: kept for good, it is the layer's origin."""

    public_id = models.UUIDField(unique=True, default=uuid7, editable=False)
    layer = models.CharField(max_length=20)
    origin = models.CharField(max_length=200)
    digest = models.CharField(max_length=64)
    rows = models.PositiveIntegerField()
    loaded_at = models.DateTimeField(default=clock.now)

    class Meta:
        """Table."""

        db_table = "places_layer_load"
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["layer", "-id"], name="places_load_layer")]

    def __str__(self) -> str:
        return f"{self.layer} {self.pk}"


class Area(models.Model):
    """A piece of land with dates; ``valid_until`` is the first day on which it is no more."""

    public_id = models.UUIDField(unique=True, default=uuid7, editable=False)
    code = models.CharField(max_length=20)
    valid_from = models.DateField()
    valid_until = models.DateField(null=True, blank=True)
    geometry = models.JSONField(null=True, blank=True)
    west = models.FloatField(null=True, blank=True)
    south = models.FloatField(null=True, blank=True)
    east = models.FloatField(null=True, blank=True)
    north = models.FloatField(null=True, blank=True)

    class Meta:
        """Shared columns only."""

        abstract = True

    @property
    def bbox(self) -> list[float] | None:
        """West, south, east, north (RFC 7946, clause 5), or None without geometry."""
        corners = (self.west, self.south, self.east, self.north)
        found = [corner for corner in corners if corner is not None]
        return found if len(found) == len(corners) else None


class Division(Area):
    """A city, district, street or community. Retention: kept for good; codes retire, old records keep them."""

    level = models.CharField(max_length=12, choices=Level)
    name = models.JSONField()
    parent = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="children")

    class Meta:
        """Table and what the database holds true."""

        db_table = "places_division"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["code", "valid_from"], name="places_division_code"),
            models.CheckConstraint(
                condition=models.Q(valid_until=None) | models.Q(valid_until__gt=models.F("valid_from")),
                name="places_division_dates",
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["level", "code"], name="places_division_level")]

    def __str__(self) -> str:
        return f"{self.code} {self.name.get('zh-hans', '')}"


class Cell(Area):
    """A cell of one of the two grids. Retention: kept for good, cases of the past name it."""

    layer = models.CharField(max_length=20, choices=Layer)
    community = models.ForeignKey(Division, on_delete=models.PROTECT, related_name="cells")

    class Meta:
        """Table and what the database holds true."""

        db_table = "places_cell"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["layer", "code", "valid_from"], name="places_cell_code"),
            models.CheckConstraint(
                condition=models.Q(valid_until=None) | models.Q(valid_until__gt=models.F("valid_from")),
                name="places_cell_dates",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.layer} {self.code}"
