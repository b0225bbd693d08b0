"""单位工作日历: units that keep hours and days of their own; a spreadsheet tried, then imported by the data office."""

from __future__ import annotations

import base64
import binascii
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from groundplan.kernel.parties import access, actions, queries
from groundplan.kernel.parties.logic import worktimes
from groundplan.kernel.parties.models import Party
from groundplan.kernel.parties.pages import forms
from groundplan.lib import keyset
from groundplan.lib.errors import GroundplanError, Invalid
from groundplan.lib.tabular import write_xlsx

SHEET_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CARRIED_BYTES_MAX = 1_800_000


class CalendarForm(forms.ImportForm):
    """A file of calendars."""

    def __init__(self, *more: Any, **named: Any) -> None:
        super().__init__(*more, **named)
        self.fields["file"].help_text = _("XLSX 或 CSV，UTF-8 或 GBK 编码")


@access.officer()
@require_safe
def template(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - a view.
    """The template with two examples."""
    content = write_xlsx(worktimes.HEADERS, worktimes.EXAMPLES, sheet="工作日历", notes=worktimes.NOTES)
    answer = HttpResponse(content, content_type=SHEET_TYPE)
    answer["Content-Disposition"] = 'attachment; filename="unit-calendars.xlsx"'
    return answer


@access.officer()
def calendars(request: HttpRequest) -> HttpResponse:
    """The units with calendars of their own; trying and importing a file are forms of it."""
    form, context = CalendarForm(request.POST or None, request.FILES or None), {}
    try:
        if request.POST.get("step") == "import":
            context = _run(request, request.POST.get("name", "")[:120], _carried(request), dry_run=False)
        elif request.method == "POST" and form.is_valid():
            given = form.cleaned_data["file"]
            context = _run(request, given.name, given.read(), dry_run=True)
    except GroundplanError as error:
        form.add_error(None, " ".join(part for part in (error.detail, error.next_step) if part))
    return render(request, "parties/calendars.html", {"form": form, **context, **_listed(request)})


@access.officer("data_office")
@require_POST
def drop(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Let a unit keep the city's calendar again."""
    actor = access.actor_of(request)
    actions.drop_calendar(actor=actor, party=queries.visible_party(actor, public_id))
    messages.success(request, _("已恢复按全市日历计算，原日历保留在记录中。"))
    return redirect("calendars")


def _listed(request: HttpRequest) -> dict[str, Any]:
    actor = access.actor_of(request)
    reach = actor.party_ids("data_office") if actor.has_role("data_office") else frozenset()
    page = keyset.page(queries.units_with_calendars(), order=("sort_key", "id"), after=request.GET.get("after"))
    rows = [(unit, shown(unit), unit.pk in reach) for unit in page.items]
    return {"page": page, "rows": rows, "imports": bool(reach)}


def shown(unit: Party) -> list[dict[str, Any]]:
    """The pieces of a unit's calendar as people read them."""
    names = {"statutory": _("法定工作日"), "daily": _("每日")}
    week = [_("周一"), _("周二"), _("周三"), _("周四"), _("周五"), _("周六"), _("周日")]
    return [
        {
            "first": row["first"],
            "last": row["last"],
            "hours": worktimes.hours_shown(row["hours"]),
            "days": names.get(row["rule"]) or "、".join(week[number - 1] for number in row["week"]),
            "off": len(row["off"]),
            "on": len(row["on"]),
        }
        for row in (unit.calendar.rows if unit.calendar else [])
    ]


def _run(request: HttpRequest, name: str, content: bytes, *, dry_run: bool) -> dict[str, Any]:
    if len(content) > CARRIED_BYTES_MAX:
        raise Invalid(_("文件过大，请拆分后分批导入。"), accepted=f"{CARRIED_BYTES_MAX} bytes")
    result = actions.import_calendars(actor=access.actor_of(request), content=content, filename=name, dry_run=dry_run)
    return {"result": result, "name": name, "carried": base64.b64encode(content).decode()}


def _carried(request: HttpRequest) -> bytes:
    try:
        return base64.b64decode(request.POST.get("carried", ""), validate=True)
    except binascii.Error:
        raise Invalid(_("请重新选择文件。")) from None


urlpatterns: list[URLPattern] = [
    path("organisation/calendars", calendars, name="calendars"),
    path("organisation/calendars/template", template, name="calendars-template"),
    path("organisation/calendars/<uuid:public_id>/drop", drop, name="calendar-drop"),
]
