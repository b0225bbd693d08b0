"""Appraisal of hotline cases: who answers for a case, who received it first, what units object to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from groundplan.kernel.cases.models import Case, Involvement, Task
from groundplan.kernel.cases.queries.flows import flow_of, version_in_force
from groundplan.kernel.cases.queries.scope import visible_parties
from groundplan.kernel.parties.models import Party
from groundplan.kernel.parties.queries import Actor
from groundplan.systems.incidents.models import Objection

FLOW = "hotline-appraisal"
UNIT_ROLES = ("handler", "supervisor", "leader")


def lead_tasks(cases: Iterable[int]) -> QuerySet[Task]:
    """The lead tasks of cases: what a unit was asked to do, not those of assisting or lower units."""
    return Task.objects.filter(
        case_id__in=list(cases), kind="work", level=0, stage__in=("handle", "territory"), key__in=("", "lead")
    )


def standing_units(cases: Iterable[int]) -> dict[int, Party]:
    """The unit that answers for each case: that of the last lead task that was not returned."""
    tasks = lead_tasks(cases).exclude(state__in=("returned", "cancelled")).select_related("party")
    return {task.case_id: task.party for task in tasks.order_by("case_id", "-id").distinct("case_id")}


def first_receiver(case: Case) -> Party | None:
    """The unit that was the first to be asked (首接单位); None before the dispatch."""
    task = lead_tasks([case.pk]).select_related("party").order_by("id").first()
    return task.party if task else None


def contestable_units(actor: Actor, case: Case) -> list[Party]:
    """The units for which an actor may object on a case: the answering unit's own people, and the hotline office."""
    unit = standing_units([case.pk]).get(case.pk)
    if unit is None:
        return []
    control = controlling_unit()
    mine = unit.pk in actor.unit_ids(*UNIT_ROLES)
    office = control is not None and control.pk in actor.unit_ids("operator", "dispatcher", "supervisor")
    return [unit] if mine or office or actor.is_system else []


def controlling_unit() -> Party | None:
    """The hotline office, as the flow in force names it."""
    from groundplan.kernel.cases.errors import FlowUnknown, OwnerMissing  # noqa: PLC0415 - only here.
    from groundplan.kernel.cases.queries.owners import owner_for  # noqa: PLC0415

    try:
        flow = flow_of(version_in_force(FLOW).pk)
        return owner_for(flow.control, Case(), "control") if flow.control else None
    except (FlowUnknown, OwnerMissing):
        return None


def grounds() -> Mapping[str, Mapping[str, str]]:
    """The grounds that the flow in force knows: key -> label."""
    return dict(flow_of(version_in_force(FLOW).pk).fields["ground"].values or {})


def objections_on(actor: Actor, case: Case) -> list[Objection]:
    """The objections on a case that an actor may see, oldest first."""
    seen = Involvement.objects.filter(case_id=OuterRef("case_id"), party_id__in=visible_parties(actor))
    found = Objection.objects.filter(about=case).select_related("case", "unit")
    return list((found if actor.is_system else found.filter(Exists(seen))).order_by("id"))


def upheld(cases: Iterable[int]) -> dict[tuple[int, int], list[Any]]:
    """The objections that count, by case and unit; the plain way, for comparison with the SQL."""
    found: dict[tuple[int, int], list[Any]] = {}
    rows = Objection.objects.filter(about_id__in=list(cases), case__state="closed", case__outcome="upheld")
    for row in rows.order_by("id"):
        found.setdefault((row.about_id, row.unit_id), []).append(row)
    return found
