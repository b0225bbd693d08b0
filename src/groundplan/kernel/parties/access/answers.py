"""Answers that are given once only: Idempotency-Key (draft-ietf-httpapi-idempotency-key-header)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from ninja.decorators import decorate_view

from groundplan.kernel.parties import actions, queries
from groundplan.kernel.parties.access.doors import actor_of
from groundplan.kernel.parties.errors import KeyReused, RequestInProgress
from groundplan.lib.errors import Invalid
from groundplan.portal.problems import problem_response

KEY_LENGTH_MAX = 128


def _answer_once(operation: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Give the stored answer to a request that is sent again with the same Idempotency-Key."""

    @wraps(operation)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        key = request.headers.get("Idempotency-Key", "")
        if not key:
            return operation(request, *args, **kwargs)
        if len(key) > KEY_LENGTH_MAX:
            return problem_response(Invalid("The Idempotency-Key is too long.", accepted="1 to 128 characters"))
        actor_id = actor_of(request).actor_id
        asked = _fingerprint(request)
        with transaction.atomic():
            if not queries.take_answer(actor_id, key):
                return problem_response(
                    RequestInProgress("A request with this Idempotency-Key is being answered.", next_step="Wait, retry")
                )
            stored = queries.answer_for(actor_id, key)
            if stored:
                return _replay(stored, asked)
            answer = operation(request, *args, **kwargs)
            if answer.status_code >= 400:  # noqa: PLR2004 - RFC 9110: 4xx and 5xx are errors.
                transaction.set_rollback(True)  # Nothing was done, so the same key may try again.
            else:
                actions.keep_answer(
                    actor_id=actor_id,
                    key=key,
                    fingerprint=asked,
                    status=answer.status_code,
                    content_type=answer.headers.get("Content-Type", "application/json"),
                    content=answer.content.decode(),
                )
            return answer

    return guarded


# Decorator for ninja operations, between the route and the function: an answer and its effect are one transaction.
idempotent = decorate_view(_answer_once)


def _fingerprint(request: HttpRequest) -> bytes:
    """Hash of what was asked; the boundary of a form is left out, since it differs each time it is sent."""
    kind, _found, boundary = request.headers.get("Content-Type", "").partition("boundary=")
    body = request.body.replace(boundary.strip('"').encode(), b"") if boundary else request.body
    head = "\0".join((str(request.method), request.get_full_path(), kind))
    return hashlib.sha256(head.encode() + b"\0" + body).digest()


def _replay(stored: queries.StoredAnswer, fingerprint: bytes) -> HttpResponse:
    if stored.fingerprint != fingerprint:
        return problem_response(
            KeyReused("This Idempotency-Key came before with another request.", next_step="Use a new key.")
        )
    answer = HttpResponse(stored.content, status=stored.status, content_type=stored.content_type)
    answer["Idempotent-Replayed"] = "true"
    return answer
