"""Flows come in as versions; a running case stays on the version with which it began."""

from __future__ import annotations

import hashlib

from django.db import transaction
from django.utils.translation import gettext as _

from groundplan.kernel.cases.errors import FlowInvalid, FlowUnknown
from groundplan.kernel.cases.logic.check import check_flow, read_flow
from groundplan.kernel.cases.logic.flow import Flow
from groundplan.kernel.cases.logic.guards import test_of
from groundplan.kernel.cases.models import FlowVersion
from groundplan.kernel.ledger import actions as ledger
from groundplan.kernel.parties.queries import Actor
from groundplan.lib.worktime import Span


def valid_flow(*, text: str) -> Flow:
    """A flow file, read and checked; nothing is stored.

    Args:
        text: the YAML file.

    Raises:
        FlowInvalid: ``problems`` names stage and key of each fault.
    """
    flow, problems = read_flow(text)
    if flow is not None:
        problems = check_flow(flow, compile_test=test_of, check_span=Span.parse)
    if problems or flow is None:
        raise FlowInvalid(
            _("流程定义有 %(count)d 处错误：%(first)s") % {"count": len(problems), "first": str(problems[0])},
            next_step=_("请按 docs/cases.md 的写法改正。"),
            problems=[{"where": problem.where, "reason": problem.reason} for problem in problems],
        )
    return flow


@transaction.atomic
def import_flow(*, actor: Actor, text: str, origin: str = "city", in_force: bool | None = None) -> FlowVersion:
    """Import a flow file as a version.

    Args:
        actor: who imports.
        text: the YAML file.
        origin: ``city``, or the name of a shipped file.
        in_force: whether new cases use it from now on. By default a city's own version does, and a shipped one
            only when the flow has no version at all: an upgrade brings drafts.

    Returns:
        The new version; the existing one when the same text was imported before.

    Raises:
        FlowInvalid: ``problems`` names stage and key of each fault.
    """
    flow = valid_flow(text=text)
    digest = hashlib.sha256(text.encode()).hexdigest()
    versions = FlowVersion.objects.select_for_update().filter(key=flow.flow).order_by("-number")
    known = list(versions)
    same = next((version for version in known if version.digest == digest), None)
    if same is not None:
        return same
    current = next((version for version in known if version.in_force), None)
    takes_over = in_force if in_force is not None else (origin == "city" or not known)
    if takes_over and current is not None:
        FlowVersion.objects.filter(pk=current.pk).update(in_force=False)
    made = FlowVersion.objects.create(
        key=flow.flow,
        number=(known[0].number if known else 0) + 1,
        label=flow.label,
        noun=flow.noun,
        document=flow.model_dump(mode="json"),
        source=text,
        digest=digest,
        origin=origin,
        in_force=takes_over,
        imported_by=actor.actor_id,
    )
    ledger.record(
        actor=actor.actor_id,
        action="cases.import_flow",
        subject=f"flow:{flow.flow}",
        data={"number": made.number, "sha256": digest, "origin": origin, "in_force": takes_over},
    )
    return made


@transaction.atomic
def put_flow_in_force(*, actor: Actor, key: str, number: int) -> FlowVersion:
    """Let new cases of a flow use a version from now on.

    Raises:
        FlowUnknown: there is no such version.
    """
    versions = list(FlowVersion.objects.select_for_update().filter(key=key))
    chosen = next((version for version in versions if version.number == number), None)
    if chosen is None:
        raise FlowUnknown(f"{key} {number}", accepted=", ".join(str(version.number) for version in versions))
    FlowVersion.objects.filter(key=key, in_force=True).exclude(pk=chosen.pk).update(in_force=False)
    chosen.in_force = True
    chosen.save(update_fields=["in_force"])
    ledger.record(
        actor=actor.actor_id, action="cases.put_flow_in_force", subject=f"flow:{key}", data={"number": number}
    )
    return chosen
