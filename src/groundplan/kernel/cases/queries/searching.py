"""Search over the cases that units see, newest first: first the newest cases one by one, then the index of words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from groundplan.kernel.cases.queries.lists import Filters, case_conditions

# So many of the city's newest cases are looked through before the index of words is asked: words that occur in one of
# a hundred of them fill a page here, and of rarer words the index names few enough to sort.
NEWEST = 10_000


def search_sql(filters: Filters, *, after: Sequence[Any] | None) -> Iterator[tuple[str, dict[str, Any]]]:
    """The ways to one page of a search, to be tried in turn until one fills the page; the last is always whole.

    Args:
        filters: what is wanted; its text has words.
        after: sort values of the last row of the page before.

    Yields:
        SQL that gives ``opened_at, id`` and its parameters, without ``parties`` and ``size``.
    """
    parameters: dict[str, Any] = {"newest": NEWEST}
    conditions = case_conditions(filters, parameters)
    if filters.states:
        conditions.append("about.state = ANY(%(states)s)")
        parameters["states"] = filters.states
    bound = ""
    if after is not None:
        bound = "(about.opened_at, about.id) < (%(after_at)s, %(after_id)s)"
        parameters |= {"after_at": after[0], "after_id": after[1]}
    # S608: every value is a parameter; what is put in are fixed texts of this package.
    newest = f"""
        SELECT about.opened_at, about.id
        FROM (
            SELECT about.* FROM cases_case AS about {"WHERE " + bound if bound else ""}
            ORDER BY about.opened_at DESC, about.id DESC
            LIMIT %(newest)s
        ) AS about
        WHERE {" AND ".join(conditions)} AND EXISTS (
            SELECT FROM cases_involvement AS involved
            WHERE involved.case_id = about.id AND involved.party_id = ANY(%(parties)s)
        )
        ORDER BY about.opened_at DESC, about.id DESC
        LIMIT %(size)s
    """  # noqa: S608
    yield newest, parameters
    # The units stand in the statement as values, so the planner knows from its statistics which side is smaller.
    indexed = f"""
        SELECT DISTINCT about.opened_at, about.id
        FROM cases_case AS about JOIN cases_involvement AS involved ON involved.case_id = about.id
        WHERE {" AND ".join([*conditions, bound] if bound else conditions)} AND involved.party_id = ANY(%(parties)s)
        ORDER BY about.opened_at DESC, about.id DESC
        LIMIT %(size)s
    """  # noqa: S608
    yield indexed, parameters
