"""Pages that show rules: the list, one table with the what-if form, versions compared, a decision and its reasons."""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_safe

from groundplan.kernel.parties.access import AuthenticatedRequest, officer
from groundplan.kernel.rules import queries, registry
from groundplan.kernel.rules.errors import DecisionUnknown, VersionUnknown
from groundplan.kernel.rules.logic.difference import difference
from groundplan.kernel.rules.logic.files.formats import WRITERS
from groundplan.kernel.rules.models import RuleVersion
from groundplan.kernel.rules.pages.differences import difference_words
from groundplan.kernel.rules.pages.trying import empty_trial, try_facts
from groundplan.kernel.rules.pages.words import facts_words, table_words, value_words

RULE_ROLES = ("rule_editor", "rule_approver")


@require_safe
@officer()
def list_rules(request: HttpRequest) -> HttpResponse:
    """Every rule with the version in force today and what waits."""
    actor = cast("AuthenticatedRequest", request).actor
    context = {"rules": queries.summaries(), "may_import": actor.has_role("rule_editor")}
    return render(request, "rules/list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@officer()
def show_rule(request: HttpRequest, key: str) -> HttpResponse:
    """The version in force, else the latest that the reader may see."""
    return _version_page(request, _chosen(request, key))


@require_http_methods(["GET", "HEAD", "POST"])
@officer()
def show_version(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """One version; POST tries facts on it."""
    return _version_page(request, readable_version(request, public_id))


def readable_version(request: HttpRequest, public_id: UUID) -> RuleVersion:
    """A version that the reader may see: what was ever in force; drafts are for those who write and approve rules.

    Raises:
        VersionUnknown: there is none.
    """
    found = queries.version(public_id)
    actor = cast("AuthenticatedRequest", request).actor
    if found.state != RuleVersion.State.IN_FORCE and not actor.has_role(*RULE_ROLES):
        raise VersionUnknown
    return found


def _chosen(request: HttpRequest, key: str) -> RuleVersion:
    rule = queries.rule(key)
    versions = visible_versions(request, rule.pk)
    if not versions:
        raise VersionUnknown
    return next((item for item in versions if queries.standing(item) == "in_force"), versions[0])


def visible_versions(request: HttpRequest, rule_id: int) -> list[RuleVersion]:
    """The versions of a rule that the reader may see, latest first."""
    found = RuleVersion.objects.filter(rule_id=rule_id).select_related("rule").order_by("-version")
    if not cast("AuthenticatedRequest", request).actor.has_role(*RULE_ROLES):
        found = found.filter(state=RuleVersion.State.IN_FORCE)
    return list(found)


def _version_page(request: HttpRequest, item: RuleVersion) -> HttpResponse:
    return render(request, "rules/rule.html", _version_context(item, request))


def _version_context(item: RuleVersion, request: HttpRequest) -> dict[str, Any]:
    compiled = queries.compiled_of(item)
    trial = try_facts(compiled, request.POST) if request.method == "POST" else empty_trial(compiled)
    default = compiled.table.default
    fired = trial.evaluation.rows if trial.evaluation else ()
    words = table_words(
        compiled,
        trial.reasons,
        default_fired=bool(default and default.id in fired),
        find=request.GET.get("find", "").strip()[:100],
    )
    versions = visible_versions(request, item.rule_id)
    return {
        "item": item,
        "table": compiled.table,
        "words": words,
        "trial": trial,
        "fired": fired,
        "answers": _answers(compiled.table.outputs, trial.outputs),
        "versions": [(version, queries.standing(version)) for version in versions],
        "standing": queries.standing(item),
        "gaps": _gap_words(item),
        "dependents": registry.dependents_of(item.rule.key),
        "find": request.GET.get("find", ""),
        **rights(request, item),
    }


def rights(request: HttpRequest, item: RuleVersion) -> dict[str, bool]:
    """Which buttons the reader is offered."""
    actor = cast("AuthenticatedRequest", request).actor
    approver = actor.has_role("rule_approver")
    draft = item.state == RuleVersion.State.DRAFT
    standing = queries.standing(item)
    return {
        "may_approve": approver and draft and item.drafted_by != actor.actor_id,
        "may_put_in_force": approver and item.state == RuleVersion.State.APPROVED,
        "may_retire": (approver and standing in ("draft", "approved", "scheduled"))
        or (draft and actor.has_role("rule_editor")),
        "may_import": actor.has_role("rule_editor"),
        "may_replay": actor.has_role(*RULE_ROLES),
    }


def _answers(outputs: Any, values: dict[str, Any]) -> list[tuple[Any, str]]:
    return [(item, value_words(values[item.name], item)) for item in outputs if item.name in values]


def _gap_words(item: RuleVersion) -> list[list[tuple[str, str]]]:
    compiled = queries.compiled_of(item)
    return [facts_words(compiled, example, ()) for example in queries.gaps_of(item).examples]


@require_safe
@officer()
def download(request: HttpRequest, public_id: UUID, kind: str) -> HttpResponse:
    """A version as a file to edit: XLSX, CSV, YAML or DMN."""
    item = readable_version(request, public_id)
    writer = WRITERS.get(kind)
    if writer is None:
        raise Http404
    answer = HttpResponse(writer.write(queries.compiled_of(item).table), content_type=writer.media_type)
    answer["Content-Disposition"] = f'attachment; filename="{item.rule.key}-v{item.version}.{writer.ending or kind}"'
    return answer


@require_safe
@officer()
def show_difference(request: HttpRequest, before: UUID, after: UUID) -> HttpResponse:
    """Two versions of one rule compared."""
    first, second = readable_version(request, before), readable_version(request, after)
    if first.rule_id != second.rule_id:
        raise VersionUnknown
    old, new = queries.compiled_of(first).table, queries.compiled_of(second).table
    context = {"before": first, "after": second, "table": new}
    context["difference"] = difference_words(difference(old, new), old, new)
    return render(request, "rules/diff.html", context)


@require_safe
def show_decision(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """判定依据: facts, fired row, version, basis, and for every other row the cells that failed."""
    view = readable_decision(request, public_id)
    compiled, default = view.compiled, view.compiled.table.default
    fired = view.decision.rows
    words = table_words(compiled, view.reasons, default_fired=bool(default and default.id in fired))
    return render(request, "rules/decision.html", {
        "view": view, "table": compiled.table, "words": words, "item": view.version,
        "facts": facts_words(compiled, view.facts, view.hidden) if view.facts is not None else None,
        "answers": decision_answers(view),
        "because": queries.because(compiled.table, tuple(fired)),
    })  # fmt: skip


def readable_decision(request: HttpRequest, public_id: UUID) -> queries.DecisionView:
    """A decision about a subject that the reader is entitled to.

    Raises:
        DecisionUnknown: there is none, or none for this reader.
    """
    view = queries.decision(public_id)
    reader = registry.reader_of(view.decision.subject)
    if not reader.may_read(request, view.decision.subject):
        raise DecisionUnknown
    if reader.may_read_personal(request, view.decision.subject):
        return queries.decision(public_id, personal=True)
    return view


def decision_answers(view: queries.DecisionView) -> list[tuple[Any, str]]:
    """The outputs of a decision in words."""
    outputs = view.decision.outputs
    return [
        (item, value_words(outputs[item.name], item)) for item in view.compiled.table.outputs if item.name in outputs
    ]
