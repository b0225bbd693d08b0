"""Reports that pass between the zones: handed in outside, taken in and told about inside."""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from groundplan.commons.zones import actions as zones
from groundplan.commons.zones.queries import side
from groundplan.kernel.cases.models import Case
from groundplan.kernel.files.logic import sniffing
from groundplan.kernel.ledger import actions as ledger
from groundplan.kernel.parties.queries import ANONYMOUS, Actor
from groundplan.lib import clock, crypto
from groundplan.lib.errors import GroundplanError
from groundplan.systems.incidents import queries
from groundplan.systems.incidents.actions.follow import LONGEST_SUPPLEMENT, rate_report, supplement_report
from groundplan.systems.incidents.actions.report import _check_report, _check_type, report_incident
from groundplan.systems.incidents.errors import AlreadyRated, ReportInvalid
from groundplan.systems.incidents.logic import outward
from groundplan.systems.incidents.models import Category, OuterReport, PassedIncident
from groundplan.systems.incidents.queries import outward as passing

MOST_FILE_BYTES = 50 * 1024 * 1024
ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"


@dataclass(frozen=True)
class OuterReceipt:
    """What a reporter is given in the outer zone."""

    number: str
    code: str
    created: bool


@transaction.atomic
def hand_in_report(
    *,
    actor: Actor,
    channel: str,
    text: str,
    flow: str = "hotline",
    title: str = "",
    type: str = "",  # noqa: A002 - the field's name in the flow.
    kind: str = "",
    category: str = "",
    component: str = "",
    place: str = "",
    place_class: str = "",
    point: tuple[float, float] | None = None,
    system: str = "wgs84",
    reporter_name: str = "",
    reporter_phone: str = "",
    files: Sequence[tuple[str, bytes]] = (),
    key: str = "",
    visitor: str = "",
) -> OuterReceipt:
    """Take a report in the outer zone: it goes inwards sealed, and only number and status stay here.

    Args:
        actor: who reports.
        channel: ``web``.
        text: what happened.
        flow: ``hotline`` or ``city-management``.
        title: one line.
        type: type of a hotline request.
        kind: ``component`` or ``matter``.
        category: code of the category.
        component: identity of a component.
        place: address in words.
        place_class: as in :func:`report_incident`.
        point: longitude, latitude.
        system: system of the point.
        reporter_name: sealed.
        reporter_phone: sealed.
        files: (name, content), at most 9 and 50 MB together.
        key: the same key gives the same receipt.
        visitor: what tells anonymous senders apart.

    Raises:
        ReportInvalid: ``fields`` names each part that cannot be accepted.
    """
    _check_report(actor, channel, flow, text, files, passing=True)
    if flow == "hotline" and type:
        _check_type(type, text, phone=reporter_phone, somewhere=bool(place or point or component))
    _check_files(files)
    intake_key = (
        crypto.keyed_hash(f"{actor.actor_id}\0{visitor}\0{key}", purpose="incidents.outer_key") if key else None
    )
    known = OuterReport.objects.filter(intake_key=intake_key).first() if intake_key else None
    if known is not None:
        return OuterReceipt(known.number, passing.outer_code(known), created=False)
    now = clock.now()
    number = f"W{now:%Y%m%d}-" + "".join(secrets.choice(ALPHABET) for _each in range(8))
    try:
        with transaction.atomic():
            made = OuterReport.objects.create(number=number, reported_at=now, intake_key=intake_key)
    except IntegrityError:  # The same press a second time, at the same moment.
        made = OuterReport.objects.get(intake_key=intake_key)
        return OuterReceipt(made.number, passing.outer_code(made), created=False)
    message = outward.PassedReport.model_validate({
        "id": made.public_id, "flow": flow, "text": text, "title": title[:300], "type": type, "kind": kind,
        "category": category, "component": component, "place": place[:300], "place_class": place_class,
        "longitude": point[0] if point else None, "latitude": point[1] if point else None, "system": system,
        "reporter_name": reporter_name[:300], "reporter_phone": reporter_phone[:300], "reported_at": now,
        "visitor": crypto.keyed_hash(visitor, purpose="incidents.visitor").hex() if visitor else "",
        "files": _encoded(files),
    })  # fmt: skip
    zones.send_message(kind="report", message=message)
    ledger.record(
        actor=f"reporter:{made.public_id}", action="incidents.hand_in_report", subject=f"outer-report:{made.public_id}"
    )
    return OuterReceipt(made.number, passing.outer_code(made), created=True)


@transaction.atomic
def hand_in_supplement(*, number: str, code: str, text: str, files: Sequence[tuple[str, bytes]] = ()) -> None:
    """Add to a report in the outer zone.

    Raises:
        ReceiptUnknown: number or code is wrong.
        ReportInvalid: no text, too long, or the report is closed.
    """
    report = passing.outer_report(number, code)
    if not text.strip() or len(text) > LONGEST_SUPPLEMENT:
        raise ReportInvalid(_("补充内容为 1 至 %(most)d 字。") % {"most": LONGEST_SUPPLEMENT})
    if not passing.followed(number, code).may_supplement:
        raise ReportInvalid(_("该件已办结，不能再补充。"), next_step=_("如未解决，请评价并说明，或重新反映。"))
    _check_files(files)
    message = outward.PassedSupplement.model_validate(
        {"report": report.public_id, "text": text, "files": _encoded(files)}
    )
    zones.send_message(kind="supplement", message=message)
    ledger.record(
        actor=f"reporter:{report.public_id}",
        action="incidents.hand_in_supplement",
        subject=f"outer-report:{report.public_id}",
    )


