"""Addresses of GeoReport v2 under /open311, and the page of its keys."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path, re_path
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from groundplan.kernel.parties import access
from groundplan.kernel.parties.access import AuthenticatedRequest
from groundplan.lib import environment
from groundplan.lib.errors import GroundplanError
from groundplan.portal.problems import retry_header
from groundplan.portal.templatetags.portal import label
from groundplan.systems.incidents.actions import count_visit
from groundplan.systems.incidents.api import visitor_of
from groundplan.systems.incidents.open311 import actions, asking, services
from groundplan.systems.incidents.open311.errors import Open311Unknown, RequestMalformed
from groundplan.systems.incidents.open311.models import Open311Key
from groundplan.systems.incidents.open311.written import KINDS, errors, written

P = ParamSpec("P")
ATTRIBUTE = re.compile(r"^attribute\[([^\]]{1,60})\](?:\[\])?$")
NOTICE = "Follow it with this number and the code {code}."
STANDARD = "http://wiki.open311.org/GeoReport_v2"
CHANGESET = "2026-11-23T00:00:00Z"


def endpoint(view: Callable[Concatenate[HttpRequest, P], bytes]) -> Callable[..., HttpResponse]:
    """An address of the standard: its format, its jurisdiction, its errors.

    The format is the ending of the address, else what the reader accepts, else XML. No session is looked at, so that
    no form token is needed.
    """

    @wraps(view)
    def answered(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        ending = str(kwargs.pop("ending", None) or "")
        accepted = request.headers.get("Accept", "")
        form = ending or ("json" if "json" in accepted and "xml" not in accepted else "xml")
        request.form = form  # type: ignore[attr-defined]
        try:
            _check(request)
            answer = HttpResponse(view(request, *args, **kwargs), content_type=KINDS[form], headers=_more(request))
        except GroundplanError as error:
            answer = _refused(form, error)
        answer["Access-Control-Allow-Origin"] = "*"
        answer["Vary"] = "Accept, Accept-Language"
        return answer

    return answered


@require_GET
@endpoint
def discovery(request: HttpRequest) -> bytes:
    """Where the interface is and what it speaks (Service Discovery)."""
    kinds = [kind.split(";")[0] for kind in KINDS.values()]
    address = {
        "specification": STANDARD, "url": request.build_absolute_uri("/open311/v2"), "changeset": CHANGESET,
        "type": "production", "formats": ("format", kinds),
    }  # fmt: skip
    return _written(request, "discovery", "", {"changeset": CHANGESET, "endpoints": ("endpoint", [address])})


@require_GET
@endpoint
def service_list(request: HttpRequest) -> bytes:
    """GET service list."""
    return _written(request, "services", "service", [services.listed(each) for each in services.services()])


@require_GET
@endpoint
def service_definition(request: HttpRequest, code: str) -> bytes:
    """GET service definition."""
    return _written(request, "service_definition", "", services.defined(services.service(code)))


@csrf_exempt
@require_http_methods(["GET", "POST"])
@endpoint
def requests(request: HttpRequest) -> bytes:
    """GET service requests and POST service request."""
    return _posted(request) if request.method == "POST" else _found(request)


@require_GET
@endpoint
def one_request(request: HttpRequest, number: str) -> bytes:
    """GET service request."""
    count_visit(door="open311-read", visitor=visitor_of(request))
    row = asking.request_of(number)
    return _written(request, "service_requests", "request", [asking.shown(row, _names())])


@require_GET
@endpoint
def token(request: HttpRequest, token: UUID) -> bytes:
    """GET request_id from a token; empty as long as the batch has not come."""
    count_visit(door="open311-read", visitor=visitor_of(request))
    row = asking.of_token(token)
    found = {"service_request_id": row.incident.receipt if row.incident else None, "token": str(token)}
    return _written(request, "service_requests", "request", [found])


@access.officer(*actions.KEEPERS)
@require_GET
def overview(request: AuthenticatedRequest) -> HttpResponse:
    """The address, the services and the keys."""
    return render(request, "incidents/open311.html", _context(request))


@access.officer(*actions.KEEPERS)
@require_POST
def issue_key(request: AuthenticatedRequest) -> HttpResponse:
    """Give a program a key; it is shown on the answer only."""
    try:
        _row, text = actions.issue_open311_key(actor=request.actor, name=request.POST.get("name", ""))
    except RequestMalformed as error:
        return render(request, "incidents/open311.html", {**_context(request), "error": error}, status=422)
    return render(request, "incidents/open311.html", {**_context(request), "issued": text})


@access.officer(*actions.KEEPERS)
@require_POST
def end_key(request: AuthenticatedRequest, key: UUID) -> HttpResponse:
    """End a key."""
    actions.end_open311_key(actor=request.actor, key=key)
    return redirect("open311")


def _context(request: HttpRequest) -> dict[str, Any]:
    keys = list(Open311Key.objects.order_by("ended_at", "-id")[:200])
    return {
        "address": request.build_absolute_uri("/open311/v2"),
        "services": len(services.services()),
        "keys": keys,
        "needed": any(key.ended_at is None for key in keys),
    }


def _refused(form: str, error: GroundplanError) -> HttpResponse:
    """An error as the standard writes it."""
    text = " ".join(filter(None, (error.detail or str(error), error.accepted, error.next_step)))
    status = 400 if error.status == 422 else error.status  # noqa: PLR2004 - the standard knows no 422.
    headers = retry_header(error)
    return HttpResponse(errors(form, [(status, text)]), status=status, content_type=KINDS[form], headers=headers)


def _check(request: HttpRequest) -> None:
    """Refuse another city's jurisdiction, and what no text column can hold."""
    given = request.POST if request.method == "POST" else request.GET
    ours, asked = environment.read("GROUNDPLAN_JURISDICTION"), given.get("jurisdiction_id", "")
    if ours and asked and asked != ours:
        raise Open311Unknown(f"jurisdiction_id {asked[:80]!r} was not found.")
    if "\x00" in request.path or any("\x00" in text for name in given for text in (name, *given.getlist(name))):
        raise RequestMalformed("A parameter has the character U+0000.")


