"""Pages of kept filters and of bulk handling."""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from groundplan.commons.worklists import actions, queries
from groundplan.commons.worklists.errors import BulkInvalid, ListingUnknown
from groundplan.commons.worklists.logic import DOINGS, cleaned
from groundplan.commons.worklists.queries import runs
from groundplan.kernel.cases.queries.lists import Filters
from groundplan.kernel.parties.access import AuthenticatedRequest, officer, person
from groundplan.kernel.parties.logic.roles import PURPOSES
from groundplan.kernel.parties.models import Party
from groundplan.kernel.parties.queries import Actor
from groundplan.lib.errors import GroundplanError, NotFound
from groundplan.lib.identity import uuid7
from groundplan.lib.keyset import page as cut_page
from groundplan.portal.worklists import registry

PRIVATE = ("firm", "person")


def back(request: HttpRequest, fallback: str) -> str:
    """Where a form came from, if it is a page of ours."""
    asked = request.POST.get("next", "")
    return asked if url_has_allowed_host_and_scheme(asked, allowed_hosts={request.get_host()}) else fallback


@require_POST
@person
def keep(request: AuthenticatedRequest) -> HttpResponse:
    """Keep the filter of a list."""
    asked = request.POST
    try:
        actions.save_filter(
            actor=request.actor, listing=asked.get("listing", ""), name=asked.get("name", ""),
            query=QueryDict(asked.get("query", "")[:2000]).dict(), unit=asked.get("unit", ""),
            default=asked.get("default") == "1",
        )  # fmt: skip
    except GroundplanError as error:
        messages.error(request, error.detail or str(error.title))
    else:
        messages.success(request, _("已保存常用筛选。"))
    return redirect(back(request, "/"))


@require_POST
@person
def change(request: AuthenticatedRequest, public_id: UUID, what: str) -> HttpResponse:
    """Remove a kept filter, or let the list open by it, or no longer."""
    found = queries.filter_for(request.actor, public_id)
    if what == "remove":
        actions.remove_filter(actor=request.actor, saved=public_id)
        messages.success(request, _("已删除常用筛选。"))
    elif what in {"default", "no-default"}:
        saved = public_id if what == "default" else None
        actions.choose_default(actor=request.actor, listing=found.listing, saved=saved)
    else:
        raise NotFound
    return redirect(back(request, "/"))


@require_GET
@person
def counts(request: AuthenticatedRequest, listing: str) -> HttpResponse:
    """How many each kept filter of a list finds, fetched after the list itself."""
    known = registry.listings.get(listing)
    if known is None or known.count is None:
        raise NotFound
    saved = queries.filters_for(request.actor, listing)[:12]
    found = [(each, known.count(request, each.query)) for each in saved]
    return render(request, "worklists/counts.html", {"found": found, "path": reverse(listing)})


@require_GET
@officer()
def run_list(request: AuthenticatedRequest) -> HttpResponse:
    """The bulk runs of the reader, newest first."""
    found = cut_page(runs.runs_of(request.actor), order=("-started_at", "-id"), after=request.GET.get("after"), size=30)
    rows = [(each, DOINGS[each.action].label) for each in found.items]
    return render(request, "worklists/runs.html", {"page": found, "rows": rows})


@require_POST
@officer()
def confirm(request: AuthenticatedRequest) -> HttpResponse:
    """What will happen to which cases, before anything does."""
    action = request.POST.get("action", "")
    if action not in DOINGS and action != "export":
        raise BulkInvalid(_("请选择要办理的事项。"), accepted=", ".join([*DOINGS, "export"]))
    context = asked_for(request, action)
    if not context["chosen"]:
        messages.error(request, _("请先勾选要办理的办件。"))
        return redirect(back(request, reverse("cases")))
    return render(request, "worklists/confirm.html", context)


@require_POST
@officer()
def start(request: AuthenticatedRequest) -> HttpResponse:
    """Start the run that was confirmed; sent twice it is one."""
    asked = request.POST
    run = actions.start_bulk(
        actor=request.actor, key=asked.get("key", ""), action=asked.get("action", ""),
        choices=runs.parse(asked.getlist("item")), unit=asked.get("unit", "")[:200], text=asked.get("text", ""),
    )  # fmt: skip
    return redirect("bulk-run", run.public_id)


