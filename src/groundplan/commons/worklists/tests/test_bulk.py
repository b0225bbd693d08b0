"""Many cases at once: each by its normal action, each with its own result."""

import json

import pytest
from django.urls import reverse

from groundplan.commons.worklists import actions
from groundplan.commons.worklists.errors import BulkInvalid, BulkNotFound
from groundplan.commons.worklists.models import BulkItem, BulkRun
from groundplan.commons.worklists.queries import runs
from groundplan.kernel.cases import actions as cases
from groundplan.kernel.cases.models import Case, Step, Task
from groundplan.kernel.cases.tests.factories import act, dispatched, open_repair, task_of
from groundplan.kernel.ledger.models import Pending
from groundplan.kernel.parties.models import Membership, User
from groundplan.lib.errors import NotAllowed

KEY = "the-first-press"


def choice(case, task=None, seen=None):
    return runs.Choice(str(case.public_id), str(task.public_id) if task else "", seen)


def run(town, choices, person="dispatcher", **more):
    given = {"key": KEY, "action": "comment", "text": "请加快办理"} | more
    return actions.start_bulk(actor=town.people[person], choices=choices, **given)


def offered(town):
    """A case that waits for the lamp bureau's signature."""
    case = open_repair(town)
    act(cases.complete_task, town["dispatcher"], task_of(case), outcome="dispatch", data={"lead": "lamps"})
    return case, task_of(case, key="lead")


def results(made):
    return [(item.state, bool(item.reason)) for item in BulkItem.objects.filter(run=made).order_by("position")]


def test_each_case_is_signed_for_by_its_own_action_and_record(town):
    given = [offered(town) for _ in range(3)]
    made = run(town, [choice(case, task, task.version) for case, task in given], "handler", action="sign")
    assert (made.state, results(made)) == ("done", [("done", False)] * 3)
    assert Task.objects.filter(
        state="open", kind="work", signed_at__isnull=False, party__code="lamps"
    ).count() == 3 or (Step.objects.filter(kind="sign").count() == 3)
    assert Pending.objects.filter(action="worklists.start_bulk").count() == 1


def test_what_somebody_else_handled_meanwhile_is_refused_with_the_reason(town):
    (first, task), (second, other) = offered(town), offered(town)
    seen = task.version
    cases.sign_task(actor=town.people["handler"], task=task.public_id, seen=seen)
    made = run(town, [choice(first, task, seen), choice(second, other, other.version)], "handler", action="sign")
    assert results(made) == [("refused", True), ("done", False)]


def test_a_version_that_moved_is_never_overwritten(town):
    case = open_repair(town)
    stale = case.version - 1
    made = run(town, [choice(case, None, stale)], action="supervise", text="三日内办结")
    assert results(made) == [("refused", True)]
    case.refresh_from_db()
    assert case.supervised == 0


def test_the_same_key_is_the_same_run_and_nothing_happens_twice(town):
    case = open_repair(town)
    first, again = run(town, [choice(case)]), run(town, [choice(case)])
    assert first.pk == again.pk
    assert Step.objects.filter(case=case, kind="comment").count() == 1


def test_a_run_that_broke_off_goes_on_and_handles_nothing_twice(town):
    given = [open_repair(town) for _ in range(3)]
    made = run(town, [choice(case) for case in given])
    BulkItem.objects.filter(run=made, position=2).update(state="waiting")
    BulkRun.objects.filter(pk=made.pk).update(state="running")
    assert actions.carry_on_bulk(run=made.public_id) == 1
    assert actions.carry_on_bulk(run=made.public_id) == 0
    assert Step.objects.filter(case=given[0], kind="comment").count() == 1
    made.refresh_from_db()
    assert made.state == "done"


def test_an_outsider_chooses_nothing_and_learns_nothing(town):
    case, _task = dispatched(town)
    with pytest.raises(BulkInvalid):
        run(town, [choice(case)], "outsider")
    made = run(town, [choice(case)])
    with pytest.raises(BulkNotFound):
        runs.run_for(town.people["outsider"], made.public_id)
    assert not BulkRun.objects.exclude(pk=made.pk).exists()


def test_who_may_not_supervise_is_refused_for_each_case(town):
    case, _task = dispatched(town)
    made = run(town, [choice(case)], "handler", action="supervise")
    assert results(made) == [("refused", True)]


def test_rights_are_those_of_the_moment_at_which_a_case_is_handled(town):
    given = [open_repair(town) for _ in range(2)]
    made = run(town, [choice(case) for case in given])
    BulkItem.objects.filter(run=made).update(state="waiting")
    Membership.objects.filter(user__username="dispatcher").update(valid_until="2020-02-02")
    actions.carry_on_bulk(run=made.public_id)
    assert results(made) == [("refused", True)] * 2
    BulkItem.objects.filter(run=made).update(state="waiting")
    User.objects.filter(username="dispatcher").update(is_active=False)
    actions.carry_on_bulk(run=made.public_id)
    assert results(made) == [("refused", True)] * 2


def test_a_fault_in_one_case_stops_no_other(town, monkeypatch):
    given = [open_repair(town) for _ in range(2)]
    real = cases.comment

    def broken(*, case, **more):
        if str(case) == str(given[0].public_id):
            raise RuntimeError("broken")
        return real(case=case, **more)

    monkeypatch.setattr("groundplan.commons.worklists.actions.bulk.cases.comment", broken)
    made = run(town, [choice(case) for case in given])
    assert results(made) == [("refused", True), ("done", False)]


