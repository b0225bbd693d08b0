"""Columns of parties."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models

from groundplan.lib.identity import uuid7


class Users(BaseUserManager["User"]):
    """Finds users by the name they sign in with."""


class User(AbstractBaseUser):
    """Somebody who signs in: an officer, a resident, or a program. There is no super-user."""

    public_id = models.UUIDField(unique=True, default=uuid7, editable=False)
    username = models.CharField(max_length=64, unique=True)
    display_name = models.CharField(max_length=64)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    USERNAME_FIELD = "username"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    objects: ClassVar[Users] = Users()

    class Meta:
        """Retention: kept while a membership or a record names the user; ended, never deleted."""

        db_table = "parties_user"

    def __str__(self) -> str:
        return self.display_name

    @property
    def actor_id(self) -> str:
        """The opaque id that the log and the events know."""
        return str(uuid.UUID(str(self.public_id)))
