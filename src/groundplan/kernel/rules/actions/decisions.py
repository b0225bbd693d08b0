"""Decisions: made and recorded in the caller's transaction; their facts erased in time."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from groundplan.kernel.ledger.actions import record
from groundplan.kernel.ledger.logic import commitment, new_salt
from groundplan.kernel.parties.queries import Actor
from groundplan.kernel.rules import queries
from groundplan.kernel.rules.actions._records import require
from groundplan.kernel.rules.logic.table import Table
from groundplan.kernel.rules.logic.values import Labels, to_json
from groundplan.kernel.rules.models import Decision, DecisionFacts
from groundplan.lib import clock, crypto, sql
from groundplan.lib.errors import Invalid
from groundplan.lib.sql import rows

# The grounds on which personal information is to be erased: Personal Information Protection Law, article 47.
ERASURE_REASONS = ("retention-ended", "purpose-achieved", "person-asked", "consent-withdrawn", "unlawful", "other-law")


@dataclass(frozen=True)
class Decided:
    """A decision that was made and recorded.

    Args:
        public_id: under which 判定依据 is shown.
        outputs: typed values by name.
        rows: ids of the fired rows.
        version: number of the version that was in force.
        because: the basis of each fired row, else of the table.
    """

    public_id: UUID
    outputs: dict[str, Any]
    rows: tuple[str, ...]
    version: int
    because: tuple[Labels, ...]


def decide(
    *, key: str, facts: Mapping[str, Any], subject: str, actor: str | Actor, at: datetime | None = None
) -> Decided:
    """Decide by a rule and record facts, fired rows and version, in the caller's transaction.

    Args:
        key: the rule.
        facts: values by input name.
        subject: what is decided about, as ``case:<public id>``.
        actor: who decides.
        at: the moment whose law applies; now by default.

    Raises:
        RuleUnknown, RuleNotInForce: no table for that day.
        FactMissing, FactUnknown, FactIllTyped: naming the fact.
        NoRowMatches: nothing applies and there is no default row.
    """
    moment = at or clock.now()
    version_id, number, compiled = queries.version_in_force(key, queries.city_day(moment))
    typed = compiled.check_facts(facts)
    evaluation = compiled.evaluate(typed)
    table, salt = compiled.table, new_salt()
    stored = {name: to_json(value) for name, value in typed.items()}
    outputs = {name: to_json(value) for name, value in evaluation.outputs.items()}
    sealed = commitment({"facts": stored, "outputs": outputs}, salt)
    actor_id = actor.actor_id if isinstance(actor, Actor) else actor
    made = Decision(
        version_id=version_id, subject=subject, actor=actor_id, applies_at=moment, rows=list(evaluation.rows),
        outputs=outputs, commitment=sealed,
    )  # fmt: skip
    # A refusal above must leave the caller's transaction usable, so only the writes stand inside this block.
    with transaction.atomic(savepoint=False), sql.together():
        made.record = record(
            actor=actor_id,
            action="rules.decide",
            subject=subject,
            data={"decision": str(made.public_id), "rule": key, "version": number, "digest": table.digest,
                  "rows": list(evaluation.rows), "commitment": sealed},
        )  # fmt: skip
        rows.insert(made)
        rows.insert(_facts_of(made, table, stored, salt))
    return Decided(made.public_id, evaluation.outputs, evaluation.rows, number, queries.because(table, evaluation.rows))


def _facts_of(made: Decision, table: Table, stored: dict[str, Any], salt: bytes) -> DecisionFacts:
    personal = {item.name for item in table.inputs if item.personal and stored[item.name] is not None}
    sealed = crypto.encrypt(json.dumps({name: stored[name] for name in sorted(personal)})) if personal else None
    return DecisionFacts(
        decision=made,
        facts={name: value for name, value in stored.items() if name not in personal},
        personal=sealed,
        salt=salt,
        retain_until=queries.city_day(made.decided_at) + timedelta(days=table.retention_days),
    )


@transaction.atomic
def erase_facts(*, actor: Actor, until: date | None = None, decision: UUID | None = None, reason: str = "") -> int:
    """Destroy facts and salts whose retention has ended, or those of one decision; the log stays valid.

    Args:
        actor: the system, or a security administrator.
        until: erase what was to be kept until a day before this one; today by default.
        decision: erase this one decision's facts now (a person's right), whatever its date.
        reason: one of ``ERASURE_REASONS``, for the record; without one that the retention has ended, or for one
            decision that the person asked. Never free text, which could name the person for ever.

    Returns:
        How many were erased.

    Raises:
        RuleRoleNeeded: the actor may not.
        Invalid: no such reason.
    """
    require(actor, "security_admin")
    reason = reason or ("person-asked" if decision else "retention-ended")
    if reason not in ERASURE_REASONS:
        raise Invalid(f"{reason[:30]!r} is no reason to erase.", accepted=", ".join(ERASURE_REASONS))
    day = until or queries.city_day()
    doomed = DecisionFacts.objects.filter(retain_until__lt=min(day, queries.city_day()))
    if decision is not None:
        doomed = DecisionFacts.objects.filter(decision__public_id=decision)
    count = doomed.delete()[0]
    if count:
        subject = f"decision:{decision}" if decision else "rules:facts"
        record(
            actor=actor.actor_id, action="rules.erase_facts", subject=subject, data={"erased": count, "reason": reason}
        )
    return count
