"""What the door asks before it takes a report in: the same report, likely doubles; each in one journey."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from math import cos, radians
from typing import Any

from groundplan.kernel.cases.models import Case
from groundplan.lib import clock, sql
from groundplan.lib.sql import rows
from groundplan.systems.incidents.logic.likeness import Earlier, Likely
from groundplan.systems.incidents.models import Incident

COMPARED_WITHIN = timedelta(hours=72)
COMPARED_AT_MOST = 200
NEAR_M = 200.0
METRES_A_DEGREE = 111_320.0
# A value that is not given is NULL, which is equal to nothing.
SAME = """JOIN cases_case ON cases_case.id = incidents_incident.case_id
WHERE incidents_incident.fingerprint = %s AND incidents_incident.received_at > %s
    OR incidents_incident.intake_key = %s
    OR incidents_incident.channel = %s AND incidents_incident.external_id = %s
ORDER BY incidents_incident.id LIMIT 1"""
COMPARED = """SELECT incidents_incident.id, kind, category, text, incidents_incident.longitude,
    incidents_incident.latitude, reported_at
FROM incidents_incident JOIN cases_case ON cases_case.id = incidents_incident.case_id
WHERE reported_at > %s AND reported_at <= %s AND cases_case.state <> 'merged' AND """
NEAR = "incidents_incident.longitude BETWEEN %s AND %s AND incidents_incident.latitude BETWEEN %s AND %s"
ALIKE = "kind = %s AND category = %s AND incidents_incident.district = %s"
THERE = "place = %s"
NEWEST = f" ORDER BY reported_at DESC LIMIT {COMPARED_AT_MOST}"


def earlier_same(
    fingerprint: bytes,
    intake_key: bytes | None,
    channel: str,
    external_id: str,
    *,
    within_minutes: int,
    wait: bool = False,
) -> Incident | None:
    """The incident that the same report has already become.

    Args:
        fingerprint: what two sendings of one report have in common.
        intake_key: keyed hash of the sender's own key, if there is one.
        channel: the door.
        external_id: its number in another system, or empty.
        within_minutes: how long the same words are the same report.
        wait: in a transaction: two senders of the same report wait for one another until it ends.
    """
    since = clock.now() - timedelta(minutes=within_minutes)
    with sql.together():
        for key in (intake_key, fingerprint):
            if wait and key is not None:
                sql.hold(f"incidents:{key.hex()}")
        found = rows.find(
            [Incident, Case], SAME, [fingerprint, since, intake_key, channel, external_id[:120] or None],
            without=("search",),
        )  # fmt: skip
    for incident, case in found.joined():
        incident.case = case
        return incident  # type: ignore[no-any-return] # the model asked for.
    return None


def comparable(incident: Incident) -> Iterator[Earlier]:
    """Earlier reports that might be the same matter: near it, or of its category in its district."""
    values: list[Any] = [incident.reported_at - COMPARED_WITHIN, incident.reported_at + COMPARED_WITHIN]
    if incident.longitude is not None and incident.latitude is not None:
        north = NEAR_M / METRES_A_DEGREE
        east = north / max(0.01, cos(radians(incident.latitude)))
        where = NEAR
        values += [incident.longitude - east, incident.longitude + east]
        values += [incident.latitude - north, incident.latitude + north]
    elif incident.category:
        where = ALIKE
        values += [incident.kind, incident.category, incident.district]
    elif incident.place:
        where = THERE
        values += [incident.place]
    else:
        return
    for pk, kind, category, text, longitude, latitude, at in sql.run(f"{COMPARED}{where}{NEWEST}", values).fetchall():
        point = (longitude, latitude) if longitude is not None and latitude is not None else None
        yield Earlier(pk, f"{kind}:{category}" if category else "", text, point, at)


def shown_likely(likely: Sequence[Likely]) -> list[dict[str, Any]]:
    """Likely duplicates as they are stored: without floats."""
    if not likely:
        return []
    keys = [like.incident_id for like in likely]
    found = sql.run("SELECT id, public_id, receipt FROM incidents_incident WHERE id = ANY(%s)", [keys]).fetchall()
    known: Mapping[int, tuple[Any, str]] = {pk: (public_id, receipt) for pk, public_id, receipt in found}
    return [
        {
            "incident": str(known[like.incident_id][0]),
            "number": known[like.incident_id][1],
            "reason": like.reason,
            "metres": None if like.distance_m is None else round(like.distance_m),
            "alike": round(like.likeness * 100),
        }
        for like in likely
    ]