def test_transfer_and_handing_down_ask_for_a_unit_that_exists(town):
    case, _task = dispatched(town)
    with pytest.raises(BulkInvalid):
        run(town, [choice(case)], "handler", action="transfer", unit="没有的单位", text="不属本单位")
    unit = town.parties["parks"].code
    made = run(town, [choice(case)], "handler", action="transfer", unit=unit, text="属园林")
    assert results(made) == [("done", False)]
    assert Task.objects.filter(case=case, kind="offer", party=town.parties["parks"]).exists()


@pytest.mark.parametrize(
    "more",
    [{"action": "close"}, {"action": "complete"}, {"key": "short"}, {"key": "k" * 65}, {"text": "  "}],
    ids=["closing", "completing", "short key", "long key", "no text"],
)
def test_what_is_no_run_is_not_started(town, more):
    case = open_repair(town)
    with pytest.raises(BulkInvalid):
        run(town, [choice(case)], **more)
    assert not BulkRun.objects.exists()


def test_too_many_or_none_are_refused_and_a_resident_starts_nothing(town):
    case = open_repair(town)
    for choices in ([], [choice(case)] * 201):
        with pytest.raises(BulkInvalid):
            run(town, choices)
    with pytest.raises(NotAllowed):
        run(town, [choice(case)], "resident")


def test_hostile_choices_are_left_out():
    good = "018f0000-0000-7000-8000-000000000000"
    values = ["", "x", f"{good}:x:1", f"{good}::9999999999", "'; DROP TABLE:1:1", f"{good}::1", good.upper()]
    assert runs.parse(values) == [runs.Choice(good, "", None)]


def test_many_go_to_the_worker_and_the_page_shows_how_far_it_is(town, as_user, monkeypatch):
    sent = []
    monkeypatch.setattr("groundplan.commons.worklists.jobs.carry_on.defer", lambda **more: sent.append(more))
    given = [open_repair(town) for _ in range(21)]
    made = run(town, [choice(case) for case in given])
    assert (made.state, sent) == ("running", [{"run": str(made.public_id)}])
    page = as_user("dispatcher").get(reverse("bulk-run", args=[made.public_id])).content.decode()
    assert "every 2s" in page
    actions.carry_on_bulk(run=made.public_id)
    assert "every 2s" not in as_user("dispatcher").get(reverse("bulk-live", args=[made.public_id])).content.decode()
    assert as_user("outsider").get(reverse("bulk-run", args=[made.public_id])).status_code == 404


def test_the_whole_way_over_pages(town, as_user):
    given = [open_repair(town) for _ in range(2)]
    browser = as_user("dispatcher")
    listed = browser.get(reverse("cases")).content.decode()
    picked = [f"{case.public_id}:{task.public_id}:{task.version}" for case in given for task in case.tasks.all()]
    assert all(each in listed for each in picked)
    asked = browser.post(reverse("bulk-confirm"), {"action": "comment", "item": picked})
    assert asked.context["fitting"] == 2
    assert Step.objects.filter(kind="comment").count() == 0
    sent = {"action": "comment", "item": picked, "key": asked.context["key"], "text": "一并答复"}
    there = browser.post(reverse("bulk-start"), sent)["Location"]
    assert browser.post(reverse("bulk-start"), sent)["Location"] == there
    assert given[0].number in browser.get(there).content.decode()
    assert Step.objects.filter(kind="comment").count() == 2
    assert browser.get(reverse("bulk-runs")).status_code == 200


def test_the_whole_list_is_chosen_by_its_filter(town, as_user):
    for _ in range(3):
        open_repair(town)
    sent = {"action": "comment", "whole": "1", "kind": "todo", "flow": "repair"}
    assert len(as_user("dispatcher").post(reverse("bulk-confirm"), sent).context["chosen"]) == 3
    answer = as_user("outsider").post(reverse("bulk-confirm"), sent)
    assert answer.status_code == 302


def test_chosen_cases_are_exported_and_no_others(town, as_user):
    first, second = open_repair(town), open_repair(town)
    sent = {"kind": "all", "only": [str(first.public_id), "x"], "purpose": "handling", "form": "csv"}
    content = b"".join(as_user("dispatcher").post(reverse("cases-export"), sent).streaming_content).decode("utf-8-sig")
    assert first.number in content
    assert second.number not in content


def test_the_api_starts_a_run_and_shows_its_results(town, as_user):
    case = open_repair(town)
    sent = {"key": KEY, "action": "comment", "text": "已知悉", "cases": [{"case": str(case.public_id)}]}
    browser = as_user("dispatcher")
    made = browser.post("/api/v1/worklists/bulk", json.dumps(sent), "application/json")
    assert made.status_code == 202
    assert made.json()["results"] == [
        {"case": str(case.public_id), "number": case.number, "state": "done", "reason": ""}
    ]
    address = f"/api/v1/worklists/bulk/{made.json()['id']}"
    assert browser.get(address).json()["done"] == 1
    assert as_user("outsider").get(address).status_code == 404
    assert Case.objects.count() == 1
