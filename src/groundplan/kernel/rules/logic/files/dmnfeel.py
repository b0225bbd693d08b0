"""Cells of DMN in FEEL as cells of ours: text in quotes, literals, unary tests; anything else is told, not guessed."""

from __future__ import annotations

import re
from typing import Any, Final

from groundplan.kernel.rules.errors import CellRefused
from groundplan.kernel.rules.logic.unary import MAX_CELL
from groundplan.kernel.rules.logic.values import shorten

_STRING: Final = re.compile(r'"((?:[^"\\]|\\.)*)"')
_ESCAPES: Final = {"n": "\n", "t": "\t", "r": "\r", '"': '"', "\\": "\\", "'": "'"}
# What S-FEEL has outside of quotes: literals, comparison, intervals, not, and the calls that make dates and durations.
_WORDS: Final = re.compile(r"[A-Za-z_\u0080-\uffff][\w ]*")
_KNOWN: Final = frozenset({"true", "false", "null", "not", "date", "time", "duration"})
_CALL: Final = re.compile(r'(?:date|time|duration)\s*\(\s*"([^"]*)"\s*\)\Z')
_ESCAPED_UNICODE: Final = re.compile(r"u([0-9A-Fa-f]{4})")


def unescaped(text: str) -> str:
    """The text of a FEEL string literal without its quotes."""

    def one(found: re.Match[str]) -> str:
        code = found.group(1)
        if len(code) == 5:  # noqa: PLR2004 - u and four digits.
            return chr(int(code[1:], 16))
        return _ESCAPES.get(code, "\\" + code)

    return re.sub(r"\\(u[0-9A-Fa-f]{4}|.)", one, text, flags=re.DOTALL)


def values_of(text: str) -> list[str]:
    """The texts of a list of allowed values; none when they are no texts."""
    if _STRING.sub("", text).strip(" ,\n\t"):
        return []
    return list(dict.fromkeys(unescaped(found) for found in _STRING.findall(text)))


def entry_text(text: str, kind: str) -> str:
    """A unary test of FEEL as ours.

    Raises:
        CellRefused: it is more than S-FEEL.
    """
    if len(text) > MAX_CELL:
        raise CellRefused("too-long", length=len(text), limit=MAX_CELL)
    outside = _STRING.sub('""', text)
    _refuse_expressions(outside, text)
    if kind not in ("string", "enumeration"):
        return text
    if outside.strip() not in ("", "-") and not re.fullmatch(r'(?:not\s*\(|[\s",)=]|null)*', outside):
        raise CellRefused("dmn-text", text=shorten(text))
    return _STRING.sub(lambda found: '"' + unescaped(found.group(1)).replace('"', '""') + '"', text)


def _refuse_expressions(outside: str, text: str) -> None:
    for word in _WORDS.findall(outside):
        if word.strip() not in _KNOWN:
            raise CellRefused("dmn-expression", text=shorten(text))
    if re.search(r"[*/{}?]|\*\*|\d\s*[-+]\s*\d", outside):
        raise CellRefused("dmn-expression", text=shorten(text))


def output_value(text: str, kind: str) -> Any:
    """A literal of FEEL as the output of a row.

    Raises:
        CellRefused: it is no literal.
    """
    if len(text) > MAX_CELL * 3:
        raise CellRefused("too-long", length=len(text), limit=MAX_CELL * 3)
    if text in ("", "null", "-"):
        return None
    if kind == "list":
        inner = text[1:-1] if text[:1] == "[" and text[-1:] == "]" else text
        if _STRING.sub("", inner).strip(" ,\n\t"):
            raise CellRefused("dmn-expression", text=shorten(text))
        return [unescaped(found) for found in _STRING.findall(inner)]
    whole = _STRING.fullmatch(text)
    if kind in ("string", "enumeration"):
        if whole is None:
            raise CellRefused("dmn-text", text=shorten(text))
        # Quoted once more, so that a text like "null" or "-" stays a text.
        return '"' + unescaped(whole.group(1)) + '"'
    call = _CALL.match(text)
    if call:
        return call.group(1)
    _refuse_expressions(_STRING.sub('""', text), text)
    return text
