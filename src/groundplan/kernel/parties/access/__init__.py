"""Doors of pages and API: who somebody is, what opens to them, and answers that are given once only."""

from groundplan.kernel.parties.access.answers import idempotent
from groundplan.kernel.parties.access.doors import (
    Actors,
    AuthenticatedRequest,
    actor_of,
    officer,
    person,
    signed_in,
)

__all__ = ["Actors", "AuthenticatedRequest", "actor_of", "idempotent", "officer", "person", "signed_in"]
