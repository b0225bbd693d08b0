"""What registers tells others: event types, its pages, and who is an officer."""

from __future__ import annotations

from django.http import HttpRequest
from pydantic import BaseModel

from groundplan.base.registers.queries import READERS
from groundplan.kernel.events import registry as events
from groundplan.kernel.parties import access
from groundplan.kernel.places.registry import readers
from groundplan.portal import navigation
from groundplan.portal import worklists as worklists_of
from groundplan.portal.worklists import registry as worklists


class ComponentsImported(BaseModel):
    """Data of registers.components_imported.v1."""

    load: str
    sha256: str
    stored: int
    quarantined: int


class ComponentChanged(BaseModel):
    """Data of registers.component_changed.v1."""

    identity: str
    state: str
    before: str


class CodesImported(BaseModel):
    """Data of registers.codes_imported.v1."""

    list: str
    edition: str
    sha256: str


def is_officer(request: HttpRequest) -> bool:
    """Whether a reader works for the city."""
    return access.actor_of(request).has_role(*READERS)


def register() -> None:
    """Called once, when the app is ready."""
    events.event_type("registers.components_imported.v1", ComponentsImported)
    events.event_type("registers.component_changed.v1", ComponentChanged)
    events.event_type("registers.codes_imported.v1", CodesImported)
    readers.officer = is_officer
    params = ("category", "community_code", "identity", "state")
    worklists.add(worklists_of.Listing("registers-components", {"zh-hans": "部件台账", "en": "Components"}, params))
    navigation.registry.add(
        navigation.Entry(
            url_name="registers-components",
            label={"zh-hans": "部件台账", "en": "Components"},
            section="organisation",
            order=60,
            visible=is_officer,
        ),
        navigation.Entry(
            url_name="registers-codes",
            label={"zh-hans": "部件事件代码", "en": "Codes"},
            section="organisation",
            order=62,
            visible=is_officer,
        ),
    )
