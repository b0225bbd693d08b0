"""Writes of files: hand in, erase."""

from __future__ import annotations

import hashlib
import unicodedata
from pathlib import PurePosixPath, PureWindowsPath
from typing import BinaryIO

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils.translation import gettext as _

from groundplan.kernel.files.errors import FileDamaged, FileTooLarge, FileTypeRefused
from groundplan.kernel.files.logic import pictures, sniffing
from groundplan.kernel.files.models import Blob, StoredFile
from groundplan.kernel.ledger import actions as ledger

LIMIT_BYTES = 20 * 1024 * 1024
NAME_MAX = 200


def store_file(
    *, actor: str, name: str, content: BinaryIO | bytes, subject: str, limit_bytes: int = LIMIT_BYTES
) -> StoredFile:
    """Take in a file: its type is read from its content, pictures lose the place where they were taken.

    Args:
        actor: opaque id of who hands it in.
        name: as the sender calls it; folders in it are ignored.
        content: the bytes.
        subject: what it belongs to, such as ``case:<id>``; decides who may read it.
        limit_bytes: largest accepted size.

    Raises:
        FileTooLarge: it is larger than the limit.
        FileTypeRefused: its content is of no accepted type, or its extension claims another one.
        FileDamaged: it is cut off or empty.
    """
    raw = content if isinstance(content, bytes) else content.read(limit_bytes + 1)
    title = _plain_name(name)
    if len(raw) > limit_bytes:
        raise FileTooLarge(
            _("%(name)s 超过了大小限制。") % {"name": title}, accepted=f"≤ {limit_bytes // 1024 // 1024} MB"
        )
    media_type = _accepted_type(raw, title)
    try:
        cleaned = pictures.without_metadata(raw, media_type)
    except ValueError:
        raise FileDamaged(_("%(name)s 不完整，无法读取。") % {"name": title}) from None
    digest = hashlib.sha256(cleaned).hexdigest()
    with transaction.atomic():
        blob, _made = Blob.objects.get_or_create(
            digest=digest, defaults={"size": len(cleaned), "media_type": media_type}
        )
        # Held until the commit, so that an erasure at the same time cannot take the content away again.
        Blob.objects.select_for_update().get(pk=blob.pk)
        _put(blob, cleaned)
        stored = StoredFile.objects.create(blob=blob, name=title, subject=subject, actor=actor)
        data = {"file": str(stored.public_id), "sha256": digest, "media_type": media_type, "size": len(cleaned)}
        ledger.record(actor=actor, action="files.store_file", subject=subject, data=data)
    return stored


def erase_file(*, actor: str, stored: StoredFile) -> None:
    """Erase a file, and its content if no other file has the same; the log keeps its digest.

    Args:
        actor: opaque id of who erases; the caller has checked the right to.
        stored: the file.
    """
    blob = Blob.objects.get(pk=stored.blob_id)
    with transaction.atomic():
        Blob.objects.select_for_update().get(pk=blob.pk)
        data = {"file": str(stored.public_id), "sha256": blob.digest}
        ledger.record(actor=actor, action="files.erase_file", subject=stored.subject, data=data)
        stored.delete()
        if not blob.files.exists():
            blob.delete()
            default_storage.delete(blob.path)


def _accepted_type(raw: bytes, title: str) -> str:
    """The type of the content, if it is accepted and the extension tells the truth.

    Raises:
        FileTypeRefused: it is not, or the extension claims another type.
        FileDamaged: it is empty.
    """
    if not raw:
        raise FileDamaged(_("%(name)s 是空文件。") % {"name": title})
    accepted = ", ".join(extension for extensions in sniffing.ACCEPTED.values() for extension in extensions)
    media_type = sniffing.media_type(raw)
    if not media_type:
        raise FileTypeRefused(
            _("%(name)s 的内容不属于可接受的文件类型。") % {"name": title},
            accepted=accepted,
            next_step=_("照片请用 JPEG、PNG 或 WebP 格式；手机拍的 HEIC 照片请先转为 JPEG 再上传。"),
        )
    extension = PurePosixPath(title).suffix.lower()
    if extension not in sniffing.ACCEPTED[media_type]:
        raise FileTypeRefused(
            _("%(name)s 的扩展名与内容不符，其内容是 %(type)s。") % {"name": title, "type": media_type},
            accepted=", ".join(sniffing.ACCEPTED[media_type]),
            next_step=_("请用正确的扩展名重新保存后上传。"),
        )
    return media_type


def _plain_name(name: str) -> str:
    """A file name without folders, control characters and marks that turn the direction of writing."""
    last = PureWindowsPath(name.replace("\0", "")).name
    plain = "".join(letter for letter in last if unicodedata.category(letter) not in {"Cc", "Cf"}).strip()
    stem, suffix = PurePosixPath(plain).stem, PurePosixPath(plain).suffix[:20]
    return (stem[: NAME_MAX - len(suffix)] + suffix) or "file"


def _put(blob: Blob, content: bytes) -> None:
    """Write a content under its digest, unless it is there whole; a crash may have left half of it."""
    if default_storage.exists(blob.path):
        if default_storage.size(blob.path) == blob.size:
            return
        default_storage.delete(blob.path)
    default_storage.save(blob.path, ContentFile(content))
