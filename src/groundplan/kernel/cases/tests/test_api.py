import json

import pytest

from groundplan.kernel.cases.models import Step
from groundplan.kernel.cases.tests.factories import open_repair, task_of

pytestmark = pytest.mark.django_db


def post(client, address, **body):
    return client.post(f"/api/v1/cases{address}", json.dumps(body), content_type="application/json")


def test_a_dispatcher_finds_the_case_and_moves_it(town, as_user):
    case = open_repair(town)
    client = as_user("dispatcher")
    found = client.get("/api/v1/cases/").json()
    assert [item["number"] for item in found["items"]] == [case.number]
    detail = client.get(f"/api/v1/cases/{case.public_id}").json()
    offer = next(each for each in detail["offers"] if each["outcome"] == "dispatch")
    assert offer["requires"] == ["lead"]
    answer = post(
        client,
        f"/tasks/{offer['task']}/complete",
        seen=detail["tasks"][0]["version"],
        outcome="dispatch",
        data={"lead": "lamps"},
    )
    assert answer.status_code == 200, answer.content
    again = post(client, f"/tasks/{offer['task']}/complete", seen=1, outcome="dispatch", data={"lead": "lamps"})
    assert (again.status_code, again.json()["type"]) == (409, "urn:groundplan:error:case-moved")
    steps = client.get(f"/api/v1/cases/{case.public_id}/timeline").json()
    assert [step["kind"] for step in steps] == ["open", "entered", "complete", "entered"]


OPERATIONS = [
    ("GET", "/{case}", None),
    ("GET", "/{case}/timeline", None),
    ("POST", "/{case}/suspend", {"seen": 1, "reason": "x"}),
    ("POST", "/{case}/resume", {"seen": 1}),
    ("POST", "/{case}/supervise", {"seen": 1, "reason": "x"}),
    ("POST", "/{case}/merge", {"seen": 1, "reason": "x", "cases": ["0198a000-0000-7000-8000-000000000000"]}),
    ("GET", "/{case}/explanation", None),
    ("POST", "/{case}/unmerge", {"seen": 1, "reason": "x"}),
    ("POST", "/{case}/reopen", {"seen": 1, "reason": "x"}),
    ("POST", "/{case}/cancel", {"seen": 1, "reason": "x"}),
    ("POST", "/{case}/comments", {"text": "x"}),
    ("POST", "/{case}/ratings", {"source": "reporter", "satisfaction": 1}),
    ("POST", "/{case}/ratings", {"source": "callback", "satisfaction": 1}),
    ("POST", "/{case}/unmask", {"field": "reporter_phone", "purpose": "handling"}),
    ("POST", "/tasks/{task}/sign", {"seen": 1}),
    ("POST", "/tasks/{task}/complete", {"seen": 1, "outcome": "answer", "data": {"reply": "x"}}),
    ("POST", "/tasks/{task}/return", {"seen": 1, "reason": "x"}),
    ("POST", "/tasks/{task}/ruling", {"seen": 1, "granted": True}),
    ("POST", "/tasks/{task}/transfer", {"seen": 1, "reason": "x", "to": "parks"}),
    ("POST", "/tasks/{task}/accept", {"seen": 1}),
    ("POST", "/tasks/{task}/refuse", {"seen": 1, "reason": "x"}),
    ("POST", "/tasks/{task}/redispatch", {"seen": 1, "to": "parks"}),
    ("POST", "/tasks/{task}/reassign", {"seen": 1, "reason": "x", "to": "parks"}),
    ("POST", "/tasks/{task}/assist", {"seen": 1, "to": "parks"}),
    ("POST", "/tasks/{task}/extension", {"seen": 1, "reason": "x", "span": "1 work_days"}),
    ("POST", "/tasks/{task}/extension-decision", {"seen": 1, "granted": True}),
]


@pytest.mark.parametrize("who", ["outsider", "vendor", "resident"])
@pytest.mark.parametrize(("method", "address", "body"), OPERATIONS)
def test_who_has_no_part_in_a_case_finds_none(  # noqa: PLR0917 - pytest passes by name.
    town, as_user, who, method, address, body
):
    case = open_repair(town, personal={"reporter_phone": "13812345678"})
    place = address.format(case=case.public_id, task=task_of(case).public_id)
    client = as_user(who)
    answer = client.get(f"/api/v1/cases{place}") if method == "GET" else post(client, place, **body)
    assert answer.status_code == 404, answer.content
    assert case.number not in answer.content.decode()
    assert Step.objects.filter(case=case).count() == 2


def test_nobody_is_let_in_without_signing_in(client, town):
    case = open_repair(town)
    assert client.get("/api/v1/cases/").status_code == 401
    assert client.get(f"/api/v1/cases/{case.public_id}").status_code == 401


def test_the_outsiders_lists_are_empty(town, as_user):
    open_repair(town)
    client = as_user("outsider")
    for kind in ("todo", "done", "all"):
        assert client.get(f"/api/v1/cases/?kind={kind}").json() == {"items": [], "next": None}
    assert client.get("/api/v1/cases/?kind=all&text=路灯").json()["items"] == []


def test_a_request_sent_twice_with_one_key_acts_once(town, as_user):
    case = open_repair(town)
    client = as_user("dispatcher")
    for _again in range(2):
        answer = client.post(
            f"/api/v1/cases/{case.public_id}/comments",
            json.dumps({"text": "已联系"}),
            content_type="application/json",
            headers={"Idempotency-Key": "one"},
        )
        assert answer.status_code == 201, answer.content
    assert Step.objects.filter(case=case, kind="comment").count() == 1


@pytest.mark.parametrize("cursor", ["x", "W10", "WzEsMl0", "a" * 400])
def test_a_strange_cursor_is_answered_not_crashed_on(town, as_user, cursor):
    answer = as_user("dispatcher").get(f"/api/v1/cases/?after={cursor}")
    assert answer.status_code == 422


def test_a_cursor_that_no_text_column_can_hold_is_a_bad_request(town, as_user):
    answer = as_user("dispatcher").get("/api/v1/cases/?after=%00")
    assert answer.status_code == 400
    assert "U+0000" in answer.json()["detail"]


def test_pages_follow_each_other_without_gap(town, as_user):
    numbers = [open_repair(town).number for _each in range(5)]
    client = as_user("dispatcher")
    for kind in ("todo", "all"):
        found, after = [], ""
        while True:
            page = client.get(f"/api/v1/cases/?kind={kind}&size=2{after}").json()
            found += [item["number"] for item in page["items"]]
            if page["next"] is None:
                break
            after = f"&after={page['next']}"
        assert sorted(found) == numbers


def test_words_are_found_in_chinese_and_english(town, as_user):
    case = open_repair(town, title="解放路路灯 lamp 不亮")
    open_repair(town, title="垃圾未清运")
    client = as_user("dispatcher")
    for text in ("路灯", "解放路 不亮", "LAMP", "lam", case.number):
        found = client.get("/api/v1/cases/", {"kind": "all", "text": text}).json()["items"]
        assert [item["number"] for item in found] == [case.number], text
