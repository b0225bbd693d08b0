"""What the rule ``hotline-types`` asks of each type of request: its way, its call-back, what must be entered."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from groundplan.kernel.rules import queries as rules
from groundplan.kernel.rules.errors import NoRowMatches, RuleNotInForce, RuleUnknown

RULE = "hotline-types"


@dataclass(frozen=True)
class TypeRule:
    """One row of the rule, for one type.

    Args:
        row: the row that fired, for whoever asks why.
        routing: ``directory`` or ``person``.
        callback: whether the reporter is called back.
        public: whether answer and case may be told in public.
        phone, place: whether they must be entered.
        shortest: fewest characters of the text.
    """

    row: str
    routing: str
    callback: bool
    public: bool
    phone: bool
    place: bool
    shortest: int


def type_rule(request_type: str, on: date | None = None) -> TypeRule | None:
    """The rules of a type on a day; None where the city has no such rule."""
    try:
        found = rules.evaluate(RULE, {"type": request_type} if request_type else {}, on)
    except (RuleUnknown, RuleNotInForce, NoRowMatches):
        return None
    said = found.outputs
    return TypeRule(
        row="、".join(found.rows),
        routing=str(said["routing"]),
        callback=bool(said["callback"]),
        public=bool(said["public"]),
        phone=bool(said["phone"]),
        place=bool(said["place"]),
        shortest=int(said["shortest"] or 1),
    )
