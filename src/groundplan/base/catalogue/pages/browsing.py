"""Pages that everybody may open: search, one entry, who holds a data item."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from groundplan.base.catalogue import queries
from groundplan.base.catalogue.models import Entry
from groundplan.base.catalogue.pages import shown
from groundplan.base.catalogue.pages.forms import MountForm, spoken
from groundplan.kernel.parties.access import actor_of
from groundplan.kernel.parties.models import Party
from groundplan.kernel.parties.queries import Actor
from groundplan.portal.worklists import remembered

NARROWED = ("shelf", "provider", "sharing", "kind", "mounted")
ENDED = ("offline", "withdrawn")
MOST_HOLDERS = 200


@require_GET
@remembered("catalogue")
def listing(request: HttpRequest) -> HttpResponse:
    """Search what the reader sees, narrowed by facets."""
    actor = actor_of(request)
    given = {name: request.GET.get(name, "").replace("\x00", "")[:64] for name in NARROWED}
    text = request.GET.get("text", "").replace("\x00", "")[:200]
    found = queries.search(actor, text, filters=queries.Filters(**given), size=50)
    context = {
        "found": found, "rows": _rows(actor, [hit.id for hit in found.results]), "text": text, "given": given,
        "facets": _facets(actor, given), "writes": actor.has_role(*queries.EDITORS),
    }  # fmt: skip
    return render(request, "catalogue/list.html", context)


@require_GET
def entry(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """One entry with its data items, resources and versions."""
    actor = actor_of(request)
    return render(request, "catalogue/entry.html", entry_context(actor, queries.entry_for(actor, public_id)))


@require_GET
def holders(request: HttpRequest) -> HttpResponse:
    """Who holds a data item."""
    name = request.GET.get("name", "").replace("\x00", "").strip()[:120]
    found = queries.holders_of(actor_of(request), name)[:MOST_HOLDERS] if name else []
    rows = [(each, shown.PERSONAL[each.personal], each.source_id == each.entry.provider_id) for each in found]
    return render(request, "catalogue/holders.html", {"name": name, "rows": rows})


def entry_context(actor: Actor, found: Entry, form: MountForm | None = None) -> dict[str, Any]:
    """What the page of an entry shows."""
    edits = queries.edits_for(actor, found.provider_id)
    versions = queries.versions_of(found) if edits else []
    waiting = next((row for row in versions if row.state in {"draft", "review", "returned"}), None)
    elements = [(each, shown.TYPES[each.type], shown.PERSONAL[each.personal], shown.GRADES[each.grade])
                for each in queries.elements_of(found)]  # fmt: skip
    resources = [(each, shown.KINDS[each.kind]) for each in found.resources.order_by("state", "id").reverse()[:100]]
    return {
        "entry": found, "facts": shown.facts_of(found), "state": shown.STATES[found.state], "elements": elements,
        "resources": resources, "waiting": waiting, "edits": edits,
        "versions": [(row, shown.STATES[row.state], shown.VERSION_KINDS[row.kind]) for row in versions],
        "may_change": edits and found.state not in ENDED and (waiting is None or waiting.state != "review"),
        "form": form or MountForm(initial={"kind": found.kind, "form": found.form}),
    }  # fmt: skip


def _rows(actor: Actor, ids: list[UUID]) -> list[tuple[Entry, Any, Any]]:
    found = {row.public_id: row for row in queries.entries_for(actor).filter(public_id__in=ids)}
    return [(found[each], shown.SHARING[found[each].sharing], shown.KINDS[found[each].kind])
            for each in ids if each in found]  # fmt: skip


def _facets(actor: Actor, given: dict[str, str]) -> list[dict[str, Any]]:
    """The choices of each facet with their counts."""
    counts = queries.facets(actor)
    shelves = {each.key: spoken(each.label) for each in queries.shelves()}
    units = {row.code: row.shown_name for row in Party.objects.filter(code__in=counts["provider"])}
    named: list[tuple[str, Any, Any]] = [
        ("shelf", shown.FIELDS["shelf"], shelves), ("sharing", shown.FIELDS["sharing"], shown.SHARING),
        ("kind", shown.FIELDS["kind"], shown.KINDS), ("provider", shown.FIELD_PROVIDER, units),
    ]  # fmt: skip
    return [
        {
            "name": name, "label": label, "chosen": given[name],
            "choices": [(key, texts.get(key, key), count) for key, count in counts[name].items()],
        }
        for name, label, texts in named
    ]  # fmt: skip
