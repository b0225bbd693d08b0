"""挂账: asked for, approved by a second person, listed apart, reviewed, taken off."""

from datetime import date, timedelta

import pytest
from django.db import IntegrityError, transaction
from django.db.models import F

from groundplan.kernel.cases import actions, queries
from groundplan.kernel.cases.errors import (
    CaseNotFound,
    DataInvalid,
    FlowInvalid,
    NotForThisStage,
    NotYourTask,
    SecondPersonNeeded,
)
from groundplan.kernel.cases.models import Account, Case, Step
from groundplan.kernel.cases.queries.accounts import accounts_count
from groundplan.kernel.cases.queries.lists import Filters
from groundplan.kernel.cases.tests.factories import FLOW, MONDAY, act, dispatched, make_city, task_of
from groundplan.kernel.cases.tests.test_pages import form_in
from groundplan.kernel.ledger.models import Pending
from groundplan.lib import clock

REVIEW = date(2026, 4, 10)


@pytest.fixture
def city(db):
    with clock.standing_at(MONDAY):
        yield make_city()


def asked(city, **data):
    case, lead = dispatched(city, **data)
    act(actions.request_account, city["handler"], lead, reason="须待地铁完工后迁改", review_on=REVIEW)
    return case, lead


def on_account(city, **data):
    case, lead = asked(city, **data)
    act(actions.decide_account, city["dispatcher"], task_of(case, kind="account"), grant=True, note="情况属实")
    case.refresh_from_db()
    lead.refresh_from_db()
    return case, lead


def numbers(actor, kind, **filters):
    return [row.case.number for row in queries.queue(actor, kind, Filters(**filters)).items]


def test_a_case_on_account_stands_still_and_is_listed_apart(city):
    case, lead = on_account(city)
    due = lead.due_at
    assert (case.state, case.paused_for, lead.next_escalation_at) == ("on_account", ["on_account"], None)
    for kind in ("todo", "account", "all"):
        assert (case.number in numbers(city["handler"], kind)) == (kind != "todo")
    assert numbers(city["handler"], "all", state="on_account") == [case.number]
    assert numbers(city["mayor"], "account") == [case.number]
    assert queries.counts(city["handler"]).todo == 0
    assert accounts_count(city["handler"], most=5) == 1
    assert numbers(city["outsider"], "account") == []
    assert accounts_count(city["outsider"], most=5) == 0
    with clock.standing_at(MONDAY + timedelta(days=30)):
        assert actions.escalate_overdue().escalated == 0
    account = Account.objects.get(case=case)
    assert (account.unit.code, account.keeper.code, account.review_on) == ("lamps", "office", REVIEW)
    assert due is not None


def test_taken_off_account_what_was_left_of_the_clock_is_left_again(city):
    case, lead = on_account(city)
    before = lead.due_at
    with clock.standing_at(MONDAY + timedelta(days=14)):
        actions.end_account(actor=city["handler"], case=case.public_id, seen=case.version, note="地铁已完工")
    lead.refresh_from_db()
    case.refresh_from_db()
    # Two calendar weeks without a holiday later, at the same hour: the deadline moves by exactly these.
    assert lead.due_at == before + timedelta(days=14)
    assert (case.state, lead.on_account, numbers(city["handler"], "todo")) == ("open", False, [case.number])
    assert Account.objects.get(case=case).ended_at is not None
    act(actions.complete_task, city["handler"], lead, outcome="handled", data={"reply": "已迁改"})


def test_who_asked_does_not_approve_and_the_database_refuses_it_as_well(city):
    case, _lead = asked(city)
    task = task_of(case, kind="account")
    with pytest.raises(NotYourTask):
        act(actions.decide_account, city["handler"], task, grant=True)
    Step.objects.filter(case=case, kind="account_asked").update(actor=city["dispatcher"].actor_id)
    with pytest.raises(SecondPersonNeeded):
        act(actions.decide_account, city["dispatcher"], task, grant=True)
    act(actions.decide_account, city["second"], task, grant=True)
    with pytest.raises(IntegrityError), transaction.atomic():
        Account.objects.update(approved_by=F("asked_by"))


def test_a_refused_account_changes_nothing_but_the_timeline(city):
    case, lead = asked(city)
    due = lead.due_at
    act(actions.decide_account, city["dispatcher"], task_of(case, kind="account"), grant=False, note="应当办理")
    lead.refresh_from_db()
    assert (Case.objects.get(pk=case.pk).state, lead.state, lead.due_at) == ("open", "open", due)
    assert not Account.objects.exists()


def test_nothing_is_done_on_account_but_reviewing_ending_supervising_and_cancelling(city):
    case, lead = on_account(city, helpers=["parks"])
    with pytest.raises(NotForThisStage, match="挂账"):
        act(actions.complete_task, city["handler"], lead, outcome="handled", data={"reply": "好"})
    with pytest.raises(NotForThisStage):
        actions.suspend_case(actor=city["handler"], case=case.public_id, seen=None, reason="x")
    actions.supervise_case(actor=city["mayor"], case=case.public_id, seen=None, text="抓紧协调")
    actions.cancel_case(actor=city["dispatcher"], case=case.public_id, seen=None, reason="重复")
    assert Account.objects.get(case=case).ended_at == MONDAY
    assert queries.ownerless_count() == 0


@pytest.mark.parametrize("day", [date(2026, 3, 2), date(2020, 1, 1), date(2026, 6, 1), date(9999, 12, 31)])
def test_a_review_lies_in_the_future_and_not_too_far_off(city, day):
    _case, lead = dispatched(city)
    with pytest.raises(DataInvalid) as refused:
        act(actions.request_account, city["handler"], lead, reason="待完工", review_on=day)
    assert refused.value.extra["fields"][0]["field"] == "review_on"


