"""What others tell places (who may see the grids; places knows no users) and what it tells them (event types)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date

from django.http import HttpRequest
from pydantic import BaseModel


def nobody(request: HttpRequest) -> bool:  # noqa: ARG001 - the signature of the rule.
    """Until somebody registers a rule, the grids are shown to no one."""
    return False


@dataclass
class Readers:
    """The rule that says whether a reader is an officer."""

    officer: Callable[[HttpRequest], bool] = field(default=nobody)


readers = Readers()


class LayerImported(BaseModel):
    """Data of places.layer_imported.v1."""

    layer: str
    origin: str
    sha256: str
    created: int
    updated: int


class DivisionEnded(BaseModel):
    """Data of places.division_ended.v1."""

    code: str
    on: date
    successors: list[str]
