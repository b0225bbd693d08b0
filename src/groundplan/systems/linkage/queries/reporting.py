"""The report of a response, put together from its record."""

from __future__ import annotations

from django.utils import timezone

from groundplan.systems.linkage import queries
from groundplan.systems.linkage.logic import report
from groundplan.systems.linkage.logic.report import Labels, Line, Section
from groundplan.systems.linkage.models import Response


def report_sections(response: Response) -> list[Section]:
    """Every part of the report of a response that the caller has been allowed to see."""
    shown = queries.tasks_of(response)
    return [
        _overview(response),
        report.tasks_section([_line(each, response) for each in shown]),
        _resources(shown),
        _warnings(response),
        _log(response),
    ]


def _overview(response: Response) -> Section:
    plan = queries.plan_of(response.plan)
    level = plan.levels[response.level].label  # type: ignore[index] # checked when it was set.
    begun, ended = _time(response.started_at), _time(response.ended_at) if response.ended_at else ""
    rows: list[tuple[Labels, Labels]] = [
        ({"zh-hans": "联动预案", "en": "Plan"}, _joined(plan.label, f" v{response.plan.number}")),
        ({"zh-hans": "批准人", "en": "Approved by"}, report.same(response.plan.approved_name)),
        ({"zh-hans": "响应级别", "en": "Level"}, dict(level)),
        ({"zh-hans": "指挥单位", "en": "Commanding unit"}, dict(response.commander.name)),
        ({"zh-hans": "启动时间", "en": "Started"}, report.same(f"{begun} {response.started_name}")),
        ({"zh-hans": "结束时间", "en": "Ended"}, report.same(f"{ended} {response.ended_name}".strip())),
        ({"zh-hans": "地点", "en": "Place"}, report.same(response.place)),
        ({"zh-hans": "启动事由", "en": "Reason"}, report.same(response.reason)),
        ({"zh-hans": "总结", "en": "Conclusion"}, report.same(response.conclusion)),
    ]
    text: list[Labels] = []
    if response.exercise:
        text.append({
            "zh-hans": "本报告为演练记录，不计入任何统计。",
            "en": "This is the record of an exercise; it is not counted in any figure.",
        })  # fmt: skip
    headers = [{"zh-hans": "项目", "en": "Item"}, {"zh-hans": "内容", "en": "Content"}]
    return Section({"zh-hans": "基本情况", "en": "Overview"}, text, headers, rows)


def _line(shown: queries.TaskShown, response: Response) -> Line:
    finished = shown.linked.case.closed_at or shown.done_at
    in_time = None if finished is None or shown.due_at is None else finished <= shown.due_at
    return Line(
        unit=dict(shown.linked.party.name), role=shown.role, text=dict(shown.task.text),
        number=shown.linked.case.number, signed_minutes=report.minutes_between(response.started_at, shown.signed_at),
        done_minutes=report.minutes_between(response.started_at, shown.done_at), in_time=in_time, state=shown.state,
        result=shown.result,
    )  # fmt: skip


def _resources(shown: list[queries.TaskShown]) -> Section:
    totals = queries.totals_of(each.task for each in shown)
    rows = [
        [report.KINDS[each.kind], each.name, _joined(each.measure, "", before=f"{each.amount} ")] for each in totals
    ]
    headers = [
        {"zh-hans": "类别", "en": "Kind"}, {"zh-hans": "名称", "en": "Name"}, {"zh-hans": "数量", "en": "Amount"}
    ]  # fmt: skip
    return Section({"zh-hans": "调用资源", "en": "Resources"}, (), headers, rows)


def _warnings(response: Response) -> Section:
    headers = [
        {"zh-hans": "编号", "en": "Number"}, {"zh-hans": "类型", "en": "Type"}, {"zh-hans": "标题", "en": "Headline"},
        {"zh-hans": "起草", "en": "Drafted by"}, {"zh-hans": "审批", "en": "Decided by"},
        {"zh-hans": "状态", "en": "State"},
    ]  # fmt: skip
    rows = [
        [
            report.same(each.identifier), report.WARNING_KINDS[each.kind], report.same(each.words["headline"]),
            report.same(f"{each.drafted_name} {_time(each.drafted_at)}"),
            report.same(f"{each.decided_name} {_time(each.decided_at)}" if each.decided_at else ""),
            report.WARNING_STATES[each.state],
        ]
        for each in queries.warnings_of(response)
    ]  # fmt: skip
    return Section({"zh-hans": "预警发布", "en": "Warnings"}, (), headers, rows)


def _log(response: Response) -> Section:
    headers = [
        {"zh-hans": "时间", "en": "Time"}, {"zh-hans": "值守记录", "en": "Situation log"},
        {"zh-hans": "记录人", "en": "By"}
    ]  # fmt: skip
    rows = [
        [report.same(_time(each.at)), dict(each.text), report.same(each.actor_name)]
        for each in queries.log_of(response)
    ]
    return Section({"zh-hans": "值守记录", "en": "Situation log"}, (), headers, rows)


def _time(moment: object) -> str:
    return f"{timezone.localtime(moment):%Y-%m-%d %H:%M}"  # type: ignore[arg-type] # only moments are given.


def _joined(labels: Labels, after: str, before: str = "") -> Labels:
    return {language: f"{before}{text}{after}" for language, text in labels.items()}