def test_only_who_approved_reviews_and_a_due_review_is_told_once(city):
    case, _lead = on_account(city)
    with clock.standing_at(MONDAY + timedelta(days=38)):
        assert actions.remind_accounts() == 0
    with clock.standing_at(MONDAY + timedelta(days=39)):
        assert (actions.remind_accounts(), actions.remind_accounts()) == (1, 0)
        next_day = date(2026, 5, 10)
        with pytest.raises(NotYourTask):
            actions.review_account(
                actor=city["handler"], case=case.public_id, seen=None, note="仍未完工", review_on=next_day
            )
        with pytest.raises(CaseNotFound):
            actions.review_account(actor=city["outsider"], case=case.public_id, seen=None, note="x", review_on=next_day)
        actions.review_account(
            actor=city["dispatcher"], case=case.public_id, seen=None, note="仍未完工", review_on=next_day
        )
        assert actions.remind_accounts() == 0
    account = Account.objects.get(case=case)
    assert (account.review_on, account.reviews, account.told_on) == (next_day, 1, None)
    kinds = list(Step.objects.filter(case=case).order_by("id").values_list("kind", flat=True))
    assert kinds[-3:] == ["account_granted", "account_due", "account_reviewed"]


def test_each_action_leaves_one_record(city):
    case, lead = dispatched(city)
    for action, actor, more in [
        (actions.request_account, "handler", {"reason": "待完工", "review_on": REVIEW}),
        (actions.decide_account, "dispatcher", {"grant": True}),
    ]:
        before = Pending.objects.count()
        act(action, city[actor], task_of(case, kind="account") if "grant" in more else lead, **more)
        assert Pending.objects.count() == before + 1
    before = Pending.objects.count()
    actions.end_account(actor=city["dispatcher"], case=case.public_id, seen=None, note="已具备条件")
    assert Pending.objects.count() == before + 1


def test_a_flow_whose_accounts_nobody_could_approve_is_refused():
    text = FLOW.replace("control: {party: office}\n", "").replace("extend, suspend, account", "suspend, account")
    with pytest.raises(FlowInvalid) as refused:
        actions.valid_flow(text=text)
    assert "account.decided_by" in str(refused.value.extra["problems"])


def test_the_pages_put_on_account_review_and_take_off(town, as_user):
    with clock.standing_at(MONDAY):
        case, _lead = dispatched(town)
        steps = [
            ("handler", "account", {"reason": "待地铁完工", "review_on": "2026-04-10"}),
            ("second", "account_grant", {"note": "同意"}),
            ("dispatcher", "account_review", {"note": "仍未完工", "review_on": "2026-05-20"}),
        ]
        for name, action, values in steps:
            client = as_user(name)
            hidden = form_in(client.get(f"/cases/{case.public_id}").content.decode(), action)
            answer = client.post(f"/cases/{case.public_id}/{action}", {**hidden, **values})
            assert answer.status_code == 302, (action, answer.content.decode()[-3000:])
        page = as_user("handler").get("/cases?kind=account").content.decode()
        assert case.number in page
        assert case.number not in as_user("handler").get("/cases?kind=todo").content.decode()
        assert case.number not in as_user("outsider").get("/cases?kind=account").content.decode()
        assert "2026-05-20复核" in as_user("handler").get(f"/cases/{case.public_id}").content.decode()
        detail = as_user("handler").get(f"/api/v1/cases/{case.public_id}").json()
        assert (detail["account"]["keeper"], detail["account"]["review_on"]) == ("office", "2026-05-20")
        assert as_user("outsider").get(f"/api/v1/cases/{case.public_id}").status_code == 404
        hidden = form_in(as_user("handler").get(f"/cases/{case.public_id}").content.decode(), "account_end")
        answer = as_user("handler").post(f"/cases/{case.public_id}/account_end", {**hidden, "note": "已完工"})
        assert answer.status_code == 302
    assert Case.objects.get(pk=case.pk).state == "open"


def test_a_done_case_is_listed_once_although_two_of_ones_units_worked_on_it(city):
    case, lead = dispatched(city)
    act(actions.redispatch_task, city["handler"], lead, to_party="lamps-crew", note="请维修")
    with clock.standing_at(MONDAY + timedelta(hours=1)):
        act(actions.sign_task, city["crew"], task_of(case, unit="lamps-crew"))
        act(actions.complete_task, city["crew"], task_of(case, unit="lamps-crew"))
    with clock.standing_at(MONDAY + timedelta(hours=2)):
        act(actions.complete_task, city["handler"], lead, outcome="handled", data={"reply": "好"})
    both = city["handler"].__class__("both", 9, "both", (*city["handler"].scopes, *city["crew"].scopes))
    assert numbers(both, "done") == [case.number]
    assert queries.queue(both, "done").items[0].sort_at == MONDAY + timedelta(hours=2)
    assert numbers(city["crew"], "done") == [case.number]


def test_a_unit_field_is_filled_with_the_name_of_the_unit(town, as_user):
    case, lead = dispatched(town)
    act(actions.return_task, town["handler"], lead, reason="不属本单位")
    ruling = task_of(case, kind="ruling")
    act(actions.rule_return, town["dispatcher"], ruling, uphold=True)
    page = as_user("dispatcher").get(f"/cases/{case.public_id}").content.decode()
    assert 'value="lamps单位"' in page
    assert 'value="lamps"' not in page
