"""旁路试算: upload an old export, see misrouting and causes of lateness; nothing is stored."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from groundplan.kernel.parties import access
from groundplan.kernel.parties.access import AuthenticatedRequest
from groundplan.kernel.rules.logic.files.source import read_table_file
from groundplan.lib.errors import GroundplanError
from groundplan.systems.incidents import queries
from groundplan.systems.incidents.logic.trial import CAUSES
from groundplan.systems.incidents.pages.forms import TrialForm

MOST_LINES = 20


@require_http_methods(["GET", "POST"])
@access.officer("dispatcher", "data_office")
def trial(request: AuthenticatedRequest) -> HttpResponse:
    """The form, and below it what the trial of the file found."""
    form = TrialForm(request.POST or None, request.FILES or None)
    shown: dict[str, Any] = {}
    if request.method == "POST" and form.is_valid():
        try:
            shown = {"found": _run(form), "file": form.cleaned_data["file"].name}
        except GroundplanError as error:
            form.add_error("file", error.detail)
    if "found" in shown:
        shown |= _lines(shown["found"])
    return render(request, "incidents/trial.html", {"form": form, **shown}, status=422 if form.errors else 200)


def _run(form: TrialForm) -> queries.Trial:
    file, changed = form.cleaned_data["file"], form.cleaned_data["directory"]
    table = None
    if changed is not None:
        text = queries.directory_text(changed.read(), changed.name)
        table = read_table_file(text.encode(), "directory.yaml")
    return queries.run_trial(content=file.read(), filename=file.name, changed=table)


def _lines(found: queries.Trial) -> dict[str, Any]:
    """The counted pairs with the names of their units."""

    def named(code: str) -> Any:
        return found.names.get(code, {"zh-hans": code or "—"})

    def pairs(counted: Any) -> list[tuple[Any, Any, int]]:
        return [(named(a), named(b), count) for (a, b), count in counted.most_common(MOST_LINES)]

    return {
        "pairs": pairs(found.pairs),
        "changes": pairs(found.changes),
        "causes": [(CAUSES[cause], count) for cause, count in found.causes.most_common()],
        "examples": [(each, named(each.actual), named(each.expected)) for each in found.examples],
        "bad": found.quarantined[:MOST_LINES],
        "unknown": [name for name, _count in found.unknown_units.most_common(MOST_LINES)],
    }
