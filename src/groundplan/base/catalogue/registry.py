"""What the catalogue tells the apps below and above: events, consumers, navigation."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from pydantic import BaseModel

from groundplan.base.catalogue.queries import EDITORS
from groundplan.base.catalogue.queries.ckan import Rows, rows_of
from groundplan.kernel.cases import registry as cases
from groundplan.kernel.cases.models import Case
from groundplan.kernel.events import registry as events
from groundplan.kernel.parties.access import actor_of
from groundplan.portal.navigation import Entry
from groundplan.portal.navigation import registry as navigation


class EntryEvent(BaseModel):
    """What every event of an entry says."""

    entry: str
    identifier: str
    provider: str


class VersionEvent(EntryEvent):
    """An entry went offline with a version."""

    version: int


class Published(VersionEvent):
    """A version of an entry came into force."""

    sharing: str
    kind: str


class Mounted(EntryEvent):
    """A resource was mounted or ended."""

    resource: str
    kind: str


class Updated(VersionEvent):
    """The data of a resource was brought up to date."""

    resource: str


def datastore(answer: Rows) -> None:
    """Let the app that holds rows answer CKAN's ``datastore_search``; called from ``AppConfig.ready()``.

    Args:
        answer: gets actor, resource and what was asked, checks the right to the rows, and gives ``fields``,
            ``records``, ``total``.
    """
    rows_of[:] = [answer]


def register() -> None:
    """Called once, when all models are loaded."""
    events.event_type("catalogue.published.v1", Published)
    events.event_type("catalogue.offline.v1", VersionEvent)
    events.event_type("catalogue.mounted.v1", Mounted)
    events.event_type("catalogue.ended.v1", Mounted)
    events.event_type("catalogue.updated.v1", Updated)
    events.subscribe(
        "catalogue.cases", types=["case.stage_entered.v1", "case.closed.v1", "case.cancelled.v1"], handler=hear_case
    )
    cases.panel("catalogue-entry", entry_panel)
    navigation.add(
        Entry("catalogue", {"zh-hans": "数据目录", "en": "Data catalogue"}, "public", 40),
        Entry("catalogue-own", {"zh-hans": "本单位目录", "en": "Entries of my unit"}, "work", 45, writes),
    )


def writes(request: HttpRequest) -> bool:
    """Whether the reader writes entries for a unit."""
    return actor_of(request).has_role(*EDITORS)


def hear_case(event: events.Event) -> None:
    """Let an entry follow its case."""
    from groundplan.base.catalogue.actions import follow_case  # noqa: PLC0415 - needs the apps.
    from groundplan.kernel.parties.queries import SYSTEM  # noqa: PLC0415

    if event.data.get("flow") == "catalogue-entry":
        follow_case(actor=SYSTEM, case=str(event.data["case"]))


def entry_panel(request: HttpRequest, case: Case) -> tuple[str, dict[str, Any]] | None:
    """The panel of a case's page: what the version says, and what it changes."""
    from groundplan.base.catalogue.models import EntryVersion  # noqa: PLC0415 - needs the apps.
    from groundplan.base.catalogue.pages.shown import panel_of  # noqa: PLC0415

    version = EntryVersion.objects.select_related("entry__provider", "entry__shelf").filter(case=case).first()
    return ("catalogue/_panel.html", panel_of(actor_of(request), version)) if version else None
