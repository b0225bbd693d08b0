"""What a reporter may do with receipt number and code: add to the report, and rate its handling."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction
from django.utils.translation import gettext as _

from groundplan.kernel.cases import actions as cases
from groundplan.kernel.cases.queries.privacy import opened_secret
from groundplan.kernel.files import actions as files_actions
from groundplan.kernel.parties.queries import Actor
from groundplan.systems.incidents import queries
from groundplan.systems.incidents.errors import AlreadyRated, ReportInvalid
from groundplan.systems.incidents.logic.masking import mask_names, mask_text
from groundplan.systems.incidents.models import Incident

LONGEST_SUPPLEMENT = 2000


@transaction.atomic
def supplement_report(*, number: str, code: str, text: str, files: Sequence[tuple[str, bytes]] = ()) -> Incident:
    """Add to a report that is still being handled; personal numbers in the text are masked.

    Args:
        number: receipt number.
        code: query code.
        text: 1 to 2,000 characters.
        files: (name, content), at most 9.

    Raises:
        ReceiptUnknown: number or code is wrong.
        ReportInvalid: no text, too long, or the case is closed.
    """
    incident = queries.incident_of_receipt(number, code)
    if not text.strip() or len(text) > LONGEST_SUPPLEMENT:
        raise ReportInvalid(
            _("补充内容为 1 至 %(most)d 字。") % {"most": LONGEST_SUPPLEMENT},
            fields=[{"field": "text", "reason": f"1..{LONGEST_SUPPLEMENT}"}],
        )
    if not incident.case.active:
        raise ReportInvalid(_("该件已办结，不能再补充。"), next_step=_("如未解决，请评价并说明，或重新反映。"))
    reporter = _reporter_of(incident)
    stored = [
        files_actions.store_file(
            actor=f"reporter:{incident.public_id}", name=name, content=content, subject=f"incident:{incident.public_id}"
        )
        for name, content in files[:9]
    ]
    cases.comment(
        actor=reporter, case=incident.case.public_id, text=_("反映人补充：") + _masked(incident, text), files=stored
    )
    return incident


@transaction.atomic
def rate_report(*, number: str, code: str, satisfaction: int, solved: bool | None, note: str = "") -> Incident:
    """Rate a closed case, once each time that it was closed.

    Who says "not solved" says what; where the rule of the flow allows it, the case is opened again with that reason.

    Args:
        number: receipt number.
        code: query code.
        satisfaction: 1 (very dissatisfied) to 5 (very satisfied).
        solved: what the reporter says.
        note: in the reporter's words; personal numbers are masked.

    Raises:
        ReceiptUnknown: number or code is wrong.
        AlreadyRated: the case is not closed, or was rated.
        ReportInvalid: not solved, and not said what.
    """
    incident = queries.incident_of_receipt(number, code)
    if not queries.follow(number, code).may_rate:
        raise AlreadyRated(_("每次办结后可评价一次。"))
    reason = _masked(incident, note)[:2000]
    if solved is False and not reason.strip():
        raise ReportInvalid(_("请写明哪里没有解决，以便重新办理。"), fields=[{"field": "note", "reason": "missing"}])
    cases.rate_case(
        actor=_reporter_of(incident),
        case=incident.case.public_id,
        source="reporter",
        satisfaction=satisfaction,
        solved=solved,
        note=reason,
    )
    if solved is False:
        cases.reopen_unsolved(actor=_reporter_of(incident), case=incident.case.public_id, reason=reason)
        incident.case.refresh_from_db()
    return incident


def _masked(incident: Incident, text: str) -> str:
    """What the reporter writes later, without name and numbers, as the report itself was taken in."""
    case = incident.case
    wholly = case.flow == "hotline" and case.data.get("type") in (None, "report")
    name = str(opened_secret(case).get("reporter_name") or "")
    return mask_text(mask_names(text, name), wholly=wholly).text


def _reporter_of(incident: Incident) -> Actor:
    """Who holds the receipt, as an actor without any right of an officer."""
    return Actor(actor_id=incident.reporter, user_id=None, display_name=_("反映人"))
