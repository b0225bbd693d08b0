"""Reports: a caller's history, and what an officer may see of them."""

from __future__ import annotations

import uuid
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from groundplan.kernel.cases.models import Involvement
from groundplan.kernel.cases.queries import flow
from groundplan.kernel.cases.queries.privacy import hidden_fields
from groundplan.kernel.parties.queries import Actor
from groundplan.lib import crypto
from groundplan.lib.errors import NotFound
from groundplan.systems.incidents.errors import LoadUnknown
from groundplan.systems.incidents.logic.masking import normal_phone
from groundplan.systems.incidents.models import Incident, Load

SEEING_ROLES = ("operator", "inspector", "grid_worker", "handler", "dispatcher", "supervisor", "leader", "data_office")


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
