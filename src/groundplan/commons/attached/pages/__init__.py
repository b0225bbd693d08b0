"""Pages of attached systems: the systems, one of them with its reconciliation, its codes, its lists."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from groundplan.commons.attached import actions, queries, registry
from groundplan.commons.attached.logic import CODE_KINDS, DIRECTIONS, ITEM_STATES, ORDER_STATES, OUR_STATES
from groundplan.commons.attached.pages.forms import DayForm, SystemForm, given_codes
from groundplan.kernel.parties.access import AuthenticatedRequest, officer
from groundplan.lib.errors import GroundplanError
from groundplan.lib.keyset import page
from groundplan.lib.tabular import write_xlsx

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MOST_FILE = 5_000_000


@require_GET
@officer(*registry.VIEWERS)
def systems(request: AuthenticatedRequest) -> HttpResponse:
    """The systems of the reader's units, and the form for a new one."""
    return _systems(request, SystemForm(actor=request.actor))


@require_POST
@officer(registry.KEEPER)
def add(request: AuthenticatedRequest) -> HttpResponse:
    """Attach a system."""
    form = SystemForm(request.POST, actor=request.actor)
    if not form.is_valid():
        return _systems(request, form, status=422)
    try:
        made = actions.add_system(actor=request.actor, **form.given())
    except GroundplanError as error:
        form.add_error(None, error.detail or str(error))
        return _systems(request, form, status=error.status)
    messages.success(request, _("已添加，请先填写代码对照。"))
    return redirect("attached-codes", made.public_id)


