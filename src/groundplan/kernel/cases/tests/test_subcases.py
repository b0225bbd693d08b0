"""Sub-cases: opened below a task, waited for, their outcome taken back; nobody's sight is widened."""

import pytest

from groundplan.kernel.cases import actions, queries
from groundplan.kernel.cases.errors import CaseNotFound, NotForThisStage, NotYourTask, TooDeep
from groundplan.kernel.cases.models import Case, Step, SubCase, Task
from groundplan.kernel.cases.tests.factories import FLOW, MONDAY, act, dispatched, make_city, task_of
from groundplan.kernel.cases.tests.test_pages import form_in
from groundplan.kernel.ledger.models import Pending
from groundplan.kernel.parties.queries import SYSTEM
from groundplan.lib import clock

BELOW = """
flow: digging
label: {zh-hans: 占道开挖, en: Digging}
noun: {zh-hans: 办件, en: case}
fields:
  kind:
    type: enumeration
    label: {zh-hans: 类别, en: Kind}
    values: {lamp: {zh-hans: 路灯, en: Lamp}, report: {zh-hans: 举报, en: Report}}
  permit: {type: text, label: {zh-hans: 批复, en: Permit}}
  reporter_phone: {type: string, personal: true, label: {zh-hans: 电话, en: Phone}}
start: review
control: {party: parks}
control_roles: [handler]
stages:
  review:
    kind: task
    label: {zh-hans: 审查, en: Review}
    owner: {party: parks}
    allow: [merge, cancel]
    subcases: {repair: {}}
    outcomes:
      granted: {label: {zh-hans: 准予, en: Granted}, to: granted, requires: [permit]}
      refused: {label: {zh-hans: 不予, en: Refused}, to: refused}
  granted: {kind: end, label: {zh-hans: 准予开挖, en: Digging granted}, outcome: granted}
  refused: {kind: end, label: {zh-hans: 不予开挖, en: Digging refused}, outcome: refused}
"""
PARENT = FLOW.replace(
    "        returns: {to: dispute",
    "        subcases: {digging: {sets: {reply: permit}}}\n        returns: {to: dispute",
    1,
)


@pytest.fixture
def city(db):
    with clock.standing_at(MONDAY):
        found = make_city(PARENT)
        actions.import_flow(actor=SYSTEM, text=BELOW)
        yield found


def opened(city, **more):
    case, lead = dispatched(city)
    given = {"flow": "digging", "title": "人民路开挖许可", "note": "修复电缆须开挖", **more}
    return case, lead, act(actions.open_subcase, city["handler"], lead, **given)


def finish(city, link, outcome="granted", **data):
    act(actions.complete_task, city["helper"], task_of(link.child), outcome=outcome, data=data)


def test_the_task_waits_and_the_outcome_comes_back_as_data(city):
    before = Pending.objects.count()
    case, lead, link = opened(city)
    lead.refresh_from_db()
    assert (lead.state, link.child.data, link.child.owner_party.code) == ("waiting", {"kind": "lamp"}, "parks")
    # One record of the opening below, one of what was done here; three for dispatching and signing before.
    assert Pending.objects.count() == before + 5
    with pytest.raises(NotForThisStage):
        act(actions.complete_task, city["handler"], lead, outcome="handled", data={"reply": "好"})
    assert actions.settle_subcases() == 0
    finish(city, link, permit="准予开挖三日")
    assert (actions.settle_subcases(), actions.settle_subcases()) == (1, 0)
    case.refresh_from_db()
    lead.refresh_from_db()
    assert (lead.state, case.data["reply"], SubCase.objects.get().outcome) == ("open", "准予开挖三日", "granted")
    step = Step.objects.filter(case=case).last()
    assert (step.kind, step.text["zh-hans"]) == ("subcase_ended", f"子件{link.child.number}已办结：准予开挖")
    act(actions.complete_task, city["handler"], lead, outcome="handled", data={})


def test_nobodys_sight_is_widened(city):
    case, _lead, link = opened(city)
    with pytest.raises(CaseNotFound):
        queries.case_for(city["helper"], case.public_id)
    with pytest.raises(CaseNotFound):
        queries.case_for(city["handler"], link.child.public_id)
    with pytest.raises(CaseNotFound):
        act(actions.open_subcase, city["outsider"], task_of(case, key="lead"), flow="digging", title="x")


