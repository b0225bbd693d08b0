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
        """Register the event type."""
        from groundplan.kernel.events import registry  # noqa: PLC0415 - other apps load before this one is ready.

        registry.event_type("rule.changed.v1", RuleChanged)
