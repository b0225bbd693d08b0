"""Public API of events: the JSON Schema of every type."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Router

from groundplan.kernel.events import queries, registry
from groundplan.lib.errors import NotFound

router = Router()


@router.get("/schemas")
def list_schemas(request: HttpRequest) -> dict[str, Any]:  # noqa: ARG001 - ninja's signature.
    """The names of all event types, with the address of each schema."""
    return {"items": [{"type": name, "schema": f"{queries.SCHEMAS}/{name}"} for name in sorted(registry.types)]}


@router.get("/schemas/{name}")
def show_schema(request: HttpRequest, name: str) -> dict[str, Any]:  # noqa: ARG001
    """The JSON Schema of one event type."""
    if name not in registry.types:
        raise NotFound("There is no event type of this name.", next_step="GET /api/v1/events/schemas lists them.")
    return queries.schema(name)
