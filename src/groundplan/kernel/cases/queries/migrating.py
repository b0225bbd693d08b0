"""What a migration of running cases would do: which case goes where, which stays and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from uuid import UUID

from django.utils.translation import gettext as _

from groundplan.kernel.cases.errors import FlowUnknown, MappingInvalid
from groundplan.kernel.cases.logic.mapping import Standing, VersionMapping, blocked, check_mapping, read_mapping
from groundplan.kernel.cases.models import ACTIVE_CASE, ACTIVE_TASK, Case, FlowMigration, FlowVersion, Task
from groundplan.kernel.cases.queries.flows import flow_of
from groundplan.kernel.cases.queries.privacy import opened_secret

CHUNK = 500
MOST_SHOWN = 200


@dataclass
class Plan:
    """What a dry run finds.

    Args:
        moves: from stage to stage, how many cases.
        stays: number of a case, and why it cannot move; the first MOST_SHOWN.
        moving: how many move.
        staying: how many cannot.
    """

    moves: Counter[tuple[str, str]] = field(default_factory=Counter)
    stays: list[tuple[str, list[dict[str, str]]]] = field(default_factory=list)
    moving: int = 0
    staying: int = 0


def versions_of(key: str) -> list[FlowVersion]:
    """The versions of a flow, newest first.

    Raises:
        FlowUnknown: there is no flow of this name.
    """
    found = list(FlowVersion.objects.filter(key=key).defer("document", "source").order_by("-number"))
    if not found:
        raise FlowUnknown(key)
    return found


def migrations_of(key: str) -> list[FlowMigration]:
    """The migrations of a flow, newest first."""
    rows = FlowMigration.objects.filter(from_version__key=key).select_related("from_version", "to_version")
    return list(rows.order_by("-id")[:50])


def migration(public_id: UUID) -> FlowMigration | None:
    """A migration by its id."""
    rows = FlowMigration.objects.select_related("from_version", "to_version")
    return rows.filter(public_id=public_id).first()


def checked_mapping(
    key: str, from_number: int, to_number: int, text: str
) -> tuple[FlowVersion, FlowVersion, VersionMapping]:
    """Both versions and the mapping, read and checked.

    Raises:
        FlowUnknown: one of the versions is not there.
        MappingInvalid: ``problems`` names each fault.
    """
    versions = {each.number: each for each in versions_of(key)}
    if from_number not in versions or to_number not in versions:
        raise FlowUnknown(f"{key} {from_number} → {to_number}", accepted=", ".join(str(each) for each in versions))
    old, new = versions[from_number], versions[to_number]
    mapping, problems = read_mapping(text)
    if from_number == to_number:
        raise MappingInvalid(_("请选择两个不同的版本。"))
    if mapping is not None:
        problems = check_mapping(flow_of(old.pk), flow_of(new.pk), mapping)
    if mapping is None or problems:
        raise MappingInvalid(
            _("版本对应关系有 %(count)d 处错误：%(first)s") % {"count": len(problems), "first": str(problems[0])},
            problems=[{"where": each.where, "reason": each.reason} for each in problems],
        )
    return old, new, mapping


def dry_run(old: FlowVersion, new: FlowVersion, mapping: VersionMapping) -> Plan:
    """What would happen to every running case of a version; nothing is changed."""
    plan, before, after = Plan(), flow_of(old.pk), flow_of(new.pk)
    for case, standing in standings(old):
        reasons = blocked(before, after, mapping, standing)
        if reasons:
            plan.staying += 1
            if len(plan.stays) < MOST_SHOWN:
                plan.stays.append((case.number, reasons))
        else:
            plan.moving += 1
            plan.moves[case.stage, mapping.stage(case.stage)] += 1
    return plan


def standings(version: FlowVersion) -> Iterator[tuple[Case, Standing]]:
    """The running cases of a version with where they stand, in chunks."""
    rows = Case.objects.filter(flow_version_id=version.pk, state__in=ACTIVE_CASE).defer("search").order_by("id")
    last = 0
    while True:
        chunk = list(rows.filter(pk__gt=last)[:CHUNK])
        if not chunk:
            return
        last = chunk[-1].pk
        tasks: dict[int, list[Task]] = {case.pk: [] for case in chunk}
        for task in Task.objects.filter(case__in=chunk).order_by("id"):
            tasks[task.case_id].append(task)
        yield from ((case, standing_of(case, tasks[case.pk])) for case in chunk)


def standing_of(case: Case, tasks: list[Task]) -> Standing:
    """Where a case stands, from all its tasks."""
    return Standing(
        stage=case.stage,
        tasks=tuple((task.stage, task.key, task.kind) for task in tasks if task.state in ACTIVE_TASK),
        past=frozenset(task.stage for task in tasks if task.kind == "work"),
        data=case.data,
        personal=opened_secret(case),
    )
