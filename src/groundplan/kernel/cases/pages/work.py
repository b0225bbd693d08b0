"""The lists of cases, and a flow as a readable list."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils.translation import gettext as _

from groundplan.kernel.cases import queries
from groundplan.kernel.cases.logic.flow import EndStage, Flow, ParallelStage, RuleStage, RulingStage
from groundplan.kernel.cases.pages import shown
from groundplan.kernel.cases.pages.diagram import diagram
from groundplan.kernel.cases.queries.flows import flow_of
from groundplan.kernel.cases.queries.lists import Filters
from groundplan.kernel.parties.access import officer
from groundplan.kernel.parties.logic.roles import PURPOSES
from groundplan.kernel.rules import queries as rules
from groundplan.lib.errors import NotFound
from groundplan.lib.keyset import LARGEST_PAGE
from groundplan.portal import desk
from groundplan.portal.templatetags.portal import label
from groundplan.portal.worklists import remembered

OFFICE = ("rule_editor", "data_office", "rule_approver")
SIZE_LIST = 50


@officer()
@remembered("cases")
def listing(request: HttpRequest) -> HttpResponse:
    """To-do, done or all cases of my units, filtered, page by page."""
    actor = request.actor  # type: ignore[attr-defined]
    kind = request.GET.get("kind", "todo")
    kind = kind if kind in queries.KINDS else "todo"
    filters = filters_of(request)
    found = queries.queue(actor, kind, filters, request.GET.get("after"), SIZE_LIST)
    rows = [shown.row_shown(row, queries.flow(row.case)) for row in found.items]
    context = {"page": found, "rows": rows, "kind": kind, "filters": filters, "tabs": _tabs(request, kind)}
    context |= {
        "purposes": PURPOSES,
        "flows": queries.flows_in_force(),
        "states": _states(),
        "pick": True,
    }
    return render(request, "cases/list.html", context)


@officer()
def flow_page(request: HttpRequest, key: str) -> HttpResponse:
    """A flow in force, stage by stage."""
    version = next((each for each in queries.flows_in_force() if each.key == key), None)
    if version is None:
        raise NotFound
    flow = flow_of(version.pk)
    stages = [_stage_shown(flow, name) for name in flow.stages]
    names = rules.labels()
    for stage in stages:
        stage["rule_label"] = names.get(stage["rule"], stage["rule"])
        stage["works"] = [(work, names.get(_limit_rule(work), {})) for _key, work in stage["works"]]
    context = {"version": version, "flow": flow, "stages": stages, "diagram": diagram(flow)}
    context["may_migrate"] = request.actor.has_role(*OFFICE)  # type: ignore[attr-defined]
    return render(request, "cases/flow.html", context)


def filters_of(request: HttpRequest) -> Filters:
    """The filters of a list from its address."""
    return filters_from(request.GET)


def filters_from(asked: QueryDict) -> Filters:
    """The filters that somebody asks for; unknown values find nothing, they are no error."""
    get = asked.get
    return Filters(
        flow=get("flow", "")[:64],
        state=get("state", "")[:10],
        stage=get("stage", "")[:64],
        overdue=get("overdue") == "1",
        district=get("district", "")[:12],
        text=get("text", "").replace("\x00", "")[:100],
        only=tuple(filter(_is_uuid, asked.getlist("only")))[:LARGEST_PAGE],
    )


def _is_uuid(text: str) -> bool:
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False


def _tabs(request: HttpRequest, kind: str) -> list[dict[str, Any]]:
    texts = {"todo": _("待办"), "account": _("挂账"), "done": _("已办"), "all": _("全部")}
    counted = {each.key: each.todo for each in desk.waiting(request)}
    return [
        {
            "url": f"?kind={name}",
            "text": text,
            "current": name == kind,
            "count": desk.shown(counted.get("cases", 0)) if name == "todo" else "",
        }
        for name, text in texts.items()
    ]


def _states() -> list[tuple[str, str]]:
    return [("active", _("未办结")), *((name, str(text)) for name, (text, _tone) in shown.STATES.items())]


def _limit_rule(work: Any) -> str:
    """The rule that gives the time limit of a task, empty for none."""
    return (work.limit and work.limit.rule) or ""


def _guard_shown(flow: Flow, name: str, test: str) -> str:
    """A guard in words where it names one value, else as it is written."""
    field = flow.fields.get(name)
    if field is None:
        return f"{name} {test}"
    named = (field.values or {}).get(test.strip('"'))
    return f"{label(field.label)}：{label(named) if named else test}"


def _stage_shown(flow: Any, name: str) -> dict[str, Any]:
    """A stage as the flow page lists it."""
    stage = flow.stages[name]
    works = list(stage.tasks.items()) if isinstance(stage, ParallelStage) else [("", stage)]
    ways: list[tuple[Any, str]] = []
    if isinstance(stage, RuleStage):
        guarded = [("；".join(_guard_shown(flow, *one) for one in way.when.items()), way.to) for way in stage.next]
        ways = [(text or _("其他情形"), to) for text, to in guarded]
    elif isinstance(stage, RulingStage):
        ways = [(_("同意退单"), stage.upheld)]
    elif isinstance(stage, ParallelStage):
        ways = [(_("办结后"), stage.to)]
    elif not isinstance(stage, EndStage):
        ways = [(outcome.label, outcome.to or "") for outcome in stage.outcomes.values()]
    return {
        "name": name,
        "label": stage.label,
        "kind": stage.kind,
        "rule": getattr(stage, "rule", ""),
        "works": [(key, work) for key, work in works if not isinstance(work, (RuleStage, EndStage))],
        "ways": [(text, shown.stage_label(flow, to), to) for text, to in ways],
    }
