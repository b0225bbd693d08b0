"""Registers the notices app."""

from __future__ import annotations

from typing import Any

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
        from groundplan.lib import health  # noqa: PLC0415
        from groundplan.portal.navigation import Entry, registry  # noqa: PLC0415

        events.event_type("notice.created.v1", NoticeCreated)
        events.subscribe("notices.channels", types=["notice.created.v1"], handler=queue_notice)
        health.report("notices_dead", dead_deliveries)
        registry.add(
            Entry("notice-channels", {"zh-hans": "通知渠道", "en": "Channels"}, "organisation", 90, keeps_channels)
        )
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


def keeps_channels(request: HttpRequest) -> bool:
    """Whether the reader sets up channels."""
    from groundplan.kernel.parties import access  # noqa: PLC0415 - models load after this module.

    return access.actor_of(request).has_role("system_admin")


def queue_notice(event: Any) -> None:
    """Put a new notice on its way over the city's channels."""
    from groundplan.kernel.notices import actions  # noqa: PLC0415 - models load after this module.

    actions.queue_notice(event=event)


def dead_deliveries() -> int:
    """Messages that could not be sent."""
    from groundplan.kernel.notices import queries  # noqa: PLC0415 - models load after this module.

    return queries.dead_deliveries()
