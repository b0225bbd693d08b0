"""Plans as versions: drafted by one person, approved by another."""

from __future__ import annotations

import hashlib
from pathlib import Path, PurePath
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.utils.translation import gettext as _

from groundplan.kernel.cases.queries.owners import party_of_code
from groundplan.kernel.ledger.actions import record
from groundplan.kernel.parties.errors import PartyNotFound
from groundplan.kernel.parties.models import Party
from groundplan.kernel.parties.queries import Actor
from groundplan.lib import clock, sql
from groundplan.lib.canonical import canonical_json
from groundplan.systems.linkage import queries
from groundplan.systems.linkage.errors import NotTheCommander, PlanInvalid, ResponseMoved, SecondPerson
from groundplan.systems.linkage.logic.plan import MOST_BYTES, LinkagePlan, check_plan, read_plan
from groundplan.systems.linkage.logic.workbook import read_workbook
from groundplan.systems.linkage.models import PlanVersion

PROFILES = Path(__file__).resolve().parents[3] / "profiles"


@transaction.atomic
def import_plan(*, actor: Actor, content: bytes, filename: str, origin: str = "city") -> PlanVersion:
    """Import a plan from YAML or from the workbook of the template, as a draft.

    The same text again gives the version that is there.

    Raises:
        PlanInvalid: ``problems`` names each place that is wrong, and units that do not exist.
        NotTheCommander: the actor holds no commanding role over the unit that commands the plan.
    """
    plan = _read(content, filename)
    commander = _units(plan)
    if not queries.commands(actor, commander.pk):
        raise NotTheCommander(accepted=", ".join(queries.COMMANDING))
    document = plan.model_dump(mode="json", exclude_none=True)
    digest = hashlib.sha256(canonical_json(document)).hexdigest()
    with connection.cursor() as cursor:
        sql.advisory_xact_lock(cursor, f"linkage.plan.{plan.plan}")
    known = PlanVersion.objects.filter(key=plan.plan).order_by("-number")
    same = next((version for version in known if version.digest == digest and version.state != "retired"), None)
    if same is not None:
        return same
    last = known.first()
    made = PlanVersion.objects.create(
        key=plan.plan, number=last.number + 1 if last else 1, label=dict(plan.label), document=document, digest=digest,
        origin=origin, commander=commander, drafted_by=actor.actor_id, drafted_name=actor.display_name,
    )  # fmt: skip
    record(
        actor=actor.actor_id, action="linkage.import_plan", subject=f"linkage-plan:{made.public_id}",
        data={"plan": plan.plan, "number": made.number, "sha256": digest, "origin": origin},
    )  # fmt: skip
    return made


@transaction.atomic
def approve_plan(*, actor: Actor, version: UUID | str) -> PlanVersion:
    """Approve a draft: it comes into force in place of the version before.

    Raises:
        PlanUnknown: there is none that the actor's units command.
        SecondPerson: the actor drafted it.
        ResponseMoved: it is no draft any more.
        PlanInvalid: a unit that it names has ended since.
    """
    mine = _locked(actor, version)
    if mine.state != "draft":
        raise ResponseMoved(_("该版本不是草稿。"), state=mine.state)
    if mine.drafted_by == actor.actor_id:
        raise SecondPerson(_("编制人不能批准自己编制的预案。"))
    _units(queries.plan_of(mine))
    PlanVersion.objects.filter(key=mine.key, state="in_force").update(state="retired")
    mine.state, mine.approved_at = "in_force", clock.now()
    mine.approved_by, mine.approved_name = actor.actor_id, actor.display_name
    mine.save(update_fields=["state", "approved_at", "approved_by", "approved_name"])
    record(
        actor=actor.actor_id, action="linkage.approve_plan", subject=f"linkage-plan:{mine.public_id}",
        data={"plan": mine.key, "number": mine.number, "sha256": mine.digest},
    )  # fmt: skip
    return mine


@transaction.atomic
def retire_plan(*, actor: Actor, version: UUID | str, reason: str) -> PlanVersion:
    """Withdraw a draft, or take a plan out of force, with a reason; running responses go on.

    Raises:
        PlanUnknown: there is none that the actor's units command.
        ResponseMoved: it is retired already.
        PlanInvalid: no reason is given.
    """
    mine = _locked(actor, version)
    if mine.state == "retired":
        raise ResponseMoved(_("该版本已停用。"), state=mine.state)
    text = reason.replace("\x00", "").strip()[:2000]
    if not text:
        raise PlanInvalid(_("请填写理由。"), problems=["reason"])
    mine.state = "retired"
    mine.save(update_fields=["state"])
    record(
        actor=actor.actor_id, action="linkage.retire_plan", subject=f"linkage-plan:{mine.public_id}",
        data={"plan": mine.key, "number": mine.number, "reason": text},
    )  # fmt: skip
    return mine


def load_shipped_plans(*, actor: Actor, profile: str = "") -> list[PlanVersion]:
    """Import the profile's plans as drafts; nothing comes into force by itself.

    A plan whose units this city does not have is passed over, and a plan that the city already has in any version
    from the same file is not drafted again.

    Args:
        actor: who loads them.
        profile: name of the profile, by default the one in use.

    Returns:
        The new drafts.
    """
    name = profile or settings.GROUNDPLAN_PROFILE
    made = []
    for path in sorted((PROFILES / name / "plans").glob("*.yaml")):
        content = path.read_bytes()
        origin = f"{name}/plans/{path.name} sha256:{hashlib.sha256(content).hexdigest()[:16]}"
        if PlanVersion.objects.filter(origin=origin).exists():
            continue
        try:
            made.append(import_plan(actor=actor, content=content, filename=path.name, origin=origin))
        except PlanInvalid as refused:
            if "units" not in refused.extra:
                raise
    return made


def _read(content: bytes, filename: str) -> LinkagePlan:
    problems: list[str] = []
    if PurePath(filename).suffix.lower() == ".xlsx":
        if len(content) > MOST_BYTES:
            raise PlanInvalid(_("文件过大。"), problems=[f"{len(content)} > {MOST_BYTES}"])
        document, problems = read_workbook(content, filename)
        plan, more = check_plan(document) if document else (None, [])
        problems += more
    else:
        plan, problems = read_plan(content)
    if plan is None or problems:
        raise PlanInvalid(
            _("预案有 %(n)d 处需要更正：%(first)s") % {"n": len(problems), "first": "；".join(problems[:3])},
            problems=problems[:200],
        )
    return plan


def _units(plan: LinkagePlan) -> Party:
    """The commanding unit; all units that the plan names must be there.

    Raises:
        PlanInvalid: some are not; ``units`` names them.
    """
    missing, found = [], {}
    for code in dict.fromkeys([plan.commander, *(task.unit.party for task in plan.tasks if task.unit.party)]):
        try:
            found[code] = party_of_code(code)
        except PartyNotFound:
            missing.append(code)
    missing += [code for code, party in found.items() if not party.is_current]
    if missing:
        raise PlanInvalid(
            _("没有这些机构：%(codes)s。") % {"codes": "、".join(missing)},
            next_step=_("请先导入组织机构，或更正单位代码。"),
            problems=[f"unit: {code}" for code in missing],
            units=missing,
        )
    return found[plan.commander]


def _locked(actor: Actor, version: UUID | str) -> PlanVersion:
    queries.plan_version(actor, version)
    return PlanVersion.objects.select_for_update().get(public_id=version)
