"""Sub-cases: what stands above and below a case, as far as a reader may know of it."""

from __future__ import annotations

from dataclasses import dataclass

from groundplan.kernel.cases.models import Case, SubCase, Task
from groundplan.kernel.cases.queries.scope import sees
from groundplan.kernel.parties.queries import Actor

MOST_HOPS = 20


@dataclass(frozen=True)
class Below:
    """A sub-case as the case above shows it: its number and where it stands; a link for those who see it."""

    case: Case
    link: SubCase
    open: bool


def above(case: Case) -> list[Case]:
    """The cases above a case, the nearest first."""
    found: list[Case] = []
    link = SubCase.objects.select_related("task__case").filter(child=case).first()
    while link is not None and len(found) < MOST_HOPS:
        found.append(link.task.case)
        link = SubCase.objects.select_related("task__case").filter(child=link.task.case).first()
    return found


def above_shown(actor: Actor, case: Case) -> Case | None:
    """The case directly above, if the reader sees that one; else nothing says that there is one."""
    chain = above(case)[:1]
    return next((each for each in chain if sees(actor, each)), None)


def below_shown(actor: Actor, case: Case) -> list[Below]:
    """The sub-cases of a case, oldest first."""
    links = SubCase.objects.select_related("child__owner_party", "child__flow_version", "task").filter(task__case=case)
    return [Below(link.child, link, sees(actor, link.child)) for link in links.order_by("id")]


def main_of(case: Case) -> Case:
    """The case in which a joined one lives on; itself if it was not joined."""
    for _hop in range(MOST_HOPS):
        if case.state != "merged" or case.merged_into is None:
            break
        case = case.merged_into
    return case


def held_by(task: Task) -> bool:
    """Whether a task still waits for a case below it."""
    return SubCase.objects.filter(task=task, waits=True, ended_at=None).exists()
