"""Guards of flows: S-FEEL unary tests on the typed data of a case."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from groundplan.kernel.cases.logic import values
from groundplan.kernel.cases.logic.flow import CaseField, Flow, Guards
from groundplan.kernel.rules.logic.unary import compile_test

RULE_TYPES = {"text": "string", "party": "string", "division": "string"}


def test_of(text: str, field: CaseField) -> Any:
    """The compiled guard of a text for a field."""
    return compile_test(text, RULE_TYPES.get(field.type, field.type), tuple(field.values or ()))


def passes(flow: Flow, guards: Guards, data: Mapping[str, Any]) -> bool:
    """Whether case data passes every guard."""
    return values.passes(flow, guards, data, test_of)
