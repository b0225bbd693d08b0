"""Running cases go over to another version of their flow: proposed, approved by a second person, case by case."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils.translation import gettext as _

from groundplan.kernel.cases.actions._data import index_words, seal_anew
from groundplan.kernel.cases.actions._loading import lock_case
from groundplan.kernel.cases.actions._move import Move
from groundplan.kernel.cases.actions._rights import require_reason
from groundplan.kernel.cases.errors import FlowRoleNeeded, MigrationMoved, MigrationNeedsSecondPerson, OwnerMissing
from groundplan.kernel.cases.logic.mapping import VersionMapping, blocked, moved_data
from groundplan.kernel.cases.models import ACTIVE_CASE, Case, FlowMigration, Task
from groundplan.kernel.cases.queries.flows import flow_of
from groundplan.kernel.cases.queries.migrating import checked_mapping, standing_of
from groundplan.kernel.cases.queries.owners import owner_for
from groundplan.kernel.ledger import actions as ledger
from groundplan.kernel.parties.queries import SYSTEM, Actor
from groundplan.lib import clock

PROPOSES = ("rule_editor", "data_office")
APPROVES = ("rule_approver",)


@dataclass(frozen=True)
class MigrationCount:
    """What one round did."""

    moved: int = 0
    left: int = 0
    done: int = 0


@transaction.atomic
def propose_migration(
    *, actor: Actor, key: str, from_number: int, to_number: int, mapping: str, reason: str
) -> FlowMigration:
    """Propose that the running cases of a version go over to another one; nothing moves yet.

    Args:
        actor: holds the role rule_editor or data_office.
        key: the flow.
        from_number: the version that they are on.
        to_number: the version that they are to go to.
        mapping: YAML with ``stages``, ``tasks``, ``fields``, ``defaults`` and ``drop`` (docs/cases.md).
        reason: why.

    Raises:
        FlowRoleNeeded: the actor may not.
        FlowUnknown: one of the versions is not there.
        MappingInvalid: ``problems`` names each fault.
        MigrationMoved: another migration of this version is proposed or under way.
    """
    _require(actor, PROPOSES)
    text = require_reason(reason)
    old, new, found = checked_mapping(key, from_number, to_number, mapping)
    try:
        with transaction.atomic():
            made = FlowMigration.objects.create(
                from_version=old,
                to_version=new,
                mapping=found.model_dump(mode="json"),
                reason=text,
                proposed_by=actor.actor_id,
                proposed_name=actor.display_name,
            )
    except IntegrityError as error:
        raise MigrationMoved(_("该版本已有待批准或正在进行的迁移。")) from error
    _tell(actor, "propose_migration", made, mapping=made.mapping)
    return made


@transaction.atomic
def approve_migration(*, actor: Actor, migration: UUID) -> FlowMigration:
    """Approve a migration; its cases move from now on, in rounds of ``carry_on_migrations``.

    Raises:
        FlowRoleNeeded: the actor does not hold the role rule_approver.
        MigrationNeedsSecondPerson: the actor proposed it.
        MigrationMoved: it is not proposed any more, or there is none.
    """
    _require(actor, APPROVES)
    found = _locked(migration)
    if found.proposed_by == actor.actor_id:
        raise MigrationNeedsSecondPerson
    found.state = "approved"
    found.approved_at = clock.now()
    found.approved_by = actor.actor_id
    found.approved_name = actor.display_name
    found.save()
    _tell(actor, "approve_migration", found, proposed_by=found.proposed_by)
    return found


@transaction.atomic
def withdraw_migration(*, actor: Actor, migration: UUID) -> FlowMigration:
    """Withdraw or refuse a proposed migration.

    Raises:
        FlowRoleNeeded: the actor neither proposes nor approves migrations.
        MigrationMoved: it is not proposed any more, or there is none.
    """
    _require(actor, (*PROPOSES, *APPROVES))
    found = _locked(migration)
    found.state = "withdrawn"
    found.save(update_fields=["state"])
    _tell(actor, "withdraw_migration", found)
    return found


def carry_on_migrations(*, batch: int = 500) -> MigrationCount:
    """One round over approved migrations: each case moves in a transaction of its own, or stays; safe to repeat.

    Returns:
        How many cases moved and stayed in this round, and how many migrations came to their end.
    """
    moved = left = done = 0
    for migration in FlowMigration.objects.filter(state="approved").order_by("id"):
        rows = Case.objects.filter(flow_version_id=migration.from_version_id, state__in=ACTIVE_CASE)
        cases = list(rows.filter(pk__gt=migration.reached).order_by("id").values_list("id", flat=True)[:batch])
        for case_id in cases:
            went = _go_over(migration, case_id)
            moved += went is True
            left += went is False
        if len(cases) < batch:
            done += _finish(migration.pk)
    return MigrationCount(moved, left, done)


@transaction.atomic
def _go_over(migration: FlowMigration, case_id: int) -> bool | None:
    """Move one case, or count it as left; None when another round has had it."""
    case = lock_case(pk=case_id, flow_version_id=migration.from_version_id, state__in=ACTIVE_CASE)
    turn = FlowMigration.objects.filter(pk=migration.pk, state="approved", reached__lt=case_id)
    if not turn.update(reached=case_id) or case is None:
        return None
    old, new = flow_of(migration.from_version_id), flow_of(migration.to_version_id)
    mapping = VersionMapping.model_validate(migration.mapping)
    tasks = list(Task.objects.filter(case=case).select_related("party").order_by("id"))
    standing = standing_of(case, tasks)
    went = not blocked(old, new, mapping, standing)
    if went:
        try:
            with transaction.atomic():
                _rewrite(migration, case, tasks, mapping)
        except OwnerMissing:
            went = False
    counted = {"moved": F("moved") + 1} if went else {"left": F("left") + 1}
    FlowMigration.objects.filter(pk=migration.pk).update(**counted)
    return went


def _rewrite(migration: FlowMigration, case: Case, tasks: list[Task], mapping: VersionMapping) -> None:
    """Write a case in the words of the new version; units, roles and clocks stay as they are."""
    new = flow_of(migration.to_version_id)
    secret, _wrong = moved_data(new, mapping, standing_of(case, []).personal, defaults=False)
    case.data, _wrong = moved_data(new, mapping, case.data)
    case.stage = mapping.stage(case.stage)
    case.flow_version = migration.to_version
    seal_anew(case, secret)
    move = Move(SYSTEM, case, new, was_state=case.state, tasks=[task for task in tasks if task.active])
    for task in tasks:
        task.stage, task.key = mapping.task(task.stage, task.key)
        if task.active:
            move.change(task)
    Task.objects.bulk_update([task for task in tasks if not task.active], ["stage", "key"])
    for observer in new.observers:
        party = owner_for(observer, case, "observers")
        if not case.involvements.filter(party=party).exists():
            move.involve(party, "observer")
    numbers = {"from_version": migration.from_version.number, "to_version": migration.to_version.number}
    first = move.step("migrated", old=str(numbers["from_version"]), new=str(numbers["to_version"]))
    move.announce("case.migrated.v1", **numbers)
    approved = {"proposed_by": migration.proposed_by, "approved_by": migration.approved_by}
    move.finish("migrate", first=first, data={"migration": str(migration.public_id), **numbers, **approved})
    index_words(case, new)


@transaction.atomic
def _finish(migration_id: int) -> bool:
    if not FlowMigration.objects.filter(pk=migration_id, state="approved").update(state="done"):
        return False
    found = FlowMigration.objects.get(pk=migration_id)
    _tell(SYSTEM, "finish_migration", found, moved=found.moved, left=found.left)
    return True


def _require(actor: Actor, roles: tuple[str, ...]) -> None:
    if not actor.has_role(*roles):
        raise FlowRoleNeeded(accepted=", ".join(roles))


def _locked(public_id: UUID) -> FlowMigration:
    found = FlowMigration.objects.select_for_update().filter(public_id=public_id, state="proposed").first()
    if found is None:
        raise MigrationMoved(next_step=_("请刷新页面后再办理。"))
    return found


def _tell(actor: Actor, action: str, migration: FlowMigration, **data: object) -> None:
    ledger.record(
        actor=actor.actor_id,
        action=f"cases.{action}",
        subject=f"flow:{migration.from_version.key}",
        data={
            "migration": str(migration.public_id),
            "from_version": migration.from_version.number,
            "to_version": migration.to_version.number,
            **data,
        },
    )
