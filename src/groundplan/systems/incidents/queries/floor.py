"""The command floor: what is on the map, what is newest, and the figures of the day, all within the reader's scope."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Case, Count, F, Q, QuerySet, Value, When
from django.urls import reverse
from django.utils import timezone

from groundplan.kernel.parties.queries import Actor
from groundplan.kernel.places.queries import divisions
from groundplan.lib import clock, sql
from groundplan.systems.incidents.models import Incident
from groundplan.systems.incidents.queries.reports import SEEING_ROLES, incidents_for

MOST_FEATURES = 2000
CLUSTER_PIXELS = 48
TILE_PIXELS = 512
SINGLES_FROM_ZOOM = 16
BBox = tuple[float, float, float, float]


@dataclass(frozen=True)
class TodayFigures:
    """The figures of one day."""

    opened: int
    active: int
    overdue: int
    closed: int
    returned: int


@dataclass(frozen=True)
class DistrictFigures:
    """How one district stands; ``name`` is empty for what has no place yet."""

    code: str
    name: dict[str, str]
    figures: TodayFigures


def map_features(
    actor: Actor, *, bbox: BBox, zoom: float, state: str = "active", flow: str = "", since: datetime | None = None
) -> dict[str, Any]:
    """GeoJSON of the incidents in a viewport: points, or clusters of one grid cell of the screen each.

    Args:
        actor: only cases in whose units the actor holds an office.
        bbox: west, south, east, north in degrees.
        zoom: zoom level of the map; the cell of a cluster is 48 pixels of it.
        state: ``active``, ``overdue``, ``closed`` or ``all``.
        flow: key of one flow, all when empty.
        since: only those reported since.

    Returns:
        A FeatureCollection of at most 2,000 features; ``clustered`` tells whether points were joined.
    """
    west, south, east, north = bbox
    cell = 360.0 / (TILE_PIXELS * 2.0**zoom) * CLUSTER_PIXELS
    # A small city map of a whole world cannot have more cells than features.
    cell = max(cell, (max(east - west, 0.0) * max(north - south, 0.0) / (MOST_FEATURES / 2)) ** 0.5, 1e-9)
    values = {
        "west": west, "south": south, "east": east, "north": north, "cell": cell, "flow": flow, "state": state,
        "since": since, "everything": actor.is_system, "parties": list(actor.party_ids(*SEEING_ROLES)),
        "singles": zoom >= SINGLES_FROM_ZOOM, "most": MOST_FEATURES, "now": clock.now(),
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(sql.named("groundplan.systems.incidents", "map_features"), values)
        rows = cursor.fetchall()
    features = [_feature(row) for row in rows]
    clustered = any(feature["properties"]["count"] > 1 for feature in features)
    return {"type": "FeatureCollection", "features": features, "numberReturned": len(features), "clustered": clustered}


def latest_incidents(actor: Actor, *, most: int = 30, flow: str = "") -> list[Incident]:
    """Incidents still open, overdue first, then the nearest to their due date; ``late`` tells which are overdue."""
    found = incidents_for(actor).filter(case__state__in=("open", "suspended")).annotate(late=_late())
    if flow:
        found = found.filter(case__flow=flow)
    return list(found.order_by("-late", F("case__due_at").asc(nulls_last=True), "-id")[:most])


def today_figures(actor: Actor) -> TodayFigures:
    """What came in, is open, is overdue, was closed and was returned today, in the city's zone."""
    counted = incidents_for(actor).aggregate(**_counts())
    return TodayFigures(**counted, returned=_returned(actor).aggregate(n=Count("id", distinct=True))["n"])


def district_figures(actor: Actor) -> list[DistrictFigures]:
    """The same for each district: first the one with most overdue; what has no place comes last."""
    returned = dict(_returned(actor).values_list("district").annotate(n=Count("id", distinct=True)))
    names = {each.code: each.name for each in divisions(level="district")}
    counts = _counts()
    rows = incidents_for(actor).values_list("district").annotate(**counts).order_by("district")
    found = [
        DistrictFigures(
            code,
            names.get(code, {}),
            TodayFigures(**dict(zip(counts, numbers, strict=True)), returned=returned.get(code, 0)),
        )
        for code, *numbers in rows
    ]
    return sorted(found, key=lambda each: (not each.code, -each.figures.overdue, -each.figures.active, each.code))


def _midnight() -> datetime:
    return timezone.localtime(clock.now()).replace(hour=0, minute=0, second=0, microsecond=0)


def _late() -> Case:
    """Overdue by its mark, or past its due date and not yet marked; what is suspended does not run."""
    past = Q(case__state="open", case__due_at__lt=clock.now())
    return Case(When(Q(case__overdue=True) | past, then=Value(True)), default=Value(False))


def _counts() -> dict[str, Count]:
    midnight = _midnight()
    active = Q(case__state__in=("open", "suspended"))
    return {
        "opened": Count("id", filter=Q(received_at__gte=midnight)),
        "active": Count("id", filter=active),
        "overdue": Count("id", filter=active & Q(_late())),
        "closed": Count("id", filter=Q(case__closed_at__gte=midnight)),
    }


def _returned(actor: Actor) -> QuerySet[Incident]:
    return incidents_for(actor).filter(case__tasks__state="returned", case__tasks__done_at__gte=_midnight())


def _feature(row: tuple[Any, ...]) -> dict[str, Any]:
    lon, lat, count, overdue, public_id, number, title, state, flow = row
    properties: dict[str, Any] = {"count": count, "overdue": overdue}
    if public_id is not None:
        properties |= {"id": str(public_id), "number": number, "title": title, "state": state, "flow": flow}
        properties["url"] = reverse("case", args=[public_id])
    return {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [round(lon, 6), round(lat, 6)]},
        "properties": properties,
    }
