"""旁路运行: the runs, one run with its figures by day, the rows behind each figure, the switch."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from groundplan.kernel.parties import access
from groundplan.kernel.parties.access import AuthenticatedRequest
from groundplan.kernel.rules.logic.files.source import read_table_file
from groundplan.lib import crypto
from groundplan.lib.errors import GroundplanError
from groundplan.lib.keyset import page
from groundplan.lib.tabular import write_xlsx
from groundplan.systems.incidents.beside import actions, forms, queries, summary
from groundplan.systems.incidents.beside.models import Beside
from groundplan.systems.incidents.beside.showing import faults_of, lines_of, replay_context, row_context, run_context
from groundplan.systems.incidents.queries.directory import directory_text
from groundplan.systems.incidents.queries.pages import saved_mapping

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


@require_http_methods(["GET", "POST"])
@access.officer(*queries.SEE)
def runs(request: AuthenticatedRequest) -> HttpResponse:
    """The runs, and for the data office the form that starts one."""
    form = forms.StartForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            return redirect("beside-run", public_id=_start(request, form.cleaned_data).public_id)
        except GroundplanError as error:
            form.add_error(None, error.detail)
    found = page(queries.runs_for(request.actor), order=("-started_at", "-id"), after=request.GET.get("after"), size=20)
    context = {"form": form, "page": found, "may_start": request.actor.has_role(*queries.START)}
    return render(request, "incidents/beside/runs.html", context, status=422 if form.errors else 200)


def _start(request: AuthenticatedRequest, asked: dict[str, Any]) -> Beside:
    return actions.start_beside(
        actor=request.actor, name=asked["name"], ends_on=asked["ends_on"], answerable=asked["answerable"],
        columns=saved_mapping(asked["mapping"]),
    )  # fmt: skip


@require_GET
@access.officer(*queries.SEE)
def run_page(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """One run: figures in all and by day, where both differ, files, switch."""
    return _shown(request, queries.run_for(request.actor, public_id))


def _shown(request: AuthenticatedRequest, run: Beside, problem: str = "", **more: Any) -> HttpResponse:
    context = {**run_context(request.actor, run), "problem": problem, **more}
    return render(request, "incidents/beside/run.html", context, status=422 if problem else 200)


def _tried(request: AuthenticatedRequest, public_id: UUID, work: Callable[[Beside], Any], form: Any) -> HttpResponse:
    """Do what a form of a run asks; a refusal is shown above the run."""
    run = queries.run_for(request.actor, public_id)
    if not form.is_valid():
        return _shown(request, run, faults_of(form))
    try:
        work(run)
    except GroundplanError as error:
        return _shown(request, queries.run_for(request.actor, public_id), str(error.detail or error))
    return redirect("beside-run", public_id=public_id)


@require_POST
@access.officer(*queries.TAKE)
def take(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """An export of the vendor's system."""
    form = forms.TakeForm(request.POST, request.FILES)

    def work(run: Beside) -> None:
        file = form.cleaned_data["file"]
        actions.take_beside_file(actor=request.actor, run=run.public_id, content=file.read(), filename=file.name)

    return _tried(request, public_id, work, form)


