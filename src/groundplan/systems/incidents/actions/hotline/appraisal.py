"""Exclusion from appraisal (剔除) and appeals (申诉): a unit asks, another person of the hotline office decides."""

from __future__ import annotations

from uuid import UUID

from django.db import connection, transaction
from django.utils.translation import gettext as _

from groundplan.kernel.cases import actions as cases
from groundplan.kernel.cases import queries as case_queries
from groundplan.kernel.cases.models import Case
from groundplan.kernel.parties.models import Party
from groundplan.kernel.parties.queries import Actor
from groundplan.kernel.rules import queries as rules
from groundplan.lib import clock, sql
from groundplan.lib.errors import Conflict, NotAllowed
from groundplan.lib.worktime import Span, calendar_for
from groundplan.systems.incidents import queries
from groundplan.systems.incidents.errors import ObjectionInvalid
from groundplan.systems.incidents.logic.rates import CONTESTABLE
from groundplan.systems.incidents.models import Objection

FLOW = "hotline-appraisal"
KINDS = {"exclusion": "剔除", "appeal": "申诉"}
LONGEST_STATEMENT = 4000


@transaction.atomic
def contest_appraisal(
    *, actor: Actor, case: UUID | str, kind: str, ground: str, statement: str, indicator: str = ""
) -> Objection:
    """Ask that a case does not count for the unit that answers for it, or contest one of its figures.

    The objection is a case of its own, which another person of the hotline office decides. While it is upheld, an
    excluded case counts in none of the unit's figures, and a contested figure counts in the unit's favour.

    Args:
        actor: of the answering unit, or of the hotline office (only for an exclusion).
        case: the case of the hotline.
        kind: ``exclusion`` or ``appeal``.
        ground: a ground of the flow ``hotline-appraisal``.
        statement: facts and reasons, 1 to 4,000 characters.
        indicator: the contested figure, for an appeal.

    Raises:
        CaseNotFound: the actor may not see the case.
        NotAllowed: the actor is of neither.
        ObjectionInvalid: ``fields`` names what is missing, or the time has passed.
        Conflict: the same objection is waiting or upheld.
    """
    about = case_queries.case_for(actor, case)
    units = queries.contestable_units(actor, about)
    if not units:
        raise NotAllowed(_("只有该工单的承办单位或热线办可以提出考核异议。"))
    unit = units[0]
    if kind == "appeal" and not (actor.is_system or unit.pk in actor.unit_ids("handler", "supervisor", "leader")):
        raise NotAllowed(_("申诉由被考核单位提出。"))
    _check(about, kind, ground, statement.strip(), indicator)
    with connection.cursor() as cursor:
        sql.advisory_xact_lock(cursor, f"objection:{about.pk}:{unit.pk}")
    _refuse_second(about, unit, indicator if kind == "appeal" else "", kind)
    opened = cases.open_case(
        actor=actor,
        flow=FLOW,
        title=f"{KINDS[kind]} {about.number}",
        data={
            "kind": kind,
            "about": about.number,
            "unit": unit.code,
            "ground": ground,
            "indicator": indicator if kind == "appeal" else None,
            "statement": statement.strip(),
        },
        channel="officer",
        subject=f"case:{about.public_id}",
    )
    return Objection.objects.create(
        case=opened, about=about, unit=unit, kind=kind, indicator=indicator if kind == "appeal" else "", ground=ground,
        made_at=clock.now(), made_by=actor.actor_id,
    )  # fmt: skip


def _check(about: Case, kind: str, ground: str, statement: str, indicator: str) -> None:
    wrong = []
    if about.flow != "hotline" or about.state in ("cancelled", "merged"):
        wrong.append({"field": "case", "reason": _("只能对计入考核的热线工单提出异议。")})
    if kind not in KINDS:
        wrong.append({"field": "kind", "reason": ", ".join(KINDS)})
    if ground not in queries.grounds():
        wrong.append({"field": "ground", "reason": ", ".join(queries.grounds())})
    if not 1 <= len(statement) <= LONGEST_STATEMENT:
        wrong.append({"field": "statement", "reason": _("请写明事实与理由。")})
    if kind == "appeal" and indicator not in CONTESTABLE:
        wrong.append({"field": "indicator", "reason": ", ".join(CONTESTABLE)})
    if kind == "appeal" and about.closed_at is None:
        wrong.append({"field": "case", "reason": _("办结并有考核结果后方可申诉。")})
    if not wrong and about.closed_at is not None and _too_late(about, kind):
        wrong.append({"field": "case", "reason": _("提出异议的期限已过。")})
    if wrong:
        raise ObjectionInvalid("；".join(str(item["reason"]) for item in wrong), fields=wrong)


def _too_late(about: Case, kind: str) -> bool:
    within = str(rules.evaluate(FLOW, {"kind": kind}).outputs["within"] or "")
    if not within or about.closed_at is None:
        return False
    return clock.now() > calendar_for("cn").due(about.closed_at, Span.parse(within))


def _refuse_second(about: Case, unit: Party, indicator: str, kind: str) -> None:
    same = Objection.objects.filter(about=about, unit=unit, kind=kind, indicator=indicator)
    if same.filter(case__state__in=("open", "suspended")).exists() or same.filter(case__outcome="upheld").exists():
        raise Conflict(_("同一事项已提出异议，正在审核或已认可。"), next_step=_("请在异议件中补充说明。"))
