"""Every read of linkage: plans, responses, their cases, their log, what a report says."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from groundplan.kernel.cases.models import Case, Task
from groundplan.kernel.cases.queries.owners import party_of_code
from groundplan.kernel.parties.errors import PartyNotFound
from groundplan.kernel.parties.models import Party
from groundplan.kernel.parties.queries import Actor
from groundplan.kernel.places import queries as places
from groundplan.lib import clock
from groundplan.systems.linkage.errors import PlanUnknown, ResponseUnknown
from groundplan.systems.linkage.logic.cap import Alert, Area, Info, alert_xml
from groundplan.systems.linkage.logic.plan import Level, LinkagePlan, PlanTask
from groundplan.systems.linkage.models import LinkedCase, LogEntry, PlanVersion, PublicWarning, Response, Suggestion

COMMANDING = ("dispatcher", "supervisor", "leader")
SUGGESTED_FOR = timedelta(days=1)
COLOURS = {"red": "红色", "orange": "橙色", "yellow": "黄色", "blue": "蓝色"}


@dataclass(frozen=True)
class TaskShown:
    """A task of a response: what the plan asks and how far its case is."""

    linked: LinkedCase
    task: PlanTask
    role: dict[str, str]
    opened_at: datetime
    signed_at: datetime | None
    done_at: datetime | None
    due_at: datetime | None
    state: str
    result: str

    @property
    def tone(self) -> str:
        """How its state is marked."""
        return {"done": "good", "late": "late", "waiting": "warn", "cancelled": "neutral"}.get(self.state, "active")


@dataclass(frozen=True)
class Total:
    """An amount of one resource over all tasks."""

    kind: str
    name: dict[str, str]
    amount: int
    measure: dict[str, str]


def plan_of(version: PlanVersion) -> LinkagePlan:
    """The plan that a version holds."""
    return LinkagePlan.model_validate(version.document)


def plans_for(actor: Actor) -> QuerySet[PlanVersion]:
    """The versions of plans that the actor's units command."""
    return PlanVersion.objects.select_related("commander").filter(commander__in=actor.party_ids(*COMMANDING))


def plan_version(actor: Actor, public_id: UUID | str) -> PlanVersion:
    """One of these versions.

    Raises:
        PlanUnknown: there is none, or the actor's units do not command it.
    """
    found = plans_for(actor).filter(public_id=public_id).first()
    if found is None:
        raise PlanUnknown
    return found


def responses_for(actor: Actor) -> QuerySet[Response]:
    """The responses that the actor's units command or have a task in."""
    units = actor.party_ids()
    part = LinkedCase.objects.filter(response=OuterRef("pk"), party__in=units)
    rows = Response.objects.select_related("plan", "commander")
    return rows.filter(Q(commander__in=units) | Exists(part))


@dataclass(frozen=True)
class UnderWay:
    """A response that is not over, in numbers; for screens that everybody sees."""

    response: Response
    plan: dict[str, str]
    total: int
    signed: int
    done: int
    late: bool


def responses_under_way(most: int = 6) -> list[UnderWay]:
    """The responses that are not over, real ones before exercises, the newest first."""
    rows = Response.objects.select_related("plan").filter(state="active").order_by("exercise", "-started_at", "-id")
    shown = []
    for response in rows[:most]:
        tasks = tasks_of(response)
        signed, done = sum(1 for each in tasks if each.signed_at), sum(1 for each in tasks if each.done_at)
        late = any(each.state == "late" for each in tasks)
        shown.append(UnderWay(response, dict(plan_of(response.plan).label), len(tasks), signed, done, late))
    return shown


def response_for(actor: Actor, public_id: UUID | str) -> Response:
    """One of these responses.

    Raises:
        ResponseUnknown: there is none, or the actor's units have no part in it.
    """
    try:
        found = responses_for(actor).filter(public_id=public_id).first()
    except ValidationError:
        found = None
    if found is None:
        raise ResponseUnknown
    return found


