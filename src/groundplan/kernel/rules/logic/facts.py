"""Checks the facts of a decision: each missing, unknown or ill-typed one is an error that names it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Final

from groundplan.kernel.rules.errors import CellRefused, FactIllTyped, label_text, reason_text
from groundplan.kernel.rules.errors import accepted_text as accepted_by_type
from groundplan.kernel.rules.logic.values import MAX_DIGITS, READERS, Field, nearest, shorten, storable


def _refuse(item: Field, value: Any, why: str, **params: Any) -> FactIllTyped:
    shown = reason_text("hidden", {}) if item.personal else shorten(value)
    accepted = accepted_text(item)
    return FactIllTyped(
        item.name,
        accepted=accepted,
        label=label_text(item.label, item.name),
        value=shown,
        why=reason_text(why, params),
    )


def accepted_text(item: Field) -> str:
    """What a field takes, in words."""
    if item.values:
        names = [choice.value for choice in item.values]
        return "、".join(names[:20]) + ("…" if len(names) > 20 else "")  # noqa: PLR2004 - a readable message.
    return accepted_by_type(item.type)


def _kind_of(item: Field, value: Any) -> FactIllTyped:
    """Why a value of the wrong Python type is refused."""
    if value is None:
        return _refuse(item, value, "fact-null")
    if isinstance(value, bool):
        return _refuse(item, value, "fact-boolean")
    if isinstance(value, str):
        return _refuse(item, value, "fact-string")
    return _refuse(item, type(value).__name__, "fact-other", kind=type(value).__name__)


def _fact_decimal(item: Field, value: Any) -> Decimal | int:
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)):
        raise _kind_of(item, value)
    if isinstance(value, int):
        if abs(value) >= 10**MAX_DIGITS:
            raise _refuse(item, "…", "fact-digits")
        return value
    number = Decimal(repr(value)) if isinstance(value, float) else value
    if not number.is_finite():
        raise _refuse(item, value, "fact-nan")
    sign_digits = number.as_tuple()
    exponent = int(sign_digits.exponent)
    if len(sign_digits.digits) + max(exponent, 0) > MAX_DIGITS or exponent < -MAX_DIGITS:
        raise _refuse(item, "…", "fact-digits")
    return number


def _fact_integer(item: Field, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        if isinstance(value, (float, Decimal)) and value != value:  # noqa: PLR0124 - NaN alone differs from itself.
            raise _refuse(item, value, "fact-nan")
        raise _kind_of(item, value)
    if abs(value) >= 10**MAX_DIGITS:
        raise _refuse(item, "…", "fact-digits")
    return value


def _fact_string(item: Field, value: Any) -> str:
    if not isinstance(value, str):
        raise _kind_of(item, value)
    if not storable(value):
        raise _refuse(item, value, "fact-text")
    return str(value)


def _fact_enumeration(item: Field, value: Any) -> str:
    if not isinstance(value, str):
        raise _kind_of(item, value)
    names = [choice.value for choice in item.values]
    if value not in names:
        raise _refuse(item, value, "fact-value", nearest=nearest(value, names))
    return str(value)


def _fact_boolean(item: Field, value: Any) -> bool:
    if not isinstance(value, bool):
        raise _kind_of(item, value)
    return value


def _fact_of_class(item: Field, value: Any, kind: type) -> Any:
    """A date, time or duration: the Python object, or its ISO text (JSON has no other)."""
    if isinstance(value, kind) and not isinstance(value, datetime):
        if isinstance(value, time) and value.tzinfo is not None:
            raise _kind_of(item, value)
        return value
    if isinstance(value, str):
        try:
            return READERS[item.type](value)
        except CellRefused:
            raise _kind_of(item, value) from None
    raise _kind_of(item, value)


def read_fact(item: Field, value: Any) -> Any:
    """Check one fact against its field.

    Returns:
        The typed value; None only for an optional field.

    Raises:
        FactIllTyped: naming the fact, the value and what is accepted.
    """
    if value is None and item.optional:
        return None
    return _CHECKS[item.type](item, value)


_CHECKS: Final[Mapping[str, Callable[[Field, Any], Any]]] = {
    "string": _fact_string,
    "enumeration": _fact_enumeration,
    "integer": _fact_integer,
    "decimal": _fact_decimal,
    "boolean": _fact_boolean,
    "date": lambda item, value: _fact_of_class(item, value, date),
    "time": lambda item, value: _fact_of_class(item, value, time),
    "duration": lambda item, value: _fact_of_class(item, value, timedelta),
}
