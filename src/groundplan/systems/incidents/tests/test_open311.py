"""The door for programs from abroad: Open311 GeoReport v2, with the examples of the standard."""

import datetime as dt
import json

import pytest
from defusedxml import ElementTree
from django.test import Client

from groundplan.kernel.cases.models import Case
from groundplan.kernel.ledger.models import Pending
from groundplan.kernel.parties.tests.factories import make_player
from groundplan.lib import clock
from groundplan.lib.errors import NotAllowed
from groundplan.systems.incidents import actions as incidents
from groundplan.systems.incidents.actions import doors
from groundplan.systems.incidents.models import Incident, Open311Key, Open311Request
from groundplan.systems.incidents.open311 import actions
from groundplan.systems.incidents.open311.written import errors, written
from groundplan.systems.incidents.tests.factories import OUTSIDE_POINT, WEST_POINT, complete, make_town, sign

pytestmark = pytest.mark.django_db
V2 = "/open311/v2"
SERVICE = "hotline-路灯不亮"
HERE = {"service_code": SERVICE, "lat": str(WEST_POINT[1]), "long": str(WEST_POINT[0])}


def send(client=None, ending="json", headers=None, **given):
    return (client or Client()).post(f"{V2}/requests.{ending}", {**HERE, **given}, headers=headers or {})


def canonical(text):
    """XML as nested pairs without the blanks of its layout."""

    def pair(element):
        return element.tag, (element.text or "").strip(), [pair(part) for part in element]

    return pair(ElementTree.fromstring(text))


# The examples stand in http://wiki.open311.org/GeoReport_v2, each in both forms.
DEFINITION = {
    "service_code": "DMV66",
    "attributes": ("attribute", [{
        "variable": True, "code": "WHISHETN", "datatype": "singlevaluelist", "required": True,
        "datatype_description": None, "order": 1, "description": "What is the ticket/tag/DL number?",
        "values": ("value", [{"key": 123, "name": "Ford"}, {"key": 124, "name": "Chrysler"}]),
    }]),
}  # fmt: skip
DEFINITION_XML = """<?xml version="1.0" encoding="utf-8"?>
<service_definition>
    <service_code>DMV66</service_code>
    <attributes>
        <attribute>
            <variable>true</variable> <code>WHISHETN</code> <datatype>singlevaluelist</datatype>
            <required>true</required> <datatype_description></datatype_description> <order>1</order>
            <description>What is the ticket/tag/DL number?</description>
            <values>
                <value> <key>123</key> <name>Ford</name> </value>
                <value> <key>124</key> <name>Chrysler</name> </value>
            </values>
        </attribute>
    </attributes>
</service_definition>"""
TOKEN_XML = """<?xml version="1.0" encoding="utf-8"?>
<service_requests><request>
    <service_request_id>638344</service_request_id> <token>12345</token>
</request></service_requests>"""


def test_the_examples_of_the_standard_are_written_as_it_writes_them():
    assert canonical(written("xml", "service_definition", "", DEFINITION)) == canonical(DEFINITION_XML)
    told = json.loads(written("json", "service_definition", "", DEFINITION))
    assert told["attributes"][0]["values"][1] == {"key": 124, "name": "Chrysler"}
    assert told["attributes"][0]["datatype_description"] is None
    token = [{"service_request_id": 638344, "token": 12345}]
    assert canonical(written("xml", "service_requests", "request", token)) == canonical(TOKEN_XML)
    assert json.loads(written("json", "service_requests", "request", token)) == token
    fault = canonical(errors("xml", [(403, "Invalid api_key received")]))
    assert fault == (
        "errors",
        "",
        [("error", "", [("code", "403", []), ("description", "Invalid api_key received", [])])],
    )


