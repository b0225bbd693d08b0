"""Who would be worse off: two answers compared by what the reader says is better, less or more."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final, Literal

from groundplan.kernel.rules.errors import CellRefused, ReplayRefused
from groundplan.kernel.rules.logic.values import ORDERED, Field, from_json

Verdict = Literal["same", "worse", "better", "other"]
Direction = Literal["lower", "higher"]
DIRECTIONS: Final = ("lower", "higher")
# An amount with its unit, as `5 work_days` or `2 小时`: comparable with another of the same unit.
_AMOUNT: Final = re.compile(r"\s*(-?\d{1,18}(?:\.\d{1,18})?)\s*([^\d\s].{0,40})?\s*\Z")


def check_directions(better: Mapping[str, str], outputs: Sequence[Field]) -> None:
    """Refuse a direction that no output can have.

    Raises:
        ReplayRefused: naming the output or the direction.
    """
    names = [item.name for item in outputs]
    for name, direction in better.items():
        if name not in names or direction not in DIRECTIONS:
            known = "、".join(f"{each}=lower|higher" for each in names)
            raise ReplayRefused("replay-better", text=f"{name}={direction}"[:100], known=known)


def verdict(
    before: Mapping[str, Any], after: Mapping[str, Any], better: Mapping[str, str], outputs: Mapping[str, Field]
) -> Verdict:
    """What became of somebody whose answer changed.

    Args:
        before: the recorded answer, as JSON.
        after: the candidate's answer, as JSON, or ``{"error": code}``.
        better: for outputs by name whether ``lower`` or ``higher`` is better.
        outputs: the columns by name.

    Returns:
        ``same``; ``worse`` when any such output is worse or nothing is answered any more; ``better`` when one is
        better and none worse; else ``other``.

    >>> verdict({"d": 3}, {"d": 5}, {"d": "lower"}, {"d": Field("d", "integer")})
    'worse'
    """
    if before == after:
        return "same"
    if "error" in after and "error" not in before and "error" not in outputs:
        return "worse"
    found = "other"
    for name, direction in better.items():
        step = _step(before.get(name), after.get(name), outputs[name])
        if step and (step > 0) == (direction == "lower"):
            return "worse"
        if step:
            found = "better"
    return found  # type: ignore[return-value]


def _step(before: Any, after: Any, field: Field) -> int:
    """1 when the value grew, -1 when it shrank, 0 when it stayed or cannot be compared."""
    old, new = _measure(before, field), _measure(after, field)
    if old is None or new is None or old[0] != new[0]:
        return 0
    return int(new[1] > old[1]) - int(new[1] < old[1])


def _measure(value: Any, field: Field) -> tuple[str, Any] | None:
    """A value as (unit, amount); None when it has no order."""
    if value is None or isinstance(value, (list, dict)):
        return None
    if field.type == "enumeration":
        order = {choice.value: place for place, choice in enumerate(field.values)}
        return ("", order[value]) if value in order else None
    if field.type in ORDERED:
        try:
            return "", from_json(field.type, value)
        except CellRefused:
            return None
    found = _AMOUNT.match(str(value)) if field.type == "string" else None
    return (found.group(2) or "", Decimal(found.group(1))) if found else None
