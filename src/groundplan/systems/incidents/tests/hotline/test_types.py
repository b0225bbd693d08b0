"""Each type of request by its rules; who reports an offence stays unknown to the handling unit, on every path."""

import json

import pytest

from groundplan.kernel.cases import actions as cases
from groundplan.kernel.cases.errors import IdentityHidden, NotForThisStage
from groundplan.kernel.cases.models import Case
from groundplan.kernel.events.models import Outgoing
from groundplan.kernel.ledger.models import Pending
from groundplan.kernel.notices.models import Notice
from groundplan.kernel.parties.tests.factories import make_player
from groundplan.systems.incidents import actions, queries
from groundplan.systems.incidents.errors import ReportInvalid
from groundplan.systems.incidents.models import Incident
from groundplan.systems.incidents.tests.factories import WEST_POINT, complete, make_town, open_task, sign

pytestmark = pytest.mark.django_db
NAME, PHONE = "欧阳锋", "13900139000"
TEXT = f"我是{NAME}，电话{PHONE}，我举报隔壁工地夜里偷倒渣土。"


def call(town, **report):
    given = {"actor": town["operator"], "channel": "phone", "point": WEST_POINT, "reporter_phone": PHONE}
    return actions.report_incident(**{**given, **report}).case


def handled(town, case, unit="city-manager"):
    sign(town[unit], case, "handle", "lead")
    complete(town[unit], case, "handled", "handle", "lead", reply="已转达，感谢您的表扬。")
    return Case.objects.get(pk=case.pk)


def test_praise_is_passed_on_and_nobody_is_called_back():
    town = make_town()
    case = call(town, type="praise", text="路灯修得真快")
    complete(town["operator"], case, "dispatch", type="praise", matter="路灯不亮")
    done = handled(town, case)
    assert (done.state, done.outcome, done.data["callback_due"]) == ("closed", "closed", False)


def test_a_call_for_help_needs_a_telephone_and_says_which_field_is_missing():
    town = make_town()
    with pytest.raises(ReportInvalid) as refused:
        call(town, type="help", text="老人被困电梯", reporter_phone="")
    assert [item["field"] for item in refused.value.extra["fields"]] == ["reporter_phone"]
    assert refused.value.extra["rule"] == "T2"
    assert call(town, type="consult", text="几点开门", reporter_phone="").state == "open"


def test_what_another_system_recorded_is_taken_as_it_is():
    town = make_town()
    assert actions.report_incident(actor=town["operator"], channel="api", type="help", text="老人被困电梯").created


def test_a_report_of_an_offence_goes_to_a_person_and_is_never_answered_at_once():
    town = make_town()
    case = call(town, type="report", text=TEXT)
    with pytest.raises(NotForThisStage):
        complete(town["operator"], case, "answered", type="report", reply="已告知")
    complete(town["operator"], case, "dispatch", type="report", matter="路灯不亮")
    found = Case.objects.get(pk=case.pk)
    assert (found.stage, found.data["routing"], found.data["may_publish"]) == ("assign", "person", False)


def test_a_case_that_was_returned_twice_stays_with_the_unit_then_named():
    town = make_town()
    case = call(town, type="complaint", text="路灯不亮好几天", category="路灯不亮")
    complete(town["operator"], case, "dispatch", type="complaint", matter="路灯不亮")
    for unit, following in (("city-manager", "transport"), ("roads", "urban-management")):
        task = sign(town[unit], case, "handle", "lead")
        cases.return_task(actor=town[unit], task=task.public_id, seen=None, reason="不属本单位")
        ruling = open_task(case, "dispute")
        cases.rule_return(actor=town["hotline-dispatcher"], task=ruling.public_id, seen=None, uphold=True)
        complete(town["hotline-dispatcher"], case, "dispatch", lead_party=following)
    task = sign(town["city-manager"], case, "handle", "lead")
    with pytest.raises(NotForThisStage, match="首接负责"):
        cases.return_task(actor=town["city-manager"], task=task.public_id, seen=None, reason="不属本单位")
    assert queries.first_receiver(case).code == "urban-management"


def test_not_solved_says_why_and_counts_as_handled_again():
    town = make_town()
    case = call(town, type="complaint", text="路灯不亮好几天", category="路灯不亮")
    complete(town["operator"], case, "dispatch", type="complaint", matter="路灯不亮")
    handled(town, case)
    with pytest.raises(Exception, match="未解决原因"):
        complete(town["operator"], case, "unsolved", satisfied="no")
    complete(town["operator"], case, "unsolved", satisfied="no", unsolved_reason="第二天又灭了")
    found = Case.objects.get(pk=case.pk)
    assert (found.stage, found.data["rework"], found.data["unsolved_reason"]) == ("assign", True, "第二天又灭了")