def test_services_are_the_categories_of_the_profile_in_both_forms():
    make_town()
    listed = Client().get(f"{V2}/services.json").json()
    assert {"hotline-路灯不亮", "component-01001", "matter-06001"} <= {each["service_code"] for each in listed}
    assert set(listed[0]) == {
        "service_code", "service_name", "description", "metadata", "type", "keywords", "group"
    }  # fmt: skip
    answer = Client().get(f"{V2}/services.xml")
    assert answer["Content-Type"] == "text/xml; charset=utf-8"
    assert answer.content.startswith(b'<?xml version="1.0" encoding="utf-8"?>')
    root = ElementTree.fromstring(answer.content)
    assert [each.findtext("service_code") for each in root] == [each["service_code"] for each in listed]
    english = Client().get(f"{V2}/services.json", headers={"Accept-Language": "en"}).json()
    assert "Street light out" in {each["service_name"] for each in english}


def test_a_definition_offers_what_its_flow_asks():
    make_town()
    definition = Client().get(f"{V2}/services/{SERVICE}.json").json()
    (attribute,) = definition["attributes"]
    assert (attribute["code"], attribute["datatype"]) == ("type", "singlevaluelist")
    assert {"help", "complaint"} <= {value["key"] for value in attribute["values"]}
    assert Client().get(f"{V2}/services/component-01001.json").json()["attributes"][0]["code"] == "component"
    assert Client().get(f"{V2}/services/nothing.xml").status_code == 404


def test_the_ending_counts_before_what_the_reader_accepts():
    wanted = [
        ("", "", "text/xml"),
        ("", "application/json", "application/json"),
        (".json", "text/xml", "application/json"),
    ]
    for ending, accept, kind in wanted:
        answer = Client().get(f"{V2}/services{ending}", headers={"Accept": accept} if accept else {})
        assert answer["Content-Type"] == f"{kind}; charset=utf-8"


def test_discovery_names_the_address_and_its_formats():
    found = Client().get("/open311/discovery.json").json()
    assert found["endpoints"][0]["url"].endswith("/open311/v2")
    assert found["endpoints"][0]["formats"] == ["text/xml", "application/json"]


def test_a_request_becomes_a_case_and_is_followed_by_its_number():
    make_town()
    answer = send(
        description="路灯不亮三天，请致电 13800138000", first_name="约翰", email="a@example.org", phone="13800138000"
    )
    assert answer.status_code == 200
    (made,) = answer.json()
    case = Case.objects.get(number=made["service_request_id"])
    assert case.data["matter"] == "路灯不亮"
    shown = Client().get(f"{V2}/requests/{made['service_request_id']}.json")
    assert "13800138000" not in shown.content.decode()
    assert "约翰" not in shown.content.decode()
    (row,) = shown.json()
    assert (row["status"], row["service_code"], row["long"]) == ("open", SERVICE, WEST_POINT[0])
    assert dt.datetime.fromisoformat(row["requested_datetime"]).tzinfo is not None
    code = made["service_notice"].split()[-1].rstrip(".")
    assert Client().get(f"/api/v1/incidents/reports/{case.number}", {"code": code}).status_code == 200


def test_the_form_of_the_standard_is_taken_with_brackets_and_without_a_token_of_ours():
    make_town()
    body = (
        "api_key=xyz&jurisdiction_id=city.gov&service_code=hotline-%E8%B7%AF%E7%81%AF%E4%B8%8D%E4%BA%AE&lat=29.03"
        "&long=123.03&address_string=1234+5th+street&email=smit333%40sfgov.edu&device_id=tt222111&account_id=123456"
        "&first_name=john&last_name=smith&phone=111111111&description=A+large+sinkhole+is+destroying+the+street"
        "&media_url=http%3A%2F%2Ffarm3.static.flickr.com%2F2002%2F2212426634_5ed477a060.jpg&attribute[type]=suggestion"
    )
    answer = Client(enforce_csrf_checks=True).post(
        f"{V2}/requests.xml", body, content_type="application/x-www-form-urlencoded; charset=utf-8"
    )
    assert answer.status_code == 200
    request = ElementTree.fromstring(answer.content).find("request")
    assert request.findtext("account_id") == "123456"
    case = Case.objects.get(number=request.findtext("service_request_id"))
    assert case.data["type"] == "suggestion"
    (row,) = Client().get(f"{V2}/requests/{case.number}.json").json()
    assert row["media_url"] == "http://farm3.static.flickr.com/2002/2212426634_5ed477a060.jpg"
    assert row["address"] == "1234 5th street"


