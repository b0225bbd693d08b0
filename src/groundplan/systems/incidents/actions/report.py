"""The one way in: every door (page, call, patrol, file, interface, message) reports through here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from groundplan.commons.zones.queries import is_outer
from groundplan.kernel.cases import actions as cases
from groundplan.kernel.cases.models import Case
from groundplan.kernel.files import actions as files_actions
from groundplan.kernel.parties.queries import Actor
from groundplan.lib import clock, crypto
from groundplan.lib.errors import Conflict, NotAllowed
from groundplan.lib.sql import rows
from groundplan.systems.incidents import queries
from groundplan.systems.incidents.actions import _placing as placing
from groundplan.systems.incidents.actions._taking import acknowledge, fingerprint_of, first_line
from groundplan.systems.incidents.errors import ReportInvalid
from groundplan.systems.incidents.logic.likeness import Likely, likely_duplicates
from groundplan.systems.incidents.logic.masking import mask_names, mask_text, normal_phone, storable
from groundplan.systems.incidents.models import Incident, Load

LONGEST_TEXT = 20_000
MOST_FILES = 9
SURE_ENOUGH = 40
SAME_WITHIN_MINUTES = 60
CHANNELS: dict[str, dict[str, str]] = {
    "web": {"zh-hans": "网页", "en": "Web"},
    "phone": {"zh-hans": "电话", "en": "Telephone"},
    "inspector": {"zh-hans": "信息采集员", "en": "Inspector"},
    "grid": {"zh-hans": "网格员", "en": "Grid worker"},
    "file": {"zh-hans": "文件导入", "en": "File"},
    "api": {"zh-hans": "接口", "en": "Interface"},
    "event": {"zh-hans": "系统消息", "en": "System message"},
}
# Who may say that a report came through this door; the others stand open to everybody.
DOOR_ROLES = {
    "phone": ("operator",),
    "inspector": ("inspector",),
    "grid": ("grid_worker",),
    "file": ("operator", "data_office"),
}

# Here somebody is present who can be asked for what the type of request needs; other doors hand over what was recorded.
ASKED_CHANNELS = ("web", "phone")

# Here the sender is told by address and words, or holds a role that may load any file.
OPEN_CHANNELS = ("web", "file")


@dataclass(frozen=True)
class Receipt:
    """What a reporter is given: the number and the code to follow it, and whether it was there already."""

    number: str
    code: str
    incident: Incident
    case: Case
    created: bool
    duplicates: tuple[Likely, ...] = ()


def report_incident(
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
    urgency: str = "normal",
    place: str = "",
    place_class: str = "",
    point: tuple[float, float] | None = None,
    system: str = "wgs84",
    reporter_name: str = "",
    reporter_phone: str = "",
    files: Sequence[tuple[str, bytes]] = (),
    key: str = "",
    external_id: str = "",
    reported_at: datetime | None = None,
    visitor: str = "",
    load: Load | None = None,
    district: str = "",
    extra: Mapping[str, Any] | None = None,
    done_at: datetime | None = None,
) -> Receipt:
    """Take a report in and open its case.

    Personal numbers inside the text are masked before anything is stored; the original stands encrypted in the
    personal part of the case. The same report sent twice (same key, or the same text, place and caller within an
    hour) is one case and gives the same receipt.

    Args:
        actor: who reports or enters the report.
        channel: the door: ``web phone inspector grid file api event``.
        text: what happened, 1 to 20,000 characters.
        flow: ``hotline`` or ``city-management``.
        title: one line; made of the text when empty.
        type: hotline: ``consult help complaint report suggestion praise``.
        kind: city management: ``component`` or ``matter``.
        category: code of the category; proposed from the text when empty.
        component: identity of a component of the register; its owner and place are looked up.
        urgency: ``normal`` or ``urgent``.
        place: address in words.
        place_class: ``first second third`` or empty.
        point: longitude, latitude in ``system``.
        system: ``wgs84 cgcs2000 gcj02 bd09``.
        reporter_name: stored encrypted.
        reporter_phone: stored encrypted, found by keyed hash.
        files: (name, content), at most 9.
        key: whatever names this report at its source; the same key never gives a second case.
        external_id: its number in another system.
        reported_at: when it was said; now when empty.
        visitor: what tells anonymous senders apart, such as an address; only its keyed hash is used.
        load: the file it came in.
        district: division code of the district, for reports that name one but have no point.
        extra: further fields of the flow.
        done_at: when it was written on the spot, if it was handed in later (离线).

    Returns:
        The receipt.

    Raises:
        ReportInvalid: ``fields`` names each part that cannot be accepted.
        OutsideCity: the point is in no district of the city.
        NotAllowed: the actor may not use this door.
        Conflict: key or external number name a report of another sender.
    """
    _check_report(actor, channel, flow, text, files)
    if flow == "hotline" and type and channel in ASKED_CHANNELS:
        _check_type(type, text, phone=reporter_phone, somewhere=bool(place or point or component or district))
    original = storable(text)
    phone = normal_phone(reporter_phone)
    fingerprint = fingerprint_of(
        channel, flow, original, place, repr(point), phone or actor.actor_id, visitor, external_id
    )
    intake_key = crypto.keyed_hash(f"{channel}\0{actor.actor_id}\0{key}", purpose="incidents.key") if key else None
    known = queries.earlier_same(fingerprint, intake_key, channel, external_id, within_minutes=SAME_WITHIN_MINUTES)
    if known is not None:
        return _receipt_again(actor, known)
    spot = placing.find_spot(point=point, system=system, component=component, district=district)
    # Of who reports an offence, or may turn out to, not even the ends of a number are shown.
    wholly = flow == "hotline" and type in ("", "report")
    named = mask_names(original, reporter_name)
    masked = mask_text(named, wholly=wholly)
    plain_title = mask_text(mask_names(storable(title), reporter_name), wholly=wholly).text
    shown_title = plain_title.strip() or first_line(masked.text)
    kind, code, proposed, certainty = _category(flow, kind, category, f"{title}\n{original}", component)
    now = clock.now()
    incident = Incident(
        channel=channel, kind=kind, category=code, proposed_category=proposed, certainty=certainty,
        component=component, text=masked.text, hidden_parts=min(masked.hidden, 999),
        place=mask_text(mask_names(storable(place), reporter_name), wholly=wholly).text[:300],
        longitude=spot.point[0] if spot.point else None, latitude=spot.point[1] if spot.point else None,
        phone_hash=crypto.keyed_hash(phone, purpose="incidents.phone") if phone else None,
        reported_at=reported_at or now, received_at=now, intake_key=intake_key, fingerprint=fingerprint,
        external_id=external_id[:120], load=load, **spot.codes,
    )  # fmt: skip
    incident.reporter = actor.actor_id if channel == "web" and actor.is_signed_in else f"receipt:{incident.public_id}"
    likely = tuple(_likely(incident, masked.text))
    data = {
        **placing.flow_data(flow, incident, spot, kind=kind, code=code),
        "type": type or None, "urgency": urgency or None, "place_class": place_class or None,
        "channel": channel, "place": incident.place or None, "description": masked.text, **(extra or {}),
    }  # fmt: skip
    incident.likely = queries.shown_likely(likely)
    opening = {
        "flow": flow,
        "title": shown_title,
        "data": queries.known_fields(flow, data),
        "personal": _personal(reporter_name, reporter_phone, original if masked.hidden or named != original else ""),
        "point": spot.point,
        "division_codes": {level: text for level, text in spot.codes.items() if text},
        "channel": channel,
        "subject": f"component:{component}" if component else "",
        "reporter": incident.reporter,
        "number": cases.reserve_number(flow=flow),
        "done_at": done_at,
    }
    return _open(actor, incident, opening, files, likely)


@transaction.atomic
def _open(
    actor: Actor,
    incident: Incident,
    opening: Mapping[str, Any],
    files: Sequence[tuple[str, bytes]],
    likely: tuple[Likely, ...],
) -> Receipt:
    """Open the case of a report, unless another sender of the same report was faster."""
    fingerprint = bytes(incident.fingerprint)
    intake_key = bytes(incident.intake_key) if incident.intake_key is not None else None
    known = queries.earlier_same(
        fingerprint, intake_key, incident.channel, incident.external_id, within_minutes=SAME_WITHIN_MINUTES, wait=True
    )
    if known is not None:
        return _receipt_again(actor, known)
    stored = [_stored(_sender(actor, incident), name, content, incident) for name, content in files]
    incident.case = case = cases.open_case(actor=actor, files=stored, **opening)
    incident.receipt = case.number
    rows.keep_key(incident, rows.insert(incident))
    transaction.on_commit(acknowledge)
    return _receipt_of(incident, created=True, duplicates=likely)


def _receipt_again(actor: Actor, known: Incident) -> Receipt:
    _check_sender(actor, known)
    return _receipt_of(known, created=False)


def _check_sender(actor: Actor, known: Incident) -> None:
    """Refuse to give the receipt of a known report, whose code opens it, to another than who sent or sees it.

    Whoever sends the words of a report from the same address is its reporter, and files are one sender's.

    Raises:
        Conflict: the number belongs to a report of somebody else.
    """
    if known.channel in OPEN_CHANNELS or known.case.opened_by == actor.actor_id:
        return
    if not queries.incidents_for(actor).filter(pk=known.pk).exists():
        raise Conflict(_("同一编号的反映已由其他来源登记。"), next_step=_("请使用贵系统自己的编号。"))


def _check_report(
    actor: Actor, channel: str, flow: str, text: str, files: Sequence[tuple[str, bytes]], *, passing: bool = False
) -> None:
    """Refuse a report that cannot be taken in, naming each part; the outer zone only passes reports on.

    Raises:
        ReportInvalid: see ``fields``.
        NotAllowed: the door is not the actor's, or stands in the outer zone.
    """
    if is_outer() and not passing:
        raise NotAllowed(_("互联网区只接收群众从网页和公开接口提交的反映。"), accepted="web")
    if channel in DOOR_ROLES and not actor.has_role(*DOOR_ROLES[channel]):
        raise NotAllowed(_("您没有使用该上报渠道的角色。"), accepted="、".join(DOOR_ROLES[channel]))
    wrong = []
    if channel not in CHANNELS:
        wrong.append({"field": "channel", "reason": ", ".join(CHANNELS)})
    if flow not in queries.FLOWS:
        wrong.append({"field": "flow", "reason": ", ".join(queries.FLOWS)})
    if not storable(text).strip():
        wrong.append({"field": "text", "reason": _("请填写反映内容。")})
    elif len(text) > LONGEST_TEXT:
        wrong.append({"field": "text", "reason": _("反映内容最多 %(most)d 字。") % {"most": LONGEST_TEXT}})
    if len(files) > MOST_FILES:
        wrong.append({"field": "files", "reason": _("最多上传 %(most)d 个附件。") % {"most": MOST_FILES}})
    if wrong:
        raise ReportInvalid("；".join(str(item["reason"]) for item in wrong), fields=wrong)


def _check_type(request_type: str, text: str, *, phone: str, somewhere: bool) -> None:
    """Refuse a request without what the rule ``hotline-types`` asks of its type, naming each part.

    Raises:
        ReportInvalid: see ``fields``.
    """
    asked = queries.type_rule(request_type)
    if asked is None:
        return
    wrong = []
    if asked.phone and not normal_phone(phone):
        wrong.append({"field": "reporter_phone", "reason": _("该类诉求须留联系电话，以便核实和回访。")})
    if asked.place and not somewhere:
        wrong.append({"field": "place", "reason": _("该类诉求须写明地点。")})
    if len("".join(storable(text).split())) < asked.shortest:
        wrong.append({"field": "text", "reason": _("诉求内容至少 %(least)d 字。") % {"least": asked.shortest}})
    if wrong:
        raise ReportInvalid("；".join(str(item["reason"]) for item in wrong), fields=wrong, rule=asked.row)


def _receipt_of(incident: Incident, *, created: bool, duplicates: tuple[Likely, ...] = ()) -> Receipt:
    """The receipt of an incident; its code is derived, so that it can be given again and is stored nowhere."""
    return Receipt(incident.receipt, queries.follow_code(incident), incident, incident.case, created, duplicates)


def _category(flow: str, kind: str, category: str, text: str, component: str) -> tuple[str, str, str, int]:
    """Kind, code, proposed code and certainty in percent."""
    kinds = (
        ("hotline",)
        if flow == "hotline"
        else (kind,)
        if kind
        else ("component",)
        if component
        else ("matter", "component")
    )
    if category:
        found = queries.category(kinds, category) or queries.category_of_earlier(kinds, category)
        if found is None and flow != "hotline":
            raise ReportInvalid(
                _("没有类别“%(code)s”。") % {"code": category[:40]}, fields=[{"field": "category", "reason": "unknown"}]
            )
        return (found.kind if found else "hotline"), (found.code if found else category[:40]), "", 100
    proposed_kind, proposed, certainty = queries.proposed_category(kinds, text)
    percent = int(certainty * 100)
    # Below this a person decides; the proposal stays visible as a proposal.
    chosen = proposed if percent >= SURE_ENOUGH else ""
    return proposed_kind or kinds[0], chosen, proposed, percent


def _likely(incident: Incident, text: str) -> list[Likely]:
    point = (
        (incident.longitude, incident.latitude)
        if incident.longitude is not None and incident.latitude is not None
        else None
    )
    return likely_duplicates(
        category=f"{incident.kind}:{incident.category}" if incident.category else "",
        text=text,
        point=point,
        reported_at=incident.reported_at,
        earlier=queries.comparable(incident),
    )


def _sender(actor: Actor, incident: Incident) -> str:
    """Who hands in a file, as records say it: a reporter only as the reporter of this incident, never by account."""
    return f"reporter:{incident.public_id}" if incident.channel == "web" else actor.actor_id


def _stored(sender: str, name: str, content: bytes, incident: Incident) -> Any:
    return files_actions.store_file(actor=sender, name=name, content=content, subject=f"incident:{incident.public_id}")


def _personal(name: str, phone: str, original: str) -> dict[str, str]:
    given = {
        "reporter_name": storable(name).strip()[:80],
        "reporter_phone": storable(phone).strip()[:40],
        "original_text": original,
    }
    return {field: value for field, value in given.items() if value}
