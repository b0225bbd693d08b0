"""Every page in both languages, by those who may open it; others are sent away."""

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from groundplan.kernel.cases.models import Case
from groundplan.kernel.parties.queries import ANONYMOUS
from groundplan.systems.incidents import actions, queries
from groundplan.systems.incidents.models import Incident, Load
from groundplan.systems.incidents.tests.factories import WEST_POINT, complete, make_town

pytestmark = pytest.mark.django_db
OFFICERS = [
    ("operator", "/intake"), ("operator", "/intake/caller?reporter_phone=13800138000"),
    ("operator", "/intake/likely?text=路灯不亮"), ("inspector", "/patrol"), ("dispatcher", "/command"),
    ("dispatcher", "/command/list"), ("dispatcher", "/command/figures"), ("dispatcher", "/command/districts"),
    ("dispatcher", "/command/map.geojson?bbox=123,29,123.2,29.2&zoom=16"), ("mayor", "/indicators"),
    ("mayor", "/indicators?flow=hotline&from=2026-01-01&to=2026-12-31"), ("operator", "/incidents/imports"),
]  # fmt: skip


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_each_page_opens_for_its_role_and_for_no_outsider(language):
    town = make_town()
    actions.report_incident(actor=town["operator"], channel="phone", text="路灯不亮", point=WEST_POINT)
    headers = {"Accept-Language": language}
    for person, address in OFFICERS:
        answer = town.people[person].client.get(address, headers=headers)
        assert answer.status_code == 200, address
        assert Client().get(address, headers=headers).status_code == 302, address
        if not address.startswith("/indicators"):
            assert town.people["outsider"].client.get(address, headers=headers).status_code == 403, address
        assert town.people["resident"].client.get(address, headers=headers).status_code == 403, address


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_a_resident_reports_keeps_the_receipt_follows_adds_and_rates(language):
    town = make_town()
    client = Client(headers={"Accept-Language": language})
    assert client.get("/report").status_code == 200
    made = client.post(
        "/report", {"flow": "hotline", "type": "consult", "text": "公园几点开门", "key": "k"}, follow=True
    )
    assert made.redirect_chain[-1][0] == "/report/receipt"
    incident = Incident.objects.get()
    assert incident.receipt in made.content.decode()
    assert queries.follow_code(incident) in made.content.decode()
    client.post("/report", {"flow": "hotline", "type": "consult", "text": "公园几点开门", "key": "k"})
    assert Case.objects.count() == 1
    seen = client.get("/follow")
    assert incident.receipt in seen.content.decode()
    assert client.post("/follow/supplement", {"text": "是周末"}).status_code == 302
    complete(town["operator"], incident.case, "answered", type="consult", reply="早六点。")
    assert "早六点。" in client.get("/follow").content.decode()
    assert client.post("/follow/rate", {"solved": "yes", "satisfaction": "5"}).status_code == 302
    assert Case.objects.get().ratings.get().satisfaction == 5


def test_a_wrong_code_shows_nothing_and_says_so():
    make_town()
    receipt = actions.report_incident(actor=ANONYMOUS, channel="web", text="秘密的内容")
    client = Client()
    answer = client.post("/follow", {"number": receipt.number, "code": "AAAAAAAA"}, follow=True)
    assert answer.status_code == 404
    assert "秘密的内容" not in answer.content.decode()


def test_an_empty_report_is_told_what_is_missing():
    make_town()
    answer = Client().post("/report", {"flow": "hotline", "text": ""})
    assert answer.status_code == 422
    assert "gp-error" in answer.content.decode()


