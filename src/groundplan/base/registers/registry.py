"""What registers tells others: event types, its pages, and who is an officer."""

from __future__ import annotations

from collections.abc import Mapping

from django.http import HttpRequest
from django.utils.translation import gettext as _
from pydantic import BaseModel

from groundplan.base.registers.queries import READERS, components_for
from groundplan.kernel.events import registry as events
from groundplan.kernel.parties import access
from groundplan.kernel.places.registry import readers
from groundplan.lib.errors import NotAllowed
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


def table_of(request: HttpRequest, query: Mapping[str, str]) -> worklists_of.Table:
    """The components that the reader may see, by a filter."""
    if not is_officer(request):
        raise NotAllowed
    found = components_for(access.actor_of(request))
    state = query.get("state", "")
    found = found.filter(**{f"{name}__startswith": text for name, text in query.items() if name != "state"})
    found = found.filter(state=state) if state else found
    heads = [_("标识码"), _("名称"), _("权属单位"), _("养护单位"), _("状态"), _("社区/村"), _("单元网格")]
    rows = (
        [r.identity, r.name, r.owner_name, r.maintainer_name, _(r.state), r.community_name, r.unit_grid]
        for r in found.iterator(chunk_size=500)
    )
    return heads, rows


def register() -> None:
    """Called once, when the app is ready."""
    events.event_type("registers.components_imported.v1", ComponentsImported)
    events.event_type("registers.component_changed.v1", ComponentChanged)
    events.event_type("registers.codes_imported.v1", CodesImported)
    readers.officer = is_officer
    params = ("category", "community_code", "identity", "state")
    worklists.add(
        worklists_of.Listing(
            "registers-components", {"zh-hans": "部件台账", "en": "Components"}, params, table=table_of
        )
    )
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
