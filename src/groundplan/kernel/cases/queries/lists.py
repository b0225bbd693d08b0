"""SQL of the lists: for each unit one range of an index, merged; work grows with the units, never with the cases."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from groundplan.kernel.cases.models import ACTIVE_CASE
from groundplan.lib import search

# A case that two of the units have worked on is listed once, by what was done last.
DONE_LAST = """NOT EXISTS (
    SELECT 1 FROM cases_involvement AS later
    WHERE later.case_id = involved.case_id AND later.party_id = ANY(%(parties)s)
        AND later.done_at > involved.done_at
)"""


@dataclass(frozen=True)
class Filters:
    """What a list is narrowed to.

    Args:
        flow: key of a flow.
        state: one of the states of a case; ``active`` = open, suspended or on account.
        stage: key of a stage.
        overdue: only what is past its deadline.
        district: code of a district.
        text: words that must all occur in number, title or searchable fields.
        only: public ids of the cases that were chosen; none = all.
    """

    flow: str = ""
    state: str = ""
    stage: str = ""
    overdue: bool = False
    district: str = ""
    text: str = ""
    only: tuple[str, ...] = ()

    @property
    def states(self) -> list[str]:
        """The states of a case that are meant; none = all."""
        return list(ACTIVE_CASE) if self.state == "active" else [self.state] if self.state else []

    @property
    def of_case(self) -> bool:
        """Whether columns of the case itself are asked for."""
        return bool(self.flow or self.stage or self.overdue or self.district or self.text or self.only)


def involved_sql(filters: Filters, *, column: str, after: Sequence[Any] | None) -> tuple[str, dict[str, Any]]:
    """The cases in which units are involved, newest first.

    Args:
        filters: what is wanted.
        column: ``opened_at``, or ``done_at`` for what units have done.
        after: sort values of the last row of the page before.

    Returns:
        SQL that gives ``sort_at, case_id`` and its parameters, without ``parties`` and ``size``.
    """
    parameters: dict[str, Any] = {"states": filters.states}
    states = "CROSS JOIN unnest(%(states)s::text[]) AS wanted(state)" if filters.states else ""
    conditions = ["involved.party_id = unit.id"]
    if filters.states:
        conditions.append("involved.state = wanted.state")
    if column == "done_at":
        conditions += ["involved.done_at IS NOT NULL", DONE_LAST]
    if after is not None:
        conditions.append(f"(involved.{column}, involved.case_id) < (%(after_at)s, %(after_id)s)")
        parameters |= {"after_at": after[0], "after_id": after[1]}
    join = ""
    if filters.of_case:
        join = "JOIN cases_case AS about ON about.id = involved.case_id"
        conditions += case_conditions(filters, parameters)
    # S608: every value is a parameter; what is put in are fixed texts of this module.
    text = f"""
        SELECT DISTINCT ranges.sort_at, ranges.case_id
        FROM unnest(%(parties)s::bigint[]) AS unit(id) {states}
        CROSS JOIN LATERAL (
            SELECT involved.{column} AS sort_at, involved.case_id
            FROM cases_involvement AS involved {join}
            WHERE {" AND ".join(conditions)}
            ORDER BY involved.{column} DESC, involved.case_id DESC
            LIMIT %(size)s
        ) AS ranges
        ORDER BY ranges.sort_at DESC, ranges.case_id DESC
        LIMIT %(size)s
    """  # noqa: S608
    return text, parameters


def todo_sql(filters: Filters, *, after: Sequence[Any] | None, now: Any) -> tuple[str, dict[str, Any]]:
    """The tasks that wait for units and roles, the earliest deadline first.

    Returns:
        SQL that gives ``sort_at, task_id`` and its parameters, without ``parties``, ``roles`` and ``size``.
    """
    # What is on account is listed apart. What waits is of open and of suspended cases; each is a range of its own.
    holds = [state == "suspended" for state in ("open", "suspended") if not filters.state or state in filters.states]
    parameters: dict[str, Any] = {"holds": holds}
    conditions = [
        "task.party_id = duty.party_id",
        "task.role = duty.role",
        "task.on_hold = wanted.on_hold",
        "task.state IN ('offered', 'open')",
        "NOT task.on_account",
    ]
    if after is not None:
        conditions.append("(task.sort_at, task.id) > (%(after_at)s, %(after_id)s)")
        parameters |= {"after_at": after[0], "after_id": after[1]}
    if filters.overdue:
        conditions.append("task.sort_at < %(now)s AND task.paused_for = '[]'::jsonb")
        parameters["now"] = now
    join = ""
    narrowed = replace(filters, state="", overdue=False)
    if narrowed.of_case:
        join = "JOIN cases_case AS about ON about.id = task.case_id"
        conditions += case_conditions(narrowed, parameters)
    text = f"""
        SELECT ranges.sort_at, ranges.task_id
        FROM unnest(%(parties)s::bigint[], %(roles)s::text[]) AS duty(party_id, role)
        CROSS JOIN unnest(%(holds)s::boolean[]) AS wanted(on_hold)
        CROSS JOIN LATERAL (
            SELECT task.sort_at, task.id AS task_id
            FROM cases_task AS task {join}
            WHERE {" AND ".join(conditions)}
            ORDER BY task.sort_at, task.id
            LIMIT %(size)s
        ) AS ranges
        ORDER BY ranges.sort_at, ranges.task_id
        LIMIT %(size)s
    """  # noqa: S608
    return text, parameters


def case_conditions(filters: Filters, parameters: dict[str, Any]) -> list[str]:
    """Conditions on the case itself."""
    conditions = []
    for name in ("flow", "stage", "district"):
        value = getattr(filters, name)
        if value:
            conditions.append(f"about.{name} = %({name})s")
            parameters[name] = value
    if filters.overdue:
        conditions.append("about.overdue")
    if filters.only:
        conditions.append("about.public_id = ANY(%(only)s::uuid[])")
        parameters["only"] = list(filters.only)
    words = search.query_text(filters.text)
    if words:
        conditions.append(f"about.search @@ {search.query_sql('%(words)s')}")
        parameters["words"] = words
    return conditions
