"""Why is this with me, why is it late, what comes next."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groundplan.kernel.cases import actions, queries
from groundplan.kernel.cases.logic.spent import spent
from groundplan.kernel.cases.queries.explaining import explain
from groundplan.kernel.cases.tests.factories import MONDAY, act, dispatched, make_city, open_repair, task_of
from groundplan.kernel.rules.tests.factories import put_in_force
from groundplan.lib import clock

HOURS = st.integers(0, 100).map(lambda hour: datetime(2026, 3, 2, tzinfo=UTC) + timedelta(hours=hour))
INTERVALS = st.lists(st.tuples(HOURS, HOURS).map(lambda pair: (min(pair), max(pair))), max_size=5)


@pytest.fixture
def city(db):
    with clock.standing_at(MONDAY):
        yield make_city()


def answers(case):
    case.refresh_from_db()
    return explain(case, queries.flow(case), queries.tasks_of(case), queries.timeline(case))


def grounds(case):
    return [each.text["en"] for each in answers(case).grounds]


def used(case, unit):
    return {each.kind: each for each in answers(case).used if each.task.party.code == unit}


@given(opened=HOURS, signed=st.none() | HOURS, ended=HOURS, signs=st.booleans(), pauses=INTERVALS, waits=INTERVALS)
def test_every_moment_of_a_task_is_in_exactly_one_kind_of_time(  # noqa: PLR0917 - hypothesis passes by name.
    opened, signed, ended, signs, pauses, waits
):
    ended = max(opened, ended)
    parts = spent(opened=opened, signed=signed, ended=ended, signs=signs, pauses=pauses, waits=waits)
    every = sorted(interval for part in parts for interval in part.intervals)
    assert sum((end - start for start, end in every), timedelta(0)) == ended - opened
    assert all(before[1] <= after[0] for before, after in pairwise(every))
    assert signs or "signing" not in {part.kind for part in parts}


def test_a_task_says_which_clause_of_the_flow_sent_it(city):
    case, _lead = dispatched(city, helpers=["parks"])
    assert grounds(case) == ["“Lead” names lamps", "“Assisting” names parks"]
    assert answers(case).grounds[0].text["zh-hans"] == "“主办”填的是lamps单位"
    waiting = open_repair(city)
    assert grounds(waiting) == ["The flow gives “Acceptance” to office"]
    act(actions.complete_task, city["dispatcher"], task_of(waiting), outcome="dispatch", data={"lead": "lamps"})
    act(actions.sign_task, city["handler"], task_of(waiting))
    act(actions.complete_task, city["handler"], task_of(waiting), outcome="handled", data={"reply": "好"})
    assert grounds(waiting) == ["The flow gives it to the unit that had “Acceptance”: office"]


def test_a_task_that_a_person_sent_says_who_did(city):
    case, lead = dispatched(city)
    act(actions.redispatch_task, city["handler"], lead, to_party="lamps-crew")
    assert "lamps re-dispatched it to lamps-crew" in grounds(case)
    step = next(each for each in queries.timeline(case) if each.kind == "redispatch")
    assert step.public_id in [each.step for each in answers(case).grounds]
    other, lead = dispatched(city)
    act(actions.transfer_task, city["handler"], lead, to_party="parks", reason="在公园内")
    assert "lamps offers it to parks, who is to answer" in grounds(other)
    act(actions.accept_transfer, city["helper"], task_of(other, kind="offer"))
    assert grounds(other) == ["parks accepted it from another unit"]
    third, lead = dispatched(city)
    act(actions.return_task, city["handler"], lead, reason="不属于本单位")
    assert "lamps asks to return it, and office rules" in grounds(third)


def test_time_is_told_by_unit_and_use(city):
    case = open_repair(city)
    with clock.standing_at(MONDAY + timedelta(minutes=20)):
        act(actions.complete_task, city["dispatcher"], task_of(case), outcome="dispatch", data={"lead": "lamps"})
    with clock.standing_at(MONDAY + timedelta(hours=1, minutes=20)):
        act(actions.sign_task, city["handler"], task_of(case))
    with clock.standing_at(MONDAY + timedelta(hours=2, minutes=20)):
        act(actions.return_task, city["handler"], task_of(case), reason="不属于本单位")
    with clock.standing_at(MONDAY + timedelta(days=1, hours=2, minutes=20)):
        assert used(case, "lamps")["signing"].length == timedelta(hours=1)
        assert used(case, "lamps")["work"].work_time == timedelta(hours=1)
        assert used(case, "lamps")["paused"].length == timedelta(days=1)
        assert "waiting" not in used(case, "lamps")
        assert [each.length for each in answers(case).used if each.task.kind == "ruling"] == [timedelta(days=1)]
        act(actions.rule_return, city["dispatcher"], task_of(case, kind="ruling"), uphold=False)
        act(actions.redispatch_task, city["handler"], task_of(case), to_party="lamps-crew")
    with clock.standing_at(MONDAY + timedelta(days=1, hours=3, minutes=20)):
        assert used(case, "lamps")["waiting"].length == timedelta(hours=1)


def test_what_comes_next_names_outcome_stage_and_unit(city):
    case = open_repair(city)
    ways = [(each.outcome["en"], each.stage["en"], each.whom["en"]) for each in answers(case).ways]
    assert ways == [
        ("Dispatch", "Handling", "with the unit named in “Lead”, with the unit named in “Assisting”"),
        ("Answer", "Closed", "the case ends"),
    ]
    report = open_repair(city, data={"kind": "report"})
    assert [each.outcome["en"] for each in answers(report).ways] == ["Dispatch"]
    case, lead = dispatched(city)
    (way,) = answers(case).ways
    assert (way.outcome["en"], way.whom["en"]) == ("when all tasks of this stage are done", "with office")
    act(actions.return_task, city["handler"], lead, reason="不属于本单位")
    assert [(each.outcome["en"], each.whom["en"]) for each in answers(case).ways] == [
        ("Return upheld", "with office"), ("Return refused", "with lamps")]  # fmt: skip


def test_the_case_page_and_the_api_answer(town, as_user):
    case = open_repair(town)
    client = as_user("dispatcher")
    page = client.get(f"/cases/{case.public_id}").content.decode()
    assert "为什么由我办理？" in page
    assert "流程规定“受理”由office单位办理" in page
    assert "下一步是什么？" in page
    found = client.get(f"/api/v1/cases/{case.public_id}/explanation").json()
    assert [each["unit"] for each in found["grounds"]] == ["office"]
    assert [each["outcome"]["zh-hans"] for each in found["ways"]] == ["派单", "答复"]


RULED = """
flow: ruled
label: {zh-hans: 判派, en: Ruled}
noun: {zh-hans: 办件, en: case}
control: {party: office}
observers: [{party: office}]
control_roles: [dispatcher]
fields:
  matter: {type: string, label: {zh-hans: 事项, en: Matter}}
  lead: {type: party, label: {zh-hans: 主办, en: Lead}}
