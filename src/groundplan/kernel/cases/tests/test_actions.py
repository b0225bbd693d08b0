from datetime import timedelta

import pytest

from groundplan.kernel.cases import actions, queries
from groundplan.kernel.cases.errors import (
    CaseMoved,
    CaseNotFound,
    DataInvalid,
    NotForThisStage,
    NotYourTask,
    OwnerMissing,
    TooLate,
)
from groundplan.kernel.cases.models import Case, Involvement, Step, Task
from groundplan.kernel.cases.tests.factories import MONDAY, act, dispatched, make_city, open_repair, task_of
from groundplan.kernel.events.models import Outgoing
from groundplan.kernel.ledger.models import Pending
from groundplan.lib import clock

pytestmark = pytest.mark.django_db


@pytest.fixture
def city():
    with clock.standing_at(MONDAY):
        yield make_city()


def at(**later):
    return clock.standing_at(MONDAY + timedelta(**later))


def test_a_case_has_an_owner_and_a_number_from_its_first_moment(city):
    case = open_repair(city)
    assert case.number == "BX20260302-00001"
    assert case.owner_party.code == "office"
    assert task_of(case).role == "dispatcher"
    assert queries.ownerless_count() == 0


def test_a_case_runs_from_acceptance_to_its_end(city):
    case, lead = dispatched(city)
    act(actions.complete_task, city["handler"], lead, outcome="handled", data={"reply": "已修复", "cost": "12.50"})
    act(actions.complete_task, city["dispatcher"], task_of(case), outcome="fine")
    case.refresh_from_db()
    assert (case.state, case.outcome, case.stage) == ("closed", "closed", "closed")
    assert case.data["cost"] == "12.50"
    kinds = [step.kind for step in queries.timeline(case)]
    assert kinds == ["open", "entered", "complete", "entered", "sign", "complete", "entered", "complete", "closed"]
    assert set(Involvement.objects.filter(case=case).values_list("state", flat=True)) == {"closed"}


def test_the_clock_for_signing_becomes_the_clock_for_working(city):
    case = open_repair(city)
    act(actions.complete_task, city["dispatcher"], task_of(case), outcome="dispatch", data={"lead": "lamps"})
    lead = task_of(case, key="lead")
    assert lead.due_at == MONDAY + timedelta(hours=2)
    with at(hours=1):
        act(actions.sign_task, city["handler"], lead)
    lead.refresh_from_db()
    assert lead.due_at == MONDAY + timedelta(days=7, hours=1)


def test_an_outsider_sees_and_changes_nothing(city):
    case = open_repair(city)
    task = task_of(case)
    with pytest.raises(CaseNotFound):
        queries.case_for(city["outsider"], case.public_id)
    with pytest.raises(CaseNotFound):
        actions.complete_task(actor=city["outsider"], task=task.public_id, seen=1, outcome="answer")
    with pytest.raises(CaseNotFound):
        actions.comment(actor=city["outsider"], case=case.public_id, text="x")
    assert queries.queue(city["outsider"], "all").items == []


def test_a_member_of_the_unit_in_another_role_may_look_but_not_act(city):
    case, lead = dispatched(city)
    assert queries.case_for(city["leader"], case.public_id) == case
    with pytest.raises(NotYourTask):
        act(actions.complete_task, city["leader"], lead, outcome="handled", data={"reply": "x"})


def test_what_was_seen_and_has_changed_is_refused(city):
    _case, lead = dispatched(city)
    with pytest.raises(CaseMoved):
        actions.complete_task(
            actor=city["handler"], task=lead.public_id, seen=lead.version - 1, outcome="handled", data={"reply": "x"}
        )
    act(actions.complete_task, city["handler"], lead, outcome="handled", data={"reply": "x"})
    with pytest.raises(CaseMoved):
        actions.complete_task(actor=city["handler"], task=lead.public_id, seen=lead.version, outcome="handled")


def test_an_outcome_wants_its_fields_and_its_guard(city):
    case = open_repair(city, data={"kind": "report"})
    with pytest.raises(DataInvalid) as refused:
        act(actions.complete_task, city["dispatcher"], task_of(case), outcome="dispatch")
    assert refused.value.extra["fields"] == [{"field": "lead", "reason": "missing"}]
    with pytest.raises(NotForThisStage):
        act(actions.complete_task, city["dispatcher"], task_of(case), outcome="answer", data={"reply": "x"})
    with pytest.raises(DataInvalid):
        act(
            actions.complete_task,
            city["dispatcher"],
            task_of(case),
            outcome="dispatch",
            data={"lead": "lamps", "cost": "1"},
        )


