"""Deputies (代理人): named for a term by the officer or the unit's leader, ended at any time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from groundplan.kernel.parties.actions._accounts import user_subject
from groundplan.kernel.parties.actions._duty import record
from groundplan.kernel.parties.errors import DeputyRefused, DutiesConflict
from groundplan.kernel.parties.logic import roles as known
from groundplan.kernel.parties.models import Deputation, Membership, Party, User, today
from groundplan.kernel.parties.queries import Actor, in_line, may_name
from groundplan.lib.errors import Conflict, NotAllowed, NotFound

MOST_DAYS = 366


def name_deputy(
    *,
    actor: Actor,
    principal: User,
    deputy: User,
    party: Party,
    roles: Sequence[str],
    valid_from: dt.date,
    last_day: dt.date,
    reason: str,
    kind: str = "leave",
) -> Deputation:
    """Name a deputy: for a term somebody else sees and does what an officer does in a unit.

    Args:
        actor: the officer, or a leader of the unit or of one above.
        principal: the officer.
        deputy: who stands in: holds an office in the unit, above or below it.
        party: the unit.
        roles: which of the officer's roles there.
        valid_from: first day, today or later.
        last_day: last day, at most a year on.
        reason: shown to those concerned.
        kind: ``leave`` or ``delegation``.

    Raises:
        NotAllowed: neither the officer nor a leader of the unit.
        DutiesConflict: naming oneself, or a role that is filled in person only.
        DeputyRefused: no such role, no such line, or a term that cannot be.
        Conflict: the two are in this relation already in that time.
    """
    if not may_name(actor, principal, party):
        raise NotAllowed(_("只有本人或本单位领导可以指定代理人。"))
    if actor.user_id is None or deputy.pk in {principal.pk, actor.user_id}:
        raise DutiesConflict(_("不得指定本人为代理人。"), next_step=_("请另选一人，或由本单位其他领导指定。"))
    if not deputy.is_active or not in_line(deputy, party):
        raise DeputyRefused(_("代理人须为本单位或其上下级单位的在岗人员。"))
    wanted = _checked_roles(principal, party, roles)
    longest = max((last_day - valid_from).days, (valid_from - today()).days)
    if not today() <= valid_from <= last_day or longest > MOST_DAYS:
        raise DeputyRefused(
            _("代理期限须自今日起、有终止日期，且不超过一年。"), accepted=f"{today().isoformat()} …, ≤ {MOST_DAYS} days"
        )
    text = reason.replace("\x00", "").strip()
    if not text or kind not in known.DEPUTY_KINDS:
        raise DeputyRefused(_("请填写代理事由。"), accepted=", ".join(known.DEPUTY_KINDS))
    made = Deputation(
        principal=principal, deputy=deputy, party=party, role_names=wanted, kind=kind, reason=text[:200],
        valid_from=valid_from, valid_until=last_day + dt.timedelta(days=1), named_by_id=actor.user_id,
    )  # fmt: skip
    with transaction.atomic():
        try:
            with transaction.atomic():
                made.save(force_insert=True)
        except IntegrityError:
            raise Conflict(_("该代理人在此期间已代理本岗位。")) from None
        data = {"deputy": deputy.actor_id, "party": str(party.public_id), "roles": wanted, "kind": kind,
                "from": valid_from.isoformat(), "last_day": last_day.isoformat()}  # fmt: skip
        record(actor, "parties.name_deputy", user_subject(principal), data)
    return made


def end_deputation(*, actor: Actor, deputation: Deputation) -> Deputation:
    """End a deputation at once; what the deputy did stays on record.

    Raises:
        NotFound: it does not concern the actor.
        NotAllowed: the actor is neither of the two nor a leader of the unit.
        Conflict: it has ended already.
    """
    concerned = actor.user_id in {deputation.principal_id, deputation.deputy_id}
    if not concerned and not may_name(actor, deputation.principal, deputation.party):
        raise NotFound(_("没有这项代理。"))
    day = today()
    with transaction.atomic():
        found: Deputation = Deputation.objects.select_for_update().get(pk=deputation.pk)
        if not found.is_open:
            raise Conflict(_("该代理此前已终止。"))
        found.valid_until = max(day, found.valid_from)
        found.save(update_fields=["valid_until"])
        data = {"deputy": found.deputy.actor_id, "party": str(found.party.public_id)}
        record(actor, "parties.end_deputation", user_subject(found.principal), data)
    return found


def _checked_roles(principal: User, party: Party, wanted: Sequence[str]) -> list[str]:
    names = sorted(set(wanted))
    personal = [name for name in names if name not in known.DEPUTISED]
    if personal:
        shown = "、".join(known.ROLES.get(name, {"zh-hans": name})["zh-hans"] for name in personal)
        raise DutiesConflict(
            _("以下角色不得由他人代理：%(roles)s。") % {"roles": shown}, accepted=", ".join(known.DEPUTISED)
        )
    open_still = Q(valid_until=None) | Q(valid_until__gt=today())
    held = set(Membership.objects.filter(open_still, user=principal, party=party).values_list("role", flat=True))
    if not names or not set(names) <= held:
        raise DeputyRefused(_("被代理人在该单位没有此角色。"), accepted=", ".join(sorted(held & set(known.DEPUTISED))))
    return names
