"""Registers the identity app."""

from __future__ import annotations

from django.apps import AppConfig
from django.http import HttpRequest


class IdentityConfig(AppConfig):
    """身份对接."""

    name = "groundplan.kernel.identity"
    label = "identity"

    def ready(self) -> None:
        """Offer other ways in, take programs' tokens, stand in the navigation."""
        from groundplan.kernel.identity import queries  # noqa: PLC0415 - models load after this module.
        from groundplan.kernel.identity.actions import _kinds  # noqa: PLC0415
        from groundplan.kernel.parties import registry as parties  # noqa: PLC0415
        from groundplan.portal.navigation import Entry, registry  # noqa: PLC0415

        _kinds.register_kinds()
        parties.ways_in(queries.ways_in)
        parties.tokens("gpc_", queries.actor_for)
        registry.add(
            Entry(
                "identity-clients",
                {"zh-hans": "接入应用", "en": "Applications"},
                section="organisation",
                order=24,
                visible=is_administrator,
            ),
            Entry(
                "identity-sources",
                {"zh-hans": "身份源", "en": "Sources of identities"},
                section="organisation",
                order=25,
                visible=is_administrator,
            ),
            Entry(
                "my-identities",
                {"zh-hans": "登录绑定", "en": "Ties and consents"},
                section="account",
                order=21,
                visible=is_signed_in,
            ),
        )


def is_administrator(request: HttpRequest) -> bool:
    """Whether the reader is one of the three administrators."""
    from groundplan.kernel.parties import access  # noqa: PLC0415 - models load after this module.
    from groundplan.kernel.parties.logic.roles import ADMINISTRATORS  # noqa: PLC0415

    return access.actor_of(request).has_role(*ADMINISTRATORS)


def is_signed_in(request: HttpRequest) -> bool:
    """Whether somebody is signed in."""
    from groundplan.kernel.parties import access  # noqa: PLC0415 - models load after this module.

    return access.actor_of(request).is_signed_in
