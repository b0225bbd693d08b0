"""What every adapter of a source needs: one call that answers JSON, or says why not."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

from groundplan.kernel.events import actions as events
from groundplan.kernel.identity.actions._refusals import refused

MOST = 200_000
FORM = {"content-type": "application/x-www-form-urlencoded; charset=utf-8", "accept": "application/json"}


def ask(method: str, target: str, *, form: dict[str, str] | None = None, headers: dict[str, str] | None = None) -> Any:
    """One call to a house; no redirect is followed.

    Raises:
        SourceRefused: it did not answer, or not with JSON.
    """
    body = urlencode(form).encode() if form is not None else b""
    sent = {**(FORM if form is not None else {"accept": "application/json"}), **(headers or {})}
    failed, answer = events.call(method, target, body, sent, most=MOST)
    if failed:
        raise refused(failed)
    try:
        found = json.loads(answer)
    except ValueError:
        raise refused("not-json") from None
    if not isinstance(found, dict):
        raise refused("not-json")
    return found


def at(found: Any, path: str) -> str:
    """The text at a path such as ``data.user.id``; empty when nothing stands there."""
    for name in path.split("."):
        found = found.get(name) if isinstance(found, dict) else None
    return str(found) if isinstance(found, str | int) and not isinstance(found, bool) else ""


def code_of(asked: Any) -> str:
    """The code with which a browser came back.

    Raises:
        SourceRefused: it came back with an error, or with neither.
    """
    if asked.get("error"):
        raise refused("denied" if asked["error"] == "access_denied" else "error")
    code = asked.get("code") or asked.get("auth_code") or ""
    if not 1 <= len(code) <= 2000:  # noqa: PLR2004 - longer than any house gives.
        raise refused("no-code")
    return str(code)