def commands(actor: Actor, party_id: int) -> bool:
    """Whether the actor holds a commanding role over a unit."""
    return actor.covers(party_id, *COMMANDING)


def tasks_of(response: Response) -> list[TaskShown]:
    """The tasks of a response with the state of their cases, in the order of the plan."""
    plan = plan_of(response.plan)
    asked = {task.key: task for task in plan.tasks}
    linked = {
        each.task: each for each in response.linked.select_related("case", "party").order_by("id") if each.task in asked
    }
    works = _works(each.case_id for each in linked.values())
    return [
        _shown(linked[task.key], task, dict(plan.roles[task.role]), works.get(linked[task.key].case_id, []))
        for task in plan.tasks
        if task.key in linked
    ]


def totals_of(tasks: Iterable[PlanTask]) -> list[Total]:
    """People, vehicles and stores of some tasks added up."""
    found: dict[tuple[str, str], Total] = {}
    for task in tasks:
        for each in task.resources:
            key = (each.kind, each.name.get("zh-hans", ""))
            before = found[key].amount if key in found else 0
            found[key] = Total(each.kind, dict(each.name), before + each.amount, dict(each.measure))
    return sorted(found.values(), key=lambda total: ("people", "vehicle", "store").index(total.kind))


def log_of(response: Response) -> QuerySet[LogEntry]:
    """The situation log, oldest first."""
    return response.log.select_related("case").order_by("at", "id")


def warnings_of(response: Response) -> QuerySet[PublicWarning]:
    """The warnings of a response, oldest first."""
    return response.warnings.order_by("id")


def suggestions_for(actor: Actor) -> QuerySet[Suggestion]:
    """What triggers have suggested lately and nobody has followed."""
    return (
        Suggestion.objects.select_related("plan")
        .filter(
            plan__commander__in=actor.party_ids(*COMMANDING), plan__state="in_force", response=None,
            made_at__gt=clock.now() - SUGGESTED_FOR,
        )
        .order_by("-made_at")
    )  # fmt: skip


def unit_of(task: PlanTask, *, district: str, street: str) -> Party | None:
    """The unit that does a task at a place; None when there is none."""
    if task.unit.party is not None:
        try:
            found = party_of_code(task.unit.party)
        except PartyNotFound:
            return None
        return found if found.is_current else None
    code = district if task.unit.territory == "district" else street
    kinds = ("district", "zone") if task.unit.territory == "district" else ("street",)
    rows = Party.objects.filter(division_code=code, kind__in=kinds).order_by("kind", "id") if code else ()
    return next((party for party in rows if party.is_current), None)


def districts() -> list[tuple[str, dict[str, str]]]:
    """The districts of the city: code and name."""
    return [(each.code, dict(each.name)) for each in places.divisions(level="district").order_by("code")]


def is_division(code: str, level: str) -> bool:
    """Whether a division of a level has this code."""
    return places.divisions(level=level).filter(code=code).exists()


def sender_of(unit: Party) -> str:
    """How messages name a unit to the world: its credit code, else its code."""
    known = unit.identifiers.filter(scheme="credit_code").first()
    return known.value if known else unit.code


