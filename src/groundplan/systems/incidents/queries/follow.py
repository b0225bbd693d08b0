"""What a reporter sees with receipt number and code: stage, unit, due date and reply, never the internals."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import F

from groundplan.kernel.cases.models import FlowVersion, Rating, Task
from groundplan.kernel.parties.queries import Actor
from groundplan.lib import crypto
from groundplan.lib.errors import NotFound
from groundplan.systems.incidents.errors import ReceiptUnknown
from groundplan.systems.incidents.models import Incident

CODE_LENGTH = 8


@dataclass(frozen=True)
class Milestone:
    """One public line: when, and what."""

    at: datetime
    label: Mapping[str, str]


@dataclass(frozen=True)
class FollowView:
    """The public view of a report."""

    number: str
    title: str
    state: str
    stage: Mapping[str, str]
    unit: Mapping[str, str]
    opened_at: datetime
    due_at: datetime | None
    closed_at: datetime | None
    reply: str
    milestones: tuple[Milestone, ...]
    may_rate: bool
    may_supplement: bool


def follow_code(incident: Incident) -> str:
    """The code that opens the public view: 40 bits of a keyed hash of the incident's id."""
    return _code_text(crypto.keyed_hash(str(incident.public_id), purpose="incidents.code"))


def incident_of_receipt(number: str, code: str) -> Incident:
    """The incident of a receipt number, if the code is right.

    Raises:
        ReceiptUnknown: number or code is wrong; which of them is not told.
    """
    wanted = number.strip().upper()[:64].replace("\x00", "")
    found = Incident.objects.select_related("case").filter(receipt=wanted).first()
    given = code.strip().upper().replace("O", "0").replace("-", "")[:64].encode("utf-8", "replace")
    expected = follow_code(found) if found else "-" * CODE_LENGTH
    right = hmac.compare_digest(expected.replace("O", "0").encode(), given)
    if found is None or not right:
        raise ReceiptUnknown
    return found


def follow(number: str, code: str) -> FollowView:
    """The public view of a report.

    Raises:
        ReceiptUnknown: number or code is wrong.
    """
    incident = incident_of_receipt(number, code)
    case = incident.case
    while case.merged_into is not None:
        case = case.merged_into
    document: dict[str, Any] = FlowVersion.objects.values_list("document", flat=True).get(pk=case.flow_version_id)
    stages = document.get("stages", {})
    task = (
        Task.objects.select_related("party")
        .filter(case=case, state__in=("open", "offered", "waiting"))
        .order_by("level", "id")
        .first()
    )
    closed = case.closed_at is not None
    reply = str(case.data.get("reply") or (case.data.get("result") if closed else "") or "")
    rated = closed and Rating.objects.filter(case=case, source="reporter", at__gte=case.closed_at).exists()
    return FollowView(
        number=incident.receipt,
        title=case.title,
        state=case.state,
        stage=stages.get(case.stage, {}).get("label", {}),
        unit=task.party.name if task else {},
        opened_at=incident.reported_at,
        due_at=None if closed else case.due_at,
        closed_at=case.closed_at,
        reply=reply if closed or case.stage in ("callback", "evaluate") else "",
        milestones=tuple(_milestones(case.pk, stages)),
        may_rate=closed and case.state == "closed" and not rated,
        may_supplement=case.active,
    )


@dataclass(frozen=True)
class OwnReport:
    """A report in the list of who made it."""

    public_id: UUID
    number: str
    title: str
    state: str
    stage: Mapping[str, str]
    reported_at: datetime
    due_at: datetime | None
    may_rate: bool


def reports_of(actor: Actor, most: int = 50) -> list[OwnReport]:
    """What somebody with an account has reported, newest first."""
    if not actor.is_signed_in:
        return []
    rows = Incident.objects.filter(case__reporter=actor.actor_id).select_related("case__flow_version")
    found = list(rows.order_by("-id")[:most])
    rated = set(
        Rating.objects.filter(
            case_id__in=[each.case_id for each in found], source="reporter", at__gte=F("case__closed_at")
        ).values_list("case_id", flat=True)
    )
    return [
        OwnReport(
            public_id=each.public_id,
            number=each.receipt,
            title=each.case.title,
            state=each.case.state,
            stage=each.case.flow_version.document.get("stages", {}).get(each.case.stage, {}).get("label", {}),
            reported_at=each.reported_at,
            due_at=each.case.due_at if each.case.active else None,
            may_rate=each.case.state == "closed" and each.case_id not in rated,
        )
        for each in found
    ]


def own_receipt(actor: Actor, public_id: UUID) -> tuple[str, str]:
    """Number and code of a report that an actor made with an account.

    Raises:
        NotFound: there is none, or somebody else made it.
    """
    rows = Incident.objects.filter(case__reporter=actor.actor_id, public_id=public_id)
    found = rows.first() if actor.is_signed_in else None
    if found is None:
        raise NotFound
    return found.receipt, follow_code(found)


def _milestones(case_id: int, stages: Mapping[str, Any]) -> list[Milestone]:
    tasks = Task.objects.filter(case_id=case_id, kind="work", level=0).order_by("opened_at", "id")
    seen: list[Milestone] = []
    for task in tasks:
        label = stages.get(task.stage, {}).get("label", {})
        if label and (not seen or seen[-1].label != label):
            seen.append(Milestone(task.opened_at, label))
    return seen


def _code_text(digest: bytes) -> str:
    """Eight letters and figures without I, L and O lookalikes doubled: base 32."""
    return base64.b32encode(digest[:5]).decode()