@require_POST
@access.officer(*queries.START)
def propose(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """Propose the switch to live."""
    form = forms.ProposeForm(request.POST)
    return _tried(
        request, public_id,
        lambda run: actions.propose_switch(actor=request.actor, run=run.public_id, **form.cleaned_data), form,
    )  # fmt: skip


@require_POST
@access.officer(*queries.APPROVE)
def approve(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """Approve the switch to live."""
    form = forms.NoteForm(request.POST)
    return _tried(
        request, public_id,
        lambda run: actions.approve_switch(actor=request.actor, run=run.public_id, **form.cleaned_data), form,
    )  # fmt: skip


@require_POST
@access.officer(*queries.START, *queries.APPROVE)
def take_back(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """Take the switch back."""
    form = forms.NoteForm(request.POST)
    return _tried(
        request, public_id,
        lambda run: actions.take_back_switch(actor=request.actor, run=run.public_id, **form.cleaned_data), form,
    )  # fmt: skip


@require_POST
@access.officer(*queries.START)
def end(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """Another last day."""
    form = forms.EndForm(request.POST)
    return _tried(
        request, public_id,
        lambda run: actions.set_beside_end(actor=request.actor, run=run.public_id, **form.cleaned_data), form,
    )  # fmt: skip


@require_POST
@access.officer(*queries.SEE)
def replay(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """A changed directory over the run; nothing is kept."""
    run, form = queries.run_for(request.actor, public_id), forms.ReplayForm(request.POST, request.FILES)
    if not form.is_valid():
        return _shown(request, run, faults_of(form))
    try:
        found = _replayed(run, form.cleaned_data["directory"])
    except GroundplanError as error:
        return _shown(request, run, str(error.detail or error))
    return _shown(request, run, replayed=found)


def _replayed(run: Beside, file: Any) -> dict[str, Any]:
    table = read_table_file(directory_text(file.read(), file.name).encode(), "directory.yaml")
    return replay_context(queries.replay(run, table), file.name)


@require_GET
@access.officer(*queries.SEE)
def rows(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """The rows behind a figure, of all days or of one."""
    run, form = queries.run_for(request.actor, public_id), forms.RowFilter(request.GET)
    asked = form.cleaned_data if form.is_valid() else {}
    chosen = asked.get("figure") or "rows"
    found = queries.rows_of(run, figure=chosen, day=asked.get("day"), number=asked.get("number") or "")
    shown = page(found, order=("-day", "-id"), after=request.GET.get("after"), size=50)
    context = {
        "run": run,
        "form": form,
        "page": shown,
        "lines": lines_of(shown.items),
        "title": queries.FIGURES[chosen][1],
    }
    return render(request, "incidents/beside/rows.html", context, status=422 if form.errors else 200)


@require_GET
@access.officer(*queries.SEE)
def row_page(request: AuthenticatedRequest, public_id: UUID, row: UUID) -> HttpResponse:
    """One row: what the files told, what our rules say and on what ground."""
    context = row_context(queries.row_for(request.actor, public_id, row))
    return render(request, "incidents/beside/row.html", context)


@require_GET
@access.officer(*queries.SEE)
def summary_file(request: AuthenticatedRequest, public_id: UUID, kind: str) -> HttpResponse:
    """The summary for the leaders as DOCX or XLSX."""
    run, base = queries.run_for(request.actor, public_id), request.build_absolute_uri("/").rstrip("/")
    write, media = (summary.docx_of, DOCX) if kind == "docx" else (summary.xlsx_of, XLSX)
    content = write(run, get_language() or "zh-hans", base)
    return HttpResponse(
        content, content_type=media, headers={"Content-Disposition": f'attachment; filename="beside.{kind}"'}
    )


@require_GET
@access.officer(*queries.TAKE)
def bad_rows(request: AuthenticatedRequest, public_id: UUID, file: UUID) -> HttpResponse:
    """The rows of a file that were not taken, to be corrected and handed in again."""
    found = list(queries.file_for(request.actor, public_id, file).bad.order_by("number", "id"))
    cells: list[dict[str, str]] = [json.loads(crypto.decrypt(bytes(row.cells))) for row in found]
    headers = list(dict.fromkeys(name for row in cells for name in row))
    body = [
        [*(row.get(name, "") for name in headers), about.number, about.reason]
        for row, about in zip(cells, found, strict=True)
    ]
    content = write_xlsx([*headers, _("原行号"), _("未接收原因")], body, sheet="问题数据")
    return HttpResponse(
        content, content_type=XLSX, headers={"Content-Disposition": 'attachment; filename="quarantine.xlsx"'}
    )


HERE = "incidents/beside/<uuid:public_id>"
urlpatterns: list[URLPattern] = [
    path("incidents/beside", runs, name="beside"),
    path(HERE, run_page, name="beside-run"),
    path(f"{HERE}/take", take, name="beside-take"),
    path(f"{HERE}/propose", propose, name="beside-propose"),
    path(f"{HERE}/approve", approve, name="beside-approve"),
    path(f"{HERE}/take-back", take_back, name="beside-take-back"),
    path(f"{HERE}/end", end, name="beside-end"),
    path(f"{HERE}/replay", replay, name="beside-replay"),
    path(f"{HERE}/rows", rows, name="beside-rows"),
    path(f"{HERE}/rows/<uuid:row>", row_page, name="beside-row"),
    path(f"{HERE}/summary.docx", summary_file, {"kind": "docx"}, name="beside-docx"),
    path(f"{HERE}/summary.xlsx", summary_file, {"kind": "xlsx"}, name="beside-xlsx"),
    path(f"{HERE}/files/<uuid:file>/quarantine.xlsx", bad_rows, name="beside-bad"),
]
