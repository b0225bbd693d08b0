"""The JSON door: public reports, limits, replays; officers within their scope; outsiders see and change nothing."""

import json

import pytest
from django.test import Client

from groundplan.kernel.cases.models import Case
from groundplan.systems.incidents import actions
from groundplan.systems.incidents.actions import doors
from groundplan.systems.incidents.tests.factories import OUTSIDE_POINT, WEST_POINT, make_town

pytestmark = pytest.mark.django_db
REPORTS = "/api/v1/incidents/reports"
PERIOD = {"flow": "hotline", "start": "2026-01-01T00:00:00Z", "end": "2027-01-01T00:00:00Z"}
BOX = {"west": 123, "south": 29, "east": 123.2, "north": 29.2, "zoom": 17, "state": "all"}


def post(client, path, body, **headers):
    return client.post(path, json.dumps(body), content_type="application/json", headers=headers)


def test_anybody_reports_and_follows_without_an_account():
    make_town()
    client = Client()
    made = post(client, REPORTS, {"text": "路灯不亮", "point": WEST_POINT})
    assert made.status_code == 201
    receipt = made.json()
    assert set(receipt) == {"number", "code", "created"}
    seen = client.get(f"{REPORTS}/{receipt['number']}", {"code": receipt["code"]})
    assert seen.status_code == 200
    assert seen.json()["stage"]["zh-hans"] == "受理"
    assert client.get(f"{REPORTS}/{receipt['number']}", {"code": "WRONG"}).status_code == 404


def test_the_same_idempotency_key_gives_the_same_answer_and_one_case():
    make_town()
    answers = [post(Client(), REPORTS, {"text": "路灯不亮"}, **{"Idempotency-Key": "a"}) for _ in range(3)]
    assert len({answer.content for answer in answers}) == 1
    assert Case.objects.count() == 1
    other = post(Client(), REPORTS, {"text": "别的事"}, **{"Idempotency-Key": "a"})
    assert other.status_code in (409, 422)


def test_the_public_door_answers_429_with_retry_after(monkeypatch):
    make_town()
    monkeypatch.setitem(doors.LIMITS, "report", (2, 10))
    answers = [post(Client(), REPORTS, {"text": f"第 {n} 件"}) for n in range(3)]
    assert [answer.status_code for answer in answers] == [201, 201, 429]
    assert 0 < int(answers[-1]["Retry-After"]) <= 601
    assert answers[-1]["Content-Type"] == "application/problem+json"


def test_a_place_outside_the_city_is_a_problem_document():
    make_town()
    answer = post(Client(), REPORTS, {"text": "路灯不亮", "point": OUTSIDE_POINT})
    assert answer.status_code == 422
    assert answer.json()["type"] == "urn:groundplan:error:outside-city"


@pytest.mark.parametrize("name", ["outsider", "resident"])
def test_an_outsider_sees_and_changes_nothing(name):
    town = make_town()
    receipt = actions.report_incident(
        actor=town["operator"],
        channel="phone",
        type="help",
        text="秘密内容",
        point=WEST_POINT,
        reporter_phone="13800138000",
    )
    client = town.people[name].client
    assert client.get("/api/v1/incidents").json()["items"] == []
    assert client.get(f"/api/v1/incidents/{receipt.incident.public_id}").status_code == 404
    assert client.get("/api/v1/incidents/map", BOX).json()["features"] == []
    assert client.get("/api/v1/incidents/indicators", PERIOD).json() == []
    bearer = {"Authorization": f"Bearer {town.people[name].token}"}
    for channel in ("phone", "inspector", "grid"):
        answer = post(Client(), "/api/v1/incidents/officer/reports", {"text": "x", "channel": channel}, **bearer)
        assert answer.status_code == 403
    assert Case.objects.count() == 1


def test_nobody_without_an_account_reads_the_officers_part():
    make_town()
    client = Client()
    assert client.get("/api/v1/incidents").status_code == 401
    assert client.get("/api/v1/incidents/map", BOX).status_code == 401
    assert client.get("/api/v1/incidents/indicators", PERIOD).status_code == 401
    assert post(client, "/api/v1/incidents/officer/reports", {"text": "x"}).status_code == 401


def test_an_officer_reads_lists_map_and_rates_of_their_units():
    town = make_town()
    receipt = actions.report_incident(
        actor=town["operator"], channel="phone", type="help", text="路灯不亮", category="路灯不亮", point=WEST_POINT,
        reporter_phone="13800138000",
    )  # fmt: skip
    client = town.people["operator"].client
    listed = client.get("/api/v1/incidents").json()
    assert [item["number"] for item in listed["items"]] == [receipt.number]
    assert listed["next"] is None
    assert "13800138000" not in json.dumps(listed)
    assert client.get("/api/v1/incidents/map", BOX).json()["numberReturned"] == 1
    assert client.get("/api/v1/incidents/indicators", PERIOD).status_code == 200
    assert client.get("/api/v1/incidents", {"after": "nonsense"}).status_code in (400, 422)


def test_another_system_hands_over_a_report_by_token_and_never_twice():
    town = make_town()
    headers = {"Authorization": f"Bearer {town.people['operator'].token}", "Idempotency-Key": "ext-1"}
    body = {"text": "水位超限", "channel": "api", "external_id": "S-1", "reported_at": "2026-03-02T09:00:00+08:00"}
    one = post(Client(), "/api/v1/incidents/officer/reports", body, **headers)
    again = post(Client(), "/api/v1/incidents/officer/reports", body, **{**headers, "Idempotency-Key": "ext-2"})
    assert (one.status_code, again.status_code) == (201, 200)
    assert one.json()["id"] == again.json()["id"]


OFFICER_REPORTS = "/api/v1/incidents/officer/reports"


@pytest.mark.parametrize("named", ["external_id", "key"])
def test_a_guessed_number_of_another_system_opens_no_report(named):
    town = make_town()
    bodies = [{"text": text, "channel": "api"} for text in ("举报某厂夜间排污", "猜一猜")]
    headers = [{"Authorization": f"Bearer {town.people[name].token}"} for name in ("operator", "resident")]
    for body, header in zip(bodies, headers, strict=True):
        if named == "external_id":
            body["external_id"] = "S-1"
        else:
            header["Idempotency-Key"] = "S-1"
    first = post(Client(), OFFICER_REPORTS, bodies[0], **headers[0]).json()
    guess = post(Client(), OFFICER_REPORTS, bodies[1], **headers[1])
    assert first["code"] not in guess.content.decode()
    assert first["case"] not in guess.content.decode()
    assert guess.status_code == (409 if named == "external_id" else 201)


def test_likely_duplicates_of_other_units_are_not_told():
    town = make_town()
    body = {"text": "西区人民路路口路灯不亮已经三天", "channel": "api", "point": WEST_POINT}
    first = post(Client(), OFFICER_REPORTS, body, Authorization=f"Bearer {town.people['operator'].token}").json()
    body["text"] += "了"
    answers = {
        name: post(Client(), OFFICER_REPORTS, body | {"place": name}, Authorization=f"Bearer {town.people[name].token}")
        for name in ("outsider", "operator")
    }
    assert answers["outsider"].json()["likely"] == []
    assert first["number"] in {item["number"] for item in answers["operator"].json()["likely"]}