def test_a_unit_that_does_not_exist_moves_nothing(city):
    case = open_repair(city)
    with pytest.raises(OwnerMissing):
        act(actions.complete_task, city["dispatcher"], task_of(case), outcome="dispatch", data={"lead": "nobody"})
    case.refresh_from_db()
    assert case.stage == "accept"
    assert task_of(case).state == "open"


def test_a_parallel_stage_ends_when_all_are_done(city):
    case, lead = dispatched(city, helpers="parks、east-street")
    act(actions.complete_task, city["handler"], lead, outcome="handled", data={"reply": "好"})
    case.refresh_from_db()
    assert case.stage == "handle"
    act(actions.complete_task, city["helper"], task_of(case, unit="parks"))
    act(actions.complete_task, city["street"], task_of(case, unit="east-street"))
    case.refresh_from_db()
    assert case.stage == "check"


def test_a_return_waits_for_its_ruling_and_the_clock_stands_still(city):
    case, lead = dispatched(city)
    due = lead.due_at
    with at(hours=1):
        act(actions.return_task, city["handler"], lead, reason="不属本单位职责")
    lead.refresh_from_db()
    assert (lead.state, lead.paused_for != []) == ("waiting", True)
    assert queries.ownerless_count() == 0
    with at(hours=3):
        act(actions.rule_return, city["dispatcher"], task_of(case, kind="ruling"), uphold=False, note="属本单位")
    lead.refresh_from_db()
    case.refresh_from_db()
    assert (lead.state, lead.paused_for) == ("open", [])
    # Two hours stood still; 11:00 + 2 h would fall into the lunch break, on the last day.
    assert lead.due_at > due
    assert case.paused_for == []


def test_an_upheld_return_goes_back_to_the_dispatch(city):
    case, lead = dispatched(city, helpers="parks")
    act(actions.return_task, city["handler"], lead, reason="不属本单位职责")
    act(actions.rule_return, city["dispatcher"], task_of(case, kind="ruling"), uphold=True)
    case.refresh_from_db()
    lead.refresh_from_db()
    assert (case.stage, lead.state) == ("accept", "returned")
    assert task_of(case).party.code == "office"
    assert case.paused_for == []


def test_after_its_time_a_return_is_refused(city):
    _case, lead = dispatched(city)
    with at(days=4), pytest.raises(TooLate):
        act(actions.return_task, city["handler"], lead, reason="不属本单位职责")


def test_the_giver_owns_a_transfer_until_it_is_accepted(city):
    case, lead = dispatched(city)
    act(actions.transfer_task, city["handler"], lead, to_party="parks", reason="在公园内")
    lead.refresh_from_db()
    case.refresh_from_db()
    assert (lead.state, case.owner_party.code) == ("waiting", "lamps")
    offer = task_of(case, kind="offer")
    act(actions.accept_transfer, city["helper"], offer)
    case.refresh_from_db()
    offer.refresh_from_db()
    assert (case.owner_party.code, offer.kind, offer.state) == ("parks", "work", "open")
    assert offer.due_at == lead.due_at
    act(actions.complete_task, city["helper"], offer, outcome="handled", data={"reply": "好"})
    case.refresh_from_db()
    assert case.stage == "check"


def test_a_refused_transfer_stays_with_the_giver(city):
    case, lead = dispatched(city)
    act(actions.transfer_task, city["handler"], lead, to_party="parks", reason="在公园内")
    act(actions.refuse_transfer, city["helper"], task_of(case, kind="offer"), reason="不在公园")
    lead.refresh_from_db()
    assert lead.state == "open"


def test_three_levels_each_have_a_clock_inside_the_one_above(city):
    case, lead = dispatched(city)
    act(actions.redispatch_task, city["handler"], lead, to_party="lamps-crew")
    crew = task_of(case, unit="lamps-crew")
    assert (crew.level, crew.state) == (1, "offered")
    act(actions.sign_task, city["crew"], crew)
    act(actions.redispatch_task, city["crew"], crew, to_party="lamps-van")
    van = task_of(case, unit="lamps-van")
    act(actions.sign_task, city["van"], van)
    for task in (lead, crew, van):
        task.refresh_from_db()
    assert van.due_at < crew.due_at < lead.due_at
    assert [lead.state, crew.state, van.state] == ["waiting", "waiting", "open"]
    act(actions.complete_task, city["van"], van, data={"reply": "灯泡已换"})
    crew.refresh_from_db()
    assert crew.state == "open"
    act(actions.complete_task, city["crew"], crew)
    act(actions.complete_task, city["handler"], lead, outcome="handled")
    case.refresh_from_db()
    assert case.stage == "check"