def _more(request: HttpRequest) -> dict[str, str]:
    """Headers that an answer brings: where the list goes on."""
    found: dict[str, str] = getattr(request, "more", {})
    return found


def _posted(request: HttpRequest) -> bytes:
    accepted = actions.accept_request(asking=_asking(request))
    account = request.POST.get("account_id", "")[:80] or None
    notice = NOTICE.format(code=accepted.code)
    made = (
        {"service_request_id": accepted.number, "service_notice": notice, "account_id": account}
        if accepted.number
        else {"token": str(accepted.token), "service_notice": None, "account_id": account}
    )
    return _written(request, "service_requests", "request", [made])


def _asking(request: HttpRequest) -> actions.Asking:
    return actions.Asking(
        request.POST.dict(),
        {match[1]: request.POST.getlist(name) for name in request.POST if (match := ATTRIBUTE.match(name))},
        visitor_of(request),
        [(file.name or "file", file.read()) for name in ("media", "media[]") for file in request.FILES.getlist(name)],
        key=request.headers.get("Idempotency-Key", "")[:128],
        later="respond-async" in request.headers.get("Prefer", ""),
    )


def _found(request: HttpRequest) -> bytes:
    count_visit(door="open311-read", visitor=visitor_of(request))
    wanted = asking.read_wanted(request.GET.dict())
    page, names = asking.requests_for(wanted), _names()
    if page.next:
        query = urlencode({**request.GET.dict(), "after": page.next})
        request.more = {"Link": f'<{request.build_absolute_uri(request.path)}?{query}>; rel="next"'}  # type: ignore[attr-defined]
    return _written(request, "service_requests", "request", [asking.shown(row, names) for row in page.items])


def _names() -> dict[str, str]:
    return {each.code: label(each.category.label) for each in services.services()}


def _written(request: HttpRequest, root: str, item: str, value: Any) -> bytes:
    return written(request.form, root, item, value)  # type: ignore[attr-defined]


ENDING = r"(?:\.(?P<ending>xml|json))?$"
urlpatterns: list[URLPattern] = [
    re_path(rf"^open311/discovery{ENDING}", discovery, name="open311-discovery"),
    re_path(rf"^open311/v2/services{ENDING}", service_list, name="open311-services"),
    re_path(rf"^open311/v2/services/(?P<code>[^/]{{1,80}}?){ENDING}", service_definition, name="open311-service"),
    re_path(rf"^open311/v2/requests{ENDING}", requests, name="open311-requests"),
    re_path(rf"^open311/v2/requests/(?P<number>[^/]{{1,64}}?){ENDING}", one_request, name="open311-request"),
    re_path(rf"^open311/v2/tokens/(?P<token>[0-9a-f-]{{36}}){ENDING}", token, name="open311-token"),
    path("open311", overview, name="open311"),
    path("open311/keys", issue_key, name="open311-key-issue"),
    path("open311/keys/<uuid:key>/end", end_key, name="open311-key-end"),
]
