"""Warnings in CAP 1.2: drafted by one person, approved by another; what is approved never changes."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from groundplan.kernel.parties.queries import Actor
from groundplan.lib import clock
from groundplan.systems.linkage import queries
from groundplan.systems.linkage.actions._writing import announce, locked, note, plain
from groundplan.systems.linkage.errors import ResponseInvalid, ResponseMoved, ResponseUnknown, SecondPerson
from groundplan.systems.linkage.logic.cap import alert_xml, moment
from groundplan.systems.linkage.models import PublicWarning

KINDS = ("Alert", "Update", "Cancel")
MOST_HOURS = 168


@transaction.atomic
def draft_warning(
    *,
    actor: Actor,
    response: UUID | str,
    kind: str = "Alert",
    headline: str,
    description: str,
    instruction: str = "",
    radius_km: float = 1.0,
    hours: int = 6,
) -> PublicWarning:
    """Draft a warning; event, category, level and area come from plan and response.

    Raises:
        ResponseUnknown: none that the actor's units have a part in.
        NotTheCommander: the actor does not command it.
        ResponseMoved: the response has ended.
        ResponseInvalid: the plan foresees no warnings, or what was entered does not fit.
    """
    mine = locked(actor, response)
    plan = queries.plan_of(mine.plan)
    approved = list(mine.warnings.filter(state="approved").order_by("id"))
    wrong = [
        name for name, bad in (
            ("kind", kind not in KINDS or plan.warning is None or (kind != "Alert" and not approved)),
            ("hours", not 1 <= hours <= MOST_HOURS), ("radius_km", not 0 < radius_km <= 500),  # noqa: PLR2004
        ) if bad
    ]  # fmt: skip
    if wrong:
        raise ResponseInvalid(
            _("预警内容有误：%(names)s。") % {"names": "、".join(wrong)},
            accepted=_("更新、解除须先有已批准的预警；有效期 1 至 168 小时。"),
            fields=[{"field": name, "reason": "does not fit"} for name in wrong],
        )
    sender = queries.sender_of(mine.commander)
    made = PublicWarning.objects.create(
        response=mine, identifier=f"{sender}.{mine.number}.{mine.warnings.count() + 1:02d}", sender=sender, kind=kind,
        level=mine.level, expires_at=clock.now() + timedelta(hours=hours),
        words={
            "headline": plain(headline, "headline")[:200], "description": plain(description, "description"),
            "instruction": instruction.replace("\x00", "").strip()[:2000], "radius_km": str(radius_km),
        },
        references=[_reference(each) for each in approved] if kind != "Alert" else [],
        drafted_by=actor.actor_id, drafted_name=actor.display_name,
    )  # fmt: skip
    note(
        actor, mine, "draft_warning", "warning",
        {"zh-hans": f"起草预警 {made.identifier}。", "en": f"Warning drafted: {made.identifier}."},
        data={"identifier": made.identifier, "kind": kind},
    )  # fmt: skip
    announce(actor, mine, "linkage.noted.v1")
    return made


@transaction.atomic
def decide_warning(*, actor: Actor, warning: UUID | str, approve: bool, reason: str = "") -> PublicWarning:
    """Approve or refuse a draft; an approved one gets its time and its final text.

    Raises:
        ResponseUnknown: no such warning in a response that the actor commands.
        NotTheCommander: the actor does not command it.
        SecondPerson: the actor drafted it.
        ResponseMoved: it has been decided, or the response has ended.
        ResponseInvalid: refused without a reason.
    """
    asked = PublicWarning.objects.filter(public_id=warning).select_related("response").first()
    if asked is None:
        raise ResponseUnknown
    mine = locked(actor, asked.response.public_id)
    draft = PublicWarning.objects.select_for_update().get(pk=asked.pk)
    if draft.state != "draft":
        raise ResponseMoved(_("该预警已审批。"), state=draft.state)
    if draft.drafted_by == actor.actor_id:
        raise SecondPerson(_("起草人不能批准自己起草的预警。"))
    draft.state = "approved" if approve else "refused"
    draft.reason = reason.replace("\x00", "").strip()[:2000] if approve else plain(reason, "reason")
    draft.decided_at, draft.decided_by, draft.decided_name = clock.now(), actor.actor_id, actor.display_name
    if approve:
        draft.xml = alert_xml(queries.alert_of(draft, response=mine)).decode("utf-8")
    draft.save(update_fields=["state", "reason", "decided_at", "decided_by", "decided_name", "xml"])
    words = ("批准预警", "Warning approved") if approve else ("不批准预警", "Warning refused")
    note(
        actor, mine, "decide_warning", "warning",
        {"zh-hans": f"{words[0]} {draft.identifier}", "en": f"{words[1]}: {draft.identifier}"},
        data={"identifier": draft.identifier, "approved": approve},
    )  # fmt: skip
    if approve:
        announce(actor, mine, "linkage.warning_approved.v1", warning=str(draft.public_id))
    return draft


def _reference(warning: PublicWarning) -> str:
    """How CAP names an earlier message: sender, identifier, time sent."""
    sent = warning.decided_at or warning.drafted_at
    return f"{warning.sender},{warning.identifier},{moment(timezone.localtime(sent))}"
