"""The read part of CKAN's action API, for programs that speak it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from groundplan.base.catalogue.queries.ckan import ACTIONS
from groundplan.kernel.parties.access import actor_of
from groundplan.lib.errors import GroundplanError, Invalid

TYPES = {403: "Authorization Error", 404: "Not Found Error"}
MOST_BYTES = 1_000_000


# Nothing is written, so that a foreign page could make nobody do anything; CKAN's clients send POST.
@csrf_exempt
@require_http_methods(["GET", "POST"])
def action(request: HttpRequest, name: str) -> JsonResponse:
    """Answer one action."""
    try:
        if name not in ACTIONS:
            return _refused(request, 404, f"Action name not known: {name[:60]}")
        result = ACTIONS[name](actor_of(request), _asked(request))
    except GroundplanError as error:
        return _refused(request, error.status, error.detail or error.title["en"])
    return JsonResponse({"help": request.build_absolute_uri(request.path), "success": True, "result": result})


def _asked(request: HttpRequest) -> Mapping[str, Any]:
    """What is asked: a JSON object, a form, or the query of the address.

    Raises:
        Invalid: the body is no JSON object.
    """
    if request.method == "GET" or not request.body:
        return request.GET.dict()
    if "json" not in (request.content_type or "") and request.POST:
        return request.POST.dict()
    try:
        found = json.loads(request.body[: MOST_BYTES + 1])
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise Invalid("JSON", accepted="{…}")
    return found


def _refused(request: HttpRequest, status: int, message: str) -> JsonResponse:
    kind = TYPES.get(status, "Validation Error")
    error = {"__type": kind, "message": message}
    content = {"help": request.build_absolute_uri(request.path), "success": False, "error": error}
    return JsonResponse(content, status=status if status in TYPES else 409)