start: route
stages:
  route:
    kind: rule
    label: {zh-hans: 判定主办, en: Who leads}
    rule: ruled
    facts: {matter: matter}
    sets: {lead: unit}
    next: [{to: handle}]
  handle:
    kind: task
    label: {zh-hans: 承办, en: Handling}
    owner: {field: lead}
    allow: [reassign]
    outcomes:
      done: {label: {zh-hans: 办结, en: Done}, to: closed}
      anew: {label: {zh-hans: 重判, en: Anew}, to: route}
  closed: {kind: end, label: {zh-hans: 办结, en: Closed}, outcome: closed}
"""


RULE = """
rule: ruled
label: {zh-hans: 主办目录, en: Leads}
basis: [{zh-hans: 三定规定, en: Regulation}]
inputs:
  matter: {type: string, label: {zh-hans: 事项, en: Matter}}
outputs:
  unit: {type: string, label: {zh-hans: 单位, en: Unit}}
rows:
  - {id: r1, when: {matter: lamp}, then: {unit: lamps}}
default: {unit: parks}
"""


def test_a_unit_that_a_rule_named_leads_to_the_decision_until_a_person_chooses_another(city):
    put_in_force(RULE)
    actions.import_flow(actor=city["dispatcher"], text=RULED)
    case = actions.open_case(actor=city["dispatcher"], flow="ruled", title="灯", data={"matter": "lamp"})
    (ground,) = answers(case).grounds
    assert ground.text["en"] == "The rule “Who leads” decided for lamps"
    decided = next(step for step in queries.timeline(case) if step.kind == "decided")
    assert ground.decision == decided.decision
    assert [(way.outcome["en"], way.whom["en"]) for way in answers(case).ways] == [
        ("Done", "the case ends"), ("Anew", "decided by the rule “Who leads”")]  # fmt: skip
    with clock.standing_at(MONDAY + timedelta(hours=1)):
        act(actions.reassign_task, city["dispatcher"], task_of(case), to_party="parks", reason="在公园内")
    (ground,) = answers(case).grounds
    assert ground.text["en"] == "dispatcher corrected the dispatch to parks"
    assert ground.decision is None
