"""A deputy (代理人) sees and does the officer's tasks; every act says for whom, and two people stay two people."""

from datetime import date, timedelta

import pytest

from groundplan.kernel.cases import actions, queries
from groundplan.kernel.cases.errors import CaseNotFound, NotYourTask, SecondPersonNeeded
from groundplan.kernel.cases.models import Step
from groundplan.kernel.cases.tests.factories import MONDAY, act, open_repair, task_of
from groundplan.kernel.ledger.models import Pending
from groundplan.kernel.parties import actions as parties
from groundplan.kernel.parties.models import Membership, User
from groundplan.kernel.parties.queries import actor_for_user
from groundplan.lib import clock

TODAY = date(2026, 3, 2)


@pytest.fixture(autouse=True)
def standing():
    with clock.standing_at(MONDAY):
        yield


def deputy_of(town, principal, deputy, role, *, unit=""):
    """Name a deputy as the principal, and give both actors anew."""
    users = {name: User.objects.get(username=name) for name in (principal, deputy)}
    held = Membership.objects.get(user=users[principal], role=role)
    parties.name_deputy(
        actor=actor_for_user(users[principal]), principal=users[principal], deputy=users[deputy], party=held.party,
        roles=[role], valid_from=TODAY, last_day=TODAY + timedelta(days=3), reason="年休假",
    )  # fmt: skip
    return actor_for_user(users[deputy])


@pytest.fixture
def crewman(town):
    """An officer of a section of the lamp bureau."""
    user = User.objects.create(username="crewman", display_name="李四")
    Membership.objects.create(user=user, party=town.parties["lamps-crew"], role="handler", valid_from="2020-01-01")
    User.objects.filter(username="handler").update(display_name="张三")
    return user


def handed_to_lamps(town):
    case = open_repair(town)
    act(actions.complete_task, town["dispatcher"], task_of(case), outcome="dispatch", data={"lead": "lamps"})
    return case, task_of(case, key="lead")


def test_the_deputy_sees_and_does_the_tasks_and_each_act_says_for_whom(town, crewman, as_user):
    case, lead = handed_to_lamps(town)
    before = actor_for_user(crewman)
    with pytest.raises(CaseNotFound):
        act(actions.sign_task, before, lead)
    deputy = deputy_of(town, "handler", "crewman", "handler")
    assert queries.counts(deputy).todo == queries.counts(town["handler"]).todo == 1
    assert [row.case for row in queries.queue(deputy).items] == [case]
    client = as_user("crewman")
    assert case.number in client.get("/work").content.decode()
    act(actions.sign_task, deputy, lead)
    step = Step.objects.get(case=case, kind="sign")
    assert (step.actor, step.acting_for) == (deputy.actor_id, town["handler"].actor_id)
    assert "李四 代 张三" in client.get(f"/cases/{case.public_id}").content.decode()
    timeline = client.get(f"/api/v1/cases/{case.public_id}/timeline").json()
    assert [each["acting_for"] for each in timeline if each["kind"] == "sign"] == ["张三"]
    entry = Pending.objects.filter(action="cases.sign").get()
    assert town["handler"].actor_id in bytes(entry.body).decode()
    with clock.standing_at(MONDAY + timedelta(days=4)):
        after = actor_for_user(crewman)
        assert queries.queue(after).items == []
        with pytest.raises(CaseNotFound):
            queries.case_for(after, case.public_id)


def test_what_the_own_right_allows_is_done_in_the_own_right(town, crewman):
    case, lead = handed_to_lamps(town)
    act(actions.sign_task, town["handler"], lead)
    act(actions.redispatch_task, town["handler"], lead, to_party="lamps-crew")
    deputy = deputy_of(town, "handler", "crewman", "handler")
    child = task_of(case, unit="lamps-crew")
    act(actions.sign_task, deputy, child)
    act(actions.complete_task, deputy, child)
    assert not Step.objects.filter(case=case, actor=deputy.actor_id).exclude(acting_for="").exists()
    act(actions.complete_task, deputy, lead, outcome="handled", data={"reply": "好"})
    assert Step.objects.filter(case=case, kind="complete").last().acting_for == town["handler"].actor_id


def test_a_colleague_who_finishes_what_the_officer_signed_for_acts_for_the_officer(town):
    case, lead = handed_to_lamps(town)
    act(actions.sign_task, town["handler"], lead)
    twin = User.objects.create(username="twin", display_name="王五")
    Membership.objects.create(user=twin, party=town.parties["lamps"], role="handler", valid_from="2020-01-01")
    deputy = deputy_of(town, "handler", "twin", "handler")
    assert queries.counts(deputy).todo == 1
    act(actions.complete_task, deputy, lead, outcome="handled", data={"reply": "好"})
    assert Step.objects.filter(case=case, kind="complete").last().acting_for == town["handler"].actor_id


@pytest.mark.parametrize("who", ["asked as a deputy", "the one asked for", "deputy of who asked"])
def test_two_people_stay_two_people(town, who):
    """The hall stands above both units, so that its officer can stand in for either."""
    user = User.objects.create(username="hallman", display_name="赵六")
    Membership.objects.create(user=user, party=town.parties["hall"], role="handler", valid_from="2020-01-01")
    both = User.objects.get(username="handler")
    Membership.objects.create(user=both, party=town.parties["office"], role="dispatcher", valid_from="2020-01-01")
    case, lead = handed_to_lamps(town)
    act(actions.sign_task, town["handler"], lead)
    asker = town["handler"]
    if who != "deputy of who asked":
        asker = deputy_of(town, "handler", "hallman", "handler")
    act(actions.request_extension, asker, lead, span="1 work_days", reason="缺件")
    decider = actor_for_user(both)
    if who != "the one asked for":
        decider = deputy_of(town, "handler", "hallman", "dispatcher", unit="office")
    with pytest.raises(SecondPersonNeeded):
        act(actions.decide_extension, decider, task_of(case, kind="extension"), grant=True)
    act(actions.decide_extension, town["second"], task_of(case, kind="extension"), grant=True)


def test_an_outsider_gains_nothing_by_somebody_elses_deputy(town, crewman):
    case, lead = handed_to_lamps(town)
    deputy_of(town, "handler", "crewman", "handler")
    with pytest.raises(CaseNotFound):
        act(actions.sign_task, town["outsider"], lead)
    with pytest.raises(NotYourTask):
        act(actions.sign_task, town["dispatcher"], lead)
    assert task_of(case, key="lead").state == "offered"
