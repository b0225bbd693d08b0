"""Registers the signin app."""

from __future__ import annotations

from django.apps import AppConfig
from django.http import HttpRequest


class SigninConfig(AppConfig):
    """登录认证."""

    name = "groundplan.kernel.signin"
    label = "signin"

    def ready(self) -> None:
        """Stand behind the sign-in page, before every other page, and in the navigation."""
        from groundplan.kernel.parties import registry as parties  # noqa: PLC0415 - models load after this module.
        from groundplan.kernel.signin.pages import steps  # noqa: PLC0415
        from groundplan.portal.navigation import Entry, registry  # noqa: PLC0415

        parties.second_step(steps.after_password)
        parties.gate(steps.required_factor)
        registry.add(
            Entry(
                "second-factors",
                {"zh-hans": "双因素认证", "en": "Second factor"},
                section="account",
                order=20,
                visible=is_signed_in,
            ),
            Entry(
                "factor-resets",
                {"zh-hans": "双因素管理", "en": "Second factors of accounts"},
                section="organisation",
                order=22,
                visible=is_administrator,
            ),
        )


def is_signed_in(request: HttpRequest) -> bool:
    """Whether somebody is signed in."""
    from groundplan.kernel.parties import access  # noqa: PLC0415 - models load after this module.

    return access.actor_of(request).is_signed_in


def is_administrator(request: HttpRequest) -> bool:
    """Whether the reader is one of the three administrators."""
    from groundplan.kernel.parties import access  # noqa: PLC0415 - models load after this module.
    from groundplan.kernel.parties.logic.roles import ADMINISTRATORS  # noqa: PLC0415

    return access.actor_of(request).has_role(*ADMINISTRATORS)
