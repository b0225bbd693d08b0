"""What this app gives to the portal: the bars of lists, the default of a list, its place in the menu."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.http import urlencode

from groundplan.kernel.parties.access import actor_of
from groundplan.kernel.parties.logic.roles import PURPOSES
from groundplan.portal import worklists
from groundplan.portal.navigation import Entry
from groundplan.portal.navigation import registry as navigation

BULK_LISTS = ("cases",)


def register() -> None:
    """Called once, when all models are loaded."""
    worklists.registry.bar = bar
    worklists.registry.default = default
    worklists.registry.bulk = bulk
    navigation.add(
        Entry(
            "bulk-runs",
            {"zh-hans": "批量办理", "en": "Bulk handling"},
            "work",
            25,
            lambda request: bool(actor_of(request).scopes),
        )
    )


def bar(request: HttpRequest, name: str) -> tuple[str, dict[str, Any]] | None:
    """The kept filters of a list for its reader, and the form to keep the present one."""
    from groundplan.commons.worklists import queries  # noqa: PLC0415 - needs the models.
    from groundplan.commons.worklists.logic import cleaned  # noqa: PLC0415

    actor, listing = actor_of(request), worklists.registry.listings.get(name)
    if listing is None or not actor.is_signed_in:
        return None
    present = cleaned(request.GET.dict(), listing.params)
    chosen = queries.default_for(actor, name)
    saved = queries.filters_for(actor, name)
    units = queries.units_of(actor)
    context = {
        "listing": listing, "saved": saved, "chosen": chosen, "present": present, "units": units,
        "query": urlencode(present), "here": request.get_full_path(), "actor_id": actor.actor_id,
        "leads": actor.unit_ids("leader"), "path": request.path, "counted": listing.count is not None,
        "exports": listing.table is not None and bool(actor.scopes),
        "purposes": PURPOSES,
        "rows": [(each, urlencode(each.query), each.query == present) for each in saved],
    }  # fmt: skip
    return "worklists/bar.html", context


def default(request: HttpRequest, name: str) -> str:
    """The address part of a reader's default filter; empty for none."""
    from groundplan.commons.worklists import queries  # noqa: PLC0415 - needs the models.

    actor = actor_of(request)
    found = queries.default_for(actor, name) if actor.is_signed_in else None
    return urlencode(found.query) if found else ""


def bulk(request: HttpRequest, name: str) -> tuple[str, dict[str, Any]] | None:
    """The form that handles the chosen rows of a list."""
    from groundplan.commons.worklists.logic import DOINGS  # noqa: PLC0415
    from groundplan.commons.worklists.queries.runs import MOST  # noqa: PLC0415

    if name not in BULK_LISTS or not actor_of(request).scopes:
        return None
    params = worklists.registry.listings[name].params
    hidden = [(key, request.GET[key]) for key in params if request.GET.get(key)]
    return "worklists/bulk_bar.html", {"doings": DOINGS.items(), "hidden": hidden, "most": MOST}
