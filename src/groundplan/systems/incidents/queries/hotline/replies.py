"""Replies checked by the rule ``hotline-reply``: before they are sent, and for the hotline office afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from groundplan.kernel.cases.models import Case
from groundplan.kernel.parties.models import Party
from groundplan.kernel.parties.queries import Actor
from groundplan.kernel.rules import queries as rules
from groundplan.kernel.rules.errors import NoRowMatches, RuleNotInForce, RuleUnknown
from groundplan.lib import clock
from groundplan.systems.incidents.logic.replies import ReplyRule, findings
from groundplan.systems.incidents.queries.hotline.appraisal import lead_tasks, standing_units
from groundplan.systems.incidents.queries.hotline.audits import may_audit

RULE = "hotline-reply"
SENDING = ("handled", "answered")
MOST_ROWS = 2000
LABELS: dict[str, dict[str, str]] = {
    "short": {"zh-hans": "答复过短，未说明情况", "en": "The reply is too short to say anything"},
    "no-result": {"zh-hans": "未写明办理结果", "en": "The reply names no result"},
    "template": {"zh-hans": "除套话外没有实质内容", "en": "Beside set phrases the reply says nothing"},
    "echo": {"zh-hans": "只重复了诉求内容", "en": "The reply only repeats the request"},
    "no-answer": {"zh-hans": "没有针对该类诉求作答", "en": "The reply does not answer this type of request"},
    "late": {"zh-hans": "已超过办理期限", "en": "The time limit has passed"},
}


@dataclass(frozen=True)
class ReplyRow:
    """A reply that was sent, and what is doubtful about it."""

    case: Case
    unit: Party | None
    findings: tuple[str, ...]

    @property
    def labels(self) -> list[dict[str, str]]:
        """The findings in words."""
        return [LABELS[key] for key in self.findings]


def reply_rule(request_type: str, on: date | None = None) -> ReplyRule | None:
    """What is asked of a reply to a type of request on a day; None where the city has no such rule."""
    try:
        found = rules.evaluate(RULE, {"type": request_type} if request_type else {}, on)
    except (RuleUnknown, RuleNotInForce, NoRowMatches):
        return None
    said = found.outputs
    words = {name: tuple(str(word) for word in said[name] or ()) for name in ("results", "answers", "empty")}
    return ReplyRule(row="、".join(found.rows), shortest=int(said["shortest"] or 0), **words)


def advise_reply(case: Case, outcome: str, given: Mapping[str, Any]) -> list[Mapping[str, str]]:
    """What is doubtful about a reply that is about to be sent; said once, before it is sent."""
    reply = str(given.get("reply") or "")
    if outcome not in SENDING or not reply:
        return []
    late = case.due_at is not None and clock.now() > case.due_at
    request_type = str(given.get("type") or case.data.get("type") or "")
    return [LABELS[key] for key in _found(case, reply, request_type, in_time=not late)]


def reply_findings(case: Case) -> tuple[str, ...]:
    """What is doubtful about the reply that a case carries; nothing while it has none."""
    reply = str(case.data.get("reply") or "")
    if not reply or case.flow != "hotline":
        return ()
    task = lead_tasks([case.pk]).filter(state="done").order_by("-id").first()
    in_time = None if task is None or task.due_at is None or task.done_at is None else task.done_at <= task.due_at
    return tuple(_found(case, reply, str(case.data.get("type") or ""), in_time=in_time))


def replies(actor: Actor, *, start: datetime, end: datetime, doubtful: bool = True) -> list[ReplyRow]:
    """The replies of the cases closed in a period, for the hotline office, newest first; at most 2,000 are looked at.

    Args:
        actor: a dispatcher or supervisor of the hotline office; others see none.
        start: first moment.
        end: first moment after it.
        doubtful: only those with a finding.
    """
    if not may_audit(actor):
        return []
    closed = Case.objects.filter(flow="hotline", state="closed", closed_at__gte=start, closed_at__lt=end)
    cases = list(closed.defer("search", "personal").order_by("-closed_at", "-id")[:MOST_ROWS])
    ids = [case.pk for case in cases]
    units = standing_units(ids)
    done = lead_tasks(ids).filter(state="done").order_by("case_id", "-id").distinct("case_id")
    timely = {task.case_id: task.done_at <= task.due_at for task in done if task.due_at and task.done_at}
    asked = {kind: reply_rule(kind) for kind in {str(case.data.get("type") or "") for case in cases}}
    rows = []
    for case in cases:
        reply, rule = str(case.data.get("reply") or ""), asked[str(case.data.get("type") or "")]
        if not reply or rule is None:
            continue
        request = str(case.data.get("description") or "")
        found = findings(reply, rule, request=request, in_time=timely.get(case.pk))
        rows.append(ReplyRow(case, units.get(case.pk), tuple(found)))
    return [row for row in rows if row.findings or not doubtful]


def _found(case: Case, reply: str, request_type: str, *, in_time: bool | None) -> list[str]:
    rule = reply_rule(request_type)
    if rule is None:
        return []
    return findings(reply, rule, request=str(case.data.get("description") or ""), in_time=in_time)
