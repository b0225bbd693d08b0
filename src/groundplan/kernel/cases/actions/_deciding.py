"""Where flows meet rules: guards, limits and rule stages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from groundplan.kernel.cases.errors import DataInvalid
from groundplan.kernel.cases.logic import values
from groundplan.kernel.cases.logic.flow import Flow, Limit, Outcome
from groundplan.kernel.cases.models import Case
from groundplan.kernel.parties.queries import Actor
from groundplan.kernel.rules import actions as rules
from groundplan.kernel.rules import queries as rule_queries
from groundplan.lib.worktime import Span

NO_LIMIT = "none"


def decide(
    flow: Flow,
    case: Case,
    rule: str,
    facts: Mapping[str, str] | None,
    actor: Actor,
    *,
    known: Mapping[str, Any] | None = None,
) -> Any:
    """Decide by a rule on the data of a case; the decision and its ground are stored by kernel.rules.

    Args:
        flow: the flow of the case.
        case: the case, with its data.
        rule: key of the rule.
        facts: fact -> field; None = every input of the rule that is a field of the flow.
        actor: who caused it.
        known: facts that stand in no field.
    """
    names = facts if facts is not None else {name: name for name in inputs_of(rule) if name in flow.fields}
    given = {fact: values.load(flow.fields[name], case.data.get(name)) for fact, name in names.items()}
    present = {fact: value for fact, value in given.items() if value is not None} | dict(known or {})
    return rules.decide(key=rule, facts=present, subject=f"case:{case.public_id}", actor=actor.actor_id)


def spans_for(flow: Flow, case: Case, limit: Limit | None, actor: Actor) -> tuple[str, Any]:
    """The spans of a limit as text, and the decision that gave them, if a rule did.

    Raises:
        DataInvalid: the rule's output, or the field, is no span.
    """
    if limit is None:
        return "", None
    agreed = agreed_span(case, limit)
    if agreed is not None:
        return agreed, None
    if limit.limit is not None:
        return limit.limit, None
    if limit.rule is None:
        return "", None
    decision = _decide_once(flow, case, limit, actor)
    return _span(str(decision.outputs.get(limit.output) or ""), f"{limit.rule}.{limit.output}"), decision


def _span(text: str, where: str) -> str:
    if text:
        try:
            Span.parse(text)
        except ValueError as error:
            raise DataInvalid(f"{where}: {text!r}", accepted="5 work_days") from error
    return text


def agreed_span(case: Case, limit: Limit) -> str | None:
    """The span that was agreed for one case: empty when without limit was agreed, None when nothing was.

    Raises:
        DataInvalid: the field holds no span.
    """
    text = str(case.data.get(limit.field) or "") if limit.field is not None else ""
    if not text or text == NO_LIMIT:
        return "" if text else None
    try:
        return str(Span.parse(text))
    except ValueError as error:
        raise DataInvalid(f"{limit.field}: {text!r}", accepted="3 days, none") from error


def _decide_once(flow: Flow, case: Case, limit: Limit, actor: Actor) -> Any:
    """One action asks several limits of one table: it is decided once while the data stay the same."""
    known: dict[Any, Any] = case.__dict__.setdefault("limits_decided", {})
    key = (limit.rule, tuple((limit.facts or {}).items()), repr(case.data))
    if key not in known:
        known[key] = decide(flow, case, limit.rule or "", limit.facts, actor)
    return known[key]


def inputs_of(rule: str) -> tuple[str, ...]:
    """Names of the inputs of a rule as it stands today."""
    return tuple(field.name for field in rule_queries.table(rule).table.inputs)


def plain(outputs: Mapping[str, Any]) -> dict[str, Any]:
    """Outputs of a rule as JSON."""
    return {
        name: value if value is None or isinstance(value, (bool, int, str, list)) else str(value)
        for name, value in outputs.items()
    }


def require_files(flow: Flow, case: Case, outcome: Outcome, given: int, actor: Actor) -> None:
    """Refuse an outcome that comes with fewer files than the flow, or its rule, wants.

    Raises:
        DataInvalid: too few.
    """
    if outcome.files is None:
        return
    least = outcome.files.least
    if least is None:
        decision = decide(flow, case, outcome.files.rule or "", outcome.files.facts, actor)
        least = int(decision.outputs.get(outcome.files.output) or 0)
    if given < least:
        raise DataInvalid(
            _("本环节须上传不少于 %(n)d 张照片。") % {"n": least},
            fields=[{"field": "files", "reason": f"at least {least}"}],
        )
