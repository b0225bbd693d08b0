"""Pages of the log and of webhooks."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from groundplan.kernel.ledger import queries as ledger
from groundplan.kernel.ledger.errors import NotYetIntegrated
from groundplan.kernel.parties import access
from groundplan.kernel.proofs import actions, queries
from groundplan.kernel.proofs.queries import checking
from groundplan.lib.errors import GroundplanError
from groundplan.portal.worklists import remembered


@access.officer(*queries.AUDITORS)
@require_GET
@remembered("records")
def records(request: HttpRequest) -> HttpResponse:
    """The log, latest first, with filters."""
    wanted = {name: request.GET.get(name, "").strip()[:200] for name in queries.Filters.__dataclass_fields__}
    filters = queries.Filters(**wanted)
    page = queries.records(filters, after=request.GET.get("after"))
    query = request.GET.copy()
    query.pop("after", None)
    names = queries.names_of(row.actor for row in page.items)
    rows = [(row, names.get(row.actor, row.actor)) for row in page.items]
    context = {"page": page, "rows": rows, "filters": filters, "query": query.urlencode(), "lag": ledger.lag()}
    return render(request, "proofs/records.html", context)


@access.person
@require_GET
def record(request: HttpRequest, entry_id: UUID) -> HttpResponse:
    """One record, and its proof told step by step."""
    actor = access.actor_of(request)
    try:
        proven = queries.proven(actor, entry_id)
    except NotYetIntegrated:
        return render(request, "proofs/waiting.html", {"entry_id": entry_id}, status=202)
    name = queries.names_of([proven.entry.actor]).get(proven.entry.actor, proven.entry.actor)
    context = {"proven": proven, "actor_name": name, "may_audit": queries.may_audit(actor)}
    return render(request, "proofs/record.html", context)


@access.person
@require_GET
def proof_file(request: HttpRequest, entry_id: UUID) -> HttpResponse:
    """The proof file of one record."""
    made = queries.proof(access.actor_of(request), entry_id)
    answer = HttpResponse(made.file(), content_type="application/json; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="proof-{entry_id}.json"'
    return answer


@require_GET
def tree_heads(request: HttpRequest) -> HttpResponse:
    """Signed heads and public keys, for everybody."""
    page = queries.heads(after=request.GET.get("after"), size=30)
    rows = [queries.head_document(row) for row in page.items]
    added = queries.added(request.GET.get("first", ""), request.GET.get("second", ""))
    return render(request, "proofs/heads.html", {"page": page, "rows": rows, "keys": queries.keys(), "added": added})


@require_GET
def consistency_file(request: HttpRequest, first: int, second: int) -> HttpResponse:  # noqa: ARG001 - Django's.
    """The proof file that the later of two logs only adds to the earlier, for everybody."""
    answer = HttpResponse(ledger.consistency_proof(first, second).file(), content_type="application/json")
    answer["Content-Disposition"] = f'attachment; filename="consistency-{first}-{second}.json"'
    return answer


@require_http_methods(["GET", "POST"])
def verify_proof(request: HttpRequest) -> HttpResponse:
    """How to check a proof file without us; and a check by us, for everybody."""
    handed_in = request.FILES.get("file")
    checked = checking.check(handed_in.read(checking.LARGEST + 1)) if handed_in else None
    context = {"keys": queries.keys(), "checked": checked, "missing": request.method == "POST" and not handed_in}
    status = 422 if context["missing"] or (checked and checked.refused) else 200
    return render(request, "proofs/verify.html", context, status=status)


@require_GET
def program(request: HttpRequest, name: str) -> HttpResponse:  # noqa: ARG001 - Django's signature.
    """A program that checks proof files."""
    answer = HttpResponse(checking.source(name), content_type="text/x-python; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}.py"'
    return answer


@access.officer(*queries.PUSHERS)
@require_GET
def webhooks(request: HttpRequest) -> HttpResponse:
    """Webhooks and dead letters."""
    page = queries.webhooks(after=request.GET.get("after"))
    letters = queries.dead_letters(after=request.GET.get("letters"))
    return render(request, "proofs/webhooks.html", {"page": page, "letters": letters})


@access.officer(*queries.PUSHERS)
@require_POST
def add_webhook(request: HttpRequest) -> HttpResponse:
    """Add a webhook; its secret is shown on the answer only."""
    form = {name: request.POST.get(name, "").strip() for name in ("name", "url", "types")}
    try:
        _id, secret = actions.create_webhook(
            actor=access.actor_of(request), name=form["name"], url=form["url"][:500], types=form["types"].split()
        )
    except GroundplanError as error:
        context = {"page": queries.webhooks(), "letters": queries.dead_letters(), "form": form, "error": error}
        return render(request, "proofs/webhooks.html", context, status=error.status)
    return render(request, "proofs/secret.html", {"secret": secret, "form": form})


@access.officer(*queries.PUSHERS)
@require_POST
def change_webhook(request: HttpRequest, webhook: UUID, change: str) -> HttpResponse:
    """Pause, resume or end a webhook."""
    actions.change_webhook(actor=access.actor_of(request), webhook=webhook, change=change)
    return redirect("webhooks")


@access.officer(*queries.PUSHERS)
@require_POST
def replay_letters(request: HttpRequest) -> HttpResponse:
    """Let one dead letter, or all, be tried again."""
    chosen = [UUID(text) for text in request.POST.getlist("letter") if queries.is_uuid(text)]
    count = actions.replay_letters(actor=access.actor_of(request), letters=chosen)
    messages.success(request, _("%(count)s 条消息将重新投递。") % {"count": count})
    return redirect("webhooks")


@access.officer("system_admin")
@require_GET
def witnesses(request: HttpRequest) -> HttpResponse:
    """Who keeps copies of the signed heads."""
    return render(request, "proofs/witnesses.html", {"rows": queries.witnesses()})


@access.officer("system_admin")
@require_POST
def add_witness(request: HttpRequest) -> HttpResponse:
    """Add a witness; the secret of an address is shown on the answer only."""
    form = {name: request.POST.get(name, "").strip()[:600] for name in ("name", "kind", "address")}
    try:
        _id, secret = actions.add_witness(actor=access.actor_of(request), **form)
    except GroundplanError as error:
        context = {"rows": queries.witnesses(), "form": form, "error": error}
        return render(request, "proofs/witnesses.html", context, status=error.status)
    if not secret:
        return redirect("witnesses")
    return render(request, "proofs/secret.html", {"secret": secret, "form": form, "back": "witnesses"})


@access.officer("system_admin")
@require_POST
def change_witness(request: HttpRequest, witness: UUID, change: str) -> HttpResponse:
    """End a witness, or try again now."""
    actions.change_witness(actor=access.actor_of(request), witness=witness, change=change)
    return redirect("witnesses")


urlpatterns: list[URLPattern] = [
    path("records", records, name="records"),
    path("records/heads", tree_heads, name="tree-heads"),
    path("records/verify", verify_proof, name="verify-proof"),
    path("records/consistency/<int:first>/<int:second>.json", consistency_file, name="consistency-file"),
    path("records/verify_proof.py", program, {"name": "verify_proof"}, name="verify-script"),
    path("records/verify_consistency.py", program, {"name": "verify_consistency"}, name="consistency-script"),
    path("records/<uuid:entry_id>", record, name="proof"),
    path("records/<uuid:entry_id>/proof.json", proof_file, name="proof-file"),
    path("records/witnesses", witnesses, name="witnesses"),
    path("records/witnesses/add", add_witness, name="witness-add"),
    *(
        path(f"records/witnesses/<uuid:witness>/{change}", change_witness, {"change": change}, name=f"witness-{change}")
        for change in ("retry", "end")
    ),
    path("webhooks", webhooks, name="webhooks"),
    path("webhooks/add", add_webhook, name="webhook-add"),
    path("webhooks/replay", replay_letters, name="letters-replay"),
    *(
        path(f"webhooks/<uuid:webhook>/{change}", change_webhook, {"change": change}, name=f"webhook-{change}")
        for change in ("pause", "resume", "end")
    ),
]
