"""Organisations, people and relations from a file: all of it or nothing."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from django.db import transaction
from django.utils import translation

from groundplan.kernel.parties.actions._duty import record, require
from groundplan.kernel.parties.actions._import import (
    LANGUAGES,
    CellFault,
    Import,
    tables_in,
    take_people,
    take_relations,
    take_units,
)
from groundplan.kernel.parties.actions._rows import lock_relations, refuse_circle
from groundplan.kernel.parties.errors import RelationRefused
from groundplan.kernel.parties.logic import roles
from groundplan.kernel.parties.queries import Actor


@dataclass(frozen=True)
class ImportResult:
    """What a file did, or would do.

    Args:
        created: new units, relations and accounts.
        updated: known ones that changed.
        unchanged: known ones that were the same.
        roles: roles given or ended.
        errors: cells that cannot be taken; if there is one, nothing was taken.
        taken: whether the file was taken.
    """

    created: int
    updated: int
    unchanged: int
    roles: int
    errors: tuple[CellFault, ...]
    taken: bool


def import_parties(*, actor: Actor, content: bytes, filename: str, dry_run: bool = False) -> ImportResult:
    """Take in a file of units, people and relations; what stands in it by code is updated, nothing is ever deleted.

    Args:
        actor: the system or a system administrator; a security administrator for roles of known users.
        content: XLSX with the sheets 机构, 人员, 关系, or CSV of one of them (UTF-8, GBK).
        filename: as the sender calls it.
        dry_run: only say what would happen.

    Returns:
        Counts, and the cells at fault with reasons in every language; a file with a fault changes nothing.

    Raises:
        NotAllowed: the actor is neither.
        UnreadableTable: the file is no table of ours.
    """
    require(actor, "system_admin", "security_admin")
    tables = tables_in(content, filename)
    if not actor.has_role("system_admin"):
        tables = {name: table for name, table in tables.items() if name == "人员"}
    work = Import(actor)
    with transaction.atomic():
        lock_relations()
        for name, take in (("机构", take_units), ("关系", take_relations), ("人员", take_people)):
            if name in tables:
                take(work, tables[name])
        if "关系" in tables:
            _refuse_circles(work)
        taken = not work.faults and not dry_run
        if taken:
            data = {"sha256": hashlib.sha256(content).hexdigest(), **{name: work.counts[name] for name in COUNTED}}
            record(actor, "parties.import_parties", "parties", data)
        else:
            transaction.set_rollback(True)
    return ImportResult(**{name: work.counts[name] for name in COUNTED}, errors=tuple(work.faults), taken=taken)


COUNTED = ("created", "updated", "unchanged", "roles")


def _refuse_circles(work: Import) -> None:
    """Note a circle that the file would close; it is of the file, not of one cell."""
    for kind in roles.COVERING:
        reason = {}
        for language in LANGUAGES:
            with translation.override(language):
                try:
                    refuse_circle(kind)
                except RelationRefused as error:
                    reason[language] = error.detail
        if reason:
            work.faults.append(CellFault("关系", reason))