def test_duties_go_only_to_units_below_and_never_to_communities(city):
    _case, lead = dispatched(city)
    with pytest.raises(DataInvalid):
        act(actions.redispatch_task, city["handler"], lead, to_party="east-street")
    with pytest.raises(DataInvalid):
        act(actions.redispatch_task, city["handler"], lead, to_party="east-community")


def test_a_child_gives_back_to_the_one_above(city):
    case, lead = dispatched(city)
    act(actions.redispatch_task, city["handler"], lead, to_party="lamps-crew")
    act(actions.return_task, city["crew"], task_of(case, unit="lamps-crew"), reason="无高空车")
    lead.refresh_from_db()
    assert lead.state == "open"


def test_an_assisting_unit_is_waited_for(city):
    case, lead = dispatched(city)
    act(actions.add_assisting, city["handler"], lead, party="parks", note="修枝")
    with pytest.raises(NotForThisStage):
        act(actions.complete_task, city["handler"], lead, outcome="handled", data={"reply": "好"})
    act(actions.complete_task, city["helper"], task_of(case, kind="assist"), note="已修枝")
    act(actions.complete_task, city["handler"], lead, outcome="handled", data={"reply": "好"})
    case.refresh_from_db()
    assert case.stage == "check"


def test_a_granted_extension_moves_task_and_total(city):
    case, lead = dispatched(city)
    due, total = lead.due_at, case.due_at
    act(actions.request_extension, city["handler"], lead, span="2 work_days", reason="备件未到")
    with pytest.raises(DataInvalid):
        act(actions.request_extension, city["handler"], lead, span="9 work_days", reason="备件未到")
    act(actions.decide_extension, city["dispatcher"], task_of(case, kind="extension"), grant=True)
    lead.refresh_from_db()
    case.refresh_from_db()
    # From the end of Friday to the end of Tuesday.
    assert lead.due_at - due == timedelta(days=4)
    assert case.due_at - total >= timedelta(days=2)


def test_a_suspended_case_stands_still(city):
    case, lead = dispatched(city)
    actions.suspend_case(actor=city["handler"], case=case.public_id, seen=case.version, reason="等待汛期结束")
    with pytest.raises(NotForThisStage):
        act(actions.complete_task, city["handler"], lead, outcome="handled", data={"reply": "好"})
    due = lead.due_at
    case.refresh_from_db()
    with at(days=7):
        actions.resume_case(actor=city["handler"], case=case.public_id, seen=case.version)
    lead.refresh_from_db()
    case.refresh_from_db()
    assert case.state == "open"
    assert lead.due_at == due + timedelta(days=7)


def test_duplicates_join_and_their_units_see_the_case(city):
    main = open_repair(city)
    other, _lead = dispatched(city)
    actions.merge_cases(
        actor=city["dispatcher"], into=main.public_id, cases=[other.public_id], seen=main.version, reason="同一盏灯"
    )
    other.refresh_from_db()
    assert (other.state, other.merged_into) == ("merged", main)
    assert queries.case_for(city["handler"], main.public_id) == main
    assert not Task.objects.filter(case=other, state__in=("open", "offered", "waiting")).exists()


def test_a_closed_case_is_reopened_with_a_reason(city):
    case = open_repair(city)
    act(actions.complete_task, city["dispatcher"], task_of(case), outcome="answer", data={"reply": "好"})
    case.refresh_from_db()
    with pytest.raises(DataInvalid):
        actions.reopen_case(actor=city["dispatcher"], case=case.public_id, seen=case.version, reason=" ")
    with pytest.raises(NotYourTask):
        actions.reopen_case(actor=city["mayor"], case=case.public_id, seen=case.version, reason="未解决")
    actions.reopen_case(actor=city["dispatcher"], case=case.public_id, seen=case.version, reason="未解决")
    case.refresh_from_db()
    assert (case.state, case.stage, case.reopened) == ("open", "accept", 1)


