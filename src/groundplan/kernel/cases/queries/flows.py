"""Flows as cases read them: the version with which a case began, and those that new cases use."""

from __future__ import annotations

from functools import lru_cache

from django.utils.translation import gettext as _

from groundplan.kernel.cases.errors import FlowUnknown
from groundplan.kernel.cases.logic.flow import Flow
from groundplan.kernel.cases.logic.reading import as_written
from groundplan.kernel.cases.models import Case, FlowVersion
from groundplan.lib.sql import rows

TEXTS = ("document", "source")


def flow(case: Case) -> Flow:
    """The flow that a case runs on: the version with which it began."""
    return _read(case.flow_version.digest, case.flow_version_id)


def flows_in_force() -> list[FlowVersion]:
    """The flows that new cases use."""
    return list(FlowVersion.objects.filter(in_force=True).defer(*TEXTS).order_by("key"))


def version_of(version_id: int) -> FlowVersion:
    """A stored version without its text."""
    return FlowVersion.objects.defer(*TEXTS).get(pk=version_id)


def flow_as_read(version: FlowVersion) -> Flow:
    """The flow of a version whose digest is known."""
    return _read(version.digest, version.pk)


def flow_of(version_id: int) -> Flow:
    """The flow of a stored version."""
    return _read(FlowVersion.objects.values_list("digest", flat=True).get(pk=version_id), version_id)


@lru_cache(maxsize=256)
def _read(digest: str, version_id: int) -> Flow:  # noqa: ARG001 - the digest is part of what is remembered.
    """A version's text never changes, so it is read once; its digest keeps apart the ids of two databases."""
    document, source = FlowVersion.objects.values_list("document", "source").get(pk=version_id)
    return Flow.model_validate(as_written(document, source))


def version_in_force(key: str) -> FlowVersion:
    """The version of a flow that new cases use.

    Raises:
        FlowUnknown: no flow of this name is in force.
    """
    version: FlowVersion | None = rows.find([FlowVersion], "WHERE key = %s AND in_force", [key], without=TEXTS).first()
    if version is None:
        raise FlowUnknown(
            _("没有启用的流程“%(key)s”。") % {"key": key},
            accepted=", ".join(FlowVersion.objects.filter(in_force=True).values_list("key", flat=True)),
        )
    return version