REFUSED = [
    ({"service_code": ""}, 400), ({"service_code": "zz"}, 404), ({"lat": "", "long": ""}, 400),
    ({"lat": "north"}, 400), ({"lat": "NaN"}, 400), ({"lat": "91"}, 400), ({"long": ""}, 400),
    ({"lat": str(OUTSIDE_POINT[1]), "long": str(OUTSIDE_POINT[0])}, 400), ({"description": "长" * 4001}, 400),
    ({"media_url": "javascript:alert(1)"}, 400), ({"media_url": "http://[x"}, 400),
    ({"attribute[type]": "bribe"}, 400), ({"attribute[owner]": "x"}, 400),
    ({"attribute[type]": ["help", "praise"]}, 400),
    ({"description": "a\x00b"}, 400),
]  # fmt: skip


def test_what_cannot_be_taken_gets_the_standards_error_and_leaves_no_case(monkeypatch):
    make_town()
    monkeypatch.setitem(doors.LIMITS, "open311", (100, 10))
    for given, status in REFUSED:
        for ending in ("json", "xml"):
            answer = send(ending=ending, **given)
            assert answer.status_code == status, given
            fault = answer.json()[0] if ending == "json" else None
            told = fault["code"] if fault else ElementTree.fromstring(answer.content)[0].findtext("code")
            assert int(told) == status
    assert Case.objects.count() == 0


HOSTILE = "<script>alert(1)</script> ]]> &amp; \x0b \ufffe \U0001f4a9 \" '"


def test_hostile_text_stays_text_in_both_forms():
    make_town()
    number = send(service_code="matter-06001", description=HOSTILE, address_string="<b>&").json()[0][
        "service_request_id"
    ]
    answer = Client().get(f"{V2}/requests/{number}.xml")
    row = ElementTree.fromstring(answer.content).find("request")
    assert "<script>alert(1)</script> ]]> &amp;" in row.findtext("description")
    assert row.findtext("address") == "<b>&"
    assert b"<script>" not in answer.content
    assert "\U0001f4a9" in Client().get(f"{V2}/requests/{number}.json").json()[0]["description"]


def test_the_same_key_and_the_same_words_are_one_request():
    make_town()
    told = {send(headers={"Idempotency-Key": "k1"}, description="路灯不亮").content for _ in range(3)}
    again = send(description="路灯不亮").json()[0]["service_request_id"]
    assert len(told) == 1
    assert json.loads(told.pop())[0]["service_request_id"] == again
    assert Case.objects.count() == Open311Request.objects.count() == 1


def test_a_request_that_may_wait_gets_a_token_and_later_its_number():
    make_town()
    headers = {"Prefer": "respond-async", "Idempotency-Key": "k"}
    made = [send(headers=headers, description="路灯不亮", phone="13800138000").json()[0] for _ in range(2)]
    assert made[0] == made[1]
    assert "service_request_id" not in made[0]
    address = f"{V2}/tokens/{made[0]['token']}.json"
    assert Client().get(address).json() == [{"service_request_id": None, "token": made[0]["token"]}]
    assert b"13800138000" not in bytes(Open311Request.objects.get().sealed)
    assert (actions.take_waiting_requests(), actions.take_waiting_requests()) == (1, 0)
    number = Client().get(address).json()[0]["service_request_id"]
    assert Case.objects.get().number == number
    assert Open311Request.objects.get().sealed is None
    assert Client().get(f"{V2}/tokens/{Incident.objects.get().public_id}.xml").status_code == 404


