"""Importing an organisation file: template, trial, errors to take away, import."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from groundplan.kernel.parties import access, actions
from groundplan.kernel.parties.logic import sheets
from groundplan.kernel.parties.pages import forms
from groundplan.lib.errors import GroundplanError, Invalid
from groundplan.lib.tabular import write_xlsx

SHEET_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
# The file travels with the page between trial and import, within Django's limit for form data.
CARRIED_BYTES_MAX = 1_800_000


@access.officer("system_admin", "security_admin")
@require_safe
def template(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - a view.
    """The empty template."""
    return _download(sheets.template(), "organisation-template.xlsx")


@access.officer("system_admin", "security_admin")
def import_file(request: HttpRequest) -> HttpResponse:
    """Upload a file for a trial; then import it, or take its errors away."""
    form, context = forms.ImportForm(request.POST or None, request.FILES or None), {}
    step = request.POST.get("step", "")
    try:
        if step in {"import", "errors"}:
            name, content = _carried(request)
            context = _run(request, name, content, dry_run=step == "errors")
        elif request.method == "POST" and form.is_valid():
            context = _run(request, form.cleaned_data["file"].name, form.cleaned_data["file"].read(), dry_run=True)
    except GroundplanError as error:
        form.add_error(None, " ".join(part for part in (error.detail, error.next_step) if part))
    if step == "errors" and context:
        return _download(_errors(context["result"]), "import-errors.xlsx")
    return render(request, "parties/import.html", {"form": form, **context})


def _run(request: HttpRequest, name: str, content: bytes, *, dry_run: bool) -> dict[str, Any]:
    result = actions.import_parties(actor=access.actor_of(request), content=content, filename=name, dry_run=dry_run)
    if len(content) > CARRIED_BYTES_MAX:
        raise Invalid(_("文件过大，请改用命令 groundplan party import 导入。"), accepted=f"{CARRIED_BYTES_MAX} bytes")
    return {"result": result, "name": name, "carried": base64.b64encode(content).decode()}


def _carried(request: HttpRequest) -> tuple[str, bytes]:
    """The file that was tried before.

    Raises:
        Invalid: the page was altered.
    """
    try:
        content = base64.b64decode(request.POST.get("carried", ""), validate=True)
    except binascii.Error:
        raise Invalid(_("请重新选择文件。")) from None
    return request.POST.get("name", ""), content


def _errors(result: actions.ImportResult) -> bytes:
    rows = [(fault.cell, fault.reason["zh-hans"], fault.reason["en"]) for fault in result.errors]
    return write_xlsx(["单元格 Cell", "原因", "Reason"], rows, sheet="Errors")


def _download(content: bytes, name: str) -> HttpResponse:
    answer = HttpResponse(content, content_type=SHEET_TYPE)
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


urlpatterns: list[URLPattern] = [
    path("organisation/template", template, name="organisation-template"),
    path("organisation/import", import_file, name="organisation-import"),
]
