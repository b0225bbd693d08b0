"""Tables of the lake: made before they are loaded, and gone back to an earlier snapshot."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from groundplan.base.catalogue.models import Resource
from groundplan.base.lake.actions import _phases as phases
from groundplan.base.lake.actions._recovery import recover
from groundplan.base.lake.engine.columns import parsed_columns
from groundplan.base.lake.errors import SchemaRefused, SnapshotNotFound
from groundplan.base.lake.models import LakeRun, LakeTable
from groundplan.base.lake.queries import KEEPERS, STEWARDS, table_for
from groundplan.kernel.ledger import actions as ledger
from groundplan.kernel.parties.models import Party
from groundplan.kernel.parties.queries import Actor
from groundplan.lib.errors import Conflict, Invalid, NotAllowed

IDENTIFIER = re.compile(r"\w[\w.:-]{0,119}")


@transaction.atomic
def create_table(
    *,
    actor: Actor,
    identifier: str,
    provider: Party | None = None,
    title: Mapping[str, str] | None = None,
    columns: Sequence[Mapping[str, Any]] = (),
    key: Sequence[str] = (),
) -> LakeTable:
    """Make a table; without columns the first load proposes them.

    Args:
        actor: the data office, or an officer of the unit that provides it.
        identifier: unique text; letters of any script, digits and ``. : - _``.
        provider: the unit that answers for it; None = the data office. A resource of the catalogue with this
            identifier tells it, and the title.
        title: labels.
        columns: name, type and whether it is required, for each.
        key: names of the columns by which rows are merged.

    Raises:
        NotAllowed: the actor does not act for the provider.
        Invalid: the identifier is not of the accepted form.
        SchemaRefused: the columns are not of the accepted form.
        Conflict: there is such a table.
    """
    named = Resource.objects.select_related("provider").filter(identifier=identifier).first()
    if named is not None:
        provider, title = named.provider, title or named.title
    if not actor.has_role(*KEEPERS) and not (provider and actor.covers(provider.pk, *STEWARDS)):
        raise NotAllowed(_("只有提供单位和数据管理部门可以建立数据表。"))
    if not IDENTIFIER.fullmatch(identifier):
        raise Invalid(
            _("“%(name)s”不能作为数据表的标识。") % {"name": identifier[:120]},
            accepted=_("1 至 120 个文字、数字或 . : - _"),
        )
    if LakeTable.objects.filter(identifier=identifier).exists():
        raise Conflict(_("已有标识为“%(name)s”的数据表。") % {"name": identifier})
    schema = parsed_columns(columns) if columns else ()
    _check_key(key, [each.name for each in schema] if schema else key)
    made = LakeTable.objects.create(
        identifier=identifier,
        provider=provider,
        title=dict(title or {"zh-hans": identifier, "en": identifier}),
        columns=[each.plain() for each in schema],
        key=list(key),
        created_by=actor.actor_id,
    )
    data = {"table": identifier, "columns": len(schema)}
    ledger.record(actor=actor.actor_id, action="lake.create_table", subject=made.subject, data=data)
    return made


def roll_back(*, actor: Actor, resource: str, snapshot: int, wait_s: float = 0.0) -> LakeRun:
    """Make an earlier snapshot the current one; what came after stays to be gone forward to until it expires.

    Args:
        actor: the data office, or an officer of the unit that provides the table.
        resource: the table's identifier.
        snapshot: an id that the table keeps.
        wait_s: how long to wait for a load that runs, s.

    Raises:
        LakeTableNotFound: unknown, or not for this actor.
        SnapshotNotFound: it is not kept.
        LoadRunning: the table is being loaded.
    """
    from pyiceberg.table.update.snapshot import ManageSnapshots  # noqa: PLC0415 - loads Arrow.

    from groundplan.base.lake.engine import tables  # noqa: PLC0415

    table, began = table_for(actor, resource), time.monotonic()
    with phases.alone_on(table, wait_s=wait_s):
        recover(table)
        if snapshot not in {each.id for each in tables.snapshots(table.public_id)}:
            raise SnapshotNotFound(
                _("数据表 %(name)s 没有这个快照。") % {"name": resource}, next_step=_("请从快照列表中选择。")
            )
        run = phases.begin(table=table, kind="rollback", actor=actor.actor_id, options={"to": str(snapshot)})
        try:
            committed = tables.change(
                table.public_id,
                run=run.public_id,
                doing=lambda change: ManageSnapshots(change).set_current_snapshot(snapshot).commit(),
            )
        except Exception as error:
            phases.call_off(run=run, error=error)
            raise
        return phases.complete(run=run, committed=committed, said={}, began=began)


def _check_key(key: Sequence[str], names: Sequence[str]) -> None:
    """Check that the columns of a key exist.

    Raises:
        SchemaRefused: one does not.
    """
    missing = [each for each in key if each not in names]
    if missing:
        raise SchemaRefused(_("主键列“%(name)s”不在表中。") % {"name": missing[0]}, accepted="、".join(names[:30]))
