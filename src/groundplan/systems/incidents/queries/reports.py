"""Reports: the same again, likely duplicates, a caller's history, and what an officer may see of them."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import timedelta
from math import cos, radians
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from groundplan.kernel.cases.models import Involvement
from groundplan.kernel.cases.queries import flow
from groundplan.kernel.cases.queries.privacy import hidden_fields
from groundplan.kernel.parties.queries import Actor
from groundplan.lib import clock, crypto
from groundplan.lib.errors import NotFound
from groundplan.systems.incidents.errors import LoadUnknown
from groundplan.systems.incidents.logic.likeness import Earlier
from groundplan.systems.incidents.logic.masking import normal_phone
from groundplan.systems.incidents.models import Incident, Load

SEEING_ROLES = ("operator", "inspector", "grid_worker", "handler", "dispatcher", "supervisor", "leader", "data_office")
COMPARED_WITHIN = timedelta(hours=72)
COMPARED_AT_MOST = 200
NEAR_M = 200.0
METRES_A_DEGREE = 111_320.0


def incidents_for(actor: Actor) -> QuerySet[Incident]:
    """The incidents whose cases an actor's units are involved in; everything for the system, nothing for others."""
    found = Incident.objects.select_related("case", "case__owner_party")
    if actor.is_system:
        return found
    involved = Involvement.objects.filter(case_id=OuterRef("case_id"), party_id__in=actor.party_ids(*SEEING_ROLES))
    return found.filter(Exists(involved))


def incident_for(actor: Actor, public_id: uuid.UUID | str) -> Incident:
    """One incident that an actor may see.

    Raises:
        NotFound: there is none, or not for this actor.
    """
    found = incidents_for(actor).filter(public_id=public_id).first()
    if found is None:
        raise NotFound
    return found


def seen_likely(actor: Actor, incident: Incident) -> list[dict[str, Any]]:
    """The likely duplicates of an incident that an actor may see: guessed words find no report of other units."""
    numbers = [item["number"] for item in incident.likely]
    seen = set(incidents_for(actor).filter(receipt__in=numbers).values_list("receipt", flat=True))
    return [item for item in incident.likely if item["number"] in seen]


def incident_by_pk(pk: int) -> Incident:
    """An incident by its inner key."""
    return Incident.objects.get(pk=pk)


def load_for(actor: Actor, public_id: uuid.UUID | str) -> Load:
    """An import that an actor made, or that an operator or the data office may see.

    Raises:
        LoadUnknown: there is none, or not for this actor.
    """
    found = Load.objects.filter(public_id=public_id).first()
    if found is None or not (found.loaded_by == actor.actor_id or actor.has_role("data_office")):
        raise LoadUnknown
    return found


def caller_history(actor: Actor, phone: str, most: int = 20) -> list[Incident]:
    """What a caller has reported before, newest first; for operators, who see it while they listen.

    A case whose reporter is hidden from the actor is not found by the number: a handling unit learns nothing by trying.
    """
    number = normal_phone(phone)
    if not number or not actor.has_role("operator"):
        return []
    found_by = crypto.keyed_hash(number, purpose="incidents.phone")
    rows = incidents_for(actor).filter(phone_hash=found_by).order_by("-reported_at", "-id")[:most]
    return [row for row in rows if "reporter_phone" not in hidden_fields(actor, row.case, flow(row.case))]


def earlier_same(
    fingerprint: bytes, intake_key: bytes | None, channel: str, external_id: str, *, within_minutes: int
) -> Incident | None:
    """The incident that the same report has already become."""
    same = Q(fingerprint=fingerprint, received_at__gt=clock.now() - timedelta(minutes=within_minutes))
    if intake_key is not None:
        same |= Q(intake_key=intake_key)
    if external_id:
        same |= Q(channel=channel, external_id=external_id[:120])
    return Incident.objects.select_related("case").filter(same).order_by("id").first()


def comparable(incident: Incident) -> Iterator[Earlier]:
    """Earlier reports that might be the same matter: near it, or of its category in its district."""
    since = incident.reported_at - COMPARED_WITHIN
    found = Incident.objects.filter(reported_at__gt=since, reported_at__lte=incident.reported_at + COMPARED_WITHIN)
    if incident.longitude is not None and incident.latitude is not None:
        north = NEAR_M / METRES_A_DEGREE
        east = north / max(0.01, cos(radians(incident.latitude)))
        found = found.filter(
            longitude__range=(incident.longitude - east, incident.longitude + east),
            latitude__range=(incident.latitude - north, incident.latitude + north),
        )
    elif incident.category:
        found = found.filter(kind=incident.kind, category=incident.category, district=incident.district)
    else:
        found = found.filter(place=incident.place) if incident.place else found.none()
    rows = found.exclude(case__state="merged").order_by("-reported_at")[:COMPARED_AT_MOST]
    for row in rows:
        point = (row.longitude, row.latitude) if row.longitude is not None and row.latitude is not None else None
        key = f"{row.kind}:{row.category}" if row.category else ""
        yield Earlier(row.pk, key, row.text, point, row.reported_at)
