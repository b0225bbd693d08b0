"""Duplicates are joined and taken out again."""

from datetime import timedelta

import pytest

from groundplan.kernel.cases import actions, queries
from groundplan.kernel.cases.errors import CaseMoved, CaseNotFound, DataInvalid, NotForThisStage, NotYourTask
from groundplan.kernel.cases.models import Case, Involvement, Step
from groundplan.kernel.cases.queries.offers import offers_for
from groundplan.kernel.cases.tests.factories import MONDAY, act, dispatched, make_city, open_repair, task_of
from groundplan.kernel.cases.tests.test_concurrency import at_once
from groundplan.kernel.events.models import Outgoing
from groundplan.kernel.ledger.models import Pending
from groundplan.lib import clock


@pytest.fixture
def city(db):
    with clock.standing_at(MONDAY):
        yield make_city()


def merge(city, main, *others):
    main.refresh_from_db()
    return actions.merge_cases(
        actor=city["dispatcher"],
        into=main.public_id,
        cases=[each.public_id for each in others],
        seen=main.version,
        reason="同一盏灯",
    )


def unmerge(city, case, who="dispatcher", reason="是另一盏灯"):
    case.refresh_from_db()
    return actions.unmerge_case(actor=city[who], case=case.public_id, seen=case.version, reason=reason)


def test_a_case_that_was_joined_by_mistake_goes_on_where_it_stood(city):
    main = open_repair(city)
    other, lead = dispatched(city)
    due, total = lead.due_at, other.due_at
    merge(city, main, other)
    with clock.standing_at(MONDAY + timedelta(days=7)):
        unmerge(city, other)
    other.refresh_from_db()
    lead.refresh_from_db()
    assert (other.state, other.stage, other.merged_into, other.closed_at) == ("open", "handle", None, None)
    assert (lead.state, lead.due_at, lead.done_at) == ("open", due + timedelta(days=7), None)
    assert other.due_at == total + timedelta(days=7)
    assert set(Involvement.objects.filter(case=other).values_list("state", flat=True)) == {"open"}
    assert queries.ownerless_count() == 0
    step = Step.objects.get(case=other, kind="unmerge")
    assert Step.objects.get(case=main, kind="unmerged_out").record == step.record
    assert Pending.objects.filter(entry_id=step.record, action="cases.unmerge").exists()
    assert Outgoing.objects.filter(type="case.unmerged.v1", subject=f"case:{other.public_id}").count() == 1
    act(actions.complete_task, city["handler"], lead, outcome="handled", data={"reply": "好"})
    act(actions.complete_task, city["dispatcher"], task_of(other), outcome="fine")
    other.refresh_from_db()
    assert other.state == "closed"


def test_its_units_stop_seeing_the_other_case_unless_they_have_another_part(city):
    main = open_repair(city)
    first, _lead = dispatched(city)
    second, _lead = dispatched(city)
    merge(city, main, first, second)
    unmerge(city, first)
    assert queries.case_for(city["handler"], main.public_id) == main
    unmerge(city, second)
    with pytest.raises(CaseNotFound):
        queries.case_for(city["handler"], main.public_id)
    assert queries.case_for(city["dispatcher"], main.public_id) == main
    assert queries.case_for(city["handler"], first.public_id) == first


def test_a_return_that_waited_waits_again_with_its_clock_standing_still(city):
    main = open_repair(city)
    other, lead = dispatched(city)
    act(actions.return_task, city["handler"], lead, reason="不属于本单位")
    other.refresh_from_db()
    held = list(other.paused_for)
    merge(city, main, other)
    unmerge(city, other)
    other.refresh_from_db()
    lead.refresh_from_db()
    assert other.paused_for == held
    assert lead.state == "waiting"
    act(actions.rule_return, city["dispatcher"], task_of(other, kind="ruling"), uphold=False)
    lead.refresh_from_db()
    other.refresh_from_db()
    assert (lead.state, other.paused_for) == ("open", [])


def test_only_who_may_merge_may_take_apart_and_with_a_reason(city):
    main = open_repair(city)
    other, _lead = dispatched(city)
    with pytest.raises(NotForThisStage):
        unmerge(city, other)
    merge(city, main, other)
    with pytest.raises(NotYourTask):
        unmerge(city, other, "handler")
    with pytest.raises(CaseNotFound):
        unmerge(city, other, "outsider")
    with pytest.raises(DataInvalid):
        unmerge(city, other, reason=" ")
    other.refresh_from_db()
    assert other.state == "merged"
    assert "unmerge" in [offer.action for offer in offers_for(city["dispatcher"], other, [])]
    assert "unmerge" not in [offer.action for offer in offers_for(city["handler"], other, [])]


@pytest.mark.usefixtures("fresh_database")
def test_two_officers_taking_apart_at_once_do_it_once():
    city = make_city()
    main = open_repair(city)
    other, _lead = dispatched(city)
    merge(city, main, other)
    other.refresh_from_db()

    def press(seen=other.version):
        return actions.unmerge_case(actor=city["dispatcher"], case=other.public_id, seen=seen, reason="两盏灯")

    results = at_once(press, press)
    assert sum(isinstance(each, Case) for each in results) == 1, results
    assert sum(isinstance(each, (CaseMoved, NotForThisStage)) for each in results) == 1, results
    assert Step.objects.filter(case=other, kind="unmerge").count() == 1
    assert queries.ownerless_count() == 0


def test_the_form_on_the_case_page_takes_it_apart(town, as_user):
    main, other = open_repair(town), open_repair(town)
    merge(town, main, other)
    client = as_user("dispatcher")
    address = f"/cases/{other.public_id}/unmerge"
    other.refresh_from_db()
    assert address in client.get(f"/cases/{other.public_id}").content.decode()
    assert as_user("outsider").post(address, {"seen": other.version, "reason": "x"}).status_code == 404
    client = as_user("dispatcher")
    assert client.post(address, {"seen": other.version, "reason": "两盏灯"}).status_code == 302
    other.refresh_from_db()
    assert other.state == "open"
