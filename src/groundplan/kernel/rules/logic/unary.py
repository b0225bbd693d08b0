"""Unary tests: what stands in a condition cell. The S-FEEL subset of OMG DMN 1.4 (clause 9), read by hand.

``-`` any; ``"a", "b"`` one of; ``not("a")``; ``> 3``, ``[1..5)``, ``]1..5[``; ``date("2026-01-01")`` or the bare date.
Full-width digits and operators are understood; Chinese text may stand without quotes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from groundplan.kernel.rules.errors import CellRefused
from groundplan.kernel.rules.logic.facts import read_fact
from groundplan.kernel.rules.logic.values import ORDERED, READERS, Choice, Field, literal_text, nearest, shorten

MAX_CELL: Final = 4_000
_OPEN_QUOTES: Final = {'"': '"', "“": "”", "”": "”", "＂": "＂", "「": "」"}
_NOT: Final = re.compile(r"(?:not|非)\s*\(", re.IGNORECASE)
_NULL: Final = frozenset({"null", "空"})
_FULL_WIDTH: Final = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {
    ord("　"): " ",
    ord("≤"): "<=",
    ord("≥"): ">=",
    ord("≦"): "<=",
    ord("≧"): ">=",
    ord("－"): "-",
    ord("−"): "-",
    ord("–"): "-",
    ord("—"): "-",
    ord("【"): "[",
    ord("】"): "]",
    ord("［"): "[",
    ord("］"): "]",
    ord("‥"): "..",
    ord("…"): "..",
    ord("“"): '"',
    ord("”"): '"',
    ord("、"): ",",
}


@dataclass(frozen=True)
class Span:
    """The values between two bounds; None is unbounded."""

    low: Any = None
    low_in: bool = False
    high: Any = None
    high_in: bool = False

    def holds(self, value: Any) -> bool:
        """Whether a value lies within."""
        if self.low is not None and (value < self.low or (value == self.low and not self.low_in)):
            return False
        return self.high is None or value < self.high or (value == self.high and self.high_in)


@dataclass(frozen=True)
class Test:
    """One condition as a set of values: everything, or members and spans, or all but these.

    Args:
        members: single values of types without order (text, enumeration, boolean), and None for the empty fact.
        spans: ranges of ordered types; a single value is a span of itself.
        negated: the set's complement.
    """

    members: frozenset[Any] = frozenset()
    spans: tuple[Span, ...] = ()
    negated: bool = False

    __test__ = False  # Not a test of pytest.

    @property
    def is_any(self) -> bool:
        """Whether the cell says nothing."""
        return self.negated and not self.members and not self.spans

    def holds(self, value: Any) -> bool:
        """Whether a typed value meets the condition: the plain reading that the compiled form must equal."""
        inside = value in self.members or (value is not None and any(span.holds(value) for span in self.spans))
        return inside != self.negated


ANY: Final = Test(negated=True)


def parse_test(text: str, field: Field) -> Test:
    """Read a condition cell.

    Args:
        text: the cell, blank or ``-`` for any value.
        field: the column's type and, for an enumeration, its values.

    Raises:
        CellRefused: saying what is wrong and how to write it.

    >>> parse_test("[1..5)", Field("n", "integer")).spans
    (Span(low=1, low_in=True, high=5, high_in=False),)
    """
    if len(text) > MAX_CELL:
        raise CellRefused("too-long", length=len(text), limit=MAX_CELL)
    stripped = text.strip().strip("　")
    if stripped in ("", "-", "－", "—", "–"):
        return ANY
    if field.type in ("string", "enumeration"):
        return _parse_text_test(stripped, field)
    normal = stripped.translate(_FULL_WIDTH).strip()
    inner, negated = _unwrap_not(normal)
    items = _split(inner, text)
    if field.type == "boolean":
        return Test(members=frozenset(_read_member(item, field) for item in items), negated=negated)
    _refuse_thousands(inner, field)
    found = [_read_span(item, field) for item in items]
    return Test(
        members=frozenset({None}) if None in found else frozenset(),
        spans=tuple(span for span in found if span is not None),
        negated=negated,
    )


def _unwrap_not(text: str) -> tuple[str, bool]:
    """The inside of ``not(...)`` and whether there was one."""
    found = _NOT.match(text)
    if not found:
        return text, False
    inner = text[found.end() : -1]
    if not text.endswith(")") or _NOT.search(inner):
        raise CellRefused("not-nested", text=shorten(text))
    return inner, True


def _split(text: str, whole: str) -> list[str]:
    """Comma-separated items; none may be empty."""
    items = [item.strip() for item in text.split(",")]
    if not all(items):
        raise CellRefused("empty-item", text=shorten(whole))
    return items


def _refuse_thousands(text: str, field: Field) -> None:
    """``1,234`` could be one number or two: ask instead of guessing."""
    found = re.search(r"(?<![\d.])\d{1,3}(?:,\d{3})+(?![\d.])", text)
    if found and field.type in ("integer", "decimal"):
        raise CellRefused("number-thousands", text=found.group(), joined=found.group().replace(",", ""))


_CALL: Final = re.compile(r"(?:date|duration|time|日期|时长|时刻)\s*\(\s*\"?([^\"()]*)\"?\s*\)\Z", re.IGNORECASE)


def _read_literal(text: str, field: Field) -> Any:
    """One value of an ordered type: bare, quoted or in ``date("...")``."""
    call = _CALL.match(text)
    if call:
        text = call.group(1).strip()
    elif field.type not in ("integer", "decimal") and len(text) > 1 and text[0] == text[-1] == '"':
        text = text[1:-1].strip()
    return READERS[field.type](text)


def _read_span(text: str, field: Field) -> Span | None:
    """A comparison, an interval, a single value, or None for the empty fact."""
    if text.lower() in _NULL:
        _require_optional(field)
        return None
    found = re.match(r"(<=|>=|<|>|!=|=)\s*(.*)\Z", text)
    if found:
        operator, rest = found.groups()
        value = _read_literal(rest, field)
        spans = {
            "<": Span(high=value),
            "<=": Span(high=value, high_in=True),
            ">": Span(low=value),
            ">=": Span(low=value, low_in=True),
            "=": Span(value, True, value, True),
        }
        if operator not in spans:
            raise CellRefused("not-nested", text=shorten(text))
        return spans[operator]
    if ".." in text:
        return _read_interval(text, field)
    if text[0] in "[](":
        raise CellRefused("interval-form", text=shorten(text))
    value = _read_literal(text, field)
    return Span(value, True, value, True)


def _read_interval(text: str, field: Field) -> Span:
    """``[a..b]``, ``(a..b)``, ``]a..b[`` and mixtures."""
    low_text, _, high_text = text.partition("..")
    opened, closed = text[0] in "[(]", text[-1] in "])["
    if not opened and not closed:
        low, high = low_text.strip(), high_text.strip(" .")
        _read_literal(low, field)
        _read_literal(high, field)
        raise CellRefused("interval-bare", text=shorten(text), low=shorten(low), high=shorten(high))
    if not opened or not closed or ".." in high_text:
        raise CellRefused("interval-form", text=shorten(text))
    low, high = _read_literal(low_text[1:].strip(), field), _read_literal(high_text[:-1].strip(), field)
    low_in, high_in = text[0] == "[", text[-1] == "]"
    if low > high:
        raise CellRefused("interval-upside-down", text=shorten(text))
    if low == high and not (low_in and high_in):
        raise CellRefused("interval-empty", text=shorten(text))
    return Span(low, low_in, high, high_in)


def _require_optional(field: Field) -> None:
    if not field.optional:
        raise CellRefused("null-required", name=field.name)


def _read_member(text: str, field: Field) -> Any:
    """A boolean, or None for the empty fact."""
    if text.lower() in _NULL:
        _require_optional(field)
        return None
    return READERS[field.type](text.removeprefix("=").strip())


def _parse_text_test(text: str, field: Field) -> Test:
    """A test over text: quoted or bare values, one of them or none of them."""
    names = {choice.value for choice in field.values}
    if text in names:
        return Test(members=frozenset({text}))
    head = text.translate({ord("（"): "(", ord("）"): ")"})
    found = _NOT.match(head)
    negated = bool(found and head.endswith(")"))
    inner = text[found.end() : -1] if found and negated else text
    if found and not negated:
        raise CellRefused("not-nested", text=shorten(text))
    members = [_text_member(item, quoted, field, names) for item, quoted in _text_items(inner, text, names)]
    return Test(members=frozenset(member for group in members for member in group), negated=negated)


def _text_items(text: str, whole: str, names: set[str]) -> list[tuple[str, bool]]:
    """Items between commas that stand outside quotes and brackets, and whether each was quoted."""
    items: list[tuple[str, bool]] = []
    position, current, quoted, depth = 0, "", False, 0
    if text.strip() in names:
        return [(text.strip(), True)]
    while position < len(text):
        character = text[position]
        if character in _OPEN_QUOTES and not current.strip() and not quoted:
            end = _closing_quote(text, position, whole)
            current, quoted, position = text[position + 1 : end].replace('""', '"'), True, end + 1
            continue
        if character in ",，" and depth == 0:
            items.append((current if quoted else current.strip(), quoted))
            current, quoted = "", False
        elif quoted and not character.isspace():
            raise CellRefused("unexpected", text=shorten(whole), position=position + 1, found=character)
        elif not quoted:
            if character in _OPEN_QUOTES:
                raise CellRefused("quote", text=shorten(whole))
            depth += (character in "(（") - (character in ")）")
            current += character
        position += 1
    if depth:
        raise CellRefused("text-form", text=shorten(whole))
    items.append((current if quoted else current.strip(), quoted))
    if any(not item and not was_quoted for item, was_quoted in items):
        raise CellRefused("empty-item", text=shorten(whole))
    return items


def _closing_quote(text: str, start: int, whole: str) -> int:
    """Where the quote opened at ``start`` closes; a doubled ``""`` stands for one."""
    closing = _OPEN_QUOTES[text[start]]
    if closing == "”":
        ends = [index for index in (text.find("”", start + 1), text.find("“", start + 1)) if index > 0]
        if ends:
            return min(ends)
        raise CellRefused("quote", text=shorten(whole))
    position = start + 1
    while True:
        position = text.find(closing, position)
        if position < 0:
            raise CellRefused("quote", text=shorten(whole))
        if closing == '"' and text[position : position + 2] == '""':
            position += 2
            continue
        return position


def _text_member(item: str, quoted: bool, field: Field, names: set[str]) -> list[str | None]:  # noqa: FBT001
    """The value or values that one item stands for."""
    if not quoted:
        if item.lower() in _NULL:
            _require_optional(field)
            return [None]
        item = re.sub(r"^[=＝]\s*", "", item)
        if not item or item[0] in "<>＜＞≤≥[]!":
            raise CellRefused("operator", text=shorten(item), type=field.type)
    if field.type == "string" or item in names:
        return [item]
    parts = [part.strip() for part in re.split("[、;；]", item)]
    if not quoted and len(parts) > 1 and all(part in names for part in parts):
        return list(parts)
    shown = "、".join([choice.value for choice in field.values][:20])
    raise CellRefused("value", text=shorten(item), values=shown, nearest=nearest(item, names))


def format_test(test: Test, field: Field) -> str:
    """A test written out again in its shortest standard form; ``parse_test`` reads it back to an equal test."""
    if test.is_any:
        return "-"
    if field.type in ("string", "enumeration"):
        order = {choice.value: index for index, choice in enumerate(field.values)}
        members = sorted((m for m in test.members if m is not None), key=lambda m: (order.get(m, 0), m))
        items = ['"' + member.replace('"', '""') + '"' for member in members]
    else:
        items = [literal_text(member) for member in sorted(m for m in test.members if m is not None)]
        items += [_format_span(span) for span in test.spans]
    if None in test.members:
        items.append("null")
    inner = ", ".join(items)
    return f"not({inner})" if test.negated else inner


def _format_span(span: Span) -> str:
    if span.low is not None and span.low == span.high:
        return literal_text(span.low)
    if span.low is None:
        return f"{'<=' if span.high_in else '<'} {literal_text(span.high)}"
    if span.high is None:
        return f"{'>=' if span.low_in else '>'} {literal_text(span.low)}"
    opening, closing = "[" if span.low_in else "(", "]" if span.high_in else ")"
    return f"{opening}{literal_text(span.low)}..{literal_text(span.high)}{closing}"


@lru_cache(maxsize=4096)
def compile_test(text: str, type: str, values: Sequence[str] = ()) -> Callable[[Any], bool]:  # noqa: A002 - the guard's own word.
    """A condition outside a table: the guard of a flow.

    Args:
        text: a unary test.
        type: the type of the value it will see.
        values: the values of an enumeration, a tuple.

    Returns:
        A function of one fact; it raises FactIllTyped for a value of another type. An absent value (None) meets
        only ``-``, ``null`` and a ``not(...)`` that does not name null.

    Raises:
        CellRefused: the text cannot be read.

    >>> compile_test('not("咨询")', "string")("投诉")
    True
    """
    choices = tuple(Choice(value, {"zh-hans": value}) for value in values)
    field = Field("value", type, values=choices, optional=True)
    test = parse_test(text, field)
    return lambda value: test.holds(read_fact(field, value))


__all__ = ["ANY", "ORDERED", "Span", "Test", "compile_test", "format_test", "parse_test"]
