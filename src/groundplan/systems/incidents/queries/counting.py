"""Counts of a period that reports print, and the cases behind each count: one filter for both."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any, cast
from urllib.parse import urlencode

from django.db.models import Count, F, Q, QuerySet
from django.db.models.functions import TruncDate
from django.urls import reverse
from django.utils import timezone

from groundplan.kernel.parties.queries import Actor
from groundplan.systems.incidents.models import Incident
from groundplan.systems.incidents.queries.reports import incidents_for

Labels = Mapping[str, str]
# What is counted, in the order of a report.
MEASURES: dict[str, Labels] = {
    "received": {"zh-hans": "受理", "en": "Received"},
    "closed": {"zh-hans": "办结", "en": "Closed"},
    "closed_in_time": {"zh-hans": "按期办结", "en": "Closed in time"},
    "returned": {"zh-hans": "退回", "en": "Returned"},
    "open_at_end": {"zh-hans": "期末在办", "en": "Open at the end"},
    "late_at_end": {"zh-hans": "期末超期未结", "en": "Overdue at the end"},
}
# By what counts are grouped or narrowed: name -> column.
GROUPS = {"category": "category", "district": "district", "type": "case__data__type", "channel": "channel"}


@dataclass(frozen=True)
class Wanted:
    """Which incidents are counted.

    Args:
        flow: ``hotline`` or ``city-management``.
        first: first day.
        last: last day, included.
        category, district, type, channel: only these; None = all.
    """

    flow: str
    first: date
    last: date
    category: str | None = None
    district: str | None = None
    type: str | None = None
    channel: str | None = None

    @property
    def start(self) -> datetime:
        """The first moment."""
        return datetime.combine(self.first, time(0), tzinfo=timezone.get_current_timezone())

    @property
    def end(self) -> datetime:
        """The first moment after the last day."""
        return datetime.combine(self.last + timedelta(days=1), time(0), tzinfo=timezone.get_current_timezone())

    def on(self, day: date) -> Wanted:
        """The same for one day."""
        return replace(self, first=day, last=day)

    def of(self, group: str, value: str) -> Wanted:
        """The same for one group."""
        return replace(self, **cast("dict[str, Any]", {group: value}))


def counted_cases(actor: Actor, wanted: Wanted, measure: str) -> QuerySet[Incident]:
    """The incidents that a count counts, among those that an actor may see."""
    found = incidents_for(actor).filter(_measure(measure, wanted.start, wanted.end), case__flow=wanted.flow)
    for name, column in GROUPS.items():
        value = getattr(wanted, name)
        if value is not None:
            found = (
                found.filter(**{column: value})
                if value
                else found.filter(Q(**{column: ""}) | Q(**{f"{column}__isnull": True}))
            )
    return found.distinct() if measure == "returned" else found


def counts(actor: Actor, wanted: Wanted) -> dict[str, int]:
    """Every measure of a period."""
    return {measure: counted_cases(actor, wanted, measure).count() for measure in MEASURES}


def counts_by(actor: Actor, wanted: Wanted, measure: str, group: str) -> dict[str, int]:
    """A measure for each value of a group; what has none stands under the empty text."""
    found: dict[str, int] = {}
    rows = counted_cases(actor, wanted, measure).order_by().values_list(GROUPS[group])
    for value, number in rows.annotate(n=Count("id", distinct=True)):
        found[value or ""] = found.get(value or "", 0) + number
    return found


def received_by_day(actor: Actor, wanted: Wanted) -> dict[date, int]:
    """How many came in on each day of a period, days without any included."""
    rows = counted_cases(actor, wanted, "received").order_by().annotate(day=TruncDate("reported_at")).values_list("day")
    known = dict(rows.annotate(n=Count("id")))
    days = (wanted.last - wanted.first).days + 1
    return {day: known.get(day, 0) for day in (wanted.first + timedelta(days=n) for n in range(days))}


def oldest_late(actor: Actor, wanted: Wanted, most: int = 20) -> list[Incident]:
    """Those overdue at the end of a period, the longest overdue first."""
    return list(counted_cases(actor, wanted, "late_at_end").order_by("case__due_at", "id")[:most])


def link_to(wanted: Wanted, measure: str) -> str:
    """The page that lists what a count counts."""
    values: dict[str, Any] = {"flow": wanted.flow, "from": wanted.first, "to": wanted.last, "measure": measure}
    values |= {name: getattr(wanted, name) for name in GROUPS if getattr(wanted, name) is not None}
    return f"{reverse('counted-cases')}?{urlencode(values)}"


def _measure(measure: str, start: datetime, end: datetime) -> Q:
    closed = Q(case__state="closed", case__closed_at__gte=start, case__closed_at__lt=end)
    standing = (
        Q(reported_at__lt=end)
        & ~Q(case__state__in=("cancelled", "merged"))
        & (Q(case__closed_at__isnull=True) | Q(case__closed_at__gte=end))
    )
    return {
        "received": Q(reported_at__gte=start, reported_at__lt=end),
        "closed": closed,
        "closed_in_time": closed & Q(case__closed_at__lte=F("case__due_at")),
        "returned": Q(case__tasks__state="returned", case__tasks__done_at__gte=start, case__tasks__done_at__lt=end),
        "open_at_end": standing,
        "late_at_end": standing & Q(case__due_at__lt=end),
    }[measure]
