"""挂接: data is mounted at a published entry, brought up to date, and ended."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from groundplan.base.catalogue import queries
from groundplan.base.catalogue.actions._checking import announce, entry_locked, note, require_editor
from groundplan.base.catalogue.actions._placing import LONGEST, place_resource
from groundplan.base.catalogue.errors import EntryMoved, ResourceInvalid, ResourceTaken
from groundplan.base.catalogue.models import Entry, EntryVersion, Resource, ResourceVersion
from groundplan.kernel.cases import actions as cases
from groundplan.kernel.cases.models import Task
from groundplan.kernel.parties.queries import Actor
from groundplan.lib import clock


@transaction.atomic
def mount_resource(
    *,
    actor: Actor,
    entry: UUID | str,
    identifier: str = "",
    kind: str = "",
    title: Mapping[str, str] | None = None,
    form: str = "",
    address: str = "",
    mount: Mapping[str, Any] | None = None,
) -> Resource:
    """Mount data at a published entry; if a task waits for it at the actor's unit, that is done as well.

    Args:
        actor: handles for the provider, or is of the data office.
        entry: the entry.
        identifier: the name of the resource everywhere; made from the entry's when empty.
        kind: dataset, stream, layer, api, check, certificate, model, facility; the entry's when empty.
        title: labels; the entry's when None.
        form: format, such as CSV.
        address: where it is reached, if by an address.
        mount: what the app that serves it needs to know.

    Raises:
        EntryNotFound: no such entry, or not for this actor.
        NotAllowed: the actor does not write for its unit.
        EntryMoved: it is not published.
        ResourceInvalid: ``fields`` names what does not fit.
        ResourceTaken: the identifier is another resource's.
    """
    mine = entry_locked(actor, entry)
    if mine.state != "published":
        raise EntryMoved(_("条目发布后才能挂接数据资源。"), state=mine.state)
    made = place_resource(
        actor, mine, identifier=identifier, kind=kind, title=title, form=form, address=address, mount=mount
    )
    note(actor, "mount_resource", mine, resource=made.identifier, kind=made.kind)
    announce(actor, "catalogue.mounted.v1", mine, resource=made.identifier, kind=made.kind)
    _finish_task(actor, mine)
    return made


@transaction.atomic
def note_update(
    *,
    actor: Actor,
    resource: str,
    at: datetime | None = None,
    rows: int | None = None,
    digest: str = "",
    note_text: str = "",
) -> ResourceVersion:
    """Note that the data of a resource was brought up to date; what 更新及时率 is counted from.

    Args:
        actor: handles for the provider, is of the data office, or the system on behalf of a load.
        resource: its identifier.
        at: when; now by default, never later.
        rows: how many there are.
        digest: SHA-256 of the data, if known.
        note_text: what is to be said.

    Raises:
        ResourceNotFound: no such resource, or not for this actor.
        NotAllowed: it is another unit's.
        ResourceInvalid: the time lies ahead, or rows are negative.
        ResourceTaken: it has ended.
    """
    mine = _locked(actor, resource)
    moment = at or clock.now()
    if moment > clock.now() or (rows is not None and not 0 <= rows < 2**62):
        raise ResourceInvalid(_("更新时间不能晚于现在，行数不能为负。"), fields=[{"field": "at", "reason": "range"}])
    made = ResourceVersion.objects.create(
        resource=mine, number=mine.number + 1, at=moment, rows=rows, digest=digest[:64],
        note=_plain(note_text)[: LONGEST["note"]], noted_by=actor.actor_id,
    )  # fmt: skip
    latest = max(mine.data_at or moment, moment)
    Resource.objects.filter(pk=mine.pk).update(number=made.number, data_at=latest, rows=rows)
    entry = mine.entry
    if entry.data_at is None or entry.data_at < moment:
        Entry.objects.filter(pk=entry.pk).update(data_at=moment)
    note(actor, "note_update", entry, resource=mine.identifier, version=made.number)
    announce(actor, "catalogue.updated.v1", entry, resource=mine.identifier, version=made.number)
    return made


@transaction.atomic
def end_resource(*, actor: Actor, resource: str, reason: str) -> Resource:
    """End a resource: nothing is read through it any more; it stays in the catalogue's history.

    Raises:
        ResourceNotFound: no such resource, or not for this actor.
        NotAllowed: it is another unit's.
        ResourceTaken: it has ended already.
        ResourceInvalid: no reason.
    """
    text = _plain(reason).strip()
    if not text or len(text) > LONGEST["reason"]:
        raise ResourceInvalid(_("请写明停用理由。"), fields=[{"field": "reason", "reason": "missing"}])
    mine = _locked(actor, resource)
    mine.state, mine.ended_at, mine.ended_for = "ended", clock.now(), text
    mine.save(update_fields=["state", "ended_at", "ended_for"])
    if not Resource.objects.filter(entry=mine.entry, state="mounted").exists():
        Entry.objects.filter(pk=mine.entry_id).update(mounted_at=None, changed_at=clock.now())
    note(actor, "end_resource", mine.entry, resource=mine.identifier)
    announce(actor, "catalogue.ended.v1", mine.entry, resource=mine.identifier, kind=mine.kind)
    return mine


def _locked(actor: Actor, identifier: str) -> Resource:
    seen = queries.resource_for(actor, identifier)
    require_editor(actor, seen.provider_id)
    mine = Resource.objects.select_for_update(of=("self",)).select_related("entry__provider").get(pk=seen.pk)
    if mine.state == "ended":
        raise ResourceTaken(_("该数据资源已停用。"))
    return mine


def _finish_task(actor: Actor, entry: Entry) -> None:
    """Complete the task that waits for the mounting, if it is the actor's."""
    running = EntryVersion.objects.filter(entry=entry, case__state="open", case__stage="mount").first()
    task = Task.objects.filter(case=running.case_id, stage="mount", state="open").first() if running else None
    if task is not None and actor.covers(task.party_id, task.role) and not actor.is_system:
        cases.complete_task(actor=actor, task=task.public_id, seen=None, outcome="mounted")


def _plain(text: str) -> str:
    return text.replace("\x00", "")
