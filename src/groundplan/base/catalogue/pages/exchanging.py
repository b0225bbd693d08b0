"""Pages of files: lists taken in with their problems, the catalogue taken out."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from groundplan.base.catalogue import actions, queries
from groundplan.base.catalogue.errors import LoadNotFound
from groundplan.base.catalogue.logic.importing import FIELDS
from groundplan.base.catalogue.models import Load
from groundplan.base.catalogue.pages import shown
from groundplan.base.catalogue.pages.forms import ImportForm
from groundplan.kernel.parties import access
from groundplan.kernel.parties.access import AuthenticatedRequest, actor_of
from groundplan.lib.errors import GroundplanError
from groundplan.lib.tabular import write_xlsx

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
SHOWN = 200


@require_http_methods(["GET", "POST"])
@access.officer(*queries.EDITORS)
def imports(request: AuthenticatedRequest) -> HttpResponse:
    """The latest loads, and the form for a new one."""
    actor, keeper = request.actor, request.actor.has_role(*queries.KEEPERS)
    form = ImportForm(queries.units_of(actor), request.POST or None, request.FILES or None, keeper=keeper)
    made = _taken(request, form) if request.method == "POST" and form.is_valid() else None
    if made is not None:
        return redirect("catalogue-load", made.public_id)
    names = [(name, shown.FIELDS.get(name, "")) for name in FIELDS]
    context = {"form": form, "loads": queries.loads_for(actor).order_by("-loaded_at", "-id")[:20], "names": names}
    return render(request, "catalogue/imports.html", context, status=422 if form.errors else 200)


@require_GET
@access.officer(*queries.EDITORS)
def load(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """One load and what is wrong with its rows."""
    found = queries.load_for(request.actor, public_id)
    rows = found.problems.order_by("row", "id")[:SHOWN]
    columns = [(shown.FIELDS.get(name, name), header) for name, header in found.columns.items()]
    return render(request, "catalogue/load.html", {"load": found, "rows": rows, "columns": columns, "most": SHOWN})


@require_GET
@access.officer(*queries.EDITORS)
def problems(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """All problems of a load as a workbook."""
    found = queries.load_for(request.actor, public_id)
    rows = found.problems.order_by("row", "id").values_list("row", "cell", "field", "reason", "value")
    content = write_xlsx([_("行"), _("单元格"), _("字段"), _("存在问题"), _("原文")], rows)
    answer = HttpResponse(content, content_type=XLSX)
    answer["Content-Disposition"] = f'attachment; filename="problems-{public_id}.xlsx"'
    return answer


@require_GET
def export(request: HttpRequest, form: str) -> HttpResponse:
    """What the reader sees of the catalogue as DCAT-AP."""
    if form not in queries.FORMS:
        raise LoadNotFound
    content = queries.exported(actor_of(request), form, request.build_absolute_uri("/"))
    ending = "ttl" if form.endswith("turtle") else "jsonld"
    answer = HttpResponse(content, content_type=queries.FORMS[form][1])
    answer["Content-Disposition"] = f'attachment; filename="catalogue.{ending}"'
    return answer


def _taken(request: AuthenticatedRequest, form: ImportForm) -> Load | None:
    """The load of a form; None when it was refused, which the form then says."""
    asked, keep, file = form.asked(), form.cleaned_data["keep"], form.cleaned_data["file"]
    try:
        if keep and asked["columns"]:
            actions.save_mapping(
                actor=request.actor, name=keep, columns=asked["columns"], defaults=asked["defaults"]
            )  # fmt: skip
        return actions.import_entries(actor=request.actor, content=file.read(), filename=file.name, **asked)
    except GroundplanError as error:
        form.add_error(None, " ".join(part for part in (error.detail, error.next_step) if part) or str(error))
    return None