@transaction.atomic
def hand_in_rating(*, number: str, code: str, satisfaction: int, solved: bool, note: str = "") -> None:
    """Rate the handling in the outer zone.

    Raises:
        ReceiptUnknown: number or code is wrong.
        AlreadyRated: it is not closed, or was rated.
        ReportInvalid: not solved, and not said what.
    """
    report = passing.outer_report(number, code)
    now = clock.now()
    if not passing.followed(number, code).may_rate:
        raise AlreadyRated(_("每次办结后可评价一次。"))
    if not solved and not note.strip():
        raise ReportInvalid(_("请写明哪里没有解决，以便重新办理。"), fields=[{"field": "note", "reason": "missing"}])
    seen = OuterReport.objects.filter(pk=report.pk, rated_at=report.rated_at)
    if not seen.update(rated_at=now):
        raise AlreadyRated(_("每次办结后可评价一次。"))
    message = outward.PassedRating(report=report.public_id, satisfaction=satisfaction, solved=solved, note=note[:2000])
    zones.send_message(kind="rating", message=message)
    ledger.record(
        actor=f"reporter:{report.public_id}",
        action="incidents.hand_in_rating",
        subject=f"outer-report:{report.public_id}",
    )


@transaction.atomic
def take_passed_report(*, message: outward.PassedReport) -> None:
    """Inside: open the case of a report from the outer zone; what cannot be taken in is told to the reporter."""
    point = (
        (message.longitude, message.latitude)
        if message.longitude is not None and message.latitude is not None
        else None
    )
    asked = message.model_dump(exclude={"id", "longitude", "latitude", "files", "visitor"})
    try:
        with transaction.atomic():
            receipt = report_incident(
                actor=ANONYMOUS, channel="web", point=point, key=f"outer:{message.id}", visitor=message.visitor,
                files=[(each.name, each.content) for each in message.files], **asked,
            )  # fmt: skip
    except GroundplanError as error:
        answer = outward.PassedStatus(report=message.id, state="refused", reply=error.detail or error.title["zh-hans"])
        zones.send_message(kind="status", message=answer)
        return
    PassedIncident.objects.get_or_create(outer_id=message.id, defaults={"incident": receipt.incident})
    tell_status(case=receipt.case)


def take_passed_supplement(*, message: outward.PassedSupplement) -> None:
    """Inside: what a resident adds to a report of the outer zone."""
    incident = PassedIncident.objects.select_related("incident__case").get(outer_id=message.report).incident
    files = [(each.name, each.content) for each in message.files]
    supplement_report(number=incident.receipt, code=queries.follow_code(incident), text=message.text, files=files)


def take_passed_rating(*, message: outward.PassedRating) -> None:
    """Inside: a rating from the outer zone."""
    incident = PassedIncident.objects.select_related("incident__case").get(outer_id=message.report).incident
    rate_report(
        number=incident.receipt, code=queries.follow_code(incident), satisfaction=message.satisfaction,
        solved=message.solved, note=message.note,
    )  # fmt: skip
    tell_status(case=incident.case)


def take_passed_status(*, message: outward.PassedStatus) -> None:
    """Outside: keep what the resident may see."""
    OuterReport.objects.filter(public_id=message.report).update(
        status=message.model_dump(mode="json", exclude={"report"}), status_at=clock.now()
    )


def take_passed_categories(*, message: outward.PassedCategories) -> None:
    """Outside: the city's categories, so that residents choose from the same list."""
    for row in message.rows:
        Category.objects.update_or_create(
            kind=row.kind, code=row.code, valid_from=date.fromisoformat(row.valid_from),
            defaults={
                "group": row.group, "label": row.label, "words": row.words, "position": row.position,
                "valid_until": date.fromisoformat(row.valid_until) if row.valid_until else None, "origin": "inner zone",
            },
        )  # fmt: skip


@transaction.atomic
def tell_status(*, case: Case) -> int:
    """Inside: tell the outer zone what residents may see of a case, where that has changed.

    Returns:
        How many reports were told about.
    """
    told = 0
    if side() != "inner":
        return told
    for passed in passing.passed_for(case).select_for_update(of=("self",)):
        message = passing.status_of(passed)
        digest = hashlib.sha256(message.model_dump_json().encode()).hexdigest()
        if digest != passed.told:
            PassedIncident.objects.filter(pk=passed.pk).update(told=digest)
            zones.send_message(kind="status", message=message)
            told += 1
    return told


def tell_categories() -> None:
    """Inside: send the list of categories outwards."""
    zones.send_message(kind="categories", message=passing.public_categories())


def _record(report: OuterReport, action: str) -> None:
    ledger.record(actor=f"reporter:{report.public_id}", action=action, subject=f"outer-report:{report.public_id}")


def _check_files(files: Sequence[tuple[str, bytes]]) -> None:
    if sum(len(content) for _name, content in files) > MOST_FILE_BYTES:
        raise ReportInvalid(_("附件合计不能超过 50 MB。"), fields=[{"field": "files", "reason": "50 MB"}])
    for name, content in files:
        if not sniffing.media_type(content):
            raise ReportInvalid(
                _("%(name)s 的内容不属于可接受的文件类型。") % {"name": name[:100]},
                fields=[{"field": "files", "reason": "type"}],
            )


def _encoded(files: Sequence[tuple[str, bytes]]) -> list[dict[str, str]]:
    return [{"name": name[:300], "content": base64.b64encode(content).decode()} for name, content in files]
