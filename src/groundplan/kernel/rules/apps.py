"""Registers the rules app."""

from __future__ import annotations

from typing import Literal

from django.apps import AppConfig
from pydantic import BaseModel


class RuleChanged(BaseModel):
    """Data of ``rule.changed.v1``."""

    key: str
    version: int
    change: Literal["import_table", "approve", "put_in_force", "retire"]
    digest: str


class RulesConfig(AppConfig):
    """规则."""

    name = "groundplan.kernel.rules"
    label = "rules"

    def ready(self) -> None:
        """Register the event type and the page."""
        from groundplan.kernel.events import registry  # noqa: PLC0415 - other apps load before this one is ready.
        from groundplan.kernel.parties.access import actor_of  # noqa: PLC0415
        from groundplan.kernel.rules.queries import desks  # noqa: PLC0415
        from groundplan.portal import desk, navigation  # noqa: PLC0415

        registry.event_type("rule.changed.v1", RuleChanged)
        desk.registry.source(
            desk.Source("drafts", {"zh-hans": "规则审定", "en": "Rules to approve"}, "rules", desks.drafts_waiting)
        )
        desk.registry.figure("drafts_own", {"zh-hans": "我的草案", "en": "My drafts"}, desks.own_drafts)
        navigation.registry.add(
            navigation.Entry(
                "rules",
                {"zh-hans": "规则", "en": "Rules"},
                section="rules",
                visible=lambda request: bool(actor_of(request).scopes),
            )
        )