def test_a_cancelled_and_a_joined_sub_case_let_the_task_go_on(city):
    case, lead, link = opened(city, waits=True)
    other = actions.open_case(actor=SYSTEM, flow="digging", title="同一处开挖")
    actions.merge_cases(
        actor=city["helper"], into=other.public_id, cases=[link.child.public_id], seen=None, reason="同一处"
    )
    assert actions.settle_subcases() == 0
    actions.cancel_case(actor=city["helper"], case=other.public_id, seen=None, reason="撤回")
    assert actions.settle_subcases() == 1
    lead.refresh_from_db()
    assert (lead.state, SubCase.objects.get().outcome) == ("open", "cancelled")
    assert "reply" not in Case.objects.get(pk=case.pk).data


def test_a_case_that_ends_leaves_its_sub_cases_to_their_units(city):
    case, _lead, link = opened(city)
    actions.cancel_case(actor=city["dispatcher"], case=case.public_id, seen=None, reason="撤回")
    link.child.refresh_from_db()
    assert link.child.state == "open"
    finish(city, link, "refused")
    steps = Step.objects.filter(case=case).count()
    assert actions.settle_subcases() == 1
    assert Step.objects.filter(case=case).count() == steps
    assert queries.ownerless_count() == 0


def test_a_task_waits_for_all_of_several_or_stops_waiting(city):
    _case, lead, first = opened(city)
    actions.stop_waiting(actor=city["handler"], task=lead.public_id, seen=None, reason="先行抢修")
    second = act(actions.open_subcase, city["handler"], lead, flow="digging", title="另一处")
    lead.refresh_from_db()
    assert lead.state == "waiting"
    finish(city, first, "refused")
    actions.settle_subcases()
    lead.refresh_from_db()
    assert lead.state == "waiting"
    finish(city, second, "refused")
    actions.settle_subcases()
    lead.refresh_from_db()
    assert lead.state == "open"
    with pytest.raises(NotForThisStage):
        actions.stop_waiting(actor=city["handler"], task=lead.public_id, seen=None, reason="x")


def test_only_what_the_stage_lists_by_who_holds_it_and_no_flow_below_itself(city):
    _case, lead, link = opened(city, waits=False)
    with pytest.raises(NotForThisStage):
        act(actions.open_subcase, city["handler"], lead, flow="repair", title="x")
    with pytest.raises(NotYourTask):
        act(actions.open_subcase, city["dispatcher"], lead, flow="digging", title="x")
    with pytest.raises(TooDeep):
        act(actions.open_subcase, city["helper"], task_of(link.child), flow="repair", title="x")
    assert Task.objects.filter(state="waiting").count() == 0


def test_the_page_and_the_api_open_and_show_sub_cases(town, as_user):
    with clock.standing_at(MONDAY):
        actions.import_flow(actor=SYSTEM, text=PARENT)
        actions.import_flow(actor=SYSTEM, text=BELOW)
        case, lead = dispatched(town)
        client = as_user("handler")
        hidden = form_in(client.get(f"/cases/{case.public_id}").content.decode(), "subcase")
        given = {**hidden, "flow": "digging", "title": "开挖许可", "note": "", "waits": "on"}
        assert client.post(f"/cases/{case.public_id}/subcase", given).status_code == 302
        link = SubCase.objects.get()
        page = client.get(f"/cases/{case.public_id}").content.decode()
        assert link.child.number in page
        assert str(link.child.public_id) not in page
        assert case.number not in as_user("helper").get(f"/cases/{link.child.public_id}").content.decode()
        client = as_user("handler")
        below = client.get(f"/api/v1/cases/{case.public_id}").json()["below"]
        assert [(each["number"], each["id"], each["outcome"]) for each in below] == [(link.child.number, None, "")]
        lead.refresh_from_db()
        address = f"/api/v1/cases/tasks/{lead.public_id}"
        answer = client.post(f"{address}/stop-waiting", {"seen": lead.version, "reason": "先行"},
                             content_type="application/json")  # fmt: skip
        assert answer.status_code in {200, 403}, answer.content
        wrong = as_user("outsider").post(f"{address}/subcase", {"seen": 1, "flow": "digging", "title": "x"},
                                         content_type="application/json")  # fmt: skip
        assert wrong.status_code in {403, 404}
