"""Both flows from the report to their end, each step by the role that does it."""

from datetime import datetime

import pytest

from groundplan.kernel.cases import actions as cases
from groundplan.kernel.cases.errors import NotYourTask
from groundplan.kernel.cases.models import Case
from groundplan.lib import clock
from groundplan.systems.incidents import actions
from groundplan.systems.incidents.tests.factories import EAST_POINT, WEST_POINT, complete, make_town, open_task, sign

pytestmark = pytest.mark.django_db


def reread(case):
    return Case.objects.get(pk=case.pk)


def test_a_public_report_is_checked_in_the_field_then_goes_the_seven_steps():
    town = make_town()
    receipt = actions.report_incident(
        actor=town["resident"], channel="web", flow="city-management", text="人民路路面破损，坑很深", point=WEST_POINT
    )
    case = receipt.case
    assert reread(case).stage == "collect"
    complete(town["inspector"], case, "found", finding="现场属实，坑深约 10 厘米")
    complete(town["registrar"], case, "file", kind="matter", category="06013")
    assert reread(case).stage == "dispatch"
    assert reread(case).data["first"] == "territory"
    assert reread(case).data["lead_party"] == "s339901001"
    complete(town["dispatcher"], case, "dispatch", lead_party="s339901001")
    sign(town["west-street"], case)
    complete(town["west-street"], case, "handled", result="已填补路面")
    complete(town["dispatcher"], case, "confirm")
    complete(town["inspector"], case, "fail", finding="填补处不平")
    sign(town["west-street"], case)
    complete(town["west-street"], case, "handled", result="重新摊铺")
    complete(town["dispatcher"], case, "confirm")
    complete(town["inspector"], case, "pass", finding="平整")
    complete(town["supervisor"], case, "close", grade="good", score=95)
    done = reread(case)
    assert (done.state, done.outcome, done.data["rework"]) == ("closed", "closed", True)


def test_an_inspectors_own_report_is_registered_directly():
    town = make_town()
    receipt = actions.report_incident(
        actor=town["inspector"], channel="inspector", flow="city-management", kind="matter", category="06010",
        text="暴露垃圾一处", point=EAST_POINT,
    )  # fmt: skip
    assert reread(receipt.case).stage == "register"
    assert reread(receipt.case).data["territory_party"] == "s339902001"


@pytest.mark.parametrize(("urgency", "due"), [("urgent", "2026-07-12T01:30"), ("normal", "2026-07-14T17:30")])
def test_an_emergency_runs_through_the_night_while_other_work_waits_for_the_morning(urgency, due):
    town = make_town()
    with clock.standing_at(datetime.fromisoformat("2026-07-11T23:30+08:00")):
        case = actions.report_incident(
            actor=town["inspector"], channel="inspector", flow="city-management", kind="matter", category="06002",
            urgency=urgency, text="路面塌陷，已设围挡", point=EAST_POINT,
        ).case  # fmt: skip
        complete(town["registrar"], case, "file", kind="matter", category="06002")
        complete(town["dispatcher"], case, "dispatch", lead_party="s339902001")
        task = sign(town["east-street"], case)
    assert task.due_at == datetime.fromisoformat(f"{due}+08:00")


def test_those_who_dispatch_do_not_register_and_handlers_do_not_verify():
    town = make_town()
    case = actions.report_incident(
        actor=town["inspector"], channel="inspector", flow="city-management", kind="matter", category="06010",
        text="暴露垃圾一处", point=EAST_POINT,
    ).case  # fmt: skip
    with pytest.raises(NotYourTask):
        complete(town["dispatcher"], case, "file", kind="matter", category="06010")
    complete(town["registrar"], case, "file", kind="matter", category="06010")
    complete(town["dispatcher"], case, "dispatch", lead_party="s339902001")
    sign(town["east-street"], case)
    complete(town["east-street"], case, "handled", result="已清理")
    complete(town["dispatcher"], case, "confirm")
    with pytest.raises(NotYourTask):
        complete(town["east-street"], case, "pass", finding="自查通过")


def test_a_call_is_answered_at_once_from_the_knowledge():
    town = make_town()
    case = actions.report_incident(
        actor=town["operator"],
        channel="phone",
        type="consult",
        text="办居住证要带什么材料",
        reporter_phone="13800138000",
    ).case
    complete(town["operator"], case, "answered", type="consult", reply="身份证、居住证明和照片。")
    assert (reread(case).state, reread(case).outcome) == ("closed", "answered")


def test_the_directory_sends_a_call_to_the_lead_unit_and_call_back_closes_it():
    town = make_town()
    case = actions.report_incident(
        actor=town["operator"], channel="phone", type="complaint", text="井盖缺损，半夜车压过很响", category="井盖缺损",
        point=WEST_POINT, reporter_phone="13800138000",
    ).case  # fmt: skip
    complete(town["operator"], case, "dispatch", type="complaint", matter="井盖缺损")
    assert open_task(case, "handle", "lead").party.code == "urban-management"
    assert open_task(case, "handle", "assist").party.code == "water"
    sign(town["city-manager"], case, "handle", "lead")
    sign(town["water"], case, "handle", "assist")
    complete(town["water"], case, "done", "handle", "assist")
    complete(town["city-manager"], case, "handled", "handle", "lead", reply="已更换井盖并加胶垫")
    assert reread(case).stage == "callback"
    complete(town["operator"], case, "solved", solved="yes", satisfied="yes")
    assert reread(case).state == "closed"


def test_a_return_that_is_upheld_goes_to_a_person_for_dispatch():
    town = make_town()
    case = actions.report_incident(
        actor=town["operator"],
        channel="phone",
        type="help",
        text="路灯不亮好几天",
        reporter_phone="13800138000",
        category="路灯不亮",
        point=WEST_POINT,
    ).case
    complete(town["operator"], case, "dispatch", type="help", matter="路灯不亮")
    task = open_task(case, "handle", "lead")
    sign(town["city-manager"], case, "handle", "lead")
    cases.return_task(actor=town["city-manager"], task=task.public_id, seen=None, reason="该路灯由交通局养护")
    ruling = open_task(case, "dispute")
    cases.rule_return(actor=town["hotline-dispatcher"], task=ruling.public_id, seen=None, uphold=True, note="情况属实")
    assert reread(case).stage == "assign"
    complete(town["hotline-dispatcher"], case, "dispatch", lead_party="transport")
    assert open_task(case, "handle", "lead").party.code == "transport"


def test_the_territory_hands_a_case_down_its_levels_and_answers_for_it():
    town = make_town()
    case = actions.report_incident(
        actor=town["operator"],
        channel="phone",
        type="complaint",
        text="楼下垃圾没人清",
        category="环境卫生",
        point=WEST_POINT,
    ).case
    complete(town["operator"], case, "dispatch", type="complaint", matter="环境卫生")
    assert reread(case).stage == "territory"
    sign(town["west"], case)
    mine = open_task(case, "territory")
    street = town.units["339901001"]
    cases.redispatch_task(actor=town["west"], task=mine.public_id, seen=None, to_party=street.code)
    child = open_task(case)
    assert (child.party.code, child.level) == ("s339901001", 1)
    cases.sign_task(actor=town["west-street"], task=child.public_id, seen=None)
    cases.complete_task(actor=town["west-street"], task=child.public_id, seen=None, outcome="done", note="已清")
    complete(town["west"], case, "handled", "territory", reply="街道已清理并安排每日保洁")
    complete(town["operator"], case, "unsolved", satisfied="no", unsolved_reason="水还在流")
    assert reread(case).stage == "assign"