def test_a_script_in_a_report_is_shown_as_text():
    town = make_town()
    receipt = actions.report_incident(actor=town["operator"], channel="phone", text="<script>alert(1)</script>")
    page = town.people["operator"].client.get(f"/cases/{receipt.case.public_id}").content.decode()
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_an_operator_enters_a_call_and_the_caller_is_known_next_time():
    town = make_town()
    client = town.people["operator"].client
    call = {
        "reporter_phone": "138 0013 8000",
        "type": "help",
        "urgency": "normal",
        "text": "停水了",
        "category": "供水",
    }
    assert client.post("/intake", call).status_code == 302
    incident = Incident.objects.get()
    assert (incident.channel, incident.category) == ("phone", "供水")
    history = client.get("/intake/caller", {"reporter_phone": "13800138000"}).content.decode()
    assert incident.receipt in history


def test_an_inspector_reports_from_the_street():
    town = make_town()
    found = {
        "category": "matter:06010", "text": "暴露垃圾", "longitude": WEST_POINT[0], "latitude": WEST_POINT[1],
        "urgency": "normal",
    }  # fmt: skip
    assert town.people["inspector"].client.post("/patrol", found).status_code == 302
    assert Incident.objects.get().case.stage == "register"


def test_a_file_is_uploaded_its_columns_are_checked_and_bad_rows_come_back_as_a_file():
    town = make_town()
    client = town.people["operator"].client
    file = SimpleUploadedFile(
        "留言.csv", "留言主题,留言详情,留言时间\n灯,路灯坏了,2026/3/2\n坏,时间错,昨天\n".encode("gbk")
    )
    assert client.post("/incidents/imports", {"file": file, "flow": "hotline", "system": "wgs84"}).status_code == 302
    page = client.get("/incidents/imports/columns")
    assert "路灯坏了" in page.content.decode()
    chosen = {
        "column_title": "留言主题",
        "column_description": "留言详情",
        "column_reported_at": "留言时间",
        "name": "留言",
    }
    done = client.post("/incidents/imports/columns", chosen, follow=True)
    load = Load.objects.get()
    assert (load.stored, load.quarantined) == (1, 1)
    assert done.status_code == 200
    bad = client.get(f"/incidents/imports/{load.public_id}/quarantine.xlsx")
    assert bad.content[:2] == b"PK"
    other = town.people["registrar"].client
    assert other.get(f"/incidents/imports/{load.public_id}").status_code == 404
    assert other.get(f"/incidents/imports/{load.public_id}/quarantine.xlsx").status_code == 404


def test_the_case_page_shows_place_category_and_masked_text_but_no_number():
    town = make_town()
    receipt = actions.report_incident(
        actor=town["operator"],
        channel="phone",
        text="路灯不亮，电话13800138000",
        point=WEST_POINT,
        reporter_phone="13800138000",
    )
    page = town.people["operator"].client.get(f"/cases/{receipt.case.public_id}").content.decode()
    assert "138****8000" in page
    assert "13800138000" not in page
    assert "339901001001001" in page


def test_every_number_of_the_table_of_indicators_is_a_link_that_opens():
    town = make_town()
    case = actions.report_incident(
        actor=town["inspector"], channel="inspector", flow="city-management", kind="matter", category="06010",
        text="垃圾", point=WEST_POINT,
    ).case  # fmt: skip
    complete(town["registrar"], case, "file", kind="matter", category="06010")
    client = town.people["mayor"].client
    links = re.findall(r'href="(/indicators/cases[^"]+)"', client.get("/indicators").content.decode())
    assert links
    for link in links:
        assert case.number in client.get(link.replace("&amp;", "&")).content.decode()


def test_a_resident_with_an_account_finds_the_own_reports_on_the_desk_and_nobody_else_does():
    town = make_town()
    client = town.people["resident"].client
    client.post("/report", {"flow": "hotline", "type": "consult", "text": "公园几点开门", "key": "k"})
    incident = Incident.objects.get()
    assert incident.receipt in client.get("/work").content.decode()
    followed = client.get(f"/follow/{incident.public_id}", follow=True)
    assert incident.receipt in followed.content.decode()
    for other in ("outsider", "operator"):
        assert town.people[other].client.get(f"/follow/{incident.public_id}").status_code == 404
    assert Client().get(f"/follow/{incident.public_id}").status_code == 302
