"""What a worker takes along: tasks with what each asks for, categories, the cells of the grid; nothing personal."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

import shapely
from django.utils.translation import gettext as _

from groundplan.kernel.cases import queries as cases
from groundplan.kernel.cases.logic.flow import Flow, Outcome
from groundplan.kernel.cases.models import Attachment, Task
from groundplan.kernel.cases.queries.flows import flow_of
from groundplan.kernel.cases.queries.offers import files_wanted, outcomes_for
from groundplan.kernel.files.models import StoredFile
from groundplan.kernel.parties.queries import Actor
from groundplan.kernel.places import queries as places
from groundplan.kernel.places.models import Cell
from groundplan.lib import clock
from groundplan.lib.errors import NotAllowed
from groundplan.systems.incidents import queries
from groundplan.systems.incidents.field.errors import FieldWorkInvalid
from groundplan.systems.incidents.models import Incident

FIELD_ROLES = ("inspector", "grid_worker")
MOST_TASKS = 100
MOST_CELLS = 3000
MOST_PICTURES = 4
BEFORE = ("collect", "register")


def require_field(actor: Actor) -> None:
    """Refuse who does not work in the field.

    Raises:
        NotAllowed: the actor is neither an inspector nor a grid worker.
    """
    if not actor.has_role(*FIELD_ROLES):
        raise NotAllowed(_("外勤仅供信息采集员和网格员使用。"), accepted=", ".join(FIELD_ROLES))


def bundle(actor: Actor) -> dict[str, Any]:
    """Everything that a worker's phone needs without network.

    Args:
        actor: an inspector or grid worker; the tasks are those that wait for the actor's own units and roles.

    Raises:
        NotAllowed: the actor does not work in the field.
    """
    require_field(actor)
    return {
        "account": actor.actor_id,
        "name": actor.display_name,
        "now": clock.now(),
        "tasks": field_tasks(actor),
        "categories": [
            {"kind": row.kind, "code": row.code, "group": row.group, "label": row.label}
            for row in queries.categories("matter", "component")
        ],
        "cells": [
            {"code": f"{cell.layer}:{cell.code}", "label": _cell_name(cell)} for cell in _cells_for(actor)[:MOST_CELLS]
        ],
    }


def field_tasks(actor: Actor) -> list[dict[str, Any]]:
    """The open tasks of a worker, the earliest deadline first, each with its outcomes and their fields."""
    page = cases.queue(actor, "todo", size=MOST_TASKS)
    mine = [row.task for row in page.items if row.task is not None and _for_field(row.task)]
    cases_ids = [task.case_id for task in mine]
    incidents = {each.case_id: each for each in Incident.objects.filter(case_id__in=cases_ids)}
    pictures = _pictures(incidents, cases_ids)
    labels = {(row.kind, row.code): row.label for row in queries.categories("matter", "component", "hotline")}
    known: dict[Any, int] = {}
    return [
        _task_row(actor, task, incidents[task.case_id], labels, known) | {"pictures": pictures[task.case_id]}
        for task in mine
        if task.case_id in incidents
    ]


def cell_spot(code: str) -> tuple[tuple[float, float], str, str]:
    """A point inside a cell of the grid, its system of coordinates, and the cell's name as a place.

    Args:
        code: layer and code of the cell, as in the bundle: ``unit_grid:339901…``.

    Raises:
        FieldWorkInvalid: there is no such cell in force, or its borders are not known.
    """
    layer, _colon, number = code.partition(":")
    found = places.cells(layer).filter(code=number).first()
    if found is None or not found.geometry:
        raise FieldWorkInvalid(
            _("没有网格“%(code)s”。") % {"code": code[:40]}, fields=[{"field": "cell", "reason": "unknown"}]
        )
    inside = shapely.from_geojson(json.dumps(found.geometry)).representative_point()
    return (float(inside.x), float(inside.y)), "cgcs2000", f"{_cell_name(found)['zh-hans']}（按网格定位）"


def _for_field(task: Task) -> bool:
    return task.role in (*FIELD_ROLES, "handler") and task.state == "open" and task.kind in {"work", "child", "assist"}


def _task_row(
    actor: Actor, task: Task, incident: Incident, labels: dict[tuple[str, str], dict[str, str]], known: dict[Any, int]
) -> dict[str, Any]:
    case, flow = task.case, flow_of(task.case.flow_version_id)
    has_point = incident.longitude is not None and incident.latitude is not None
    return {
        "id": task.public_id,
        "seen": task.version,
        "case": case.public_id,
        "number": case.number,
        "title": case.title,
        "stage": flow.work(task.stage, task.key).label,
        "due_at": task.due_at,
        "overdue": task.overdue,
        "text": incident.text[:2000],
        "place": incident.place,
        "point": (incident.longitude, incident.latitude) if has_point else None,
        "category": labels.get((incident.kind, incident.category), {}),
        "outcomes": list(_outcomes(actor, flow, task, known)),
    }


def _outcomes(actor: Actor, flow: Flow, task: Task, known: dict[Any, int]) -> Iterator[dict[str, Any]]:
    for key, outcome in outcomes_for(flow, task, actor).items():
        yield {
            "key": key,
            "label": outcome.label,
            "photos": _photos(flow, task, outcome, known),
            "fields": [
                {
                    "name": name,
                    "label": flow.fields[name].label,
                    "type": flow.fields[name].type,
                    "values": flow.fields[name].values or {},
                    "required": name in outcome.requires,
                }
                for name in (*outcome.requires, *outcome.optional)
                if not flow.fields[name].personal and (name in outcome.requires or flow.fields[name].type == "text")
            ],
        }


def _photos(flow: Flow, task: Task, outcome: Outcome, known: dict[Any, int]) -> int:
    """How many photos an outcome wants; cases alike in what the rule asks are decided once."""
    if outcome.files is None:
        return 0
    facts = tuple(str(task.case.data.get(name)) for name in (outcome.files.facts or {}).values())
    at = (flow.flow, outcome.files.rule, outcome.files.output, facts) if outcome.files.facts else task.pk
    if at not in known:
        known[at] = files_wanted(flow, task.case, outcome)
    return known[at]


def _pictures(incidents: dict[int, Incident], cases_ids: Sequence[int]) -> dict[int, list[dict[str, Any]]]:
    """The pictures of the reports and of what was done since, a few of each case, told apart as before and after."""
    found: dict[int, list[dict[str, Any]]] = defaultdict(list)
    case_of = {f"incident:{each.public_id}": number for number, each in incidents.items()}
    reported = StoredFile.objects.filter(subject__in=list(case_of), blob__media_type__startswith="image/")
    for file in reported.order_by("id"):
        found[case_of[file.subject]].append({"file": file.public_id, "when": "before"})
    rows = Attachment.objects.filter(case_id__in=cases_ids, file__blob__media_type__startswith="image/")
    for row in rows.select_related("file", "step__task").order_by("id"):
        stage = row.step.task.stage if row.step and row.step.task else "collect"
        if row.file.subject not in case_of:
            when = "before" if stage in BEFORE else "after"
            found[row.case_id].append({"file": row.file.public_id, "when": when})
    return defaultdict(list, {number: _some(pictures) for number, pictures in found.items()})


def _some(pictures: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The first pictures of each side."""
    sides = [[each for each in pictures if each["when"] == when][:MOST_PICTURES] for when in ("before", "after")]
    return sides[0] + sides[1]


def _cells_for(actor: Actor) -> list[Cell]:
    """The cells of the worker's own land: of the inspectors' grid, of the grid workers', or of both."""
    layers = [layer for layer, role in zip(("unit_grid", "governance_grid"), FIELD_ROLES, strict=True)
              if actor.has_role(role)]  # fmt: skip
    lands = actor.territories(*FIELD_ROLES)
    return [
        cell
        for layer in layers
        for cell in places.cells(layer)[: MOST_CELLS * 10]
        if any(cell.community.code.startswith(land) for land in lands)
    ]


def _cell_name(cell: Cell) -> dict[str, str]:
    return {language: f"{name} {cell.code}" for language, name in cell.community.name.items()}
