"""直启: one press opens the linked cases of all units in one transaction; then the log, the level, the end."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from groundplan.kernel.cases import actions as cases
from groundplan.kernel.parties.models import Party
from groundplan.kernel.parties.queries import Actor
from groundplan.lib import clock, sql
from groundplan.systems.linkage import queries
from groundplan.systems.linkage.actions._writing import announce, locked, note, plain
from groundplan.systems.linkage.errors import NotTheCommander, PlanUnknown, ResponseInvalid, ResponseMoved
from groundplan.systems.linkage.logic.plan import LEVELS, LinkagePlan, PlanTask
from groundplan.systems.linkage.models import LinkedCase, LogEntry, PlanVersion, Response

MARK = "【演练】"
KEY_LENGTH = 100


@transaction.atomic
def start_plan(
    *,
    actor: Actor,
    plan: UUID | str,
    level: str,
    reason: str,
    place: str = "",
    district: str = "",
    street: str = "",
    point: tuple[float, float] | None = None,
    exercise: bool = False,
    key: str = "",
) -> Response:
    """Start a plan: all units of the level get their case at once, or nothing happens at all.

    Args:
        actor: of the commanding unit, in a commanding role.
        plan: the version, which is in force.
        level: ``I`` to ``IV``, as far as the plan has it.
        reason: what happened; told to every unit.
        place: where, in words.
        district: code of the district, for the units of the territory.
        street: code of the street, the same.
        point: longitude and latitude, CGCS2000.
        exercise: an exercise (演练): marked on every page and number, left out of every figure.
        key: the same key again gives the response that was started, so that no press starts it twice.

    Raises:
        PlanUnknown: no such plan is commanded by the actor's units.
        NotTheCommander: the actor holds no commanding role there.
        ResponseMoved: the version is not in force.
        ResponseInvalid: level, reason or place does not fit, or a unit cannot be found.
    """
    version = PlanVersion.objects.select_for_update().filter(public_id=plan).select_related("commander").first()
    if version is None or not actor.covers(version.commander_id):
        raise PlanUnknown
    if not queries.commands(actor, version.commander_id):
        raise NotTheCommander(accepted=", ".join(queries.COMMANDING))
    once = f"{actor.actor_id}:{key.replace(chr(0), '')[:KEY_LENGTH]}" if key else None
    before = Response.objects.filter(start_key=once).first() if once else None
    if before is not None:
        return before
    if version.state != "in_force":
        raise ResponseMoved(_("该预案版本未生效，不能启动。"), state=version.state)
    document = queries.plan_of(version)
    _check_level(document, level)
    made = Response.objects.create(
        number=_next_number(exercise=exercise), plan=version, commander=version.commander, level=level,
        exercise=exercise, reason=plain(reason, "reason"), place=place.replace("\x00", "").strip()[:300],
        district=_division(district, "district"), street=_division(street, "street"),
        longitude=point[0] if point else None, latitude=point[1] if point else None,
        started_by=actor.actor_id, started_name=actor.display_name, start_key=once,
    )  # fmt: skip
    _open_cases(actor, made, document, document.tasks_at(level))
    version.suggestions.filter(response=None, district__in=("", made.district)).update(response=made)
    note(
        actor, made, "start_plan", "start", _told(made, document, "启动", "started"),
        data={"plan": version.key, "version": version.number, "level": level, "cases": made.linked.count()},
    )  # fmt: skip
    announce(actor, made, "linkage.started.v1")
    return made


@transaction.atomic
def change_level(*, actor: Actor, response: UUID | str, seen: int | None, level: str, reason: str) -> Response:
    """Raise or lower the level: tasks that the new level adds are opened; those under way go on.

    Raises:
        ResponseUnknown: none that the actor's units have a part in.
        NotTheCommander: the actor does not command it.
        ResponseMoved: it has ended, or somebody else was faster.
        ResponseInvalid: the plan has no such level, it is the present one, or no reason is given.
    """
    mine = locked(actor, response)
    _check_seen(mine, seen)
    document = queries.plan_of(mine.plan)
    _check_level(document, level)
    if level == mine.level:
        raise ResponseInvalid(_("已是该级别。"), fields=[{"field": "level", "reason": "unchanged"}])
    why = plain(reason, "reason")
    rising = LEVELS.index(level) < LEVELS.index(mine.level)
    mine.level, mine.version = level, mine.version + 1
    mine.save(update_fields=["level", "version"])
    there = set(mine.linked.values_list("task", flat=True))
    _open_cases(actor, mine, document, [task for task in document.tasks_at(level) if task.key not in there])
    words = ("升级为", "raised to") if rising else ("降级为", "lowered to")
    told = _told(mine, document, *words)
    note(
        actor, mine, "change_level", "level", {name: f"{text} {why}" for name, text in told.items()},
        data={"level": level, "cases": mine.linked.count()},
    )  # fmt: skip
    announce(actor, mine, "linkage.level_changed.v1")
    return mine


@transaction.atomic
def write_log(*, actor: Actor, response: UUID | str, text: str) -> LogEntry:
    """Write a line of the situation log (值守记录); it can be neither changed nor deleted afterwards.

    Raises:
        ResponseUnknown: none that the actor's units have a part in.
        ResponseMoved: it has ended.
        ResponseInvalid: the text is empty.
    """
    mine = locked(actor, response, commanding=False)
    entry = note(actor, mine, "write_log", "note", {"zh-hans": plain(text, "text")})
    announce(actor, mine, "linkage.noted.v1")
    return entry


@transaction.atomic
def end_response(
    *, actor: Actor, response: UUID | str, seen: int | None, conclusion: str, cancel_open: bool = False
) -> Response:
    """End a response; the report can then be taken from the record.

    Args:
        actor: of the commanding unit, in a commanding role.
        response: public id.
        seen: version that the actor saw.
        conclusion: how it went.
        cancel_open: cancel the cases that are still open; without it they must all be done.

    Raises:
        ResponseUnknown: none that the actor's units have a part in.
        NotTheCommander: the actor does not command it.
        ResponseMoved: it has ended, somebody else was faster, or cases are open.
        ResponseInvalid: no conclusion is given.
    """
    mine = locked(actor, response)
    _check_seen(mine, seen)
    text = plain(conclusion, "conclusion")
    waiting = [each.case for each in mine.linked.select_related("case") if each.case.active]
    if waiting and not cancel_open:
        raise ResponseMoved(
            _("还有 %(n)d 件联动任务未办结。") % {"n": len(waiting)},
            next_step=_("请等待办结，或勾选一并终止。"), open=[case.number for case in waiting],
        )  # fmt: skip
    for case in waiting:
        cases.cancel_case(actor=actor, case=case.public_id, seen=None, reason=text[:500])
    mine.state, mine.ended_at, mine.version = "ended", clock.now(), mine.version + 1
    mine.ended_by, mine.ended_name, mine.conclusion = actor.actor_id, actor.display_name, text
    mine.save(update_fields=["state", "ended_at", "ended_by", "ended_name", "conclusion", "version"])
    told = _told(mine, queries.plan_of(mine.plan), "终止", "ended")
    note(
        actor, mine, "end_response", "end", {name: f"{line} {text}" for name, line in told.items()},
        data={"cancelled": len(waiting)},
    )  # fmt: skip
    announce(actor, mine, "linkage.ended.v1")
    return mine


def _open_cases(actor: Actor, response: Response, plan: LinkagePlan, tasks: Iterable[PlanTask]) -> None:
    """One case for each task, in the flow of the plan or that of its exercises.

    Raises:
        ResponseInvalid: a unit cannot be found; nothing is opened.
    """
    units = {task.key: queries.unit_of(task, district=response.district, street=response.street) for task in tasks}
    missing = [key for key, unit in units.items() if unit is None]
    if missing:
        raise ResponseInvalid(
            _("以下任务找不到责任单位：%(keys)s。") % {"keys": "、".join(missing)},
            next_step=_("属地任务须选择区县（街道）；其他请核对预案中的单位代码。"),
            fields=[{"field": "district", "reason": f"no unit for the task {key}"} for key in missing],
        )
    for task in tasks:
        unit = units[task.key]
        if unit is not None:
            _open_case(actor, response, plan, task, unit)


def _open_case(actor: Actor, response: Response, plan: LinkagePlan, task: PlanTask, unit: Party) -> None:
    text = task.text.get("zh-hans") or next(iter(task.text.values()))
    supplies = "；".join(
        f"{each.name.get('zh-hans', '')} {each.amount} {each.measure.get('zh-hans', '')}" for each in task.resources
    )
    name = plan.label.get("zh-hans", plan.plan)
    data: dict[str, Any] = {
        "response": response.number, "plan": name, "exercise": response.exercise,
        "level": plan.levels[response.level].label.get("zh-hans", response.level),  # type: ignore[index] # checked.
        "commander": response.commander.code, "unit": unit.code,
        "role": plan.roles[task.role].get("zh-hans", task.role), "text": text, "resources": supplies or None,
        "situation": response.reason[:2000], "place": response.place or None, "district": response.district or None,
        "limit": task.limit, "sign_limit": task.sign_limit,
    }  # fmt: skip
    case = cases.open_case(
        actor=actor,
        flow=plan.exercise_flow if response.exercise else plan.flow,
        title=f"{MARK if response.exercise else ''}{name}：{text}",
        data={key: value for key, value in data.items() if value is not None},
        point=_point(response),
        division_codes={
            key: code for key, code in (("district", response.district), ("street", response.street)) if code
        },
        channel="linkage",
        subject=f"linkage:{response.public_id}",
    )
    LinkedCase.objects.create(response=response, case=case, task=task.key, party=unit, level=response.level)


def _point(response: Response) -> tuple[float, float] | None:
    if response.longitude is None or response.latitude is None:
        return None
    return (response.longitude, response.latitude)


def _told(response: Response, plan: LinkagePlan, chinese: str, english: str) -> dict[str, str]:
    level = plan.levels[response.level].label  # type: ignore[index] # checked when it was set.
    marks = (MARK, "[Exercise] ") if response.exercise else ("", "")
    name = plan.label
    return {
        "zh-hans": f"{marks[0]}{name.get('zh-hans', plan.plan)}{chinese}：{level.get('zh-hans', response.level)}。",
        "en": f"{marks[1]}{name.get('en', plan.plan)} {english}: {level.get('en', response.level)}.",
    }


def _check_level(plan: LinkagePlan, level: str) -> None:
    if level not in plan.levels:
        raise ResponseInvalid(
            _("该预案没有这一级别。"), accepted=", ".join(plan.levels), fields=[{"field": "level", "reason": "unknown"}]
        )


def _check_seen(response: Response, seen: int | None) -> None:
    if seen is not None and seen != response.version:
        raise ResponseMoved(_("页面打开后情况已有变化，请核对后重试。"), version=response.version)


def _division(code: str, level: str) -> str:
    if code and not queries.is_division(code, level):
        raise ResponseInvalid(_("没有该行政区划。"), fields=[{"field": level, "reason": "unknown"}])
    return code


def _next_number(*, exercise: bool) -> str:
    """LD for what is real, YL for exercises; counted within a day."""
    with connection.cursor() as cursor:
        sql.advisory_xact_lock(cursor, "linkage.number")
    prefix = f"{'YLXY' if exercise else 'LDXY'}{timezone.localtime(clock.now()):%Y%m%d}-"
    return f"{prefix}{Response.objects.filter(number__startswith=prefix).count() + 1:03d}"