@pytest.fixture
def offence():
    """A report of an offence that a bureau handles; the bureau also has a head, a dispatcher and an operator."""
    town = make_town()
    bureau = town.units["urban-management"]
    for role in ("leader", "dispatcher", "operator", "supervisor"):
        town.people[f"bureau-{role}"] = make_player(bureau, role, f"bureau-{role}")
    picture = ("现场.txt", "渣土车进出".encode())
    receipt = actions.report_incident(
        actor=town["resident"], channel="web", type="report", title=f"{NAME}举报偷倒渣土", text=TEXT, point=WEST_POINT,
        place=f"{NAME}家楼下", reporter_name=NAME, reporter_phone=PHONE, files=[picture],
    )  # fmt: skip
    case = receipt.case
    complete(town["operator"], case, "dispatch", type="report", matter="环境卫生")
    complete(town["hotline-dispatcher"], case, "dispatch", lead_party="urban-management")
    sign(town["city-manager"], case, "handle", "lead")
    actions.supplement_report(number=receipt.number, code=receipt.code, text=f"{NAME}补充：昨夜又来了两车，{PHONE}")
    return town, receipt


PEOPLE = ("city-manager", "bureau-leader", "bureau-dispatcher", "bureau-operator", "bureau-supervisor")


@pytest.mark.parametrize("person", PEOPLE)
def test_no_page_and_no_answer_of_the_handling_unit_names_who_reported(offence, person):
    town, receipt = offence
    case, client = receipt.case, town.people[person].client
    account = town["resident"].actor_id
    incident = Incident.objects.get(case=case)
    paths = (
        f"/cases/{case.public_id}", f"/cases/{case.public_id}/live", "/cases?kind=all", "/work", "/notices",
        f"/cases?kind=all&text={NAME}", f"/cases?kind=all&text={PHONE}",
        f"/api/v1/cases/{case.public_id}", f"/api/v1/cases/{case.public_id}/explanation", "/api/v1/cases/?kind=all",
        f"/api/v1/incidents/{incident.public_id}", "/api/v1/incidents", "/command", "/indicators",
    )  # fmt: skip
    for path in paths:
        answer = client.get(path)
        body = b"".join(answer.streaming_content).decode() if answer.streaming else answer.content.decode()
        for secret in (NAME, "139****9000", account, "resident", receipt.code):
            # What somebody types into a search box is shown back to them.
            if secret == NAME and "text=" in path:
                assert receipt.number not in body
            else:
                assert secret not in body, (path, secret)
        assert PHONE not in body or "text=" in path


@pytest.mark.parametrize("person", PEOPLE)
def test_nobody_of_the_handling_unit_looks_behind_the_mask(offence, person):
    town, receipt = offence
    for field in ("reporter_name", "reporter_phone", "original_text"):
        with pytest.raises(IdentityHidden):
            cases.unmask_field(actor=town[person], case=receipt.case.public_id, field=field, purpose="handling")


def test_an_operator_of_the_handling_unit_does_not_find_the_case_by_the_callers_number(offence):
    town, receipt = offence
    assert queries.caller_history(town["bureau-operator"], PHONE) == []
    assert [row.receipt for row in queries.caller_history(town["operator"], PHONE)] == [receipt.number]


def test_the_hotline_office_looks_for_a_purpose_and_that_is_recorded(offence):
    town, receipt = offence
    case = receipt.case
    before = Pending.objects.count()
    shown = cases.unmask_field(actor=town["operator"], case=case.public_id, field="reporter_name", purpose="handling")
    assert shown == NAME
    assert Pending.objects.count() == before + 1


def test_records_events_notices_and_files_do_not_name_who_reported(offence):
    town, receipt = offence
    account = town["resident"].actor_id
    told = [
        json.dumps(row, ensure_ascii=False, default=str)
        for model in (Pending, Outgoing, Notice)
        for row in model.objects.values()
        if str(receipt.case.public_id) in str(row) or str(receipt.incident.public_id) in str(row)
    ]
    assert told
    for text in told:
        assert NAME not in text
        assert PHONE not in text
        assert f'"actor": "{account}"' not in text


def test_an_outsider_sees_nothing_of_it(offence):
    town, receipt = offence
    client = town.people["outsider"].client
    assert client.get(f"/cases/{receipt.case.public_id}").status_code == 404
    assert client.get(f"/api/v1/incidents/{receipt.incident.public_id}").status_code == 404
