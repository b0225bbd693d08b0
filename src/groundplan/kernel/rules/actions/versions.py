"""The life of a version: draft, approved by a second person, in force from a day, superseded or retired."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Max

from groundplan.kernel.parties.queries import Actor
from groundplan.kernel.rules import queries
from groundplan.kernel.rules.actions._records import require, stamp, tell
from groundplan.kernel.rules.errors import (
    EffectiveDateRefused,
    SecondPersonNeeded,
    TableUnchanged,
    VersionMoved,
    VersionUnknown,
)
from groundplan.kernel.rules.logic.files.source import read_table_file
from groundplan.kernel.rules.logic.table import Table
from groundplan.kernel.rules.models import RuleTable, RuleVersion
from groundplan.lib import clock

State = RuleVersion.State
EDITOR, APPROVER = "rule_editor", "rule_approver"


@transaction.atomic
def import_table(*, actor: Actor, content: bytes, filename: str, origin: str = "city") -> RuleVersion:
    """Import a table as a draft.

    Args:
        actor: holds the role rule_editor.
        content: YAML, XLSX, CSV, TSV or DMN.
        filename: names the kind of file.
        origin: city, profile or shipped.

    Returns:
        The draft; ``queries.gaps_of`` tells what no row covers.

    Raises:
        RuleRoleNeeded: the actor is no rule editor.
        TableRefused: every problem with its cell.
        TableUnchanged: the text is that of the latest version.
    """
    require(actor, EDITOR)
    table = read_table_file(content, filename).table
    return _add_draft(actor, table, filename, origin)


def _add_draft(actor: Actor, table: Table, filename: str, origin: str) -> RuleVersion:
    RuleTable.objects.get_or_create(key=table.key, defaults={"label": dict(table.label)})
    rule = RuleTable.objects.select_for_update().get(key=table.key)
    latest = rule.versions.exclude(state=State.RETIRED).order_by("-version").first()
    if latest is not None and latest.digest == table.digest:
        raise TableUnchanged(table.key, latest.version)
    number = (rule.versions.aggregate(last=Max("version"))["last"] or 0) + 1
    version = RuleVersion.objects.create(
        rule=rule,
        version=number,
        origin=RuleVersion.Origin(origin),
        definition=table.definition(),
        digest=table.digest,
        source_name=filename[-200:],
        drafted_by=actor.actor_id,
    )
    tell(actor, "import_table", version, rule.key, origin=origin)
    return version


@transaction.atomic
def approve(*, actor: Actor, version: UUID) -> RuleVersion:
    """Approve a draft.

    Args:
        actor: holds the role rule_approver and did not draft the version.
        version: public id.

    Raises:
        RuleRoleNeeded, SecondPersonNeeded: the actor may not.
        VersionUnknown, VersionMoved: no such draft.
    """
    require(actor, APPROVER)
    found = _version(version)
    if found.drafted_by == actor.actor_id:
        raise SecondPersonNeeded
    _move(found, State.DRAFT, state=State.APPROVED, approved_by=actor.actor_id, approved_at=clock.now())
    tell(actor, "approve", found, found.rule.key)
    return found


def _version(public_id: UUID) -> RuleVersion:
    """A version with its rule locked, so that two officers cannot order its dates at once."""
    found = RuleVersion.objects.select_related("rule").filter(public_id=public_id).first()
    if found is None:
        raise VersionUnknown
    found.rule = RuleTable.objects.select_for_update().get(pk=found.rule_id)
    found.refresh_from_db(fields=["state", "effective_from", "effective_until", "approved_by"])
    return found


def _move(version: RuleVersion, start: str, **changes: Any) -> None:
    """Compare and set the state of a version."""
    if not RuleVersion.objects.filter(pk=version.pk, state=start).update(**changes):
        raise VersionMoved(rule=version.rule.key, version=version.version, state=version.state)
    for name, value in changes.items():
        setattr(version, name, value)


@transaction.atomic
def put_in_force(*, actor: Actor, version: UUID, effective_from: date | None = None) -> RuleVersion:
    """Put an approved version in force; the one before it ends on that day.

    Args:
        actor: holds the role rule_approver.
        version: public id.
        effective_from: the first day; today by default. A rule that is already in force is not changed for days past.

    Raises:
        RuleRoleNeeded: the actor may not.
        VersionUnknown, VersionMoved: no such approved version.
        EffectiveDateRefused: the day lies in the past, or not after the start of the version before.
    """
    require(actor, APPROVER)
    found = _version(version)
    day = effective_from or queries.city_day()
    before = found.rule.versions.filter(state=State.IN_FORCE).order_by("-effective_from").first()
    if before is not None and before.effective_from is not None:
        earliest = max(queries.city_day(), before.effective_from + timedelta(days=1))
        if day < earliest:
            raise EffectiveDateRefused(day, earliest)
        if before.effective_until is None or before.effective_until > day:
            RuleVersion.objects.filter(pk=before.pk).update(effective_until=day)
    _move(found, State.APPROVED, state=State.IN_FORCE, effective_from=day)
    RuleTable.objects.filter(pk=found.rule_id).update(label=found.definition["label"])
    stamp(found.rule)
    tell(actor, "put_in_force", found, found.rule.key, effective_from=day.isoformat())
    return found


@transaction.atomic
def retire(*, actor: Actor, version: UUID, effective_until: date | None = None) -> RuleVersion:
    """Withdraw a draft, an approved or a future version; or end the one in force.

    Args:
        actor: holds the role rule_approver, or rule_editor for a draft.
        version: public id.
        effective_until: the first day on which it no longer holds; today by default.

    Raises:
        RuleRoleNeeded: the actor may not.
        VersionUnknown, VersionMoved: no such version, or it has ended already.
        EffectiveDateRefused: the day lies in the past.
    """
    found = _version(version)
    require(actor, EDITOR if found.state == State.DRAFT and actor.has_role(EDITOR) else APPROVER)
    today = queries.city_day()
    day = effective_until or today
    if found.state != State.IN_FORCE:
        if found.state == State.RETIRED:
            raise VersionMoved(rule=found.rule.key, version=found.version, state=found.state)
        _move(found, found.state, state=State.RETIRED)
    elif found.effective_from is not None and found.effective_from > today:
        _move(found, State.IN_FORCE, state=State.RETIRED)
        found.rule.versions.filter(state=State.IN_FORCE, effective_until=found.effective_from).update(
            effective_until=None
        )
    else:
        if day < today:
            raise EffectiveDateRefused(day, today)
        if found.effective_until is not None:
            raise VersionMoved(rule=found.rule.key, version=found.version, state=found.state)
        _move(found, State.IN_FORCE, effective_until=day)
    stamp(found.rule)
    tell(actor, "retire", found, found.rule.key, effective_until=day.isoformat())
    return found
