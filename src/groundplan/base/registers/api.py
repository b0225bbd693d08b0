"""The JSON door of the registers; for officers only."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest
from ninja import File, Query, Router, Schema, Status
from ninja.files import UploadedFile
from pydantic import Field

from groundplan.base.registers import actions, queries
from groundplan.kernel.parties.access import actor_of, idempotent, signed_in

router = Router(auth=signed_in)
Size = Annotated[int, Field(ge=1, le=500)]
Identity = Annotated[str, Field(max_length=17, pattern=r"^\d*$")]


class ComponentOut(Schema):
    """A component as the API shows it; the names of GB/T 30428.2 stand in docs/registers.md."""

    identity: str
    name: str
    category: str
    authority_code: str
    authority_name: str
    owner_code: str
    owner_name: str
    maintainer_code: str
    maintainer_name: str
    unit_grid: str
    state: str
    first_date: date | None
    change_date: date | None
    source: str
    note: str
    street_code: str
    street_name: str
    community_code: str
    community_name: str
    lon: float
    lat: float
    version: int


class ComponentPage(Schema):
    """A page of components; ``next`` is the identity to go on after."""

    items: list[ComponentOut]
    next: str | None


class NearbyOut(Schema):
    """A component and its distance."""

    metres: float
    component: ComponentOut


class StateIn(Schema):
    """A change of state."""

    state: str
    seen: int
    note: Annotated[str, Field(max_length=200, pattern="^[^\x00]*$")] = ""


class LoadOut(Schema):
    """What an import did."""

    public_id: str
    rows_read: int
    stored: int
    quarantined: int
    digest: str

    @staticmethod
    def resolve_public_id(load: Any) -> str:
        """The id as text."""
        return str(load.public_id)


@router.get("/components", response=ComponentPage)
def list_components(
    request: HttpRequest,
    *,
    category: Annotated[str, Query(max_length=5, pattern=r"^\d*$")] = "",
    community: Annotated[str, Query(max_length=12, pattern=r"^\d*$")] = "",
    after: Identity = "",
    size: Size = 100,
) -> dict[str, Any]:
    """The components the reader may see, by identity."""
    found = queries.components_for(actor_of(request)).filter(identity__gt=after)
    if category:
        found = found.filter(category=category)
    if community:
        found = found.filter(community_code=community)
    items = list(found[: size + 1])
    return {"items": items[:size], "next": items[size - 1].identity if len(items) > size else None}


@router.get("/components/nearest", response=list[NearbyOut])
def nearest(
    request: HttpRequest,
    *,
    lon: Annotated[float, Query(ge=-180, le=180, allow_inf_nan=False)],
    lat: Annotated[float, Query(ge=-90, le=90, allow_inf_nan=False)],
    category: Annotated[str, Query(max_length=5, pattern=r"^\d*$")] = "",
    within_m: Annotated[float, Query(gt=0, le=1000, allow_inf_nan=False)] = 100.0,
) -> list[queries.Nearby]:
    """The nearest components of a category that the reader may see."""
    found = queries.nearest_components(lon=lon, lat=lat, category=category, within_m=within_m)
    seen = set(
        queries.components_for(actor_of(request))
        .filter(identity__in=[item.component.identity for item in found])
        .values_list("identity", flat=True)
    )
    return [item for item in found if item.component.identity in seen]


@router.get("/components/{identity}", response=ComponentOut)
def get_component(request: HttpRequest, identity: Identity) -> Any:
    """One component."""
    return queries.component_for(actor_of(request), identity)


@router.post("/components/{identity}/state", response=ComponentOut)
def change_state(request: HttpRequest, identity: Identity, body: StateIn) -> Any:
    """Change a component's state."""
    return actions.change_component_state(
        actor=actor_of(request), identity=identity, state=body.state, seen=body.seen, note=body.note
    )


@router.post("/loads", response={201: LoadOut})
@idempotent
def import_components(request: HttpRequest, file: Annotated[UploadedFile, File()]) -> Status[Any]:
    """Import a table of components; bad rows go to quarantine."""
    load = actions.import_components(
        actor=actor_of(request), content=file.read(), filename=file.name or "components.csv", origin="api"
    )
    return Status(201, load)


@router.get("/loads/{load}/quarantine", response=list[dict[str, Any]])
def get_quarantine(request: HttpRequest, load: UUID) -> list[dict[str, Any]]:
    """The rows of a load that were not taken over."""
    _load, rows = queries.quarantine(actor_of(request), str(load))
    return [{"number": row.number, "values": row.values, "reasons": row.reasons} for row in rows]
