"""Pages of the registers: the list of components, the imports, and what they left in quarantine."""

from __future__ import annotations

from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path

from groundplan.base.registers import queries
from groundplan.base.registers.logic import COLUMNS
from groundplan.base.registers.models import State
from groundplan.kernel.parties.access import AuthenticatedRequest, officer
from groundplan.lib.tabular import write_xlsx
from groundplan.portal.worklists import remembered

PAGE = 50


@officer(*queries.READERS)
@remembered("registers-components")
def components(request: AuthenticatedRequest) -> HttpResponse:
    """The components the reader may see, by identity."""
    chosen = {key: _digits(request, key) for key in ("category", "community_code", "identity")}
    found = queries.components_for(request.actor).filter(identity__gt=_digits(request, "after"))
    found = found.filter(**{f"{key}__startswith": value for key, value in chosen.items() if value})
    state = request.GET.get("state", "")
    if state in State.values:
        found, chosen["state"] = found.filter(state=state), state
    rows = list(found[: PAGE + 1])
    more = urlencode({**chosen, "after": rows[PAGE - 1].identity}) if len(rows) > PAGE else ""
    keeper = request.actor.has_role(*queries.KEEPERS)
    context = {"rows": rows[:PAGE], "chosen": chosen, "more": more, "states": State.values, "may_keep": keeper}
    return render(request, "registers/components.html", context)


@officer(*queries.KEEPERS)
def loads(request: AuthenticatedRequest) -> HttpResponse:
    """The latest imports."""
    return render(request, "registers/loads.html", {"loads": queries.loads_for(request.actor)[:PAGE]})


@officer(*queries.KEEPERS)
def quarantine(request: AuthenticatedRequest, load: str) -> HttpResponse:
    """The rows of a load in quarantine, as a workbook to correct and import again."""
    _found, rows = queries.quarantine(request.actor, load)
    reasons = ["；".join(f"{item['cell']} {item['reason']}" for item in row.reasons) for row in rows]
    table = [[row.values.get(name) for name in COLUMNS] for row in rows]
    content = write_xlsx(["问题", *COLUMNS], [[why, *row] for why, row in zip(reasons, table, strict=True)])
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    return HttpResponse(
        content, content_type=kind, headers={"Content-Disposition": f'attachment; filename="quarantine-{load}.xlsx"'}
    )


@officer(*queries.READERS)
def codes(request: AuthenticatedRequest) -> HttpResponse:
    """The editions of the code list side by side: what each code is, was and became."""
    editions = queries.code_lists()
    chosen = next(
        (each for each in editions if str(each.pk) == request.GET.get("edition")), editions[0] if editions else None
    )
    kind = "matter" if request.GET.get("kind") == "matter" else "component"
    rows = queries.codes_compared(chosen, kind=kind) if chosen else []
    context = {"editions": editions, "chosen": chosen, "kind": kind, "rows": rows, "now": queries.code_list()}
    return render(request, "registers/codes.html", context)


def _digits(request: HttpRequest, key: str) -> str:
    return "".join(letter for letter in request.GET.get(key, "")[:20] if letter in "0123456789")


urlpatterns = [
    path("registers/codes", codes, name="registers-codes"),
    path("registers/components", components, name="registers-components"),
    path("registers/loads", loads, name="registers-loads"),
    path("registers/loads/<uuid:load>/quarantine.xlsx", quarantine, name="registers-quarantine"),
]
