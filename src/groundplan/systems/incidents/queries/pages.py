"""What single pages need: the panel of a case, likely duplicates while typing, the bounds of the map, saved columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from groundplan.base.registers import queries as registers
from groundplan.kernel.cases.models import Attachment, Case
from groundplan.kernel.files import queries as files
from groundplan.kernel.files.models import StoredFile
from groundplan.kernel.parties.queries import Actor
from groundplan.kernel.places import queries as places
from groundplan.lib import clock
from groundplan.systems.incidents.logic.likeness import likeness
from groundplan.systems.incidents.models import Category, ColumnMapping, Incident
from groundplan.systems.incidents.queries.intake import COMPARED_WITHIN
from groundplan.systems.incidents.queries.reports import incidents_for

ALIKE = 0.35
COMPARED_LINES = 300


@dataclass(frozen=True)
class PanelFacts:
    """What the panel on a case's page shows."""

    incident: Incident
    component: Any
    photos: list[StoredFile]
    before: list[StoredFile]
    after: list[StoredFile]
    likely: list[dict[str, Any]]
    place_names: list[dict[str, str]]
    feature: dict[str, Any] | None


def panel_facts(actor: Actor, case: Case) -> PanelFacts | None:
    """The facts of the incident behind a case that the reader may see; None for a case without one.

    A likely duplicate is named only when the reader may see it too.
    """
    incident = Incident.objects.select_related("case").filter(case=case).first()
    if incident is None:
        return None
    numbers = [item["number"] for item in incident.likely]
    visible = {other.receipt: other for other in incidents_for(actor).filter(receipt__in=numbers)}
    likely = [{**item, "case": visible[item["number"]].case} for item in incident.likely if item["number"] in visible]
    names = []
    for code in (incident.district, incident.street, incident.community):
        found = places.divisions().filter(code=code).first() if code else None
        if found:
            names.append(found.name)
    feature = None
    if incident.longitude is not None and incident.latitude is not None:
        feature = {
            "type": "FeatureCollection",
            "features": [
                {
                    "type": "Feature",
                    "geometry": {"type": "Point", "coordinates": [incident.longitude, incident.latitude]},
                    "properties": {"count": 1, "state": "active", "number": incident.receipt, "title": case.title},
                }
            ],
        }
    return PanelFacts(
        incident=incident,
        component=registers.component_by_code(incident.component) if incident.component else None,
        photos=(reported := list(files.files_for(f"incident:{incident.public_id}"))),
        before=_pictures(reported) + attached_pictures(case, "collect", "register"),
        after=attached_pictures(case, "handle", "territory", "verify"),
        likely=likely,
        place_names=names,
        feature=feature,
    )


def attached_pictures(case: Case, *stages: str) -> list[StoredFile]:
    """The pictures that came with what was done in some stages, oldest first."""
    rows = (
        Attachment.objects.filter(case=case, step__task__stage__in=stages).select_related("file__blob").order_by("id")
    )
    return _pictures([row.file for row in rows])


def _pictures(found: list[StoredFile]) -> list[StoredFile]:
    return [file for file in found if file.blob.media_type.startswith("image/")]


def category_label(incident: Incident) -> dict[str, str]:
    """The name of an incident's category; empty when it has none."""
    row = Category.objects.filter(kind=incident.kind, code=incident.category).order_by("-valid_from").first()
    return dict(row.label) if row else {}


def likely_for_text(actor: Actor, text: str, place: str = "") -> list[Incident]:
    """Recent incidents that a text, while it is typed, may be about; best first, at most five."""
    recent = incidents_for(actor).filter(reported_at__gt=clock.now() - COMPARED_WITHIN).exclude(case__state="merged")
    rows = list(recent.order_by("-reported_at", "-id")[:COMPARED_LINES])
    scored = [(likeness(f"{place}{text}", f"{row.place}{row.text}"), row) for row in rows]
    return [row for score, row in sorted(scored, key=lambda item: -item[0]) if score >= ALIKE][:5]


def city_bounds() -> list[float] | None:
    """West, south, east, north of the city's districts; None before divisions are there."""
    boxes = [district.bbox for district in places.divisions(level="district")]
    known = [box for box in boxes if box]
    if not known:
        return None
    return [min(b[0] for b in known), min(b[1] for b in known), max(b[2] for b in known), max(b[3] for b in known)]


def saved_mapping(name: str) -> dict[str, str] | None:
    """The columns saved under a name; None when there are none."""
    found = ColumnMapping.objects.filter(name=name.replace("\x00", "")[:64]).first() if name else None
    return dict(found.columns) if found else None
