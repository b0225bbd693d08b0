"""Columns of files."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models

from groundplan.lib import clock
from groundplan.lib.identity import uuid7


class Blob(models.Model):
    """Content, stored once under its SHA-256. Retention: until no file names it (actions.erase_file)."""

    digest = models.CharField(max_length=64, unique=True)
    size = models.BigIntegerField()
    media_type = models.CharField(max_length=100)
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        """One row a content."""

        db_table = "files_blob"

    def __str__(self) -> str:
        return self.digest

    @property
    def path(self) -> str:
        """Its name in the storage."""
        return f"{self.digest[:2]}/{self.digest[2:4]}/{self.digest}"


class StoredFile(models.Model):
    """A content handed in under a name for a subject. Retention: as its subject; erased by actions.erase_file."""

    public_id = models.UUIDField(unique=True, default=uuid7, editable=False)
    blob = models.ForeignKey(Blob, on_delete=models.PROTECT, related_name="files")
    name = models.CharField(max_length=200)
    subject = models.CharField(max_length=120)
    actor = models.CharField(max_length=64)
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        """Listed by subject, in the order in which they came."""

        db_table = "files_file"
        indexes: ClassVar[list[Any]] = [models.Index(fields=["subject", "id"], name="files_file_by_subject")]

    def __str__(self) -> str:
        return self.name

    @property
    def is_image(self) -> bool:
        """Whether it can be shown as a picture."""
        return self.blob.media_type.startswith("image/")