def test_a_waiting_request_that_is_refused_says_so_and_holds_up_no_other():
    make_town()
    outside = {"lat": str(OUTSIDE_POINT[1]), "long": str(OUTSIDE_POINT[0])}
    headers = {"Prefer": "respond-async"}
    bad, good = send(headers=headers, **outside).json()[0], send(headers=headers).json()[0]
    twin = send(headers=headers).json()[0]
    assert actions.take_waiting_requests() == 3
    assert Client().get(f"{V2}/tokens/{bad['token']}.json").status_code == 400
    numbers = {
        Client().get(f"{V2}/tokens/{each['token']}.json").json()[0]["service_request_id"] for each in (good, twin)
    }
    assert numbers == {Case.objects.get().number}


def three(make=send):
    return [make(description=f"第{number}件").json()[0]["service_request_id"] for number in range(3)]


def numbers(**query):
    answer = Client().get(f"{V2}/requests.json", query)
    assert answer.status_code == 200, answer.content
    return [row["service_request_id"] for row in answer.json()]


def test_every_filter_of_the_standard_and_its_limits():
    town = make_town()
    made = three()
    case = Case.objects.get(number=made[0])
    other = send(service_code="matter-06001", description="乱倒").json()[0]["service_request_id"]
    complete(town["operator"], case, "answered", type="help", reply="已修复，联系 13800138000")
    complete(town["operator"], case, "satisfied") if Case.objects.get(pk=case.pk).active else None
    assert numbers() == [other, *reversed(made)]
    assert numbers(service_request_id=f"{made[1]},{made[2]}", status="closed") == [made[2], made[1]]
    assert numbers(service_code="matter-06001,zz") == [other]
    assert numbers(status="closed") == [made[0]]
    assert numbers(status="open") == [other, made[2], made[1]]
    assert len(numbers(status="open,closed")) == 4
    now = clock.now()
    assert numbers(end_date=(now - dt.timedelta(days=1)).isoformat()) == []
    assert len(numbers(start_date=(now - dt.timedelta(days=1)).isoformat())) == 4
    assert numbers(start_date=(now - dt.timedelta(days=100)).isoformat()) == []
    row = Client().get(f"{V2}/requests/{made[0]}.json").json()[0]
    assert row["status"] == "closed"
    assert row["status_notes"].startswith("已修复")
    assert "13800138000" not in row["status_notes"]


UNREADABLE = [
    {"status": "stuck"}, {"start_date": "yesterday"}, {"start_date": "2026-01-01"}, {"page_size": "1001"},
    {"page_size": "0"}, {"page_size": "x"}, {"after": "x"}, {"start_date": "9999-12-31T00:00:00Z"},
    {"start_date": "2026-01-01T00:00:00Z", "end_date": "2026-06-01T00:00:00Z"},
    {"start_date": "2026-01-02T00:00:00Z", "end_date": "2026-01-01T00:00:00Z"},
    {"service_request_id": ",".join("x" * 201)}, {"service_code": "a\x00"},
]  # fmt: skip


def test_a_filter_that_cannot_be_read_is_a_400():
    for query in UNREADABLE:
        answer = Client().get(f"{V2}/requests.json", query)
        assert (answer.status_code, answer.json()[0]["code"]) == (400, 400), query


def test_pages_lead_on_without_gaps_and_without_more_questions_for_more_rows(django_assert_max_num_queries):
    make_town()
    made = three()
    seen, address = [], f"{V2}/requests.json?page_size=2&status=open"
    while address:
        answer = Client().get(address)
        seen += [row["service_request_id"] for row in answer.json()]
        address = answer.get("Link", "").partition(">")[0].removeprefix("<")
    assert seen == list(reversed(made))
    with django_assert_max_num_queries(12):
        numbers()


