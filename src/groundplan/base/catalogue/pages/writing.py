"""Pages of those who describe data: own entries, the editor, submitting, mounting."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from groundplan.base.catalogue import actions, queries
from groundplan.base.catalogue.models import Entry, EntryVersion
from groundplan.base.catalogue.pages import shown
from groundplan.base.catalogue.pages.browsing import entry_context
from groundplan.base.catalogue.pages.forms import EntryForm, MountForm, initial_of
from groundplan.kernel.parties import access
from groundplan.kernel.parties.access import AuthenticatedRequest
from groundplan.kernel.parties.queries import Actor
from groundplan.lib.errors import GroundplanError
from groundplan.lib.keyset import page


@require_GET
@access.officer(*queries.EDITORS)
def own(request: AuthenticatedRequest) -> HttpResponse:
    """The entries of the reader's units in every state."""
    state = request.GET.get("state", "")
    found = queries.own_entries(request.actor)
    found = found.filter(state=state) if state in shown.STATES else found
    listed = page(found, order=("-changed_at", "-id"), after=request.GET.get("after"), size=50)
    rows = [(row, shown.STATES[row.state], shown.SHARING[row.sharing]) for row in listed.items]
    states = [(key, shown.STATES[key][0]) for key in ("draft", "review", "published", "offline", "withdrawn")]
    return render(request, "catalogue/own.html", {"page": listed, "rows": rows, "state": state, "states": states})


@require_http_methods(["GET", "POST"])
@access.officer(*queries.EDITORS)
def write(request: AuthenticatedRequest, public_id: UUID | None = None) -> HttpResponse:
    """Write an entry or a change of one."""
    old = queries.entry_for(request.actor, public_id) if public_id else None
    waiting = old.versions.filter(state__in=("draft", "returned")).first() if old else None
    initial = initial_of(old, waiting) if old else {"provider": request.GET.get("provider", "")}
    units = [old.provider] if old else queries.units_of(request.actor)
    form = EntryForm(units, request.POST or None, initial=initial, change=bool(old and old.state == "published"))
    made = _written(request.actor, form, old) if request.method == "POST" and form.is_valid() else None
    if made is not None:
        messages.success(request, _("已保存，提交后进入审核。"))
        return redirect("catalogue-entry", made.entry.public_id)
    return render(request, "catalogue/write.html", {"form": form, "old": old}, status=422 if form.errors else 200)


@require_POST
@access.officer(*queries.EDITORS)
def submit(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """Submit a version."""
    case = actions.submit_entry(actor=request.actor, version=public_id)
    messages.success(request, _("已提交，办件编号 %(number)s。") % {"number": case.number})
    return redirect("catalogue-own")


@require_POST
@access.officer(*queries.EDITORS)
def discard(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """Throw a draft away."""
    actions.discard_draft(actor=request.actor, version=public_id)
    messages.success(request, _("草稿已作废。"))
    return redirect("catalogue-own")


@require_POST
@access.officer(*queries.EDITORS)
def offline(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """Ask to take an entry offline."""
    case = actions.ask_offline(actor=request.actor, entry=public_id, reason=request.POST.get("reason", ""))
    messages.success(request, _("已提交，办件编号 %(number)s。") % {"number": case.number})
    return redirect("catalogue-entry", public_id)


@require_POST
@access.officer(*queries.EDITORS)
def mount(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """Mount a resource."""
    found, form = queries.entry_for(request.actor, public_id), MountForm(request.POST)
    if form.is_valid():
        try:
            actions.mount_resource(actor=request.actor, entry=public_id, **form.cleaned_data)
        except GroundplanError as error:
            form.add_error(None, error.detail or str(error))
        else:
            messages.success(request, _("已挂接。"))
            return redirect("catalogue-entry", public_id)
    return render(request, "catalogue/entry.html", entry_context(request.actor, found, form), status=422)


@require_POST
@access.officer(*queries.EDITORS)
def end(request: AuthenticatedRequest, identifier: str) -> HttpResponse:
    """End a resource."""
    found = actions.end_resource(actor=request.actor, resource=identifier, reason=request.POST.get("reason", ""))
    messages.success(request, _("数据资源已停用。"))
    return redirect("catalogue-entry", found.entry.public_id)


def _written(actor: Actor, form: EntryForm, old: Entry | None) -> EntryVersion | None:
    """The version of a form; None when it was refused, which the form then says."""
    given = form.cleaned_data
    try:
        return actions.write_entry(
            actor=actor, content=form.content(), provider=given["provider"], entry=old.public_id if old else None,
            reason=given.get("reason", ""),
        )  # fmt: skip
    except GroundplanError as error:
        named = {"condition", "basis", "open_condition", "elements", "series", "derived_from"}
        fields = {each["field"].partition(".")[0] for each in error.extra.get("fields", ())} & named
        for name in sorted(fields):
            form.add_error(name, _("请补充或更正。"))
        form.add_error(None, " ".join(part for part in (error.detail, error.next_step) if part) or str(error))
    return None
