"""Personal data of a case: who may not see it, and how it looks masked."""

from __future__ import annotations

import json
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from groundplan.kernel.cases.errors import OwnerMissing
from groundplan.kernel.cases.logic.flow import Flow, Owner
from groundplan.kernel.cases.logic.guards import passes
from groundplan.kernel.cases.models import Case, Involvement
from groundplan.kernel.cases.queries.owners import owner_for
from groundplan.kernel.cases.queries.scope import SEEING_ROLES
from groundplan.kernel.parties.queries import Actor
from groundplan.lib.crypto import decrypt


def hidden_fields(actor: Actor, case: Case, flow: Flow) -> frozenset[str]:
    """The personal fields that an actor must not see even masked.

    A field is hidden from an actor whose only roles in this case are among the field's ``hidden_from``, while the
    case meets its ``hidden_when``. A field with ``shown_to`` is then hidden from every unit but these, whatever the
    role: so nobody in the unit that handles a 举报, neither handler nor head, learns who reported it.
    """
    hidden = set()
    for name, field in flow.fields.items():
        if not field.personal or not field.hidden_from or actor.is_system:
            continue
        if not passes(flow, field.hidden_when, case.data):
            continue
        others = [role for role in SEEING_ROLES if role not in field.hidden_from]
        reach = actor.party_ids(*others)
        if field.shown_to:
            if reach.isdisjoint(_units_of(field.shown_to, case, name)):
                hidden.add(name)
        elif not Involvement.objects.filter(case=case, party_id__in=reach).exists():
            hidden.add(name)
    return frozenset(hidden)


def _units_of(owners: Iterable[Owner], case: Case, where: str) -> set[int]:
    """The units that a field is shown to; a reference that names nobody shows it to nobody."""
    found = set()
    for owner in owners:
        with suppress(OwnerMissing):
            found.add(owner_for(owner, case, where).pk)
    return found


def opened_secret(case: Case) -> dict[str, Any]:
    """The personal values of a case in the clear; callers answer for who sees them."""
    if not case.personal:
        return {}
    found: dict[str, Any] = json.loads(decrypt(bytes(case.personal)))
    return found
