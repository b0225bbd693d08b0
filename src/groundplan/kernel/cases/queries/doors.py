"""What other apps ask of cases about a request: may it read a file, is it an officer's, how much waits."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from django.db import connection
from django.http import HttpRequest
from django.urls import reverse

from groundplan.kernel.cases import queries
from groundplan.kernel.cases.models import FlowMigration, FlowVersion
from groundplan.kernel.cases.queries import lists
from groundplan.kernel.cases.queries.accounts import accounts_count
from groundplan.kernel.cases.queries.lists import Filters
from groundplan.kernel.cases.queries.scope import visible_parties
from groundplan.kernel.events.registry import Event
from groundplan.kernel.parties.access import actor_of
from groundplan.kernel.rules.registry import Dependent
from groundplan.lib import clock
from groundplan.portal import desk, worklists
from groundplan.portal.desk import Count, Figure

# Who approves that running cases go over to another version of their flow.
MIGRATION_ROLES = ("rule_approver",)
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


def is_signed_in(request: HttpRequest) -> bool:
    """Whether somebody is signed in: everybody has a desk."""
    return actor_of(request).is_signed_in


def waiting(request: HttpRequest) -> int | None:
    """How much waits for the reader over all queues, for the navigation and the head of the page."""
    return (desk.total(request) if has_office(request) else 0) or None


def figures_of(request: HttpRequest) -> queries.Counts:
    """The figures of the reader's cases, counted once a request."""
    known: queries.Counts | None = getattr(request, "_case_counts", None)
    if known is None:
        known = queries.counts(actor_of(request))
        request._case_counts = known  # type: ignore[attr-defined]  # noqa: SLF001 - kept for the rest of the request.
    return known


def tasks_waiting(request: HttpRequest) -> Count | None:
    """The tasks that wait for the reader."""
    if not has_office(request):
        return None
    found = figures_of(request)
    return Count(found.todo, found.overdue)


def changes_waiting(request: HttpRequest) -> Count | None:
    """Proposed changes of flows that the reader may approve: somebody else's."""
    actor = actor_of(request)
    if not actor.has_role(*MIGRATION_ROLES):
        return None
    return Count(FlowMigration.objects.filter(state="proposed").exclude(proposed_by=actor.actor_id)[: desk.CAP].count())


def unsigned(request: HttpRequest) -> Figure:
    """Tasks not signed for yet."""
    return Figure(desk.shown(figures_of(request).unsigned))


def on_account(request: HttpRequest) -> Figure:
    """Cases of the reader's units that are on account (挂账)."""
    return Figure(desk.shown(accounts_count(actor_of(request), most=desk.CAP)), "", reverse("cases") + "?kind=account")


def done_today(request: HttpRequest) -> Figure:
    """What the reader has done today."""
    return Figure(desk.shown(figures_of(request).done_today), "good", reverse("cases") + "?kind=done")


def count_listed(request: HttpRequest, query: Mapping[str, str]) -> int | None:
    """How many cases a filter finds for the reader of a request, at most ``worklists.CAP``; None for a search.

    The list's own statement, cut at the cap: ranges of indexes, whatever the length of the list.
    """
    if query.get("text"):
        return None
    actor, kind = actor_of(request), query.get("kind", "todo")
    state = "on_account" if kind == "account" else query.get("state", "")
    filters = Filters(
        flow=query.get("flow", ""), state=state, stage=query.get("stage", ""), overdue=query.get("overdue") == "1",
        district=query.get("district", ""),
    )  # fmt: skip
    duties = sorted({(scope.party_id, scope.role) for scope in actor.scopes})
    if kind == "todo":
        text, parameters = lists.todo_sql(filters, after=None, now=clock.now())
        parties = [unit for unit, _role in duties]
    else:
        column = "done_at" if kind == "done" else "opened_at"
        text, parameters = lists.involved_sql(filters, column=column, after=None)
        parties = sorted(actor.unit_ids() if kind == "done" else visible_parties(actor))
    given: dict[str, Any] = {"parties": parties, "roles": [role for _unit, role in duties], "size": worklists.CAP}
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM ({text}) AS listed", {**parameters, **given})  # noqa: S608 - fixed texts.
        return int(cursor.fetchone()[0])


def tell_todos(event: Event) -> None:
    """Something happened to a case: the to-do lists outside follow."""
    from groundplan.kernel.cases.actions import tell_todos as tell  # noqa: PLC0415 - actions read queries.

    kind, _, public_id = event.subject.partition(":")
    if kind == "case":
        tell(case=public_id)
