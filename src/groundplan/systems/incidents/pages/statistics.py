"""统计报表: the indicators per unit and period; each number leads to its cases."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from groundplan.kernel.parties import access
from groundplan.kernel.parties import queries as parties
from groundplan.kernel.parties.access import AuthenticatedRequest
from groundplan.lib import clock
from groundplan.lib.errors import NotAllowed
from groundplan.portal.templatetags.portal import label
from groundplan.portal.worklists import Table, remembered
from groundplan.systems.incidents import queries
from groundplan.systems.incidents.logic.rates import INDICATORS
from groundplan.systems.incidents.queries import counting
from groundplan.systems.incidents.registry import FLOOR_ROLES

MOST = 500
READERS = (*FLOOR_ROLES, "handler", "data_office")


@dataclass(frozen=True)
class Period:
    """Whole days in the city's zone, the last one included, and the flow that is asked about."""

    first: date
    last: date
    flow: str

    @property
    def start(self) -> datetime:
        """Its first moment."""
        return datetime.combine(self.first, time(0), tzinfo=timezone.get_current_timezone())

    @property
    def end(self) -> datetime:
        """The first moment after it."""
        return datetime.combine(self.last + timedelta(days=1), time(0), tzinfo=timezone.get_current_timezone())


@require_GET
@access.officer(*READERS)
@remembered("indicators")
def indicators(request: AuthenticatedRequest) -> HttpResponse:
    """The table of a period and flow."""
    period = period_of(request)
    shown = [indicator for indicator in INDICATORS if period.flow in indicator.flows]
    rows = [
        {"figures": found, "cells": [(indicator, found.rates[indicator.key]) for indicator in shown]}
        for found in queries.figures(request.actor, flow=period.flow, start=period.start, end=period.end)
    ]
    return render(request, "incidents/indicators.html", {"period": period, "indicators": shown, "rows": rows})


def table_of(request: HttpRequest) -> Table:
    """The table of a period and flow for a file.

    Raises:
        NotAllowed: the reader does not read figures.
    """
    actor, period = access.actor_of(request), period_of(request, request.POST or request.GET)
    if not actor.has_role(*READERS):
        raise NotAllowed
    shown = [indicator for indicator in INDICATORS if period.flow in indicator.flows]
    heads = [_("单位"), *(label(each.label) for each in shown), _("剔除件数"), _("示例评分")]
    rows = (
        [str(found.unit), *(_share(found.rates[each.key]) for each in shown), found.left_out, found.score]
        for found in queries.figures(actor, flow=period.flow, start=period.start, end=period.end)
    )
    return heads, rows


def _share(rate: Any) -> str:
    return f"{rate.percent} ({rate.hits}/{rate.total})" if rate.total else ""


@require_GET
@access.officer(*READERS)
def indicator_cases(request: AuthenticatedRequest) -> HttpResponse:
    """The cases behind one number."""
    period, key = period_of(request), request.GET.get("key", "")
    unit = parties.party_by_code(request.GET.get("unit", "")[:64].replace("\x00", ""))
    hit = {"yes": True, "no": False}.get(request.GET.get("hit", ""))
    found = queries.figure_cases(
        request.actor, flow=period.flow, start=period.start, end=period.end, unit=unit, key=key, hit=hit
    )
    indicator = next((known for known in INDICATORS if known.key == key), None)
    context = {"period": period, "unit": unit, "indicator": indicator, "hit": hit, "rows": found[:500]}
    return render(request, "incidents/indicator_cases.html", context)


@require_GET
@access.officer(*READERS)
def counted_cases(request: AuthenticatedRequest) -> HttpResponse:
    """The cases behind one number of a written report."""
    period, measure = period_of(request), request.GET.get("measure", "")
    if measure not in counting.MEASURES:
        raise Http404
    groups = {name: request.GET[name][:64].replace("\x00", "") for name in counting.GROUPS if name in request.GET}
    wanted = counting.Wanted(period.flow, period.first, period.last, **groups)
    rows = counting.counted_cases(request.actor, wanted, measure).order_by("-reported_at", "-id")[: MOST + 1]
    context = {"period": period, "measure": counting.MEASURES[measure], "rows": rows[:MOST], "more": len(rows) > MOST}
    return render(request, "incidents/counted_cases.html", context)


def period_of(request: HttpRequest, asked: QueryDict | None = None) -> Period:
    """The period asked for; by default this month until today."""
    today, asked = timezone.localtime(clock.now()).date(), asked or request.GET
    first = _day(asked.get("from", ""), today.replace(day=1))
    last = _day(asked.get("to", ""), today)
    flow = asked.get("flow", "")
    first, last = min(first, last), max(first, last)
    return Period(first, last, flow if flow in queries.FLOWS else "city-management")


def _day(text: str, otherwise: date) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return otherwise
    return day if date(2000, 1, 1) <= day <= date(2100, 1, 1) else otherwise
