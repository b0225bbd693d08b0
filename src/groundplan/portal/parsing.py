"""Reads requests of the API; refuses what no text column can hold, before it reaches one."""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpRequest
from ninja.errors import HttpError
from ninja.parser import Parser

NUL = "\x00"


def holds_nul(value: Any) -> bool:
    """Whether a JSON value has a NUL character in any of its texts or names."""
    if isinstance(value, str):
        return NUL in value
    if isinstance(value, dict):
        return any(holds_nul(name) or holds_nul(item) for name, item in value.items())
    return isinstance(value, list) and any(map(holds_nul, value))


class TextParser(Parser):
    """JSON bodies and query strings without NUL, which PostgreSQL refuses in text."""

    def parse_body(self, request: HttpRequest) -> Any:
        """The body as JSON."""
        body = json.loads(request.body)
        # Most bodies hold none and are not walked.
        if b"u0000" in request.body and holds_nul(body):
            raise HttpError(400, "The body has a text with the character U+0000; leave it out.")
        return body

    def parse_querydict(self, data: Any, list_fields: list[str], request: HttpRequest) -> Any:
        """The query string or the form."""
        found = super().parse_querydict(data, list_fields, request)
        if holds_nul(found):
            raise HttpError(400, "A parameter has the character U+0000; leave it out.")
        return found
