"""Reads of reports that pass between the zones."""

from __future__ import annotations

import hmac
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from groundplan.commons.zones.queries import is_outer
from groundplan.kernel.cases.models import Case
from groundplan.kernel.cases.queries.privacy import opened_secret
from groundplan.lib import crypto
from groundplan.systems.incidents.errors import ReceiptUnknown
from groundplan.systems.incidents.logic.masking import mask_names, mask_text
from groundplan.systems.incidents.logic.outward import (
    PassedCategories,
    PassedCategory,
    PassedMilestone,
    PassedStatus,
)
from groundplan.systems.incidents.models import Category, OuterReport, PassedIncident
from groundplan.systems.incidents.queries.follow import FollowView, Milestone, _code_text, follow, follow_code


def outer_code(report: OuterReport) -> str:
    """The code that opens a report in the outer zone; derived, stored nowhere."""
    return _code_text(crypto.keyed_hash(str(report.public_id), purpose="incidents.outer_code"))


def outer_report(number: str, code: str) -> OuterReport:
    """The report of a receipt of the outer zone.

    Raises:
        ReceiptUnknown: number or code is wrong; which of them is not told.
    """
    found = OuterReport.objects.filter(number=number.strip().upper()[:64].replace("\x00", "")).first()
    expected = outer_code(found) if found else "-" * 8
    given = code.strip().upper().replace("O", "0").replace("-", "")[:64].encode("utf-8", "replace")
    if not hmac.compare_digest(expected.replace("O", "0").encode(), given) or found is None:
        raise ReceiptUnknown
    return found


def followed(number: str, code: str) -> FollowView:
    """The public view of a report in whichever zone this is.

    Raises:
        ReceiptUnknown: number or code is wrong.
    """
    return _outer_view(outer_report(number, code)) if is_outer() else follow(number, code)


def _outer_view(report: OuterReport) -> FollowView:
    status: dict[str, Any] = report.status
    state = status.get("state", "")
    closed_at = _moment(status.get("closed_at"))
    waiting = {"zh-hans": "已接收，正在转交办理", "en": "Received, on its way to those who handle it"}
    refused = {"zh-hans": "未能受理", "en": "Could not be taken in"}
    working = {"zh-hans": "办理中", "en": "Being handled"}
    stage = {"": waiting, "refused": refused}.get(state) or status.get("stage") or working
    return FollowView(
        number=report.number,
        title=_("您反映的问题"),
        state=state or "open",
        stage=stage,
        unit=status.get("unit") or {},
        opened_at=report.reported_at,
        due_at=_moment(status.get("due_at")),
        closed_at=closed_at,
        reply=status.get("reply", ""),
        milestones=(
            Milestone(report.reported_at, waiting),
            *(Milestone(datetime.fromisoformat(each["at"]), each["label"]) for each in status.get("milestones", [])),
        ),
        may_rate=bool(status.get("may_rate")) and not (report.rated_at and closed_at and report.rated_at >= closed_at),
        may_supplement=bool(status.get("may_supplement")) or not state,
    )


def passed_for(case: Case) -> QuerySet[PassedIncident]:
    """The reports of the outer zone that a case, or one joined into it, came of."""
    rows = PassedIncident.objects.select_related("incident__case__merged_into")
    return rows.filter(Q(incident__case=case) | Q(incident__case__merged_into=case))


def status_of(passed: PassedIncident) -> PassedStatus:
    """What the outer zone may know of a report: the whole list of what leaves, chosen field by field."""
    incident = passed.incident
    case = incident.case
    view = follow(incident.receipt, follow_code(incident))
    if _is_hidden(case) or (case.merged_into is not None and _is_hidden(case.merged_into)):
        return PassedStatus(report=passed.outer_id, state="closed" if view.closed_at else "open")
    name = str(opened_secret(case).get("reporter_name") or "")
    return PassedStatus(
        report=passed.outer_id,
        state="closed" if view.closed_at else "open",
        number=view.number,
        stage=dict(view.stage),
        unit=dict(view.unit),
        due_at=view.due_at,
        closed_at=view.closed_at,
        reply=mask_text(mask_names(view.reply, name), wholly=True).text[:20_000],
        milestones=[PassedMilestone(at=each.at, label=dict(each.label)) for each in view.milestones[-100:]],
        may_rate=view.may_rate,
        may_supplement=view.may_supplement,
    )


def public_categories() -> PassedCategories:
    """The list of categories as it goes out."""
    return PassedCategories(
        rows=[
            PassedCategory(
                kind=each.kind, code=each.code, group=each.group, label=each.label, words=each.words,
                valid_from=each.valid_from.isoformat(), position=each.position,
                valid_until=each.valid_until.isoformat() if each.valid_until else "",
            )
            for each in Category.objects.order_by("kind", "position", "code", "valid_from")
        ]
    )  # fmt: skip


def _is_hidden(case: Case) -> bool:
    """Whether a case is, or may turn out to be, one whose reporter is hidden (举报)."""
    return case.flow == "hotline" and case.data.get("type") in (None, "", "report")


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


__all__ = ["followed", "outer_code", "outer_report", "passed_for", "public_categories", "status_of"]
