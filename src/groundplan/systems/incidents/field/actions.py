"""Taking in what was done in the field: photos one by one, then the work, each exactly once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.utils.translation import gettext as _

from groundplan.kernel.cases import actions as cases
from groundplan.kernel.cases.errors import TaskNotFound
from groundplan.kernel.cases.models import Case, Task
from groundplan.kernel.files import actions as files
from groundplan.kernel.files import queries as stored_files
from groundplan.kernel.files.errors import FileTypeRefused
from groundplan.kernel.files.logic import sniffing
from groundplan.kernel.files.models import StoredFile
from groundplan.kernel.parties.queries import SYSTEM, Actor
from groundplan.lib import clock, sql
from groundplan.systems.incidents.actions.report import MOST_FILES, report_incident
from groundplan.systems.incidents.field.errors import (
    FieldAccountDiffers,
    FieldKeyReused,
    FieldPhotosMissing,
    FieldWorkInvalid,
)
from groundplan.systems.incidents.field.models import FieldPhoto, FieldWork
from groundplan.systems.incidents.field.queries import cell_spot, require_field

PHOTO_BYTES = 8 * 1024 * 1024
# What arrives sooner than this after it was done counts as handed in at once and is not told apart.
AT_ONCE = timedelta(minutes=5)
LONGEST_WAIT = timedelta(days=366)
KEPT_PHOTOS = timedelta(days=30)


@transaction.atomic
def keep_photo(*, actor: Actor, key: UUID, name: str, content: bytes) -> FieldPhoto:
    """Take in one photo of a piece of work that follows; the same photo sent again is the same.

    Args:
        actor: the worker.
        key: made by the phone.
        name: file name; its extension must tell the truth.
        content: JPEG, PNG or WebP, at most 8 MB.

    Raises:
        NotAllowed: the actor does not work in the field.
        FieldKeyReused: the key came before with another content.
        FileTypeRefused: it is no picture, or not of an accepted kind.
        FileTooLarge: it is larger than 8 MB.
    """
    require_field(actor)
    _lock(actor, key)
    digest = hashlib.sha256(content).hexdigest()
    known = FieldPhoto.objects.filter(actor=actor.actor_id, key=key).first()
    if known is not None:
        if known.digest != digest:
            raise FieldKeyReused(_("照片编号已用于另一张照片。"))
        return known
    if len(content) <= PHOTO_BYTES and not sniffing.picture_type(content):
        raise FileTypeRefused(
            _("%(name)s 不是可接受的照片。") % {"name": name[:80]},
            accepted="image/jpeg, image/png, image/webp",
            next_step=_("照片请用 JPEG、PNG 或 WebP 格式；手机拍的 HEIC 照片请先转为 JPEG 再上传。"),
        )
    stored = files.store_file(
        actor=actor.actor_id, name=name, content=content, subject=f"field:{actor.actor_id}", limit_bytes=PHOTO_BYTES
    )
    return FieldPhoto.objects.create(key=key, actor=actor.actor_id, digest=digest, stored=stored)


@transaction.atomic
def take_work(
    *,
    actor: Actor,
    key: UUID,
    account: str,
    kind: str,
    given: Mapping[str, Any],
    photos: Sequence[UUID],
    done_at: datetime,
    sent_at: datetime,
) -> tuple[FieldWork, bool]:
    """Take in a piece of work once, however often, late and by however many ways it is sent.

    The moment on the spot is corrected by how far the phone's clock is off when it sends, is never later than the
    receipt, and is told on the timeline; every limit counts by the receipt (ADR 0102).

    Args:
        actor: the worker.
        key: made by the phone; with the same content it is the same work for ever.
        account: the actor id under which the work was done.
        kind: ``report``, ``task`` or ``comment``.
        given: what that kind asks for: fields of a report; task, seen, outcome, data, note; case and text.
        photos: keys of photos that have arrived.
        done_at: when it was done, by the phone's clock.
        sent_at: when it was sent, by the same clock.

    Returns:
        The work, and whether it was there before.

    Raises:
        NotAllowed: the actor does not work in the field.
        FieldAccountDiffers: somebody else is signed in than who did the work.
        FieldKeyReused: the key came before with another content.
        FieldPhotosMissing: ``missing`` names photos that have not arrived.
        FieldWorkInvalid: no such kind, or too many photos.
        CaseMoved: the task was moved, returned or done meanwhile; nothing is changed.
        TaskNotFound: there is no such task for this worker.
    """
    require_field(actor)
    if account != actor.actor_id:
        raise FieldAccountDiffers(next_step=_("请用办理时的账号登录后再同步。"))
    _lock(actor, key)
    digest = _digest(kind, given, photos, done_at)
    known = FieldWork.objects.select_related("case").filter(actor=actor.actor_id, key=key).first()
    if known is not None:
        if known.digest != digest:
            raise FieldKeyReused(_("记录编号已用于其他内容。"))
        return known, True
    if kind not in TAKERS or len(photos) > MOST_FILES:
        raise FieldWorkInvalid(
            _("每件最多 %(most)d 张照片。") % {"most": MOST_FILES}, accepted=", ".join(TAKERS), fields=[]
        )
    received = clock.now()
    done = _on_the_spot(done_at, sent_at, received)
    arrived = _arrived(actor, photos)
    contents = [(_file_name(number, each), _content(each)) for number, each in enumerate(arrived, 1)]
    late = done if received - done > AT_ONCE else None
    case, created = TAKERS[kind](Handed(actor, key, given, contents, done, late))
    work = FieldWork.objects.create(
        key=key, actor=actor.actor_id, kind=kind, digest=digest, case=case, created=created, done_at=done,
        received_at=received,
    )  # fmt: skip
    for each in arrived:
        _forget(actor.actor_id, each)
    return work, False


def forget_field_photos() -> int:
    """Erase photos whose work has not followed for 30 days; safe to repeat.

    Returns:
        How many were erased.
    """
    old = FieldPhoto.objects.filter(received_at__lt=clock.now() - KEPT_PHOTOS).select_related("stored")
    erased = 0
    for each in list(old.order_by("id")[:1000]):
        with transaction.atomic():
            held = FieldPhoto.objects.select_for_update(of=("self",)).select_related("stored").filter(pk=each.pk)
            for photo in held:
                _forget(SYSTEM.actor_id, photo)
                photo.delete()
                erased += 1
    return erased


def _on_the_spot(done_at: datetime, sent_at: datetime, received: datetime) -> datetime:
    """When it was done by the server's clock, never after the receipt.

    Raises:
        FieldWorkInvalid: the phone says that it waited for more than a year.
    """
    waited = sent_at - done_at
    if waited > LONGEST_WAIT:
        raise FieldWorkInvalid(fields=[{"field": "done_at", "reason": "more than a year before sent_at"}])
    return received - max(waited, timedelta())


def _lock(actor: Actor, key: UUID) -> None:
    """Senders of the same key wait for one another."""
    with connection.cursor() as cursor:
        sql.advisory_xact_lock(cursor, f"incidents.field:{actor.actor_id}:{key}")


def _digest(kind: str, given: Mapping[str, Any], photos: Sequence[UUID], done_at: datetime) -> str:
    text = json.dumps([kind, given, [str(each) for each in photos], done_at.isoformat()], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def _arrived(actor: Actor, keys: Sequence[UUID]) -> list[FieldPhoto]:
    """The photos with these keys, in their order, held until the commit.

    Raises:
        FieldPhotosMissing: some have not arrived, or have been used.
    """
    rows = FieldPhoto.objects.select_for_update(of=("self",)).filter(actor=actor.actor_id, key__in=keys)
    found = {row.key: row for row in rows.exclude(stored=None).select_related("stored__blob").order_by("id")}
    missing = [str(key) for key in keys if key not in found]
    if missing:
        raise FieldPhotosMissing(_("有 %(n)d 张照片尚未上传。") % {"n": len(missing)}, missing=missing)
    return [found[key] for key in dict.fromkeys(keys)]


def _kept(photo: FieldPhoto) -> StoredFile:
    """The file of a photo that has not been used."""
    if photo.stored is None:
        raise FieldPhotosMissing(missing=[str(photo.key)])
    return photo.stored


def _content(photo: FieldPhoto) -> bytes:
    with stored_files.open_file(_kept(photo)) as stream:
        return bytes(stream.read())


def _file_name(number: int, photo: FieldPhoto) -> str:
    ending = sniffing.ACCEPTED[_kept(photo).blob.media_type][0]
    return f"photo-{number}{ending}"


def _forget(actor_id: str, photo: FieldPhoto) -> None:
    """Give the waiting copy of a photo up; its key stays known, its content stays where the work has put it."""
    stored = photo.stored
    photo.stored = None
    photo.save(update_fields=["stored"])
    if stored is not None:
        files.erase_file(actor=actor_id, stored=stored)


@dataclass(frozen=True)
class Handed:
    """What a phone hands in: the parts of its kind, its photos, when it was done; ``late`` when that is to be told."""

    actor: Actor
    key: UUID
    given: Mapping[str, Any]
    photos: Sequence[tuple[str, bytes]]
    done: datetime
    late: datetime | None

    def stored(self, case: Case) -> list[StoredFile]:
        """The photos as files of a case."""
        subject, sender = f"case:{case.public_id}", self.actor.actor_id
        return [files.store_file(actor=sender, name=name, content=raw, subject=subject) for name, raw in self.photos]


def _report(handed: Handed) -> tuple[Case, bool]:
    """A report becomes a case; a cell of the grid that was picked stands in for a position."""
    asked = dict(handed.given)
    cell = asked.pop("cell", "")
    if cell and not asked.get("point"):
        asked["point"], asked["system"], name = cell_spot(cell)
        asked["place"] = asked.get("place") or name
    receipt = report_incident(
        actor=handed.actor, channel="inspector" if handed.actor.has_role("inspector") else "grid",
        flow="city-management", files=handed.photos, key=f"field:{handed.key}", reported_at=handed.done,
        done_at=handed.late, **asked,
    )  # fmt: skip
    if not receipt.created and handed.photos:
        added = handed.stored(receipt.case)
        cases.comment(actor=handed.actor, case=receipt.case.public_id, text="", files=added)
    return receipt.case, receipt.created


def _task(handed: Handed) -> tuple[Case, bool]:
    """A task is completed as its page does it, compared with the version that the worker had taken along."""
    given = handed.given
    found = Task.objects.select_related("case").filter(public_id=given["task"]).first()
    if found is None:
        raise TaskNotFound
    ended = cases.complete_task(
        actor=handed.actor, task=found.public_id, seen=given["seen"], outcome=given["outcome"], data=given["data"],
        note=given.get("note", ""), files=handed.stored(found.case), done_at=handed.late,
    )  # fmt: skip
    return ended.case, False


def _comment(handed: Handed) -> tuple[Case, bool]:
    """What could not be handed in as work any more is put on the case for whoever has it now."""
    number = handed.given["case"]
    about = Case.objects.defer("search", "personal").filter(public_id=number).first()
    added = handed.stored(about) if about is not None else []
    step = cases.comment(actor=handed.actor, case=number, text=handed.given["text"], files=added)
    return step.case, False


TAKERS: dict[str, Callable[[Handed], tuple[Case, bool]]] = {"report": _report, "task": _task, "comment": _comment}
