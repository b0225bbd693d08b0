"""What other apps ask of cases about a request: may it read a file, is it an officer's, how much waits."""

from __future__ import annotations

import json
from collections.abc import Iterator

from django.http import HttpRequest
from django.urls import reverse

from groundplan.kernel.cases import queries
from groundplan.kernel.cases.models import FlowVersion
from groundplan.kernel.parties.access import actor_of
from groundplan.kernel.rules.registry import Dependent

# The unit that answers for a case, for the counts of a replay of rules.
UNITS_SQL = """
    SELECT 'case:' || held.public_id AS subject, party.code AS unit
    FROM cases_case held JOIN parties_party party ON party.id = held.owner_party_id
"""


def may_read(request: HttpRequest, subject: str) -> bool:
    """Whether a request may read what belongs to a case: its officers, and its reporter what is theirs."""
    return queries.may_read(actor_of(request), subject)


def flows_that_use(rule: str) -> Iterator[Dependent]:
    """The flows in force that ask a rule: for a stage or for a limit."""
    for version in FlowVersion.objects.filter(in_force=True):
        if f'"rule": "{rule}"' in json.dumps(version.document):
            yield Dependent(version.label, reverse("flow", args=[version.key]))


def has_office(request: HttpRequest) -> bool:
    """Whether a request comes from somebody with an office."""
    return bool(actor_of(request).scopes)


def waiting(request: HttpRequest) -> int | None:
    """How many tasks wait, for the navigation."""
    return queries.counts(actor_of(request)).todo or None
