"""The rules over HTTP: list, read, try, decision, import, approve, put in force."""

from __future__ import annotations

from datetime import date
from typing import Any, cast
from uuid import UUID

from django.http import HttpRequest
from ninja import File, Router, Schema, Status, UploadedFile
from pydantic import Field as SchemaField

from groundplan.kernel.parties.access import AuthenticatedRequest, idempotent, signed_in
from groundplan.kernel.parties.queries import Actor
from groundplan.kernel.rules import actions, queries
from groundplan.kernel.rules.errors import RuleRoleNeeded
from groundplan.kernel.rules.logic.files.workbook import MAX_BYTES
from groundplan.kernel.rules.logic.values import to_json
from groundplan.kernel.rules.models import RuleVersion
from groundplan.kernel.rules.pages.reading import RULE_ROLES, readable_decision, readable_version, visible_versions
from groundplan.kernel.rules.pages.replaying import readable_examples, replay_of

router = Router(auth=signed_in)


class VersionOut(Schema):
    """A version without its rows."""

    id: UUID
    rule: str
    version: int
    standing: str
    origin: str
    digest: str
    effective_from: date | None
    effective_until: date | None


class VersionWhole(VersionOut):
    """A version with its table."""

    definition: dict[str, Any]


class RuleOut(Schema):
    """A rule and the version in force today."""

    key: str
    label: dict[str, str]
    in_force: VersionOut | None
    waiting: int


class TryIn(Schema):
    """Facts to try, and the day whose law applies."""

    facts: dict[str, Any]
    on: date | None = None


class FailedOut(Schema):
    """A cell that kept a row from firing."""

    input: str
    test: str


class ReasonOut(Schema):
    """Why a row fired or did not."""

    row: str
    fired: bool
    failed: list[FailedOut]


class TryOut(Schema):
    """What the rule says: outputs, fired rows, version, basis, and why not the other rows."""

    outputs: dict[str, Any]
    rows: list[str]
    version: int
    because: list[dict[str, str]]
    reasons: list[ReasonOut]


class DecisionOut(Schema):
    """A recorded decision; ``facts`` is null when they were erased."""

    id: UUID
    rule: str
    version: int
    subject: str
    rows: list[str]
    outputs: dict[str, Any]
    because: list[dict[str, str]]
    facts: dict[str, Any] | None
    hidden: list[str]
    reasons: list[ReasonOut]


class OutcomeOut(Schema):
    """How many decisions went from one answer to another."""

    before: dict[str, Any]
    after: dict[str, Any]
    count: int
    verdict: str


class ShareOut(Schema):
    """Counts of one unit or group."""

    name: str
    compared: int
    changed: int
    worse: int
    better: int
    erased: int


class ExampleOut(Schema):
    """A decision that would come out otherwise and that the reader may see."""

    decision: UUID
    subject: str
    before: dict[str, Any]
    after: dict[str, Any]
    verdict: str


class ReplayOut(Schema):
    """What a version would have made of the recorded decisions of its rule."""

    compared: int
    changed: int
    worse: int
    better: int
    erased: int
    by: str | None
    outcomes: list[OutcomeOut]
    units: list[ShareOut]
    groups: list[ShareOut]
    examples: list[ExampleOut]


class ForceIn(Schema):
    """The first day of a version; today by default."""

    effective_from: date | None = SchemaField(default=None)


def _shown(item: RuleVersion) -> dict[str, Any]:
    return {
        "id": item.public_id,
        "rule": item.rule.key,
        "version": item.version,
        "standing": queries.standing(item),
        "origin": item.origin,
        "digest": item.digest,
        "effective_from": item.effective_from,
        "effective_until": item.effective_until,
    }


def _reasons(reasons: Any) -> list[dict[str, Any]]:
    return [
        {"row": r.row, "fired": r.fired, "failed": [{"input": cell.input, "test": cell.test} for cell in r.failed]}
        for r in reasons
    ]


def _actor(request: HttpRequest) -> Actor:
    return cast("AuthenticatedRequest", request).actor


def _officer_only(request: HttpRequest) -> None:
    if not _actor(request).scopes:
        raise RuleRoleNeeded("officer")


