"""The content security policy of every page: scripts from ourselves only, nothing inline, no eval."""

from __future__ import annotations

import os
from collections.abc import Callable
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse


def tile_source() -> str:
    """The origin of the configured base map, with a space before it; empty without one."""
    parts = urlsplit(os.environ.get("GROUNDPLAN_MAP_TILES", ""))
    return f" {parts.scheme}://{parts.netloc}" if parts.scheme in {"http", "https"} and parts.netloc else ""


POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "style-src-attr 'unsafe-inline'",
        f"connect-src 'self'{tile_source()}",
        "worker-src 'self'",
        "font-src 'self'",
        "manifest-src 'self'",
        "img-src 'self' data: blob:",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)


def let_forms_lead_to(response: HttpResponse, address: str) -> HttpResponse:
    """Let the form of one page end at one site outside: browsers hold redirects after a form to the policy as well."""
    parts = urlsplit(address)
    response["Content-Security-Policy"] = POLICY.replace(
        "form-action 'self'", f"form-action 'self' {parts.scheme}://{parts.netloc}"
    )
    return response


class ContentSecurityPolicy:
    """Adds the policy to every answer."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request with the policy in its headers."""
        response = self.get_response(request)
        response.setdefault("Content-Security-Policy", POLICY)
        return response