@require_GET
@officer()
def run_page(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """A run: what is done, what was refused and why."""
    return render(request, "worklists/run.html", run_context(request, public_id))


@require_GET
@officer()
def run_live(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """The part of a run that changes while it runs."""
    return render(request, "worklists/run_part.html", run_context(request, public_id))


def run_context(request: AuthenticatedRequest, public_id: UUID) -> dict[str, Any]:
    """A run with its items."""
    run = runs.run_for(request.actor, public_id)
    handled = run.done + run.refused  # type: ignore[attr-defined]  # annotated.
    share = round(handled / run.total * 100) if run.total else 100
    return {"run": run, "items": runs.items_of(run), "doing": DOINGS[run.action], "handled": handled, "share": share}


def choices_of(request: AuthenticatedRequest) -> list[runs.Choice]:
    """The ticked rows, or all that the filter of the list finds."""
    asked = request.POST
    if asked.get("whole") != "1":
        return runs.parse(asked.getlist("item"))[: runs.MOST]
    filters = Filters(
        flow=asked.get("flow", "")[:64], state=asked.get("state", "")[:10], stage=asked.get("stage", "")[:64],
        overdue=asked.get("overdue") == "1", district=asked.get("district", "")[:12],
        text=asked.get("text", "").replace("\x00", "")[:100],
    )  # fmt: skip
    return runs.whole_list(request.actor, asked.get("kind", "todo"), filters)


def asked_for(request: AuthenticatedRequest, action: str) -> dict[str, Any]:
    """What the page of confirmation shows."""
    doing = DOINGS.get(action, DOINGS["comment"])
    choices = choices_of(request)
    chosen = runs.chosen_for(request.actor, doing, choices)
    units = Party.objects.on().exclude(kind__in=PRIVATE).order_by("sort_key", "id")
    return {
        "action": action, "doing": doing, "chosen": chosen, "key": uuid7().hex, "purposes": PURPOSES,
        "fitting": sum(1 for each in chosen if each.fits or action == "export"),
        "units": units if "unit" in doing.asks and action != "export" else [],
        "back": back(request, reverse("cases")),
    }  # fmt: skip


def exported(request: HttpRequest, actor: Actor, listing: str, asked: QueryDict) -> HttpResponse:
    """A list as a file in pieces, for page and API.

    Raises:
        ListingUnknown: there is none that leaves in a file.
    """
    known = registry.listings.get(listing)
    if known is None or known.table is None:
        raise ListingUnknown
    headers, rows = known.table(request, cleaned({name: asked.get(name, "") for name in known.params}, known.params))
    made = actions.export_listing(
        actor=actor, listing=listing, headers=headers, rows=rows, purpose=asked.get("purpose", ""),
        form=asked.get("form", ""),
    )  # fmt: skip
    disposition = {"Content-Disposition": f'attachment; filename="{made.filename}"', "Cache-Control": "no-store"}
    # Django's two kinds of answers share a base that its types do not name.
    answer = StreamingHttpResponse(made.pieces, content_type=made.content_type, headers=disposition)
    return cast("HttpResponse", answer)


@require_POST
@officer()
def export(request: AuthenticatedRequest, listing: str) -> HttpResponse:
    """A list with its filter as CSV or XLSX."""
    return exported(request, request.actor, listing, request.POST)


urlpatterns = [
    path("lists/<slug:listing>/export", export, name="list-export"),
    path("filters", keep, name="filter-keep"),
    path("filters/<slug:listing>/counts", counts, name="filter-counts"),
    path("filters/<uuid:public_id>/<slug:what>", change, name="filter-change"),
    path("bulk", run_list, name="bulk-runs"),
    path("bulk/confirm", confirm, name="bulk-confirm"),
    path("bulk/start", start, name="bulk-start"),
    path("bulk/<uuid:public_id>", run_page, name="bulk-run"),
    path("bulk/<uuid:public_id>/live", run_live, name="bulk-live"),
]