def test_a_cancelled_case_keeps_nobody_busy(city):
    case, _lead = dispatched(city)
    case.refresh_from_db()
    actions.cancel_case(actor=city["dispatcher"], case=case.public_id, seen=case.version, reason="误报")
    case.refresh_from_db()
    assert case.state == "cancelled"
    assert not Task.objects.filter(case=case, state__in=("open", "offered", "waiting")).exists()


def test_supervision_is_for_leaders(city):
    case, _lead = dispatched(city)
    with pytest.raises(NotYourTask):
        actions.supervise_case(actor=city["handler"], case=case.public_id, seen=case.version, text="尽快")
    actions.supervise_case(actor=city["leader"], case=case.public_id, seen=case.version, text="尽快办理")
    assert Case.objects.get(pk=case.pk).supervised == 1


def test_the_right_unit_gets_a_wrongly_dispatched_case(city):
    case, lead = dispatched(city)
    with pytest.raises(NotYourTask):
        act(actions.reassign_task, city["handler"], lead, to_party="parks", reason="派错")
    act(actions.reassign_task, city["dispatcher"], lead, to_party="parks", reason="派错")
    case.refresh_from_db()
    assert case.owner_party.code == "parks"


def test_the_reporter_of_an_offence_is_hidden_from_the_handler(city):
    case = open_repair(city, data={"kind": "report"}, personal={"reporter_phone": "13812345678"})
    act(actions.complete_task, city["dispatcher"], task_of(case), outcome="dispatch", data={"lead": "lamps"})
    case = Case.objects.get(pk=case.pk)
    assert b"138" not in bytes(case.personal)
    assert queries.personal_shown(city["dispatcher"], case) == {"reporter_phone": "138****5678"}
    assert queries.personal_shown(city["handler"], case) == {"reporter_phone": None}
    shown = actions.unmask_field(
        actor=city["dispatcher"], case=case.public_id, field="reporter_phone", purpose="handling"
    )
    assert shown == "13812345678"
    assert Step.objects.filter(case=case, kind="unmask").count() == 1


def test_only_the_reporter_rates_as_reporter(city):
    case = open_repair(city, reporter=city["resident"].actor_id)
    with pytest.raises(CaseNotFound):
        actions.rate_case(actor=city["outsider"], case=case.public_id, source="reporter", satisfaction=1)
    made = actions.rate_case(
        actor=city["resident"], case=case.public_id, source="reporter", satisfaction=5, solved=True
    )
    assert (made.satisfaction, made.solved) == (5, True)


def test_no_trace_of_a_case_names_the_account_of_its_reporter(city):
    resident = city["resident"]
    case = actions.open_case(
        actor=resident, flow="repair", title="举报", data={"kind": "report"}, reporter=resident.actor_id
    )
    actions.comment(actor=resident, case=case.public_id, text="补充")
    actions.rate_case(actor=resident, case=case.public_id, source="reporter", satisfaction=5)
    told = {
        *Step.objects.filter(case=case).values_list("actor", flat=True),
        *Outgoing.objects.filter(subject=f"case:{case.public_id}").values_list("actor", flat=True),
        *Pending.objects.filter(subject=f"case:{case.public_id}").values_list("actor", flat=True),
    }
    assert told == {f"reporter:{case.public_id}"}
    assert set(Step.objects.filter(case=case).values_list("actor_name", flat=True)) == {"反映人"}
    assert queries.case_of_reporter(resident, case.public_id) == case


def test_a_reporter_who_is_an_officer_of_the_case_acts_under_the_own_name(city):
    officer = city["dispatcher"]
    case = open_repair(city, reporter=officer.actor_id)
    actions.comment(actor=officer, case=case.public_id, text="已核实")
    said = Step.objects.filter(case=case, kind__in=("open", "comment")).order_by("id")
    assert list(said.values_list("actor", flat=True)) == [f"reporter:{case.public_id}", officer.actor_id]


def test_the_unit_that_did_the_work_cannot_enter_its_own_call_back(city):
    case, _lead = dispatched(city)
    with pytest.raises(NotYourTask):
        actions.rate_case(actor=city["handler"], case=case.public_id, source="callback", satisfaction=5)
    actions.rate_case(actor=city["dispatcher"], case=case.public_id, source="callback", satisfaction=2)
    assert list(case.ratings.values_list("satisfaction", flat=True)) == [2]