def alert_of(warning: PublicWarning, *, response: Response | None = None) -> Alert:
    """A warning as a CAP message: a draft is marked Draft, an exercise Exercise with its number in the note."""
    mine = response or warning.response
    plan = plan_of(mine.plan)
    if plan.warning is None:
        raise ResponseUnknown
    level = plan.levels[cast("Level", warning.level)]
    words, about = warning.words, plan.warning
    infos = tuple(
        Info(
            language=tag, category=about.category, event=about.event.get(language) or about.event.get("zh-hans", ""),
            urgency=level.urgency, severity=level.severity, certainty=about.certainty,
            headline=words["headline"], description=words["description"],
            instruction=words["instruction"] or (about.instruction or {}).get(language, ""),
            sender_name=mine.commander.name.get(language) or mine.commander.name.get("zh-hans", ""),
            answers=about.answers if warning.kind != "Cancel" else ("AllClear",),
            codes=tuple((pair.name, pair.value) for pair in about.codes),
            parameters=(
                ("预警级别", level.label.get("zh-hans", warning.level)), ("预警颜色", COLOURS[level.colour]),
                *((pair.name, pair.value) for pair in about.parameters),
            ),
            effective=timezone.localtime(warning.decided_at or warning.drafted_at),
            expires=timezone.localtime(warning.expires_at),
        )
        for language, tag in (("zh-hans", "zh-CN"),)
    )  # fmt: skip
    status = "Exercise" if mine.exercise else "Actual" if warning.state == "approved" else "Draft"
    names = " ".join(division_name(code).get("zh-hans", "") for code in (mine.district, mine.street) if code)
    return Alert(
        identifier=warning.identifier, sender=warning.sender,
        sent=timezone.localtime(warning.decided_at or warning.drafted_at), status=status, kind=warning.kind,
        infos=infos, note=f"演练 {mine.number}" if mine.exercise else "", references=tuple(warning.references),
        incidents=(mine.number,),
        area=Area(
            words=" ".join(part for part in (names, mine.place) if part) or "本市",
            codes=tuple(code for code in (mine.district, mine.street) if code),
            point=(mine.longitude, mine.latitude) if mine.longitude is not None and mine.latitude is not None else None,
            radius_km=float(words.get("radius_km") or 1),
        ),
    )  # fmt: skip


def warning_xml(actor: Actor, public_id: UUID | str) -> tuple[PublicWarning, bytes]:
    """A warning that the actor may see with its XML: the final text once approved, a marked draft before.

    Raises:
        ResponseUnknown: there is none, or the actor's units have no part in its response.
    """
    found = (
        PublicWarning.objects.select_related("response__plan", "response__commander")
        .filter(public_id=public_id)
        .first()
    )
    if found is None:
        raise ResponseUnknown
    response_for(actor, found.response.public_id)
    return found, found.xml.encode("utf-8") if found.xml else alert_xml(alert_of(found))


def division_name(code: str) -> dict[str, str]:
    """The name of a division; empty when it is not known."""
    found = places.divisions().filter(code=code).first() if code else None
    return dict(found.name) if found else {}


def figures(actor: Actor) -> dict[str, Any]:
    """Figures over the actor's real responses; exercises are never counted in."""
    real = responses_for(actor).filter(exercise=False)
    tasks = Task.objects.filter(case__linkage__response__in=real, stage="respond", kind="work")
    signed = [
        (task.signed_at - task.opened_at).total_seconds() / 60
        for task in tasks.exclude(signed_at=None).order_by("-id")[:1000]
        if task.signed_at
    ]
    return {
        "responses": real.count(),
        "active": real.filter(state="active").count(),
        "tasks": tasks.count(),
        "signed_median_minutes": round(sorted(signed)[len(signed) // 2], 1) if signed else None,
    }


def _works(cases: Iterable[int]) -> dict[int, list[Task]]:
    found: dict[int, list[Task]] = {}
    for task in Task.objects.filter(case__in=list(cases), stage="respond", kind="work").order_by("id"):
        found.setdefault(task.case_id, []).append(task)
    return found


def _shown(linked: LinkedCase, task: PlanTask, role: dict[str, str], works: list[Task]) -> TaskShown:
    case: Case = linked.case
    last = works[-1] if works else None
    signed = next((work.signed_at for work in works if work.signed_at), None)
    if case.state in {"cancelled", "merged"}:
        state = "cancelled"
    elif case.state == "closed":
        state = "done"
    elif case.overdue or (last is not None and last.overdue):
        state = "late"
    elif last is not None and last.state == "done":
        state = "confirm"
    else:
        state = "working" if signed else "waiting"
    return TaskShown(
        linked, task, role, case.opened_at, signed, last.done_at if last and last.state == "done" else None,
        case.due_at, state, str(case.data.get("result") or ""),
    )  # fmt: skip
