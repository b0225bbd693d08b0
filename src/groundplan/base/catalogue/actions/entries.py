"""Describing data: written by a unit, submitted as a case, changed by a new version, taken offline by a case."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from groundplan.base.catalogue import queries
from groundplan.base.catalogue.actions._checking import (
    checked,
    entry_locked,
    note,
    require_editor,
    unit_of,
)
from groundplan.base.catalogue.actions._writing import (
    LONGEST_REASON,
    add_version,
    begin_entry,
    change_entry,
    on_its_way,
)
from groundplan.base.catalogue.errors import EntryInvalid, EntryMoved
from groundplan.base.catalogue.logic.content import Content
from groundplan.base.catalogue.models import Entry, EntryVersion
from groundplan.kernel.cases import actions as cases
from groundplan.kernel.cases.models import Case, Task
from groundplan.kernel.parties.queries import Actor
from groundplan.lib import clock

FLOW = "catalogue-entry"
NAMES = {"new": "编目", "change": "变更", "offline": "下线"}


@transaction.atomic
def write_entry(
    *,
    actor: Actor,
    content: Mapping[str, Any] | Content,
    provider: str = "",
    entry: UUID | str | None = None,
    identifier: str = "",
    reason: str = "",
) -> EntryVersion:
    """Write a new entry, or a change of one; it counts for nothing until it is submitted, reviewed and published.

    Args:
        actor: handles for the provider, or is of the data office.
        content: what it says.
        provider: code of the unit that answers for a new entry.
        entry: the entry to change; its draft, or what was sent back, is replaced.
        identifier: of a new entry; made from the unit's code when empty.
        reason: why it is changed.

    Raises:
        EntryNotFound: no such entry, or not for this actor.
        NotAllowed: the actor does not write for this unit.
        EntryInvalid: ``fields`` names each place that does not fit.
        EntrySecret: state or work secrets are refused with the basis.
        EntryMoved: a version is under review, or the entry has gone offline.
    """
    fit = checked(content)
    if entry is None:
        unit = unit_of(provider)
        require_editor(actor, unit.pk)
        version = begin_entry(actor, unit, fit, identifier)
    else:
        version = change_entry(actor, entry_locked(actor, entry), fit, reason)
    note(actor, "write_entry", version.entry, version=version.number, kind=version.kind)
    return version


@transaction.atomic
def submit_entry(*, actor: Actor, version: UUID | str) -> Case:
    """Submit a version: a case of the flow ``catalogue-entry`` is opened, or goes on if it was sent back.

    Raises:
        EntryNotFound: no such version, or not for this actor.
        NotAllowed: the actor does not write for its unit.
        EntryMoved: it is under review or decided already.
        EntrySecret: a mark that is refused has come into force since it was written.
    """
    seen = queries.version_for(actor, version)
    entry = entry_locked(actor, seen.entry.public_id)
    mine = EntryVersion.objects.select_for_update().get(pk=seen.pk)
    if mine.state not in {"draft", "returned"}:
        raise EntryMoved(_("该版本已提交或已办结。"), state=mine.state)
    if mine.kind != "offline":
        checked(mine.content)
    case = _open(actor, entry, mine) if mine.case is None else _resubmit(actor, mine)
    EntryVersion.objects.filter(pk=mine.pk).update(state="review", case=case)
    if entry.state == "draft":
        Entry.objects.filter(pk=entry.pk).update(state="review", changed_at=clock.now())
    note(actor, "submit_entry", entry, version=mine.number, case=str(case.public_id))
    return case


@transaction.atomic
def ask_offline(*, actor: Actor, entry: UUID | str, reason: str) -> Case:
    """Ask to take a published entry offline (下线): a case like any change, with the reason.

    Raises:
        EntryNotFound: no such entry, or not for this actor.
        NotAllowed: the actor does not write for its unit.
        EntryMoved: it is not published, or a version is on its way.
        EntryInvalid: no reason.
    """
    text = _reason(reason)
    mine = entry_locked(actor, entry)
    if mine.state != "published" or on_its_way(mine) is not None:
        raise EntryMoved(_("条目未发布，或有版本正在办理。"), state=mine.state)
    version = add_version(actor, mine, "offline", mine.content, text)
    case = _open(actor, mine, version)
    EntryVersion.objects.filter(pk=version.pk).update(state="review", case=case)
    note(actor, "ask_offline", mine, version=version.number, case=str(case.public_id))
    return case


@transaction.atomic
def discard_draft(*, actor: Actor, version: UUID | str) -> EntryVersion:
    """Throw a version away that was not submitted; a new entry of which nothing else exists is withdrawn.

    Raises:
        EntryNotFound: no such version, or not for this actor.
        NotAllowed: the actor does not write for its unit.
        EntryMoved: it was submitted.
    """
    seen = queries.version_for(actor, version)
    entry = entry_locked(actor, seen.entry.public_id)
    if not EntryVersion.objects.filter(pk=seen.pk, state="draft").update(state="withdrawn", decided_at=clock.now()):
        raise EntryMoved(_("该版本已提交，请在办件中撤回。"))
    Entry.objects.filter(pk=entry.pk, state="draft").update(state="withdrawn", changed_at=clock.now())
    note(actor, "discard_draft", entry, version=seen.number)
    seen.refresh_from_db()
    return seen


def _open(actor: Actor, entry: Entry, version: EntryVersion) -> Case:
    """The case that decides on a version."""
    content = version.content
    due = content["sharing"] != "not_shared" and version.kind != "offline" and entry.mounted_at is None
    return cases.open_case(
        actor=actor, flow=FLOW, title=f"{NAMES[version.kind]}：{entry.name}"[:200], channel="catalogue",
        subject=f"entry:{entry.public_id}",
        data={"kind": version.kind, "provider": entry.provider.code, "entry": entry.identifier, "mount_due": due,
              "sharing": content["sharing"], **({"reason": version.reason} if version.reason else {})},
    )  # fmt: skip


def _resubmit(actor: Actor, version: EntryVersion) -> Case:
    """Send a version that came back into review again."""
    task = Task.objects.filter(case=version.case_id, stage="revise", state__in=("offered", "open")).first()
    if task is None:
        raise EntryMoved(_("办件不在修改环节。"))
    return cases.complete_task(actor=actor, task=task.public_id, seen=None, outcome="resubmit").case


def _reason(text: str) -> str:
    plain = text.replace("\x00", "").strip()
    if not plain or len(plain) > LONGEST_REASON:
        raise EntryInvalid(
            _("请写明理由（不超过 %(n)d 字）。") % {"n": LONGEST_REASON},
            fields=[{"field": "reason", "reason": "missing"}],
        )
    return plain
