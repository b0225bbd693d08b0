"""What the lake tells others: its events and its pages; and who may load from where else."""

from __future__ import annotations

from django.http import HttpRequest
from pydantic import BaseModel

from groundplan.base.lake.queries import READERS
from groundplan.kernel.events import registry as events
from groundplan.kernel.parties.access import actor_of
from groundplan.portal import navigation


class TableLoaded(BaseModel):
    """Data of lake.loaded.v1 and lake.changed.v1."""

    table: str
    run: str
    kind: str
    mode: str
    sha256: str
    snapshot: str
    read: int
    stored: int
    quarantined: int


def may_see(request: HttpRequest) -> bool:
    """Whether a reader works with the lake."""
    return actor_of(request).has_role(*READERS)


def register() -> None:
    """Called once, when the app is ready."""
    events.event_type("lake.loaded.v1", TableLoaded)
    events.event_type("lake.changed.v1", TableLoaded)
    navigation.registry.add(
        navigation.Entry(
            url_name="lake", label={"zh-hans": "数据湖", "en": "Data lake"}, section="data", order=40, visible=may_see
        )
    )
