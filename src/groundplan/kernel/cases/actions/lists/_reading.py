"""A whole list of cases, row by row: numbers from a server-side cursor, cases in small lots."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from typing import Any

from django.db import connection, transaction

from groundplan.kernel.cases.logic.flow import CaseField
from groundplan.kernel.cases.models import Case
from groundplan.kernel.cases.queries import lists, personal_shown, scope
from groundplan.kernel.cases.queries.lists import Filters
from groundplan.kernel.parties.models import Party
from groundplan.kernel.parties.queries import Actor
from groundplan.lib import clock

LOT = 500
HEAVY = ("search", "flow_version__document", "flow_version__source")


def listed_cases(actor: Actor, kind: str, filters: Filters) -> Iterator[Case]:
    """The cases of a list in its order, each once, however many; nobody gets more than the list shows.

    Args:
        actor: whose list it is.
        kind: ``todo``, ``done``, ``all`` or ``account``, as of ``queries.queue``.
        filters: what it is narrowed to.
    """
    text, parameters = _list_sql(actor, kind, filters)
    seen: set[int] = set()
    with transaction.atomic():
        connection.ensure_connection()
        # A named cursor: the rows wait in the database until they are asked for.
        with connection.connection.cursor(name="export") as cursor:
            cursor.itersize = LOT
            cursor.execute(text, parameters)
            numbers = (row[1] for row in cursor)
            while lot := list(islice(numbers, LOT)):
                fresh = [number for number in dict.fromkeys(lot) if number not in seen]
                # One case may wait with two tasks, or have been done by two units.
                if kind in {"todo", "done"}:
                    seen.update(fresh)
                rows = Case.objects.filter(pk__in=fresh).select_related("owner_party", "flow_version").defer(*HEAVY)
                known = {case.pk: case for case in rows}
                yield from (known[number] for number in fresh)


def masked_values(actor: Actor, case: Case) -> dict[str, str]:
    """The personal values of a case, masked; what is hidden from the actor is empty."""
    return {name: value or "" for name, value in personal_shown(actor, case).items()}


class Names:
    """The names of units, asked for once each."""

    def __init__(self) -> None:
        self.known: dict[str, dict[str, str]] = {}

    def of(self, codes: list[str], language: str) -> str:
        """Names for codes, a code that is nobody's as it is."""
        fresh = [code for code in codes if code not in self.known]
        if fresh:
            self.known |= {code: {} for code in fresh}
            self.known |= dict(Party.objects.filter(code__in=fresh).values_list("code", "name"))
        names = [self.known[code].get(language) or self.known[code].get("zh-hans") or code for code in codes]
        return "、".join(names)


def value_shown(field: CaseField, value: Any, names: Names, language: str) -> str:
    """A value of a case in words."""
    if value is None:
        return ""
    if field.type in {"party", "parties"}:
        return names.of([value] if isinstance(value, str) else list(value), language)
    if field.values:
        label = field.values.get(str(value), {})
        return label.get(language) or label.get("zh-hans") or str(value)
    return "、".join(map(str, value)) if isinstance(value, list) else str(value)


def _list_sql(actor: Actor, kind: str, filters: Filters) -> tuple[str, dict[str, Any]]:
    """The statement of a list without its end; ``LIMIT NULL`` is no limit."""
    if kind == "account":
        filters = replace(filters, state="on_account")
    if kind == "todo":
        text, parameters = lists.todo_sql(filters, after=None, now=clock.now())
        duties = sorted({(held.party_id, held.role) for held in actor.scopes})
        given = {"parties": [duty[0] for duty in duties], "roles": [duty[1] for duty in duties], "size": None}
        # S608: the statement is a fixed text of this package.
        text = f"""
            SELECT waits.sort_at, task.case_id FROM ({text}) AS waits JOIN cases_task AS task ON task.id = waits.task_id
            ORDER BY waits.sort_at, waits.task_id
        """  # noqa: S608
        return text, {**parameters, **given}
    column, parties = ("done_at", actor.unit_ids()) if kind == "done" else ("opened_at", scope.visible_parties(actor))
    text, parameters = lists.involved_sql(filters, column=column, after=None)
    return text, {**parameters, "parties": sorted(parties), "size": None}
