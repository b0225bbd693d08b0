"""Forms that change rules: import, approve, put in force, retire."""

from __future__ import annotations

from typing import cast
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from groundplan.kernel.parties.access import AuthenticatedRequest, officer
from groundplan.kernel.rules import actions, queries
from groundplan.kernel.rules.errors import TableRefused
from groundplan.kernel.rules.logic.files.workbook import MAX_BYTES
from groundplan.kernel.rules.logic.values import READERS
from groundplan.lib.errors import GroundplanError


@officer("rule_editor")
def import_file(request: HttpRequest) -> HttpResponse:
    """Import a file as a draft; problems are listed with their cells."""
    if request.method != "POST":
        return render(request, "rules/import.html")
    sent = request.FILES.get("file")
    content, name = (sent.read(MAX_BYTES + 1), str(sent.name)) if sent else (b"", "")
    try:
        made = actions.import_table(actor=cast("AuthenticatedRequest", request).actor, content=content, filename=name)
    except TableRefused as refused:
        return render(request, "rules/import.html", {"problems": refused.problems, "name": name}, status=422)
    except GroundplanError as refused:
        return render(request, "rules/import.html", {"reason": refused.detail}, status=refused.status)
    messages.success(request, _("已导入为第 %(number)s 版草稿") % {"number": made.version})
    return redirect("rule-version", public_id=made.public_id)


@require_POST
@officer("rule_approver")
def approve(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Approve a draft."""
    actions.approve(actor=cast("AuthenticatedRequest", request).actor, version=public_id)
    messages.success(request, _("已批准"))
    return redirect("rule-version", public_id=public_id)


@require_POST
@officer("rule_approver")
def put_in_force(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Put an approved version in force from a day."""
    text = request.POST.get("effective_from", "").strip()
    day = READERS["date"](text) if text else queries.city_day()
    actions.put_in_force(actor=cast("AuthenticatedRequest", request).actor, version=public_id, effective_from=day)
    messages.success(request, _("自 %(date)s 起生效") % {"date": day})
    return redirect("rule-version", public_id=public_id)


@require_POST
@officer("rule_editor", "rule_approver")
def retire(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Withdraw a version that is not yet in force."""
    actions.retire(actor=cast("AuthenticatedRequest", request).actor, version=public_id)
    messages.success(request, _("已撤回"))
    return redirect("rule-version", public_id=public_id)
