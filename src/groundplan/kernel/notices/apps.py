"""Registers the notices app."""

from __future__ import annotations

from django.apps import AppConfig
from django.http import HttpRequest


class NoticesConfig(AppConfig):
    """消息."""

    name = "groundplan.kernel.notices"
    label = "notices"

    def ready(self) -> None:
        """Register the event and the entry of the navigation."""
        from groundplan.kernel.events import registry as events  # noqa: PLC0415 - models load after this module.
        from groundplan.kernel.notices.registry import NoticeCreated  # noqa: PLC0415
        from groundplan.portal.navigation import Entry, registry  # noqa: PLC0415

        events.event_type("notice.created.v1", NoticeCreated)
        registry.add(
            Entry(
                url_name="notices",
                label={"zh-hans": "消息", "en": "Notices"},
                section="top",
                order=90,
                visible=is_signed_in,
                count=unread,
                icon="bell",
                part="notices-bell",
                live="notice.*",
            )
        )


def is_signed_in(request: HttpRequest) -> bool:
    """Whether somebody is signed in."""
    from groundplan.kernel.parties import access  # noqa: PLC0415 - models load after this module.

    return access.actor_of(request).is_signed_in


def unread(request: HttpRequest) -> int:
    """The number beside the entry."""
    from groundplan.kernel.notices import queries  # noqa: PLC0415 - models load after this module.
    from groundplan.kernel.parties import access  # noqa: PLC0415

    return queries.unread(access.actor_of(request))
