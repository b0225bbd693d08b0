"""What a new entry, a new version and a publication write; the actions that call them leave the record."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _

from groundplan.base.catalogue.actions._checking import Checked, announce, checked
from groundplan.base.catalogue.actions._indexing import place_content
from groundplan.base.catalogue.actions._wording import index_entries
from groundplan.base.catalogue.errors import EntryInvalid, EntryMoved
from groundplan.base.catalogue.models import Entry, EntryVersion
from groundplan.kernel.parties import queries as parties
from groundplan.kernel.parties.models import Party
from groundplan.kernel.parties.queries import Actor
from groundplan.lib import clock, sql

LONGEST_REASON = 1000


def begin_entry(actor: Actor, unit: Party, fit: Checked, identifier: str) -> EntryVersion:
    """A new entry with its first version."""
    if unit.valid_until is not None and unit.valid_until <= parties.today():
        raise EntryInvalid(_("该单位已撤销。"), fields=[{"field": "provider", "reason": unit.code}])
    chosen = "".join(identifier.split())[:200].replace("\x00", "") or _next_identifier(unit)
    if Entry.objects.filter(identifier=chosen).exists():
        raise EntryInvalid(
            _("目录代码“%(code)s”已被使用。") % {"code": chosen[:80]},
            fields=[{"field": "identifier", "reason": "taken"}],
        )
    entry = Entry(identifier=chosen, provider=unit)
    place_content(entry, fit)
    return add_version(actor, entry, "new", fit.content.model_dump(mode="json"), "")


def change_entry(actor: Actor, entry: Entry, fit: Checked, reason: str) -> EntryVersion:
    """A change of an entry: its draft is replaced, or a new version begins."""
    content = fit.content.model_dump(mode="json")
    waiting = on_its_way(entry)
    if waiting is None and entry.state != "published":
        raise EntryMoved(_("条目已下线或已撤回，不能变更。"), state=entry.state)
    if waiting is None:
        return add_version(actor, entry, "change", content, reason.strip()[:LONGEST_REASON])
    if waiting.state == "review" or waiting.kind == "offline":
        raise EntryMoved(_("有版本正在审核，退回或办结后才能修改。"), state=waiting.state)
    waiting.content, waiting.written_at = content, clock.now()
    waiting.written_by, waiting.written_name = actor.actor_id, actor.display_name
    waiting.reason = reason.strip()[:LONGEST_REASON] or waiting.reason
    waiting.save(update_fields=["content", "written_at", "written_by", "written_name", "reason"])
    if entry.state in {"draft", "review"}:
        place_content(entry, fit)
    return waiting


def add_version(actor: Actor, entry: Entry, kind: str, content: Mapping[str, Any], reason: str) -> EntryVersion:
    last = entry.versions.order_by("-number").values_list("number", flat=True).first() or 0
    return EntryVersion.objects.create(
        entry=entry, number=last + 1, kind=kind, content=dict(content), reason=reason, written_by=actor.actor_id,
        written_name=actor.display_name, written_at=clock.now(),
    )  # fmt: skip


def on_its_way(entry: Entry) -> EntryVersion | None:
    return entry.versions.filter(state__in=("draft", "review", "returned")).select_for_update().first()


def _next_identifier(unit: Party) -> str:
    """The next number of a unit's entries."""
    with connection.cursor() as cursor:
        sql.advisory_xact_lock(cursor, f"catalogue.identifier.{unit.pk}")
    number = Entry.objects.filter(provider=unit).count() + 1
    while Entry.objects.filter(identifier=f"{unit.code}-{number:05d}").exists():
        number += 1
    return f"{unit.code}-{number:05d}"


def publish_version(actor: Actor, entry: Entry, version: EntryVersion) -> None:
    """Put a version in force; what was in force is superseded."""
    now = clock.now()
    entry.versions.filter(state="published").update(state="superseded")
    version.state, version.decided_at = "published", now
    version.save(update_fields=["state", "decided_at"])
    entry.state, entry.number, entry.published_at = "published", version.number, entry.published_at or now
    place_content(entry, checked(version.content))
    index_entries([entry])
    announce(actor, "catalogue.published.v1", entry, version=version.number, sharing=entry.sharing, kind=entry.kind)
