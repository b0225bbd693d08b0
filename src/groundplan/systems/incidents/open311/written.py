"""Answers of GeoReport v2 in its two forms; the JSON follows from the XML by the standard's own mapping."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any
from xml.sax.saxutils import escape

# What an XML 1.0 document cannot hold, not even escaped (production [2] Char).
FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
KINDS = {"xml": "text/xml; charset=utf-8", "json": "application/json; charset=utf-8"}


def written(form: str, root: str, item: str, value: Any) -> bytes:
    """An answer as XML or JSON.

    Args:
        form: ``xml`` or ``json``.
        root: name of the document's element.
        item: name of the elements of a list; empty when the answer is one object.
        value: a list of objects, or one object; lists inside are ``(name of their elements, values)``.

    Example:
        >>> print(written("xml", "errors", "error", [{"code": 404, "description": "a < b"}]).decode())
        <?xml version="1.0" encoding="utf-8"?>
        <errors><error><code>404</code><description>a &lt; b</description></error></errors>
        >>> written("json", "errors", "error", [{"code": 404, "description": "a < b"}]).decode()
        '[{"code": 404, "description": "a < b"}]'
    """
    if form == "json":
        return json.dumps(_plain(value), ensure_ascii=False).encode("utf-8", "replace")
    body = _element(root, (item, value) if item else value)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{body}'.encode()


def _plain(value: Any) -> Any:
    """Without the names of list elements, which JSON does not have."""
    if isinstance(value, Mapping):
        return {name: _plain(part) for name, part in value.items()}
    if isinstance(value, tuple):
        return [_plain(part) for part in value[1]]
    return [_plain(part) for part in value] if isinstance(value, list) else value


def _element(name: str, value: Any) -> str:
    if isinstance(value, tuple):
        inner = "".join(_element(value[0], part) for part in value[1])
    elif isinstance(value, Mapping):
        inner = "".join(_element(part, content) for part, content in value.items())
    elif isinstance(value, bool):
        inner = "true" if value else "false"
    else:
        inner = "" if value is None else escape(FORBIDDEN.sub("", str(value)))
    return f"<{name}>{inner}</{name}>" if inner else f"<{name}/>"


def errors(form: str, faults: Sequence[tuple[int, str]]) -> bytes:
    """The standard's error document."""
    return written(form, "errors", "error", [{"code": code, "description": text} for code, text in faults])
