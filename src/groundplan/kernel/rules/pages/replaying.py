"""The report of a replay (规则回溯测算): what a version would have made of the past."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from groundplan.kernel.parties.access import officer
from groundplan.kernel.rules import queries, registry
from groundplan.kernel.rules.errors import ReplayRefused, label_text
from groundplan.kernel.rules.logic import CompiledTable, Field
from groundplan.kernel.rules.logic.effects import DIRECTIONS
from groundplan.kernel.rules.models import RuleVersion
from groundplan.kernel.rules.pages.reading import RULE_ROLES, readable_version
from groundplan.kernel.rules.pages.words import unit_words, value_words
from groundplan.kernel.rules.queries.replaying import EXAMPLES, Example, Outcome, Replay, Share

# One by one, some 50,000 decisions a second: a page may not wait longer.
MOST_STREAMED: Final = 100_000
SHOWN_OUTCOMES: Final = 30


@dataclass(frozen=True)
class Line:
    """One line of the report: what it is about, in words, and its counts."""

    name: str
    share: Share


@require_safe
@officer(*RULE_ROLES)
def show_replay(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """The report of one version over every recorded decision of its rule."""
    item = readable_version(request, public_id)
    compiled = queries.compiled_of(item)
    context: dict[str, Any] = {"item": item, "table": compiled.table, **_choices(item, compiled, request.GET)}
    try:
        found = replay_of(item, request.GET)
    except ReplayRefused as refused:
        context["problem"] = refused.detail
        return render(request, "rules/replay.html", context, status=refused.status)
    context |= _report_words(request, found, compiled)
    return render(request, "rules/replay.html", context)


def replay_of(item: RuleVersion, asked: QueryDict) -> Replay:
    """The replay that a query string asks for: ``by=INPUT``, ``better-OUTPUT=lower|higher``.

    Raises:
        ReplayRefused: it names what is not there, or too many decisions would go one by one.
    """
    better = {
        name.removeprefix("better-"): value
        for name, value in asked.items()
        if name.startswith("better-") and isinstance(value, str) and value
    }
    return queries.replay(
        item.rule.key,
        queries.compiled_of(item),
        by=str(asked.get("by", "")) or None,
        better=better,
        most_streamed=MOST_STREAMED,
    )


def readable_examples(request: HttpRequest, examples: Sequence[Example]) -> list[Example]:
    """At most twenty examples that this reader is entitled to: the right is asked anew for each subject."""
    found: list[Example] = []
    for example in examples:
        if len(found) == EXAMPLES:
            break
        if registry.reader_of(example.subject).may_read(request, example.subject):
            found.append(example)
    return found


def _choices(item: RuleVersion, compiled: CompiledTable, asked: QueryDict) -> dict[str, Any]:
    names = {field.name: label_text(field.label, field.name) for field in compiled.table.inputs}
    comparable = [field for field in compiled.table.outputs if field.type not in ("list", "boolean")]
    return {
        "inputs": [(name, names.get(name, name)) for name in queries.replaying.groupable(item.rule.key)],
        "by": asked.get("by", ""),
        "outputs": [
            (field.name, label_text(field.label, field.name), asked.get(f"better-{field.name}", ""))
            for field in comparable
        ],
        "directions": [(way, _("越小越有利") if way == "lower" else _("越大越有利")) for way in DIRECTIONS],
    }


def _report_words(request: HttpRequest, found: Replay, compiled: CompiledTable) -> dict[str, Any]:
    fields = {field.name: field for field in compiled.table.outputs}
    changed = [outcome for outcome in found.outcomes if outcome.verdict != "same"]
    return {
        "found": found,
        "kept": found.compared - found.changed,
        "outcomes": [(*_both(each, fields), each.count, each.verdict) for each in changed[:SHOWN_OUTCOMES]],
        "more_outcomes": max(0, len(changed) - SHOWN_OUTCOMES),
        "judged": any(value for name, value in request.GET.items() if name.startswith("better-")),
        **_share_words(found, compiled),
        **_example_words(request, found, fields),
    }


def _both(told: Outcome | Example, fields: Mapping[str, Field]) -> tuple[str, str]:
    return answer_words(told.before, fields), answer_words(told.after, fields)


def _share_words(found: Replay, compiled: CompiledTable) -> dict[str, Any]:
    grouped = next((field for field in compiled.table.inputs if field.name == found.by), None)
    return {
        "units": [Line(unit_words(share.name) or _("（无单位）"), share) for share in found.units],
        "groups": [Line(_group_words(share.name, grouped), share) for share in found.groups],
        "group_name": label_text(grouped.label, grouped.name) if grouped else found.by,
    }


def _example_words(request: HttpRequest, found: Replay, fields: Mapping[str, Field]) -> dict[str, Any]:
    shown = readable_examples(request, found.examples)
    return {
        "examples": [(each.decision, *_both(each, fields), each.verdict) for each in shown],
        "withheld": len(shown) < min(len(found.examples), EXAMPLES),
    }


def _group_words(text: str, field: Field | None) -> str:
    if not text:
        return _("（空）")
    if field is not None and field.type == "boolean" and text in ("true", "false"):
        return value_words(text == "true", field)
    return value_words(text, field) if field is not None else text


def answer_words(answer: Mapping[str, Any], fields: Mapping[str, Field]) -> str:
    """An answer as people read it."""
    if "error" in answer and "error" not in fields:
        known = {"rule-no-row": _("没有适用的规则行"), "fact-missing": _("缺少事实")}
        return known.get(str(answer["error"]), _("事实类型不符"))
    parts = []
    order = [*(name for name in fields if name in answer), *(name for name in answer if name not in fields)]
    for name, value in ((name, answer[name]) for name in order):
        field = fields.get(name)
        name_words = label_text(field.label, name) if field else name
        parts.append(f"{name_words}：{value_words(value, field) if field else value}")
    return "；".join(parts)
