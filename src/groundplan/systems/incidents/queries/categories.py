"""The categories in force, and which of them a text speaks of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from django.db.models import Q

from groundplan.base.registers import queries as registers
from groundplan.kernel.cases.queries import flows
from groundplan.lib import clock, sql
from groundplan.systems.incidents.logic.likeness import propose_category
from groundplan.systems.incidents.models import Category


def categories(*kinds: str) -> tuple[Category, ...]:
    """The categories of some kinds that are in force, in the order of their list."""
    count, last = sql.run("SELECT count(id), coalesce(max(id), 0) FROM incidents_category").fetchall()[0]
    return _loaded(tuple(kinds), count, last)


def category(kinds: Sequence[str], code: str) -> Category | None:
    """The category of a code or of its Chinese name; None when there is none."""
    wanted = code.strip()
    return next((row for row in categories(*kinds) if wanted in (row.code, row.label.get("zh-hans"))), None)


def category_of_earlier(kinds: Sequence[str], code: str) -> Category | None:
    """The category that a code of an earlier edition is now; None when it is none, or when it became several."""
    now = registers.code_list()
    targets = {
        (each.kind, each.to_code)
        for kind in kinds
        if now is not None and kind != "hotline"
        for each in registers.mapped_from_earlier(kind, code.strip(), to_edition=now.edition)
    }
    if len(targets) != 1:
        return None
    ((kind, new),) = targets
    return category((kind,), new)


def category_name(kind: str, code: str) -> str:
    """The Chinese name of a category: the language of the rules and of the city's spreadsheets."""
    found = category((kind,), code) if code else None
    return str(found.label["zh-hans"]) if found else ""


def proposed_category(kinds: Sequence[str], text: str) -> tuple[str, str, float]:
    """Kind, code and certainty (0 to 1) of the category that a text speaks of; empty when none does."""
    rows = {f"{row.kind}:{row.code}": row.words for row in categories(*kinds)}
    key, certainty = propose_category(text, rows)
    kind, _colon, code = key.partition(":")
    return kind, code, certainty


def known_fields(flow: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """The values that the version of a flow in force has fields for, without empty ones."""
    fields = field_names(flow)
    return {name: value for name, value in values.items() if value is not None and name in fields}


def field_names(flow: str) -> frozenset[str]:
    """The fields of the version of a flow in force."""
    return frozenset(flows.flow_as_read(flows.version_in_force(flow)).fields)


def report_flows() -> list[str]:
    """The flows in force that take reports, that of city management first."""
    return [each.key for each in flows.flows_in_force() if each.key in ("city-management", "hotline")]


@lru_cache(maxsize=8)
def _loaded(kinds: tuple[str, ...], _count: int, _last: int) -> tuple[Category, ...]:
    today = clock.now().date()
    found = Category.objects.filter(kind__in=kinds).filter(Q(valid_until=None) | Q(valid_until__gt=today))
    return tuple(found.order_by("position", "id"))
