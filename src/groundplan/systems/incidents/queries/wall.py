"""What incidents put on the wall: counts, places and kinds of matters; no words of a report, no name, no address."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, F, QuerySet
from django.db.models.functions import TruncHour
from django.utils import timezone

from groundplan.kernel.cases.queries import flow
from groundplan.kernel.parties.queries import SYSTEM
from groundplan.kernel.places.queries import divisions
from groundplan.lib import clock
from groundplan.systems.incidents.models import Incident
from groundplan.systems.incidents.queries.categories import category
from groundplan.systems.incidents.queries.floor import (
    BBox,
    district_figures,
    latest_incidents,
    map_features,
    today_figures,
)

ROWS = 7
HOURS = 24
BAR = 34
HEIGHT = 370
FOOT = 380
OTHER = {"zh-hans": "其他诉求", "en": "Other request"}


@dataclass(frozen=True)
class WallRow:
    """A line of a list: what kind of matter, where, whose, when."""

    number: str
    what: dict[str, str]
    where: dict[str, str]
    unit: str
    at: datetime | None
    late: bool
    stage: dict[str, str]


def figures() -> dict[str, Any]:
    """Today's figures of the whole city."""
    return {"figures": today_figures(SYSTEM)}


def overdue() -> dict[str, Any]:
    """What is overdue, the most overdue first."""
    found = [each for each in latest_incidents(SYSTEM, most=ROWS) if getattr(each, "late", False)]
    return {"rows": _rows(found, late=True)}


def newest(most: int = ROWS) -> dict[str, Any]:
    """What came in last."""
    return {"rows": _rows(list(_incidents().order_by("-reported_at", "-id")[:most]))}


def ticker() -> dict[str, Any]:
    """The latest reports with where they stand, one after the other."""
    return newest(5)


def districts() -> dict[str, Any]:
    """The districts, most overdue first."""
    return {"districts": district_figures(SYSTEM)[:8]}


def trend() -> dict[str, Any]:
    """Received and closed in each of the last 24 hours, as bars of a drawing."""
    now = timezone.localtime(clock.now()).replace(minute=0, second=0, microsecond=0)
    since = now - timedelta(hours=HOURS - 1)
    received = _hourly(Incident.objects.filter(received_at__gte=since), "received_at")
    closed = _hourly(Incident.objects.filter(case__closed_at__gte=since), "case__closed_at")
    hours = [since + timedelta(hours=number) for number in range(HOURS)]
    most = max([1, *received.values(), *closed.values()])
    bars = []
    for number, hour in enumerate(hours):
        entered, left = (round(found.get(hour, 0) / most * HEIGHT) for found in (received, closed))
        bars.append({
            "x": number * BAR, "x_out": number * BAR + 15, "in_h": entered, "in_y": FOOT - entered, "out_h": left,
            "out_y": FOOT - left, "hour": f"{hour:%H}", "named": number % 4 == 0,
        })  # fmt: skip
    totals = {"received": sum(received.values()), "closed": sum(closed.values())}
    return {"bars": bars, "width": HOURS * BAR, **totals}


def features(bbox: BBox, zoom: float) -> dict[str, Any]:
    """The map of the floor for a viewport, without anything that names a case."""
    found = map_features(SYSTEM, bbox=bbox, zoom=zoom)
    for feature in found["features"]:
        kept = {name: value for name, value in feature["properties"].items() if name in {"count", "overdue", "state"}}
        feature["properties"] = kept
    return found


def _incidents() -> QuerySet[Incident]:
    return Incident.objects.select_related("case", "case__owner_party", "case__flow_version")


def _rows(found: list[Incident], *, late: bool = False) -> list[WallRow]:
    names = {each.code: each.name for each in divisions(level="district")}
    return [
        WallRow(
            number=each.case.number,
            what=_what(each),
            where=names.get(each.district, {}),
            unit=each.case.owner_party.shown_short_name,
            at=each.case.due_at if late else each.reported_at,
            late=late,
            stage=_stage(each),
        )
        for each in found
    ]


def _what(each: Incident) -> dict[str, str]:
    found = category((each.kind,), each.category) if each.category else None
    return dict(found.label) if found else OTHER


def _stage(each: Incident) -> dict[str, str]:
    stage = flow(each.case).stages.get(each.case.stage)
    return dict(stage.label) if stage else {}


def _hourly(rows: QuerySet[Incident], column: str) -> dict[datetime, int]:
    zone = timezone.get_current_timezone()
    counted = rows.annotate(hour=TruncHour(F(column), tzinfo=zone)).values_list("hour").annotate(n=Count("id"))
    return {timezone.localtime(hour): number for hour, number in counted.order_by("hour")}
