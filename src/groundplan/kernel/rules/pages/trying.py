"""The what-if form: facts from a form, and what the table makes of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from groundplan.kernel.rules.errors import FactRefused, label_text, reason_text
from groundplan.kernel.rules.logic import CompiledTable, Evaluation, Field, RowReason
from groundplan.kernel.rules.logic.values import READERS
from groundplan.kernel.rules.pages.words import value_words
from groundplan.lib.errors import GroundplanError


@dataclass(frozen=True)
class FormField:
    """One field of the form."""

    field: Field
    text: str
    error: str = ""

    @property
    def control(self) -> str:
        """Which HTML control fits."""
        if self.field.type in ("enumeration", "boolean"):
            return "select"
        return {"date": "date", "time": "time"}.get(self.field.type, "text")

    @property
    def mode(self) -> str:
        """The keyboard that a phone should offer."""
        return {"integer": "numeric", "decimal": "decimal"}.get(self.field.type, "text")

    @property
    def choices(self) -> list[tuple[str, str]]:
        """Values and texts of a select."""
        if self.field.type == "boolean":
            return [("true", value_words(True, self.field)), ("false", value_words(False, self.field))]
        return [(choice.value, label_text(choice.label, choice.value)) for choice in self.field.values]


@dataclass(frozen=True)
class Trial:
    """What a filled-in form gave.

    Args:
        fields: the form with its texts and errors.
        evaluation: None before trying, and when no row applies.
        reasons: for every row the cells that failed.
        problem: why nothing came out, in words.
    """

    fields: tuple[FormField, ...]
    evaluation: Evaluation | None = None
    reasons: tuple[RowReason, ...] = ()
    problem: str = ""

    @property
    def outputs(self) -> dict[str, Any]:
        """Outputs by name."""
        return self.evaluation.outputs if self.evaluation else {}


def empty_trial(compiled: CompiledTable) -> Trial:
    """The form before anything is tried."""
    return Trial(tuple(FormField(item, "") for item in compiled.table.inputs))


def try_facts(compiled: CompiledTable, form: Mapping[str, str]) -> Trial:
    """Read the form, check every fact, evaluate and explain."""
    facts: dict[str, Any] = {}
    fields = []
    for item in compiled.table.inputs:
        text = form.get(f"fact-{item.name}", "").strip()
        error = ""
        try:
            facts[item.name] = _fact(item, text)
        except GroundplanError as refused:
            error = refused.detail
        fields.append(FormField(item, text, error))
    if any(field.error for field in fields):
        return Trial(tuple(fields))
    try:
        evaluation, reasons = compiled.explain(facts)
    except FactRefused as refused:
        told = tuple(FormField(f.field, f.text, refused.detail if f.field.name == refused.fact else "") for f in fields)
        return Trial(told)
    except GroundplanError as refused:
        return Trial(tuple(fields), problem=refused.detail)
    problem = "" if evaluation else reason_text("no-row", {"rule": compiled.table.key})
    return Trial(tuple(fields), evaluation, reasons, problem)


def _fact(item: Field, text: str) -> Any:
    """A fact from the text of a control; a blank is the absent fact, or the empty text of a required string."""
    if not text:
        if item.optional or item.type != "string":
            return None
        return ""
    if item.type in ("string", "enumeration"):
        return text
    return READERS[item.type](text)
