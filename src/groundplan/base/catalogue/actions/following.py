"""Hears how the case of a version goes and lets the entry follow: reviewed, published, offline, withdrawn."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction

from groundplan.base.catalogue.actions._checking import announce, note
from groundplan.base.catalogue.actions._wording import index_entries
from groundplan.base.catalogue.actions._writing import publish_version
from groundplan.base.catalogue.actions.entries import FLOW
from groundplan.base.catalogue.models import Entry, EntryVersion
from groundplan.kernel.cases.models import Case
from groundplan.kernel.parties.queries import Actor
from groundplan.lib import clock

STAGES = {"confirm": "review", "review": "review", "revise": "returned", "mount": "published"}
OUTCOMES = {"published": "published", "mounted": "published", "offline": "offline", "withdrawn": "withdrawn"}


@transaction.atomic
def follow_case(*, actor: Actor, case: UUID | str) -> EntryVersion | None:
    """Bring a version, and its entry, to where its case stands now; doing it twice does nothing more.

    Args:
        actor: the system.
        case: public id of a case of the flow ``catalogue-entry``.

    Returns:
        The version if it moved, else None.
    """
    found = Case.objects.filter(public_id=case, flow=FLOW).only("id", "stage", "state", "outcome").first()
    version = EntryVersion.objects.select_for_update().filter(case=found).first() if found else None
    if found is None or version is None:
        return None
    wanted = _wanted(found)
    if wanted is None or wanted == version.state or version.state in {"published", "superseded", "withdrawn"}:
        return None
    entry = Entry.objects.select_for_update(of=("self",)).select_related("provider", "shelf").get(pk=version.entry_id)
    if wanted == "published":
        publish_version(actor, entry, version)
    elif wanted == "offline":
        _end(entry, version)
        announce(actor, "catalogue.offline.v1", entry, version=version.number)
    else:
        _move(entry, version, wanted)
    note(actor, "follow_case", entry, version=version.number, state=wanted)
    return version


def follow_cases(*, actor: Actor) -> int:
    """Bring every version that waits to where its case stands: after an outage, or when a city is built.

    Args:
        actor: the system.

    Returns:
        How many moved.
    """
    waiting = EntryVersion.objects.filter(state__in=("review", "returned"), case__isnull=False)
    ids = list(waiting.order_by("id").values_list("case__public_id", flat=True))
    return sum(follow_case(actor=actor, case=each) is not None for each in ids)


def _wanted(case: Case) -> str | None:
    if case.state == "cancelled":
        return "withdrawn"
    if case.state == "closed":
        return OUTCOMES.get(case.outcome)
    return STAGES.get(case.stage)


def _end(entry: Entry, version: EntryVersion) -> None:
    now = clock.now()
    entry.versions.filter(state="published").update(state="superseded")
    version.state, version.decided_at = "published", now
    version.save(update_fields=["state", "decided_at"])
    entry.state, entry.number, entry.offline_at, entry.changed_at = "offline", version.number, now, now
    entry.save(update_fields=["state", "number", "offline_at", "changed_at"])
    index_entries([entry])


def _move(entry: Entry, version: EntryVersion, wanted: str) -> None:
    version.state = wanted
    version.decided_at = clock.now() if wanted == "withdrawn" else None
    version.save(update_fields=["state", "decided_at"])
    if wanted == "withdrawn" and entry.state in {"draft", "review"}:
        entry.state, entry.changed_at = "withdrawn", clock.now()
        entry.save(update_fields=["state", "changed_at"])
