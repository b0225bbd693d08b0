"""The operator's desk: a call rings, is entered, answered, sent on or joined in one step."""

from datetime import timedelta

import pytest

from groundplan.commons.knowledge import actions as knowledge
from groundplan.kernel.cases.models import Case
from groundplan.kernel.events.models import Outgoing
from groundplan.kernel.ledger.models import Pending
from groundplan.kernel.parties.queries import SYSTEM
from groundplan.kernel.parties.tests.factories import make_player
from groundplan.lib import clock
from groundplan.lib.errors import NotAllowed, NotFound
from groundplan.systems.incidents import actions, queries
from groundplan.systems.incidents.errors import CallInvalid, ReportInvalid
from groundplan.systems.incidents.models import Call, Incident
from groundplan.systems.incidents.queries.hotline import calls
from groundplan.systems.incidents.tests.factories import make_town

pytestmark = pytest.mark.django_db
NUMBER = "13800138000"


@pytest.fixture
def desk():
    """A town whose hotline office has a telephone system and a second operator."""
    town = make_town()
    for name in ("telephones", "second"):
        town.people[name] = make_player(town.units["hotline-office"], "operator", name)
    return town


def ring(desk, call_id="c-1", **given):
    asked = {"actor": desk["telephones"], "caller": "+86 138 0013 8000", "operator": "operator", **given}
    return actions.announce_call(call_id=call_id, **asked)


def entered(desk, **given):
    asked = {"actor": desk["operator"], "type": "complaint", "text": "路灯不亮好几天了", "reporter_phone": NUMBER}
    return actions.enter_call(**{**asked, **given})


def test_a_call_opens_the_desk_of_its_operator_and_of_nobody_else(desk):
    made = ring(desk)
    assert ring(desk).pk == made.pk
    assert [number for _call, number in calls.ringing(desk["operator"])] == [NUMBER]
    assert calls.ringing(desk["second"]) == []
    assert calls.number_of(desk["second"], str(made.public_id)) == ""
    page = desk.people["operator"].client.get(f"/intake?call={made.public_id}").content.decode()
    assert f'value="{NUMBER}"' in page
    assert NUMBER not in desk.people["second"].client.get(f"/intake?call={made.public_id}").content.decode()
    assert NUMBER.encode() not in bytes(Call.objects.get().number)
    assert NUMBER not in str(list(Pending.objects.values())) + str(list(Outgoing.objects.values()))


def test_a_call_that_was_entered_or_is_old_rings_no_more(desk):
    made = ring(desk)
    receipt = entered(desk, call=made.public_id)
    assert calls.ringing(desk["operator"]) == []
    assert Call.objects.get().incident == receipt.incident
    ring(desk, "c-2")
    with clock.standing_at(clock.now() + timedelta(minutes=6)):
        assert calls.ringing(desk["operator"]) == []
    with clock.standing_at(clock.now() + timedelta(days=8)):
        ring(desk, "c-3")
    assert list(Call.objects.values_list("external_id", flat=True)) == ["c-3"]


def test_only_the_offices_own_telephones_ring(desk):
    for person in ("outsider", "registrar", "city-manager", "resident"):
        with pytest.raises(NotAllowed):
            ring(desk, actor=desk[person])
    with pytest.raises(NotAllowed):
        ring(desk, operator="nobody")
    with pytest.raises(NotAllowed):
        ring(desk, operator="registrar")
    for caller in ("", "12", "9" * 21, "<script>"):
        with pytest.raises(CallInvalid):
            ring(desk, caller=caller)
    ring(desk)
    with pytest.raises(NotAllowed):
        ring(desk, actor=desk["second"])
    assert Call.objects.count() == 1


def test_the_telephone_system_rings_by_the_api(desk):
    sent = {"caller": NUMBER, "operator": "operator", "call_id": "c-9"}
    path, kind = "/api/v1/incidents/calls", {"content_type": "application/json"}
    answer = desk.people["telephones"].client.post(path, sent, **kind)
    assert answer.status_code == 201
    assert answer.json()["page"] == f"/intake?call={answer.json()['id']}"
    assert desk.people["outsider"].client.post(path, sent, **kind).status_code == 403
    rings = desk.people["operator"].client.get("/intake/ringing").content.decode()
    assert NUMBER in rings
    assert desk.people["outsider"].client.get("/intake/ringing").status_code == 403


def test_a_call_is_entered_and_sent_for_dispatch_in_one_step(desk):
    receipt = entered(desk, following="dispatch", category="路灯不亮")
    case = Case.objects.get(pk=receipt.case.pk)
    assert (case.stage, case.data["lead_party"]) == ("handle", "urban-management")


def test_a_question_is_answered_and_closed_in_one_step(desk):
    receipt = entered(desk, type="consult", text="公园几点开门", following="answer", reply="早上六点开门。")
    case = Case.objects.get(pk=receipt.case.pk)
    assert (case.state, case.outcome, case.data["reply"]) == ("closed", "answered", "早上六点开门。")


def test_what_is_missing_leaves_nothing_behind(desk):
    for given in ({"following": "answer"}, {"following": "dispatch", "text": "说不清的一件事"}, {"following": "x"}):
        with pytest.raises(ReportInvalid):
            entered(desk, **given)
    assert not Incident.objects.exists()
    assert not Case.objects.exists()


def test_a_second_caller_joins_the_case_and_follows_it_by_an_own_receipt(desk):
    first = entered(desk, category="路灯不亮")
    second = entered(desk, reporter_phone="13900139000", text="我也反映那边路灯不亮", join=first.incident.public_id)
    joined = Case.objects.get(pk=second.case.pk)
    assert (joined.state, joined.merged_into_id) == ("merged", first.case.pk)
    assert queries.follow(second.number, second.code).state == "open"
    assert second.number != first.number
    with pytest.raises(NotFound):
        entered(desk, text="还有一处不亮", join=desk.units["hall"].public_id)


def test_an_operator_of_another_unit_joins_nothing_here(desk):
    first = entered(desk, category="路灯不亮")
    with pytest.raises(NotFound):
        entered(desk, actor=desk["registrar"], text="路灯还是不亮", join=first.incident.public_id)
    assert Case.objects.count() == 1


def test_the_desk_shows_knowledge_and_likely_cases_and_takes_the_answer_of_an_article(desk):
    wording = knowledge.Wording(
        title="路灯不亮怎么报修", answer="请说明灯杆编号。", basis="示例", words=("路灯",), review_by=clock.now().date()
        + timedelta(days=9),
    )  # fmt: skip
    draft = knowledge.write_article(actor=SYSTEM, wording=wording, owner="urban-management")
    knowledge.approve_article(actor=SYSTEM, version=draft.public_id)
    first = entered(desk)
    client = desk.people["operator"].client
    part = client.get("/intake/likely", {"text": "路灯不亮好几天"}).content.decode()
    assert "路灯不亮怎么报修" in part
    assert str(first.incident.public_id) in part
    taken = client.get(f"/intake/answer/{draft.article.public_id}").content.decode()
    assert "请说明灯杆编号。" in taken
    page = client.post("/intake", {"type": "report", "text": "有人偷倒渣土", "reply": "好", "following": "answer"})
    assert page.status_code == 422
    assert desk.people["outsider"].client.get("/intake").status_code == 403


def test_the_desk_shows_the_callers_history_at_once(desk):
    first = entered(desk)
    page = desk.people["operator"].client.get("/intake", {"caller": "138-0013-8000"}).content.decode()
    assert first.number in page
