"""Errors as answers: RFC 9457 problem details for the API, a page in the reader's language for browsers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import get_language
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError

from groundplan.lib.errors import GroundplanError, Invalid, NotAllowed, NotFound


def problem_response(error: GroundplanError) -> HttpResponse:
    """The problem document of an error as an HTTP answer."""
    return JsonResponse(
        error.problem(),
        status=error.status,
        content_type="application/problem+json",
        json_dumps_params={"ensure_ascii": False},
    )


def problem_page(request: HttpRequest, error: GroundplanError) -> HttpResponse:
    """The same error as a page."""
    title = error.title.get(get_language() or "zh-hans", error.title["en"])
    return render(request, "portal/problem.html", {"error": error, "error_title": title}, status=error.status)


class Problems:
    """Turns a GroundplanError that leaves a page view into an answer."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request."""
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Answer with the problem instead of raising it further."""
        if isinstance(exception, Http404):
            exception = NotFound()
        if isinstance(exception, PermissionDenied):
            exception = NotAllowed()
        if not isinstance(exception, GroundplanError):
            return None
        if request.path.startswith("/api/"):
            return problem_response(exception)
        return problem_page(request, exception)


def install_handlers(api: NinjaAPI) -> None:
    """Make every error of the API a problem document."""

    def from_groundplan(request: HttpRequest, error: Any) -> HttpResponse:  # noqa: ARG001 - ninja's signature.
        return problem_response(error)

    def from_validation(request: HttpRequest, error: Any) -> HttpResponse:  # noqa: ARG001
        fields = [
            {"field": ".".join(str(part) for part in item["loc"]), "reason": item["msg"]} for item in error.errors
        ]
        return problem_response(Invalid("The request has fields that are not accepted.", fields=fields))

    def from_http(request: HttpRequest, error: Any) -> HttpResponse:  # noqa: ARG001
        made = GroundplanError(str(error))
        document = {**made.problem(), "status": error.status_code, "type": "about:blank"}
        return JsonResponse(document, status=error.status_code, content_type="application/problem+json")

    def from_missing(request: HttpRequest, error: Any) -> HttpResponse:  # noqa: ARG001
        return problem_response(NotFound())

    def from_anonymous(request: HttpRequest, error: Any) -> HttpResponse:  # noqa: ARG001
        document = NotAllowed("No one is signed in.", next_step="Sign in, or send an access token.").problem()
        return JsonResponse({**document, "status": 401}, status=401, content_type="application/problem+json")

    api.add_exception_handler(GroundplanError, from_groundplan)
    api.add_exception_handler(ValidationError, from_validation)
    api.add_exception_handler(HttpError, from_http)
    api.add_exception_handler(Http404, from_missing)
    api.add_exception_handler(AuthenticationError, from_anonymous)
