"""Typed case data: what a form, a file or a rule says, read as the flow's types; JSON without floats."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from groundplan.kernel.cases.logic.flow import CaseField, Flow, Guards

_SEPARATORS = re.compile(r"[,，、;；\s]+")
_DIVISION = re.compile(r"[0-9]{6,12}")
_TRUE = {"true", "1", "on", "yes", "是"}
_FALSE = {"false", "0", "off", "no", "否"}
LARGEST_INTEGER = 10**15


def store(field: CaseField, value: Any) -> Any:
    """The stored form of a value of a field; None when empty.

    Raises:
        ValueError: the value is not of the field's type; the message says what is accepted.
    """
    if value is None or value in ("", []):
        return None
    read: Callable[[CaseField, Any], Any] = _STORE.get(field.type, _text)
    return read(field, value)


def load(field: CaseField, value: Any) -> Any:
    """The value that rules and guards see for a stored one."""
    if value is None:
        return None
    if field.type == "decimal":
        return Decimal(value)
    if field.type == "date":
        return date.fromisoformat(value)
    return value


def clean(fields: Mapping[str, CaseField], given: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """Stored forms of given values, and what is wrong with the others, by field name."""
    stored: dict[str, Any] = {}
    wrong: dict[str, str] = {}
    for name, value in given.items():
        if name not in fields:
            wrong[name] = "unknown"
            continue
        try:
            stored[name] = store(fields[name], value)
        except ValueError as error:
            wrong[name] = str(error)
    return stored, wrong


def unit_codes(value: Any) -> list[str]:
    """Codes of units from a list or a text such as ``A、B``, each once, in order.

    Example:
        >>> unit_codes("A、B,A")
        ['A', 'B']
    """
    parts = _SEPARATORS.split(value) if isinstance(value, str) else [str(part) for part in value or ()]
    return list(dict.fromkeys(part for part in (part.strip() for part in parts) if part))


def passes(flow: Flow, guards: Guards, data: Mapping[str, Any], test: Callable[[str, CaseField], Any]) -> bool:
    """Whether case data passes every guard; a missing value is null, as S-FEEL has it."""
    return all(test(text, flow.fields[name])(load(flow.fields[name], data.get(name))) for name, text in guards.items())


def mask(text: str) -> str:
    """A personal value as a page shows it: enough to recognise, not enough to know.

    Example:
        >>> mask("13812345678"), mask("张三丰"), mask("李四")
        ('138****5678', '张**', '李*')
    """
    if len(text) >= 8:  # noqa: PLR2004 - a phone or identity number keeps three and four characters.
        return text[:3] + "*" * (len(text) - 7) + text[-4:]
    return text[:1] + "*" * (len(text) - 1)


def _text(field: CaseField, value: Any) -> str:
    if not isinstance(value, str) or isinstance(value, bool):
        raise ValueError("text")  # noqa: TRY004 - every reader raises ValueError.
    text = value.strip().replace("\x00", "")
    if len(text) > field.longest:
        raise ValueError(f"at most {field.longest} characters")
    return text


def _integer(field: CaseField, value: Any) -> int:  # noqa: ARG001 - one signature for all types.
    if isinstance(value, bool) or not isinstance(value, (int, str)) or len(str(value)) > 20:  # noqa: PLR2004 - digits
        raise ValueError("a whole number")
    try:
        number = int(value)
    except ValueError:
        raise ValueError("a whole number") from None
    if abs(number) > LARGEST_INTEGER:
        raise ValueError(f"a whole number up to {LARGEST_INTEGER}")
    return number


def _decimal(field: CaseField, value: Any) -> str:  # noqa: ARG001
    if isinstance(value, (bool, float)) or len(str(value)) > 40:  # noqa: PLR2004 - digits
        raise ValueError("a decimal number, not a float")
    try:
        number = Decimal(str(value).strip())
    except InvalidOperation:
        raise ValueError("a decimal number") from None
    if not number.is_finite() or abs(number) > LARGEST_INTEGER:
        raise ValueError("a finite decimal number")
    return format(number, "f")


def _boolean(field: CaseField, value: Any) -> bool:  # noqa: ARG001
    if isinstance(value, bool):
        return value
    word = str(value).strip().lower()
    if word in _TRUE or word in _FALSE:
        return word in _TRUE
    raise ValueError("yes or no")


def _date(field: CaseField, value: Any) -> str:  # noqa: ARG001
    try:
        return (value if isinstance(value, date) else date.fromisoformat(str(value).strip())).isoformat()
    except ValueError:
        raise ValueError("a date such as 2026-05-06") from None


def _enumeration(field: CaseField, value: Any) -> str:
    values = field.values or {}
    if value not in values:
        raise ValueError("one of " + ", ".join(values))
    return str(value)


def _division(field: CaseField, value: Any) -> str:  # noqa: ARG001
    if not _DIVISION.fullmatch(str(value)):
        raise ValueError("the code of a division: 6 to 12 digits")
    return str(value)


def _parties(field: CaseField, value: Any) -> list[str]:  # noqa: ARG001
    if not isinstance(value, (str, list, tuple)):
        raise ValueError("codes of units")  # noqa: TRY004 - every reader raises ValueError.
    return unit_codes(value)


_STORE: dict[str, Callable[[CaseField, Any], Any]] = {
    "integer": _integer,
    "decimal": _decimal,
    "boolean": _boolean,
    "date": _date,
    "enumeration": _enumeration,
    "division": _division,
    "parties": _parties,
}
