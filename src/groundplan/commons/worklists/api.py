"""The API of kept filters and bulk runs under ``/api/v1/worklists``."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Router, Schema, Status
from pydantic import Field, StringConstraints

from groundplan.commons.worklists import actions, queries
from groundplan.commons.worklists.models import BulkRun, SavedFilter
from groundplan.commons.worklists.pages import exported
from groundplan.commons.worklists.queries import runs
from groundplan.kernel.parties.access import idempotent, signed_in
from groundplan.kernel.parties.queries import Actor

router = Router(auth=signed_in)
Short = Annotated[str, StringConstraints(max_length=64)]


class FilterIn(Schema):
    """A filter to be kept."""

    list: Short
    name: Annotated[str, StringConstraints(min_length=1, max_length=40)]
    query: dict[Short, Annotated[str, StringConstraints(max_length=100)]]
    unit: Short = ""
    default: bool = False


class FilterOut(Schema):
    """A kept filter."""

    id: UUID
    list: str
    name: str
    query: dict[str, str]
    owner: str
    unit: str


class ChoiceIn(Schema):
    """A chosen case; ``seen`` is the version of the task, or of the case where no task is named."""

    case: UUID
    task: UUID | None = None
    seen: Annotated[int, Field(ge=0, le=99_999_999)] | None = None


class BulkIn(Schema):
    """One action on many cases."""

    key: Annotated[str, StringConstraints(min_length=8, max_length=64)]
    action: Short
    cases: Annotated[list[ChoiceIn], Field(min_length=1, max_length=200)]
    unit: Annotated[str, StringConstraints(max_length=200)] = ""
    text: Annotated[str, StringConstraints(max_length=2000)] = ""


class ResultOut(Schema):
    """What became of one case."""

    case: UUID
    number: str
    state: str
    reason: str


class BulkOut(Schema):
    """A run with the result of each case."""

    id: UUID
    action: str
    state: str
    total: int
    done: int
    refused: int
    started_at: datetime
    finished_at: datetime | None
    results: list[ResultOut]


@router.get("/filters", response=list[FilterOut], summary="Filters of a list")
def list_filters(request: HttpRequest, listing: Short) -> list[dict[str, Any]]:
    """The own filters and those of the own units, at most 40."""
    return [_filter(each) for each in queries.filters_for(_actor(request), listing)]


@router.post("/filters", response={201: FilterOut}, summary="Keep a filter")
@idempotent
def keep_filter(request: HttpRequest, given: FilterIn) -> Status[dict[str, Any]]:
    """The same name again keeps the new one in its place."""
    made = actions.save_filter(
        actor=_actor(request), listing=given.list, name=given.name, query=given.query, unit=given.unit,
        default=given.default,
    )  # fmt: skip
    return Status(201, _filter(made))


@router.delete("/filters/{uuid:filter_id}", response={204: None}, summary="Remove a filter")
def drop_filter(request: HttpRequest, filter_id: UUID) -> Status[None]:
    """One's own, or as a leader one shared with the unit."""
    actions.remove_filter(actor=_actor(request), saved=filter_id)
    return Status(204, None)


@router.get("/lists/{slug:listing}/export", summary="A list as CSV or XLSX")
def export_list(request: HttpRequest, listing: str) -> HttpResponse:
    """``purpose`` and ``form`` (csv, gb18030, xlsx) beside the filter of the list; each leaves one record."""
    return exported(request, _actor(request), listing, request.GET)


@router.post("/bulk", response={202: BulkOut}, summary="One action on many cases")
@idempotent
def start_bulk(request: HttpRequest, given: BulkIn) -> Status[dict[str, Any]]:
    """Each case by its normal action, with a result for each; the same ``key`` is the same run."""
    chosen = [runs.Choice(str(each.case), str(each.task or ""), each.seen) for each in given.cases]
    unique = list({each.case: each for each in chosen}.values())
    run = actions.start_bulk(
        actor=_actor(request), key=given.key, action=given.action, choices=unique, unit=given.unit, text=given.text
    )
    return Status(202, _run(runs.run_for(_actor(request), run.public_id)))


@router.get("/bulk/{uuid:run_id}", response=BulkOut, summary="A bulk run")
def get_bulk(request: HttpRequest, run_id: UUID) -> dict[str, Any]:
    """How far it has got, and what became of each case."""
    return _run(runs.run_for(_actor(request), run_id))


def _actor(request: HttpRequest) -> Actor:
    actor: Actor = request.auth  # type: ignore[attr-defined]
    return actor


def _filter(each: SavedFilter) -> dict[str, Any]:
    unit = each.party.code if each.party else ""
    return {
        "id": each.public_id, "list": each.listing, "name": each.name, "query": each.query,
        "owner": each.owner_name, "unit": unit,
    }  # fmt: skip


def _run(run: BulkRun) -> dict[str, Any]:
    results = [
        {"case": item.case.public_id, "number": item.case.number, "state": item.state, "reason": item.reason}
        for item in runs.items_of(run)
    ]
    return {
        "id": run.public_id, "action": run.action, "state": run.state, "total": run.total,
        "done": run.done, "refused": run.refused,  # type: ignore[attr-defined]  # annotated.
        "started_at": run.started_at, "finished_at": run.finished_at, "results": results,
    }  # fmt: skip