@require_GET
@officer(*registry.VIEWERS)
def system(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """One system: how it is, and its days."""
    found = queries.system_for(request.actor, public_id)
    context = {
        "system": found, "kind": registry.kinds.get(found.kind), "direction": DIRECTIONS[found.direction],
        "keeps": queries.keeps(request.actor, found), "days": queries.reconciliation(found),
        "dead": queries.orders(found, "failed").count(), "differing": queries.orders(found, "differing").count(),
        "waiting": queries.items(found, "waiting", kind="").count(), "form": DayForm(),
    }  # fmt: skip
    return render(request, "attached/system.html", context)


@require_POST
@officer(*registry.VIEWERS)
def do(request: AuthenticatedRequest, public_id: UUID, what: str) -> HttpResponse:
    """Pause, resume, end, run, replay."""
    given: dict[str, Any] = {"actor": request.actor, "system": public_id}
    if what == "run":
        return _done(request, public_id, lambda: _turn_text(actions.run_system(**given)))
    if what == "replay":
        return _done(request, public_id, lambda: _("已重新排队 %(n)d 件。") % {"n": actions.replay_orders(**given)})
    return _done(request, public_id, lambda: actions.change_system(**given, change=what) or _("已更改。"))


@require_POST
@officer(*registry.VIEWERS)
def reconcile(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """Compare a day with their list."""
    form = DayForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("请选择日期。"))
        return redirect("attached-system", public_id)

    def compare() -> str:
        made = actions.reconcile_system(actor=request.actor, system=public_id, day=form.cleaned_data["day"])
        return _("对方 %(theirs)d 件，补收 %(found)d 件。") % {"theirs": made.theirs, "found": made.found}

    return _done(request, public_id, compare)


@require_GET
@officer(*registry.VIEWERS)
def codes(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """What codes of theirs mean here, and which of them nobody has mapped."""
    found = queries.system_for(request.actor, public_id)
    kind = request.GET.get("kind", "")
    listed = page(queries.codes(found, kind), order=("kind", "theirs", "id"), after=request.GET.get("after"), size=100)
    unmapped = [(part, theirs, count, queries.meanings(found, part)) for part, theirs, count in queries.unmapped(found)]
    labels = {part: dict(queries.meanings(found, part)) for part in CODE_KINDS}
    context = {
        "system": found, "keeps": queries.keeps(request.actor, found), "kinds": CODE_KINDS, "unmapped": unmapped,
        "rows": [(row, labels[row.kind].get(row.ours, "")) for row in listed.items], "page": listed,
        "choices": labels, "chosen": kind,
    }  # fmt: skip
    return render(request, "attached/codes.html", context)


@require_POST
@officer(registry.KEEPER)
def keep_codes(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """Keep codes from the form or from a file."""
    handed_in = request.FILES.get("file")

    def keep() -> str:
        given: dict[str, Any] = {"actor": request.actor, "system": public_id}
        if handed_in is not None:
            taken = actions.import_codes(**given, content=handed_in.read(MOST_FILE + 1), filename=str(handed_in.name))
        else:
            taken = actions.set_codes(**given, codes=given_codes(request.POST))
        return _("已保存，受理待对照 %(n)d 件。") % {"n": taken}

    return _done(request, public_id, keep, back="attached-codes")


@require_GET
@officer(*registry.VIEWERS)
def codes_file(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """The codes as a workbook, those not mapped yet with an empty third column."""
    found = queries.system_for(request.actor, public_id)
    rows = [(CODE_KINDS[row.kind]["zh-hans"], row.theirs, row.ours) for row in queries.codes(found)]
    rows += [(CODE_KINDS[kind]["zh-hans"], theirs, "") for kind, theirs, _count in queries.unmapped(found)]
    content = write_xlsx(["类别", "对方代码", "本系统代码"], rows, sheet="代码对照")
    return HttpResponse(
        content, content_type=XLSX, headers={"Content-Disposition": 'attachment; filename="codes.xlsx"'}
    )


@require_GET
@officer(*registry.VIEWERS)
def items(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """Messages of theirs behind a number."""
    found, what, day = _asked(request, public_id)
    kind = request.GET.get("kind", "event" if day or what == "received" else "")
    rows = queries.items(found, what, day, kind).select_related("system", "case")
    listed = page(rows, order=("-id",), after=request.GET.get("after"), size=30)
    context = {
        "system": found, "what": what, "day": day, "page": listed, "keeps": queries.keeps(request.actor, found),
        "rows": [(row, ITEM_STATES[row.state], queries.raw(row)) for row in listed.items], "states": ITEM_STATES,
    }  # fmt: skip
    return render(request, "attached/items.html", context)


@require_POST
@officer(registry.KEEPER)
def refuse(request: AuthenticatedRequest, public_id: UUID, item: UUID) -> HttpResponse:
    """Refuse a message that waits."""
    reason = request.POST.get("reason", "")

    def say_no() -> str:
        actions.refuse_item(actor=request.actor, item=item, reason=reason)
        return _("已登记不予接收。")

    return _done(request, public_id, say_no, back="attached-items")


@require_GET
@officer(*registry.VIEWERS)
def orders(request: AuthenticatedRequest, public_id: UUID) -> HttpResponse:
    """Our orders behind a number."""
    found, what, day = _asked(request, public_id)
    listed = page(queries.orders(found, what, day), order=("-id",), after=request.GET.get("after"), size=30)
    rows = [(row, ORDER_STATES[row.state], OUR_STATES.get(row.their_state)) for row in listed.items]
    context = {"system": found, "what": what, "day": day, "page": listed, "rows": rows}
    return render(request, "attached/orders.html", context)


@require_POST
@officer(*registry.VIEWERS)
def settle(request: AuthenticatedRequest, public_id: UUID, order: UUID) -> HttpResponse:
    """Say that a difference was dealt with."""
    note = request.POST.get("note", "")

    def close() -> str:
        actions.settle_order(actor=request.actor, order=order, note=note)
        return _("已核销。")

    return _done(request, public_id, close, back="attached-orders")


def _asked(request: AuthenticatedRequest, public_id: UUID) -> tuple[Any, str, date | None]:
    found = queries.system_for(request.actor, public_id)
    form = DayForm(request.GET)
    return found, request.GET.get("what", "")[:20], form.cleaned_data["day"] if form.is_valid() else None


def _done(
    request: HttpRequest, public_id: UUID, action: Callable[[], str], *, back: str = "attached-system"
) -> HttpResponse:
    try:
        messages.success(request, action())
    except GroundplanError as error:
        messages.error(request, error.detail or str(error))
    return redirect(back, public_id)


def _turn_text(turn: actions.Turn) -> str:
    if turn.failed:
        return _("对方系统未应答：%(code)s。") % {"code": turn.failed}
    return _("收到 %(received)d 件，受理 %(taken)d 件。") % {
        "received": turn.received + turn.states,
        "taken": turn.taken,
    }


def _systems(request: AuthenticatedRequest, form: SystemForm, status: int = 200) -> HttpResponse:
    rows = []
    for row in queries.systems_for(request.actor)[: queries.MOST_SYSTEMS]:
        kind = registry.kinds.get(row.kind)
        rows.append((row, kind.label if kind else {"zh-hans": row.kind}, queries.reconciliation(row, days=1)[0]))
    keeps = request.actor.has_role(registry.KEEPER)
    return render(request, "attached/systems.html", {"rows": rows, "form": form, "keeps": keeps}, status=status)


urlpatterns = [
    path("attached", systems, name="attached"),
    path("attached/add", add, name="attached-add"),
    path("attached/<uuid:public_id>", system, name="attached-system"),
    *(
        path(f"attached/<uuid:public_id>/{what}", do, {"what": what}, name=f"attached-{what}")
        for what in ("pause", "resume", "end", "run", "replay")
    ),
    path("attached/<uuid:public_id>/reconcile", reconcile, name="attached-reconcile"),
    path("attached/<uuid:public_id>/codes", codes, name="attached-codes"),
    path("attached/<uuid:public_id>/codes/keep", keep_codes, name="attached-codes-keep"),
    path("attached/<uuid:public_id>/codes.xlsx", codes_file, name="attached-codes-file"),
    path("attached/<uuid:public_id>/items", items, name="attached-items"),
    path("attached/<uuid:public_id>/items/<uuid:item>/refuse", refuse, name="attached-refuse"),
    path("attached/<uuid:public_id>/orders", orders, name="attached-orders"),
    path("attached/<uuid:public_id>/orders/<uuid:order>/settle", settle, name="attached-settle"),
]
