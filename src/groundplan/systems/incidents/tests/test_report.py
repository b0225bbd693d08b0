"""The one door: masking, places, doubles, doors and roles, limits."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import numpy as np
import pytest

from groundplan.kernel.cases import actions as cases
from groundplan.kernel.cases.errors import CaseNotFound, IdentityHidden
from groundplan.kernel.cases.models import Case, Rating
from groundplan.kernel.events.registry import Event
from groundplan.kernel.ledger.models import Pending
from groundplan.kernel.parties.queries import ANONYMOUS, SYSTEM
from groundplan.kernel.rules import queries as decisions
from groundplan.lib import clock
from groundplan.lib.coordinates import wgs84_to_gcj02
from groundplan.lib.errors import NotAllowed
from groundplan.systems.incidents import actions, queries
from groundplan.systems.incidents.errors import (
    AlreadyRated,
    OutsideCity,
    ReceiptUnknown,
    ReportInvalid,
    TooManyRequests,
)
from groundplan.systems.incidents.models import Incident
from groundplan.systems.incidents.registry import take_report
from groundplan.systems.incidents.tests.factories import EAST_POINT, OUTSIDE_POINT, WEST_POINT, complete, make_town

pytestmark = pytest.mark.django_db


def report(**given):
    asked = {"actor": ANONYMOUS, "channel": "web", "text": "路口的路灯不亮", "visitor": "10.0.0.1", **given}
    return actions.report_incident(**asked)


def test_personal_numbers_in_the_text_are_masked_before_anybody_sees_them():
    make_town()
    case = report(
        title="请联系 13800138000",
        type="complaint",
        text="我是11010519491231002X，电话１３８００１３８０００，路灯不亮",
        reporter_phone="13800138000",
    ).case
    stored = Case.objects.get(pk=case.pk)
    incident = Incident.objects.get(case=case)
    for text in (stored.title, str(stored.data), incident.text):
        assert "13800138000" not in text
        assert "11010519491231002X" not in text
    assert incident.hidden_parts == 2
    assert incident.text == "我是110105********002X，电话138****8000，路灯不亮"


def test_no_record_of_the_log_holds_a_personal_number():
    make_town()
    report(text="电话13800138000", reporter_name="张三丰", reporter_phone="13800138000")
    bodies = b"".join(bytes(body) for body in Pending.objects.values_list("body", flat=True))
    assert b"13800138000" not in bodies
    assert "张三丰".encode() not in bodies


def test_a_point_is_located_in_every_layer():
    make_town()
    incident = report(point=WEST_POINT).incident
    assert (incident.district, incident.street, incident.community) == ("339901", "339901001", "339901001001")
    assert incident.unit_grid == "339901001001001"


@pytest.mark.parametrize("system", ["gcj02"])
def test_a_point_of_another_system_is_converted_within_a_metre(system):
    make_town()
    shifted = wgs84_to_gcj02(np.array([WEST_POINT]))[0]
    incident = report(point=(float(shifted[0]), float(shifted[1])), system=system).incident
    assert abs(incident.longitude - WEST_POINT[0]) < 1e-5
    assert abs(incident.latitude - WEST_POINT[1]) < 1e-5


def test_a_place_outside_the_city_gets_a_clear_answer_and_no_case():
    make_town()
    with pytest.raises(OutsideCity) as refusal:
        report(point=OUTSIDE_POINT)
    assert refusal.value.next_step
    assert not Case.objects.exists()


def test_a_report_sent_fifty_times_is_one_case_with_one_receipt():
    make_town()
    receipts = {(r.number, r.code) for r in (report() for _ in range(50))}
    assert len(receipts) == 1
    assert Case.objects.count() == 1


def test_the_same_key_never_gives_a_second_case_even_with_another_text():
    make_town()
    one, other = report(key="k1"), report(key="k1", text="完全不同的事情")
    assert one.number == other.number
    assert (one.created, other.created) == (True, False)


def test_another_visitor_who_says_the_same_is_not_given_the_first_ones_receipt():
    make_town()
    assert report(visitor="10.0.0.1").number != report(visitor="10.0.0.2").number


def test_two_reports_at_one_spot_about_two_things_are_not_called_doubles_but_the_same_thing_is():
    make_town()
    first = report(
        flow="city-management", text="井盖丢失，很危险", kind="component", category="01003", point=WEST_POINT
    )
    other = report(flow="city-management", text="墙上贴满小广告", kind="matter", category="07001", point=WEST_POINT)
    again = report(
        flow="city-management", text="有个井盖没了", kind="component", category="01003", visitor="x",
        point=(WEST_POINT[0] + 0.0001, WEST_POINT[1]),
    )  # fmt: skip
    assert other.incident.likely == []
    assert [item["number"] for item in again.incident.likely] == [first.number]


def test_a_category_is_proposed_and_below_40_percent_left_to_a_person():
    make_town()
    sure = report(text="小区门口路灯不亮").incident
    unsure = report(text="公交站的路灯下，垃圾、油烟、噪声、违停都没人管").incident
    assert sure.category == "路灯不亮"
    assert unsure.category == ""
    assert unsure.proposed_category


@pytest.mark.parametrize("text", ["", "   \n", "\x00\x07", "长" * 20_001])
def test_an_empty_or_endless_text_is_refused_with_the_field_named(text):
    make_town()
    with pytest.raises(ReportInvalid) as refusal:
        report(text=text)
    assert refusal.value.extra["fields"][0]["field"] == "text"


@pytest.mark.parametrize("text", ["😀😀 路燈壞了", "<script>alert(1)</script>", "' OR 1=1 --", "长" * 20_000])
def test_strange_texts_are_taken_in_as_they_are(text):
    make_town()
    assert report(text=text).incident.text == text


@pytest.mark.parametrize("channel", ["phone", "inspector", "grid", "file"])
def test_the_doors_of_officers_are_closed_to_others(channel):
    town = make_town()
    for actor in (ANONYMOUS, town["resident"], town["outsider"]):
        with pytest.raises(NotAllowed):
            report(actor=actor, channel=channel)
    assert not Case.objects.exists()


def test_an_event_that_is_delivered_twice_is_one_case():
    make_town()
    data = {"text": "传感器：水位超限", "flow": "hotline", "longitude": WEST_POINT[0], "latitude": WEST_POINT[1]}
    event = Event(uuid4(), 1, "report.received.v1", "sensor:7", datetime.now(UTC), "system", (), data)
    take_report(event)
    take_report(event)
    assert Incident.objects.get().district == "339901"


def test_the_receipt_opens_the_public_view_and_a_wrong_code_nothing():
    town = make_town()
    receipt = report(flow="city-management", text="路面破损", kind="matter", category="06013", point=EAST_POINT)
    view = queries.follow(receipt.number, receipt.code)
    assert view.number == receipt.number
    assert view.unit["zh-hans"] == town.units["supervision-centre"].name["zh-hans"]
    for number, code in ((receipt.number, "AAAAAAAA"), ("CG20000101-00001", receipt.code), ("", "")):
        with pytest.raises(ReceiptUnknown):
            queries.follow(number, code)


def test_the_public_view_shows_no_note_and_no_finding_of_the_inside():
    town = make_town()
    receipt = report(flow="city-management", text="路面破损", kind="matter", category="06013", point=EAST_POINT)
    complete(town["inspector"], receipt.case, "found", finding="内部核实：疑似偷工减料")
    assert "偷工减料" not in repr(queries.follow(receipt.number, receipt.code))


def test_a_reporter_adds_to_an_open_report_and_rates_a_closed_one_once():
    town = make_town()
    receipt = report(actor=town["resident"], type="consult", text="社保如何补缴")
    actions.supplement_report(number=receipt.number, code=receipt.code, text="补充：我的电话 13800138000")
    note = Case.objects.get(pk=receipt.case.pk).steps.order_by("-id").first().note
    assert "138****8000" in note
    complete(town["operator"], receipt.case, "answered", type="consult", reply="可在线办理。")
    actions.rate_report(number=receipt.number, code=receipt.code, satisfaction=5, solved=True)
    with pytest.raises(AlreadyRated):
        actions.rate_report(number=receipt.number, code=receipt.code, satisfaction=1, solved=False)


def closed_case(town, **given):
    receipt = report(type="consult", text="社保如何补缴", **given)
    complete(town["operator"], receipt.case, "answered", type="consult", reply="可在线办理。")
    return receipt


def unsolved(receipt, note="窗口说不能办，电话13800138000"):
    return actions.rate_report(number=receipt.number, code=receipt.code, satisfaction=1, solved=False, note=note)


def test_not_solved_opens_the_closed_case_again_with_the_reporters_reason_and_the_rules_ground():
    town = make_town()
    receipt = closed_case(town)
    unsolved(receipt)
    case = Case.objects.get(pk=receipt.case.pk)
    step = case.steps.get(kind="reopen")
    assert (case.state, case.stage, case.reopened, case.closed_at) == ("open", "assign", 1, None)
    assert case.tasks.get(state__in=("open", "offered")).party == town.units["hotline-office"]
    assert step.note == "窗口说不能办，电话138****8000"
    assert decisions.decision(step.decision).decision.rows == ["U2"]
    with pytest.raises(AlreadyRated):
        unsolved(receipt)


def test_not_solved_needs_a_reason_and_without_one_nothing_is_kept():
    town = make_town()
    receipt = closed_case(town)
    with pytest.raises(ReportInvalid):
        unsolved(receipt, note=" ")
    assert not Rating.objects.exists()
    assert queries.follow(receipt.number, receipt.code).may_rate


def test_not_solved_opens_a_case_twice_at_most_and_no_longer_than_thirty_days_after_closing():
    town = make_town()
    receipt = closed_case(town, reporter_phone="13900000001")
    for _again in range(2):
        unsolved(receipt)
        complete(town["hotline-dispatcher"], receipt.case, "refuse", reply="已多次答复。")
    unsolved(receipt)
    assert Case.objects.get(pk=receipt.case.pk).reopened == 2
    late = closed_case(town, visitor="10.0.0.2", reporter_phone="13900000002")
    with clock.standing_at(clock.now() + timedelta(days=31)):
        unsolved(late)
    assert Case.objects.get(pk=late.case.pk).state == "closed"


def test_nobody_but_the_reporter_opens_a_case_by_calling_it_unsolved():
    town = make_town()
    receipt = closed_case(town)
    for actor in (town["outsider"], town["roads"], ANONYMOUS, SYSTEM):
        with pytest.raises(CaseNotFound):
            cases.reopen_unsolved(actor=actor, case=receipt.case.public_id, reason="没有解决")
    assert Case.objects.get(pk=receipt.case.pk).state == "closed"


def test_an_anonymous_reporter_with_the_receipt_may_add_and_rate_too():
    town = make_town()
    receipt = report(type="consult", text="公园几点开门")
    actions.supplement_report(number=receipt.number, code=receipt.code, text="是周末")
    complete(town["operator"], receipt.case, "answered", type="consult", reply="六点。")
    actions.rate_report(number=receipt.number, code=receipt.code, satisfaction=4, solved=True)
    assert not queries.follow(receipt.number, receipt.code).may_rate


def test_the_public_door_closes_for_a_visitor_who_knocks_too_often():
    most = 30
    for _ in range(most):
        actions.count_visit(door="report", visitor="10.9.9.9")
    with pytest.raises(TooManyRequests) as refusal:
        actions.count_visit(door="report", visitor="10.9.9.9")
    assert 0 < refusal.value.extra["retry_after"] <= 601
    actions.count_visit(door="report", visitor="10.9.9.8")


def test_every_report_has_an_owner_from_its_first_moment():
    make_town()
    for flow in queries.FLOWS:
        case = report(flow=flow, text=f"{flow} 的事").case
        assert case.tasks.filter(state__in=("open", "offered"), party__isnull=False).exists()


def test_the_identity_of_who_reports_an_offence_is_hidden_from_the_handler():
    town = make_town()
    case = report(
        actor=town["operator"], channel="phone", type="report", text="有人倾倒渣土", category="环境卫生",
        point=WEST_POINT, reporter_name="李四", reporter_phone="13900139000",
    ).case  # fmt: skip
    complete(town["operator"], case, "dispatch", type="report", matter="路灯不亮")
    assert case.tasks.get(stage="assign").state == "open"
    complete(town["hotline-dispatcher"], case, "dispatch", lead_party="urban-management")
    with pytest.raises(IdentityHidden):
        cases.unmask_field(actor=town["city-manager"], case=case.public_id, field="reporter_phone", purpose="handling")
    shown = cases.unmask_field(actor=town["operator"], case=case.public_id, field="reporter_phone", purpose="handling")
    assert shown == "13900139000"


def test_the_system_may_load_what_others_may_not():
    make_town()
    assert report(actor=SYSTEM, channel="file", text="历史工单").created
