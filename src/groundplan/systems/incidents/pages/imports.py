"""批量导入: upload a spreadsheet, check which column is which, load it, download what was not accepted."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from groundplan.kernel.parties import access
from groundplan.kernel.parties.access import AuthenticatedRequest
from groundplan.lib import crypto
from groundplan.lib.errors import GroundplanError
from groundplan.lib.identity import uuid7
from groundplan.lib.tabular import Table, read_table, write_xlsx
from groundplan.systems.incidents import actions, queries
from groundplan.systems.incidents.logic.columns import propose_mapping
from groundplan.systems.incidents.models import Load, QuarantinedRow
from groundplan.systems.incidents.pages.forms import MappingForm, UploadForm

WAITING = "incidents.upload"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PREVIEWED = 5


@require_http_methods(["GET", "POST"])
@access.officer("operator", "data_office")
def uploads(request: AuthenticatedRequest) -> HttpResponse:
    """Upload a file; the loads made so far."""
    form = UploadForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        try:
            content = file.read()
            read_table(content, file.name)
        except GroundplanError as error:
            form.add_error("file", error.detail)
        else:
            _keep(request, file.name, content, form)
            return redirect("incident-import-columns")
    loads = Load.objects.filter(loaded_by=request.actor.actor_id).order_by("-loaded_at")[:20]
    return render(request, "incidents/imports.html", {"form": form, "loads": loads}, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@access.officer("operator", "data_office")
def columns(request: AuthenticatedRequest) -> HttpResponse:
    """Check the columns with the first rows beside them, then load."""
    waiting = request.session.get(WAITING)
    if not waiting or not default_storage.exists(waiting["path"]):
        return redirect("incident-imports")
    with default_storage.open(waiting["path"]) as stream:
        content = crypto.decrypt(stream.read()).encode("latin-1")
    table = read_table(content, waiting["name"])
    proposed = queries.saved_mapping(request.GET.get("mapping", "")) or propose_mapping(table.headers)
    form = MappingForm(table.headers, proposed, request.POST or None)
    if request.method == "POST" and form.is_valid():
        return _load(request, waiting, content, form)
    return _shown_columns(request, waiting["name"], table, form)


def _shown_columns(request: AuthenticatedRequest, name: str, table: Table, form: MappingForm) -> HttpResponse:
    preview = [[row.text(header) for header in table.headers] for row in table.rows[:PREVIEWED]]
    context = {"form": form, "headers": table.headers, "preview": preview, "rows": len(table.rows), "name": name}
    return render(request, "incidents/import_columns.html", context, status=422 if form.errors else 200)


@require_GET
@access.officer("operator", "data_office")
def load_page(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """What became of a file."""
    load = queries.load_for(request.actor, public_id)
    return render(request, "incidents/load.html", {"load": load, "rows": load.rows.order_by("number")[:50]})


@require_GET
@access.officer("operator", "data_office")
def quarantine(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """The rows that were not accepted, as a file to correct and load again."""
    load = queries.load_for(request.actor, public_id)
    rows = list(QuarantinedRow.objects.filter(load=load).order_by("number"))
    cells: list[dict[str, str]] = [json.loads(crypto.decrypt(bytes(row.cells))) for row in rows]
    headers = list(dict.fromkeys(name for row in cells for name in row))
    body = [
        [*(row.get(name, "") for name in headers), about.number, about.reason]
        for row, about in zip(cells, rows, strict=True)
    ]
    content = write_xlsx([*headers, _("原行号"), _("未接收原因")], body, sheet="问题数据")
    return HttpResponse(
        content, content_type=XLSX, headers={"Content-Disposition": 'attachment; filename="quarantine.xlsx"'}
    )


def _keep(request: AuthenticatedRequest, name: str, content: bytes, form: Any) -> None:
    """Keep the upload, encrypted, until its columns are confirmed."""
    path = default_storage.save(f"uploads/{uuid7().hex}", ContentFile(crypto.encrypt(content.decode("latin-1"))))
    asked = form.cleaned_data
    request.session[WAITING] = {"path": path, "name": name[:255], "flow": asked["flow"], "system": asked["system"]}


def _load(request: AuthenticatedRequest, waiting: dict[str, str], content: bytes, form: MappingForm) -> HttpResponse:
    chosen = form.columns()
    if form.cleaned_data["name"].strip():
        actions.save_mapping(actor=request.actor, name=form.cleaned_data["name"], flow=waiting["flow"], columns=chosen)
    load = actions.import_reports(
        actor=request.actor, content=content, filename=waiting["name"], flow=waiting["flow"], columns=chosen,
        system=waiting["system"],
    )  # fmt: skip
    default_storage.delete(waiting["path"])
    del request.session[WAITING]
    return redirect("incident-load", public_id=load.public_id)
