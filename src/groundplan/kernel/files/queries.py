"""Files and their content."""

from __future__ import annotations

from uuid import UUID

from django.core.files.base import File
from django.core.files.storage import default_storage
from django.db.models import QuerySet

from groundplan.kernel.files.errors import FileNotFound
from groundplan.kernel.files.models import StoredFile


def file(public_id: UUID | str) -> StoredFile:
    """The file of a public id; the caller asks ``registry.may_read`` before showing it.

    Raises:
        FileNotFound: there is none.
    """
    found = StoredFile.objects.select_related("blob").filter(public_id=public_id).first()
    if found is None:
        raise FileNotFound
    return found


def files_for(subject: str) -> QuerySet[StoredFile]:
    """The files of a subject in the order in which they came."""
    return StoredFile.objects.select_related("blob").filter(subject=subject).order_by("id")


def open_file(stored: StoredFile) -> File[bytes]:
    """The content of a file, opened for reading.

    Raises:
        FileNotFound: the storage has lost it.
    """
    try:
        return default_storage.open(stored.blob.path)
    except FileNotFoundError:
        raise FileNotFound from None
