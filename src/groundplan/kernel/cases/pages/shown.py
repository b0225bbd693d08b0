"""Cases as pages show them: state as a chip, clock as a bar, data with their labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from groundplan.kernel.cases.actions import _clockwork as clockwork
from groundplan.kernel.cases.logic import clocks
from groundplan.kernel.cases.logic.flow import Flow, ParallelStage
from groundplan.kernel.cases.models import Case, Step, Task, Timed
from groundplan.kernel.cases.queries import Row
from groundplan.kernel.cases.queries.explaining import Explanation
from groundplan.kernel.cases.queries.subcases import Below
from groundplan.kernel.parties.models import Party
from groundplan.kernel.places.queries import divisions
from groundplan.lib import clock

STATES = {
    "open": (gettext_lazy("办理中"), "active"),
    "suspended": (gettext_lazy("挂起"), "paused"),
    "on_account": (gettext_lazy("挂账"), "paused"),
    "closed": (gettext_lazy("已办结"), "good"),
    "cancelled": (gettext_lazy("已撤销"), "neutral"),
    "merged": (gettext_lazy("已并单"), "neutral"),
}
TASK_STATES = {
    "offered": (gettext_lazy("待签收"), "neutral"),
    "open": (gettext_lazy("办理中"), "active"),
    "waiting": (gettext_lazy("等待结果"), "paused"),
    "done": (gettext_lazy("已完成"), "good"),
    "returned": (gettext_lazy("已退回"), "warn"),
    "cancelled": (gettext_lazy("已终止"), "neutral"),
}
TASK_KINDS = {
    "work": gettext_lazy("主办"),
    "child": gettext_lazy("转派"),
    "assist": gettext_lazy("协办"),
    "offer": gettext_lazy("移交"),
    "ruling": gettext_lazy("裁定"),
    "extension": gettext_lazy("延期审批"),
    "account": gettext_lazy("挂账审批"),
}
# Who is no user has a name in the reader's language.
NAMELESS = {
    "system": gettext_lazy("系统"),
    "anonymous": gettext_lazy("反映人"),
    "reporter": gettext_lazy("反映人"),
}
NEAR_SHARE = 80
TONES = {
    "complete": "good", "closed": "good", "sign": "active", "entered": "info", "decided": "info", "return": "warn",
    "overdue": "late", "escalate": "late", "supervise": "warn", "suspend": "paused",
    "account_granted": "paused", "account_due": "warn", "cancel": "neutral",
}  # fmt: skip


@dataclass(frozen=True)
class ClockShown:
    """A clock as the bar shows it."""

    share: float
    text: str
    state: str
    due: datetime | None


@dataclass(frozen=True)
class RowShown:
    """A line of a list."""

    case: Case
    task: Task | None
    stage: Any
    state: str
    tone: str
    due: datetime | None
    late: bool


def clock_shown(timed: Timed, *, over: bool) -> ClockShown:
    """The clock of a case or task in words."""
    now = clock.now()
    if timed.calendar_missing:
        text = _("日历缺失，剩余工作时间 %(spans)s") % {"spans": spans_shown(timed.limit_spans)}
        return ClockShown(0, text, "missing", None)
    if timed.due_at is None or timed.clock_started_at is None:
        return ClockShown(0, _("不计时"), "paused", None)
    share = clocks.used_share(timed.clock_started_at, timed.due_at, now)
    if over:
        return ClockShown(
            1, _("超期办结") if timed.overdue else _("按期办结"), "overdue" if timed.overdue else "done", timed.due_at
        )
    if timed.paused_for:
        held = clockwork.clock_of(timed)
        stopped = held.pauses[-1].start if held and held.pauses else now
        text = _("停止计时，剩余%(rest)s") % {"rest": length_shown(timed.due_at - stopped)}
        return ClockShown(clocks.used_share(timed.clock_started_at, timed.due_at, stopped) / 100, text, "paused", None)
    if now > timed.due_at:
        return ClockShown(1, _("超期%(time)s") % {"time": length_shown(now - timed.due_at)}, "overdue", timed.due_at)
    text = _("剩余%(rest)s") % {"rest": length_shown(timed.due_at - now)}
    return ClockShown(share / 100, text, "near" if share >= NEAR_SHARE else "running", timed.due_at)


def explained(answers: Explanation, flow: Flow) -> dict[str, Any]:
    """The answers about a case, lengths of time in words."""
    rows = [
        (
            each,
            stage_label(flow, each.task.stage, each.task.key),
            length_shown(each.work_time) if each.work_time is not None else _("日历缺失"),
            length_shown(each.length),
            each.task.overdue and each.kind != "paused",
        )
        for each in answers.used
    ]
    return {"grounds": answers.grounds, "used": rows, "ways": answers.ways}


def by_shown(step: Step) -> Any:
    """Who did a step."""
    name = NAMELESS.get(step.actor.partition(":")[0], step.actor_name)
    if step.acting_for:
        return _("%(name)s 代 %(other)s") % {"name": name, "other": step.acting_for_name}
    return name


def length_shown(length: timedelta) -> str:
    """A length of time in its two largest units."""
    minutes = max(0, int(length.total_seconds() // 60))
    days, hours, rest = minutes // 1440, minutes % 1440 // 60, minutes % 60
    if days:
        return _("%(days)d 天 %(hours)d 小时") % {"days": days, "hours": hours}
    if hours:
        return _("%(hours)d 小时 %(minutes)d 分") % {"hours": hours, "minutes": rest}
    return _("%(minutes)d 分钟") % {"minutes": rest}


def spans_shown(text: str) -> str:
    """Spans such as ``5 work_days`` in words."""
    units = {
        "work_days": _("个工作日"),
        "work_hours": _("个工作时"),
        "emergency_hours": _("个紧急工作时"),
        "seconds": _("秒"),
        "days": _("天"),
        "hours": _("小时"),
        "minutes": _("分钟"),
    }
    try:
        return "＋".join(f"{span.amount.normalize():f} {units[span.unit]}" for span in clocks.read_spans(text))
    except ValueError:
        return text


def stage_label(flow: Flow, stage: str, key: str = "") -> Any:
    """What a stage, or a task of a parallel stage, is called."""
    found = flow.stages.get(stage)
    if isinstance(found, ParallelStage) and key in found.tasks:
        return found.tasks[key].label
    return found.label if found is not None else {"zh-hans": stage}


def row_shown(row: Row, flow: Flow) -> RowShown:
    """A line of a list as it is shown."""
    task, now = row.task, clock.now()
    due = task.due_at if task else row.case.due_at
    late = bool(due and due < now and row.case.active and not (task or row.case).paused_for)
    state, tone = TASK_STATES[task.state] if task else STATES[row.case.state]
    if row.case.state in {"suspended", "on_account"}:
        state, tone = STATES[row.case.state]
    stage = stage_label(flow, task.stage, task.key) if task else stage_label(flow, row.case.stage)
    return RowShown(row.case, task, stage, str(state), "late" if late else tone, due, late)


def below_rows(rows: Sequence[Below]) -> list[tuple[Below, Any, Any]]:
    """Sub-cases with flow and state in words."""
    return [(each, each.case.flow_version.label, STATES[each.case.state]) for each in rows]


def data_shown(case: Case, flow: Flow) -> list[tuple[Any, Any]]:
    """The data of a case with their labels, empty ones left out."""
    codes = {
        str(code)
        for name, field in flow.fields.items()
        if field.type in {"party", "parties"}
        for code in _codes(case.data.get(name))
    }
    names = {party.code: party.name for party in Party.objects.filter(code__in=codes)}
    listed = [str(case.data.get(name)) for name, field in flow.fields.items() if field.type == "division"]
    areas = {each.code: each.name for each in divisions(on=localtime(case.opened_at).date()).filter(code__in=listed)}
    found = []
    for name, field in flow.fields.items():
        value = case.data.get(name)
        if value is None or field.personal:
            continue
        if field.type in {"party", "parties"}:
            found.append((field.label, [names.get(code, {"zh-hans": code}) for code in _codes(value)]))
        elif field.type == "division":
            found.append((field.label, [areas.get(str(value), {"zh-hans": str(value)})]))
        elif field.values:
            found.append((field.label, [field.values.get(str(value), {"zh-hans": str(value)})]))
        elif field.type == "boolean":
            found.append((field.label, [{"zh-hans": "是", "en": "yes"} if value else {"zh-hans": "否", "en": "no"}]))
        else:
            found.append((field.label, [{"zh-hans": str(value), "en": str(value)}]))
    return found


def _codes(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value or [])