def test_nobody_sees_accusations_or_reports_of_other_doors():
    town = make_town()
    for kind in ("complaint", "report"):
        asked = {"attribute[type]": kind, "description": f"某人长期占道经营，无人管理{kind}", "phone": "13800138000"}
        number = send(**asked).json()[0]["service_request_id"]
        assert Client().get(f"{V2}/requests/{number}.xml").status_code == 404
    untyped = send(description="某人违法").json()[0]["service_request_id"]
    assert Client().get(f"{V2}/requests/{untyped}.json").json()[0]["description"] is None
    case = Case.objects.get(number=untyped)
    Case.objects.filter(pk=case.pk).update(data={**case.data, "type": "report"})
    other = incidents.report_incident(actor=town["operator"], channel="api", text="内部")
    assert Client().get(f"{V2}/requests/{other.number}.xml").status_code == 404
    assert numbers() == []
    assert numbers(service_request_id=other.number) == []


def test_once_a_key_is_issued_requests_need_one_and_an_ended_key_opens_nothing():
    town = make_town()
    keeper = make_player(town.units["hall"], "data_office", "data-office").actor
    before = Pending.objects.count()
    row, key = actions.issue_open311_key(actor=keeper, name="某应用")
    assert Pending.objects.count() == before + 1
    assert send().status_code == send(api_key="xyz").status_code == 403
    assert send(api_key=key).status_code == 200
    assert key.encode() not in bytes(row.key_hash)
    actions.end_open311_key(actor=keeper, key=row.public_id)
    _row, second = actions.issue_open311_key(actor=keeper, name="另一应用")
    assert send(api_key=key, description="再次").status_code == 403
    assert send(api_key=second, description="再次").status_code == 200


def test_an_outsider_issues_and_ends_no_key_and_the_page_shows_a_key_once():
    town = make_town()
    with pytest.raises(NotAllowed):
        actions.issue_open311_key(actor=town["outsider"], name="x")
    client = town.people["outsider"].client
    assert client.get("/open311").status_code == 403
    assert client.post("/open311/keys", {"name": "x"}).status_code == 403
    assert Open311Key.objects.count() == 0
    keeper = make_player(town.units["hall"], "data_office", "data-office")
    answer = keeper.client.post("/open311/keys", {"name": "某应用"})
    assert "o311_" in answer.content.decode()
    page = keeper.client.get("/open311").content.decode()
    assert "某应用" in page
    assert "o311_" not in page
    assert keeper.client.post("/open311/keys", {"name": " "}).status_code == 422
    key = Open311Key.objects.get()
    assert keeper.client.post(f"/open311/keys/{key.public_id}/end").status_code == 302
    assert "已停用" in keeper.client.get("/open311").content.decode()


def test_another_citys_jurisdiction_is_not_found(monkeypatch):
    make_town()
    monkeypatch.setenv("GROUNDPLAN_JURISDICTION", "city.gov")
    assert Client().get(f"{V2}/services.json", {"jurisdiction_id": "sfgov.org"}).status_code == 404
    assert Client().get(f"{V2}/services.json", {"jurisdiction_id": "city.gov"}).status_code == 200
    assert send(jurisdiction_id="sfgov.org").status_code == 404


def test_who_comes_too_often_is_asked_to_wait(monkeypatch):
    make_town()
    monkeypatch.setitem(doors.LIMITS, "open311", (1, 10))
    assert send().status_code == 200
    answer = send(description="b")
    assert answer.status_code == 429
    assert int(answer["Retry-After"]) > 0
    assert answer.json()[0]["code"] == 429


def test_a_request_is_handled_like_any_other():
    town = make_town()
    number = send(service_code="matter-06001", description="垃圾乱倒").json()[0]["service_request_id"]
    case = Case.objects.get(number=number)
    assert case.flow == "city-management"
    if case.tasks.filter(state="offered").exists():
        sign(town["inspector"], case)
    assert case.tasks.filter(state__in=("open", "offered")).exists()
