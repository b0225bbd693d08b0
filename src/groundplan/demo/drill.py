"""The evening before the simulated day: the sample city approves its plans and holds an exercise of one."""

from __future__ import annotations

from datetime import datetime, timedelta

from groundplan.demo.crew import Crew
from groundplan.kernel.cases import actions as cases
from groundplan.kernel.cases.models import Task
from groundplan.kernel.parties import queries as parties
from groundplan.lib import clock
from groundplan.systems.linkage import actions
from groundplan.systems.linkage.models import PlanVersion

PLAN = "urban-waterlogging"
RESULTS = "人员、车辆按预案到位，演练任务完成。"


def hold_exercise(begins: datetime) -> None:
    """Approve the shipped plans and hold an exercise from start to end.

    Args:
        begins: when it is started.
    """
    crew = Crew.mustered()
    leader, dispatcher = parties.actor_named("leader"), parties.actor_named("dispatcher")
    for plan in PlanVersion.objects.filter(state="draft"):
        actions.approve_plan(actor=leader, version=plan.public_id)
    district = next(unit.division_code for unit in crew.units.values() if unit.kind == "district")
    with clock.standing_at(begins):
        response = actions.start_plan(
            actor=dispatcher, plan=PlanVersion.objects.get(key=PLAN, state="in_force").public_id, level="III",
            reason="汛期演练：模拟一小时降雨 60 毫米，下穿通道积水。", place="滨河路下穿通道", district=district,
            exercise=True, key="drill",
        )  # fmt: skip
        warning = actions.draft_warning(
            actor=dispatcher, response=response.public_id, headline="【演练】滨河路下穿通道积水",
            description="演练：滨河路下穿通道积水约 30 厘米，请绕行。",
        )  # fmt: skip
        actions.decide_warning(actor=leader, warning=warning.public_id, approve=True)
    minutes = 3
    for task in Task.objects.filter(case__linkage__response=response, state="offered").order_by("id"):
        handler = crew.actor(task.party_id, task.role)
        if handler is None:
            continue
        with clock.standing_at(begins + timedelta(minutes=minutes)):
            cases.sign_task(actor=handler, task=task.public_id, seen=None)
        with clock.standing_at(begins + timedelta(minutes=minutes + 20)):
            cases.complete_task(actor=handler, task=task.public_id, seen=None, outcome="done", data={"result": RESULTS})
            confirming = Task.objects.get(case=task.case_id, state="open")
            cases.complete_task(actor=dispatcher, task=confirming.public_id, seen=None, outcome="confirm")
        minutes += 2
    with clock.standing_at(begins + timedelta(minutes=50)):
        actions.write_log(
            actor=dispatcher, response=response.public_id, text="各单位集结、处置和撤收用时符合预案要求。"
        )
        actions.end_response(
            actor=dispatcher, response=response.public_id, seen=None, conclusion="演练达到预期，泵车调派顺畅。",
            cancel_open=True,
        )  # fmt: skip
