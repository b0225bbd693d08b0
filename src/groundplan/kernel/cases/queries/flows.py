"""Flows as cases read them: the version with which a case began, and those that new cases use."""

from __future__ import annotations

from functools import lru_cache

from groundplan.kernel.cases.logic.flow import Flow
from groundplan.kernel.cases.models import Case, FlowVersion


def flow(case: Case) -> Flow:
    """The flow that a case runs on: the version with which it began."""
    return flow_of(case.flow_version_id)


def flows_in_force() -> list[FlowVersion]:
    """The flows that new cases use."""
    return list(FlowVersion.objects.filter(in_force=True).defer("document", "source").order_by("key"))


@lru_cache(maxsize=256)
def flow_of(version_id: int) -> Flow:
    """The flow of a stored version; versions never change, so it is read once."""
    return Flow.model_validate(FlowVersion.objects.values_list("document", flat=True).get(pk=version_id))
