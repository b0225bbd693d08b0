"""What the lake tells others: its events and its pages; and who may load from where else."""

from __future__ import annotations

from django.http import HttpRequest
from pydantic import BaseModel

from groundplan.base.catalogue import registry as catalogue
from groundplan.base.lake.queries import READERS, datastore_rows
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
    events.subscribe("lake.catalogue", types=["lake.loaded.v1"], handler=tell_catalogue)
    catalogue.datastore(datastore_rows)
    navigation.registry.add(
        navigation.Entry(
            url_name="lake", label={"zh-hans": "数据湖", "en": "Data lake"}, section="data", order=40, visible=may_see
        )
    )


def tell_catalogue(event: events.Event) -> None:
    """Note at the resource of the same identifier that its data was brought up to date."""
    from groundplan.base.catalogue import actions, queries  # noqa: PLC0415 - needs the apps.
    from groundplan.base.catalogue.errors import ResourceNotFound, ResourceTaken  # noqa: PLC0415
    from groundplan.base.lake.models import LakeTable  # noqa: PLC0415
    from groundplan.kernel.parties.queries import SYSTEM  # noqa: PLC0415

    identifier = str(event.data["table"])
    table = LakeTable.objects.filter(identifier=identifier).first()
    try:
        queries.resource_named(identifier)
        actions.note_update(
            actor=SYSTEM, resource=identifier, rows=table.rows if table else None, digest=str(event.data["sha256"])
        )
    except (ResourceNotFound, ResourceTaken):
        return  # A table of the lake need not be in the catalogue, and an ended resource is not brought up to date.
