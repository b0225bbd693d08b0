"""Registers the signin app."""

from __future__ import annotations

from django.apps import AppConfig


class SigninConfig(AppConfig):
    """登录认证."""

    name = "groundplan.kernel.signin"
    label = "signin"

    def ready(self) -> None:
        """Stand behind the sign-in page, before every other page, and in the navigation."""
        from groundplan.kernel.parties import registry as parties  # noqa: PLC0415 - models load after this module.
        from groundplan.kernel.parties.apps import is_administrator, reader_name  # noqa: PLC0415
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
                visible=lambda request: bool(reader_name(request)),
            ),
            Entry(
                "factor-resets",
                {"zh-hans": "双因素管理", "en": "Second factors of accounts"},
                section="organisation",
                order=22,
                visible=is_administrator,
            ),
        )
