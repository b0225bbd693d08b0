"""Registers the parties app."""

from __future__ import annotations

from django.apps import AppConfig
from django.http import HttpRequest


class PartiesConfig(AppConfig):
    """机构与用户."""

    name = "groundplan.kernel.parties"
    label = "parties"

    def ready(self) -> None:
        """Connect sign-in, and tell the portal who reads."""
        from groundplan.kernel.parties.access import signin  # noqa: PLC0415 - models load after this module.
        from groundplan.portal.navigation import registry  # noqa: PLC0415

        signin.connect()
        registry.reader_name = reader_name


def reader_name(request: HttpRequest) -> str:
    """The name shown in the layout; empty for somebody who is not signed in."""
    user = getattr(request, "user", None)
    return str(user) if user is not None and user.is_authenticated else ""
