"""What a new resource writes, and what may be said of one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, get_args

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from groundplan.base.catalogue.errors import ResourceInvalid, ResourceTaken
from groundplan.base.catalogue.logic.content import Kind
from groundplan.base.catalogue.models import Entry, Resource
from groundplan.kernel.parties.queries import Actor
from groundplan.lib import clock
from groundplan.lib.canonical import canonical_json

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,119}")
ADDRESS = re.compile(r"https?://[^\s<>\"\x00-\x1f]{1,1900}", re.IGNORECASE)
MOST_MOUNT = 20_000
LONGEST = {"form": 40, "reason": 1000, "note": 400}


def place_resource(
    actor: Actor,
    entry: Entry,
    *,
    identifier: str = "",
    kind: str = "",
    title: Mapping[str, str] | None = None,
    form: str = "",
    address: str = "",
    mount: Mapping[str, Any] | None = None,
) -> Resource:
    """Write a resource of a published entry; the action that calls leaves the record.

    Raises:
        ResourceInvalid: ``fields`` names what does not fit.
        ResourceTaken: the identifier is another resource's.
    """
    chosen = identifier.strip() or _next_name(entry)
    _check(chosen, kind or entry.kind, form, address, mount or {})
    try:
        with transaction.atomic():
            made = Resource.objects.create(
                identifier=chosen, entry=entry, provider=entry.provider, kind=kind or entry.kind,
                title=dict(title or entry.title), form=form.strip() or entry.form, address=address.strip(),
                mount=dict(mount or {}), mounted_at=clock.now(), mounted_by=actor.actor_id,
            )  # fmt: skip
    except IntegrityError:
        raise ResourceTaken(_("数据资源标识“%(name)s”已被使用。") % {"name": chosen[:80]}) from None
    if entry.mounted_at is None:
        Entry.objects.filter(pk=entry.pk).update(mounted_at=made.mounted_at, changed_at=made.mounted_at)
        entry.mounted_at = made.mounted_at
    return made


def _next_name(entry: Entry) -> str:
    stem = re.sub(r"[^A-Za-z0-9._-]+", "-", entry.identifier).strip("-.") or f"entry-{entry.pk}"
    number = Resource.objects.filter(entry=entry).count() + 1
    return f"{stem[:110]}.{number}"


def _check(name: str, kind: str, form: str, address: str, mount: Mapping[str, Any]) -> None:
    wrong = [
        {"field": field, "reason": reason}
        for field, reason, bad in (
            ("identifier", "A-Z a-z 0-9 . _ -", not NAME.fullmatch(name)),
            ("kind", "unknown", kind not in get_args(Kind)),
            ("form", f"≤ {LONGEST['form']}", len(form.strip()) > LONGEST["form"] or "\x00" in form),
            ("address", "http(s)://", bool(address.strip()) and not ADDRESS.fullmatch(address.strip())),
            ("mount", f"≤ {MOST_MOUNT}", len(canonical_json(dict(mount))) > MOST_MOUNT),
        )
        if bad
    ]
    if wrong:
        names = "；".join(f"{each['field']} {each['reason']}" for each in wrong)
        raise ResourceInvalid(_("请核对：%(names)s") % {"names": names}, fields=wrong)
