"""GET requests: the filters of GeoReport v2, its limits, and a request as everybody may see it."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import Max, OuterRef, Q, QuerySet, Subquery

from groundplan.kernel.cases.models import ACTIVE_CASE, Case, Step
from groundplan.lib import clock, keyset
from groundplan.portal.templatetags.portal import label
from groundplan.systems.incidents.logic.masking import mask_text
from groundplan.systems.incidents.open311.errors import Open311Unknown, RequestMalformed
from groundplan.systems.incidents.open311.models import Open311Request

SPAN = timedelta(days=90)
MOST = 1000
MOST_NAMED = 200
# These accuse somebody: such requests are not shown to everybody, whenever that turns out.
UNPUBLISHED_TYPES = ("complaint", "report")
STATES = ("open", "closed")


@dataclass(frozen=True)
class Wanted:
    """The filters of one question."""

    ids: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    states: tuple[str, ...] = ()
    start: datetime | None = None
    end: datetime | None = None
    size: int = MOST
    after: str = ""


def read_wanted(given: Mapping[str, str]) -> Wanted:
    """The filters of a query string; an empty parameter is as good as none.

    Raises:
        RequestMalformed: one cannot be read, or the dates are more than 90 days apart.
    """
    states = _words(given, "status")
    if set(states) - set(STATES):
        raise RequestMalformed(f"status {given['status'][:80]!r} is not known.", accepted="open, closed")
    start, end = _moment(given, "start_date"), _moment(given, "end_date")
    if start and end and not timedelta(0) <= end - start <= SPAN:
        raise RequestMalformed("start_date and end_date span more than is answered.", accepted="0 to 90 days")
    size = given.get("page_size", "").strip() or str(MOST)
    if not (size.isascii() and size.isdigit() and 1 <= int(size[:6]) <= MOST):
        raise RequestMalformed(f"page_size {size[:20]!r} is not accepted.", accepted=f"1 to {MOST}")
    return Wanted(
        _words(given, "service_request_id"), _words(given, "service_code"), states, start, end, int(size),
        given.get("after", "")[:200],
    )  # fmt: skip


def requests_for(wanted: Wanted) -> keyset.Page[Open311Request]:
    """The requests that everybody may see, newest first; numbers that were asked for override every other filter."""
    found = _published()
    if wanted.ids:
        found = found.filter(incident__receipt__in=wanted.ids)
    else:
        start, end = _period(wanted)
        found = found.filter(requested_at__gte=start, requested_at__lte=end)
        if wanted.codes:
            found = found.filter(service_code__in=wanted.codes)
        if len(set(wanted.states)) == 1:
            found = found.filter(_in_state(wanted.states[0]))
    return _page(found, wanted)


def request_of(number: str) -> Open311Request:
    """One request that everybody may see.

    Raises:
        Open311Unknown: there is none, or it is not for everybody.
    """
    found = _published().filter(incident__receipt=number[:64]).first()
    if found is None:
        raise Open311Unknown(f"service_request_id {number[:64]!r} was not found.")
    return found


def shown(row: Open311Request, names: Mapping[str, str]) -> dict[str, Any]:
    """A request as everybody may see it: masked text, no reporter, no notes.

    Args:
        row: with its incident and case.
        names: name of each service by its code.
    """
    assert row.incident is not None  # noqa: S101 - only requests with an incident are published.
    incident, case = row.incident, _standing(row.incident.case)
    closed = not case.active
    return {
        "service_request_id": incident.receipt,
        "status": "closed" if closed else "open",
        "status_notes": mask_text(str(case.data.get("reply") or case.data.get("result") or "")).text or None
        if closed
        else None,
        "service_name": names.get(row.service_code, row.service_code),
        "service_code": row.service_code,
        # As long as nobody has said of which type it is, it may accuse somebody.
        "description": incident.text if case.flow != "hotline" or case.data.get("type") else None,
        "agency_responsible": label(case.owner_party.name),
        "service_notice": None,
        "requested_datetime": _iso(incident.reported_at),
        "updated_datetime": _iso(getattr(row, "updated_at", None) or case.opened_at),
        "expected_datetime": _iso(case.due_at),
        "address": incident.place or None,
        "address_id": None,
        "zipcode": None,
        "lat": incident.latitude,
        "long": incident.longitude,
        "media_url": row.media_url or None,
    }


def of_token(token: Any) -> Open311Request:
    """The request of a token.

    Raises:
        Open311Unknown: there is none.
        RequestMalformed: the request was refused when its turn came.
    """
    found = Open311Request.objects.select_related("incident", "same_as__incident").filter(public_id=token).first()
    if found is None:
        raise Open311Unknown("token was not found.")
    if found.state == "refused":
        raise RequestMalformed(f"The request was refused: {found.reason}")
    return found.same_as or found


def _published() -> QuerySet[Open311Request]:
    last = Step.objects.filter(case=OuterRef("incident__case")).values("case").annotate(at=Max("at")).values("at")
    return (
        Open311Request.objects.filter(state="done", incident__isnull=False)
        .filter(Q(incident__case__data__type__isnull=True) | ~Q(incident__case__data__type__in=UNPUBLISHED_TYPES))
        .select_related("incident__case__owner_party", "incident__case__merged_into__owner_party")
        .annotate(updated_at=Subquery(last))
    )


def _page(found: QuerySet[Open311Request], wanted: Wanted) -> keyset.Page[Open311Request]:
    """As ``keyset.page``, but with the standard's larger pages."""
    if wanted.after:
        at, last = keyset.decode_cursor(wanted.after, (datetime.fromisoformat, int))
        found = found.filter(requested_at__lte=at).filter(Q(requested_at__lt=at) | Q(pk__lt=last))
    rows = list(found.order_by("-requested_at", "-id")[: wanted.size + 1])
    return keyset.cut(rows, wanted.size, lambda row: [row.requested_at, row.pk])


def _period(wanted: Wanted) -> tuple[datetime, datetime]:
    """The 90 days asked about: after a start, before an end, else the last ones."""
    if wanted.start and wanted.end:
        return wanted.start, wanted.end
    if wanted.start:
        return wanted.start, wanted.start + SPAN
    end = wanted.end or clock.now()
    return end - SPAN, end


def _in_state(state: str) -> Q:
    is_open = Q(incident__case__state__in=ACTIVE_CASE) | Q(incident__case__merged_into__state__in=ACTIVE_CASE)
    return is_open if state == "open" else ~is_open


def _standing(case: Case) -> Case:
    """The case that stands for a case: itself, or the one that it was joined to."""
    return case.merged_into or case


def _words(given: Mapping[str, str], name: str) -> tuple[str, ...]:
    found = tuple(word.strip() for word in given.get(name, "").split(",") if word.strip())
    if len(found) > MOST_NAMED:
        raise RequestMalformed(f"{name} names too many.", accepted=f"at most {MOST_NAMED}")
    return found


def _moment(given: Mapping[str, str], name: str) -> datetime | None:
    text = given.get(name, "").strip()
    if not text:
        return None
    found: datetime | None = None
    with suppress(ValueError):
        # In a query string the plus sign of a zone arrives as a blank.
        found = datetime.fromisoformat(text.replace(" ", "+"))
    # At the ends of the calendar no period can be reckoned.
    if found is None or found.tzinfo is None or not 1 < found.year < 9999:  # noqa: PLR2004
        raise RequestMalformed(
            f"{name} {text[:40]!r} cannot be read.", accepted="2026-01-31T08:00:00Z or with an offset"
        )
    return found


def _iso(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if moment else None