@router.get("/", response=list[RuleOut])
def list_rules(request: HttpRequest) -> Any:
    """All rules by key; there are hundreds, not thousands."""
    _officer_only(request)
    return [
        {
            "key": item.rule.key,
            "label": item.rule.label,
            "in_force": _shown(item.in_force) if item.in_force else None,
            "waiting": item.waiting,
        }
        for item in queries.summaries()
    ]


@router.get("/decisions/{uuid:public_id}", response=DecisionOut)
def get_decision(request: HttpRequest, public_id: UUID) -> Any:
    """A decision about a subject that the reader is entitled to."""
    view = readable_decision(request, public_id)
    made = view.decision
    return {
        "id": made.public_id,
        "rule": view.version.rule.key,
        "version": view.version.version,
        "subject": made.subject,
        "rows": made.rows,
        "outputs": made.outputs,
        "because": queries.because(view.compiled.table, tuple(made.rows)),
        "facts": None if view.facts is None else {name: to_json(value) for name, value in view.facts.items()},
        "hidden": view.hidden,
        "reasons": _reasons(view.reasons),
    }


@router.get("/versions/{uuid:public_id}", response=VersionWhole)
def get_version(request: HttpRequest, public_id: UUID) -> Any:
    """One version with its table; drafts only for those who write and approve rules."""
    _officer_only(request)
    item = readable_version(request, public_id)
    return {**_shown(item), "definition": item.definition}


@router.get("/versions/{uuid:public_id}/replay", response=ReplayOut)
def replay_version(request: HttpRequest, public_id: UUID) -> Any:
    """A version over every recorded decision; ``?by=INPUT&better-OUTPUT=lower``; examples within the reader's scope."""
    if not _actor(request).has_role(*RULE_ROLES):
        raise RuleRoleNeeded("rule_editor")
    found = replay_of(readable_version(request, public_id), request.GET)
    shown = {name: getattr(found, name) for name in ReplayOut.model_fields if name != "examples"}
    return {**shown, "outcomes": found.outcomes[:200], "examples": readable_examples(request, found.examples)}


@router.post("/versions/{uuid:public_id}/approve", response=VersionOut)
def approve(request: HttpRequest, public_id: UUID) -> Any:
    """Approve a draft of somebody else."""
    return _shown(actions.approve(actor=_actor(request), version=public_id))


@router.post("/versions/{uuid:public_id}/put-in-force", response=VersionOut)
def put_in_force(request: HttpRequest, public_id: UUID, body: ForceIn) -> Any:
    """Put an approved version in force."""
    made = actions.put_in_force(actor=_actor(request), version=public_id, effective_from=body.effective_from)
    return _shown(made)


@router.post("/import", response={201: VersionOut})
@idempotent
def import_table(request: HttpRequest, file: File[UploadedFile]) -> Any:
    """Import a file as a draft."""
    made = actions.import_table(actor=_actor(request), content=file.read(MAX_BYTES + 1), filename=file.name or "")
    return Status(201, _shown(made))


@router.get("/{key}", response=VersionWhole)
def get_rule(request: HttpRequest, key: str, on: date | None = None) -> Any:
    """The table in force on a day, today by default."""
    _officer_only(request)
    version_id, _, _ = queries.version_in_force(key, on)
    item = RuleVersion.objects.select_related("rule").get(pk=version_id)
    return {**_shown(item), "definition": item.definition}


@router.get("/{key}/versions", response=list[VersionOut])
def list_versions(request: HttpRequest, key: str) -> Any:
    """The versions of a rule, latest first."""
    _officer_only(request)
    return [_shown(item) for item in visible_versions(request, queries.rule(key).pk)]


@router.post("/{key}/try", response=TryOut)
def try_rule(request: HttpRequest, key: str, body: TryIn) -> Any:
    """Evaluate without a trace, and say why each other row does not fire."""
    _officer_only(request)
    _, number, compiled = queries.version_in_force(key, body.on)
    evaluation = compiled.evaluate(body.facts)
    _, reasons = compiled.explain(body.facts)
    return {
        "outputs": {name: to_json(value) for name, value in evaluation.outputs.items()},
        "rows": evaluation.rows,
        "version": number,
        "because": queries.because(compiled.table, evaluation.rows),
        "reasons": _reasons(reasons),
    }
