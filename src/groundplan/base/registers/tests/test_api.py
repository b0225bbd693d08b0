import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from groundplan.base.registers.models import Component, RegisterLoad
from groundplan.base.registers.tests.factories import LAMP_EAST, LAMP_WEST, load, loaded_town, table
from groundplan.kernel.parties import actions as parties
from groundplan.kernel.parties.queries import SYSTEM
from groundplan.kernel.parties.tests.factories import make_player, make_unit
from groundplan.lib.tabular import read_table

pytestmark = pytest.mark.django_db
LIST = "/api/v1/registers/components"
LAMP = f"{LIST}/33990101037000001"
NEAR = {"lon": 123.02, "lat": 29.02}


def test_nobody_reads_without_an_account(client):
    loaded_town()
    for url in (LIST, LAMP, f"{LIST}/nearest?lon=123.02&lat=29.02"):
        answer = client.get(url)
        assert answer.status_code == 401
        assert "路灯" not in answer.content.decode()


def test_an_officer_reads_page_by_page(client):
    cast = loaded_town()
    first = cast["inspector"].client.get(LIST, {"size": 2}).json()
    rest = cast["inspector"].client.get(LIST, {"size": 2, "after": first["next"]}).json()
    assert len(first["items"] + rest["items"]) == 3
    assert rest["next"] is None
    chosen = cast["inspector"].client.get(LIST, {"category": "01037", "community": "339902001001"}).json()
    assert [item["identity"] for item in chosen["items"]] == ["33990201037000001"]


def test_an_outsider_sees_and_changes_nothing():
    cast = loaded_town()
    outsider = cast["outsider"].client
    assert [item["identity"] for item in outsider.get(LIST).json()["items"]] == ["33990201037000001"]
    assert outsider.get(LAMP).status_code == 404
    assert outsider.get(f"{LIST}/nearest", NEAR).json() == []
    body = {"state": "移除", "seen": 1}
    assert outsider.post(f"{LAMP}/state", body, content_type="application/json").status_code in {403, 404}
    assert outsider.get(f"/api/v1/registers/loads/{RegisterLoad.objects.get().public_id}/quarantine").status_code == 404
    assert cast["vendor"].client.get(LIST).json()["items"] == []
    assert Component.objects.get(identity="33990101037000001").state == "完好"


def test_an_inspector_limited_to_a_territory_sees_and_changes_nothing_outside_it():
    loaded_town()
    limited = make_player(make_unit("centre-west"))
    parties.grant_membership(actor=SYSTEM, user=limited.user, party=limited.unit, role="inspector", territory="339901")
    listed = limited.client.get(LIST).json()["items"]
    assert sorted(item["identity"] for item in listed) == ["33990101002000001", "33990101037000001"]
    assert limited.client.get(f"{LIST}/33990201037000001").status_code == 404
    assert limited.client.get(f"{LIST}/nearest", {"lon": 123.12, "lat": 29.02}).json() == []
    token = {"HTTP_AUTHORIZATION": f"Bearer {limited.token}"}
    body = {"state": "破损", "seen": 1}
    answer = limited.client.post(f"{LIST}/33990201037000001/state", body, content_type="application/json", **token)
    assert answer.status_code == 404
    assert Component.objects.get(identity="33990201037000001").state == "完好"


def test_an_inspector_finds_the_nearest_component_and_marks_it_broken():
    cast = loaded_town()
    token = {"HTTP_AUTHORIZATION": f"Bearer {cast['inspector'].token}"}
    client = cast["inspector"].client
    near = client.get(f"{LIST}/nearest", {**NEAR, "category": "01037"}, **token).json()
    assert near[0]["metres"] == pytest.approx(0.0, abs=0.01)
    body = {"state": "破损", "seen": near[0]["component"]["version"], "note": "灯罩脱落"}
    assert client.post(f"{LAMP}/state", body, content_type="application/json", **token).json()["state"] == "破损"
    assert client.post(f"{LAMP}/state", body, content_type="application/json", **token).status_code == 409


def test_the_data_office_imports_a_file_once_per_key():
    cast = loaded_town()
    keeper = cast["keeper"]
    headers = {"HTTP_AUTHORIZATION": f"Bearer {keeper.token}", "HTTP_IDEMPOTENCY_KEY": "load-1"}

    def send():
        file = SimpleUploadedFile("部件.csv", table(LAMP_WEST, LAMP_EAST.replace("完好", "坏")))
        return keeper.client.post("/api/v1/registers/loads", {"file": file}, **headers)

    first, again = send(), send()
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert (first.json()["stored"], first.json()["quarantined"]) == (1, 1)
    url = f"/api/v1/registers/loads/{first.json()['public_id']}/quarantine"
    assert keeper.client.get(url).json()[0]["reasons"][0]["code"] == "state"


def test_the_list_page_shows_what_the_reader_may_see(client):
    cast = loaded_town()
    assert client.get("/registers/components").status_code == 302
    page = cast["west"].client.get("/registers/components", {"category": "01037"}).content.decode()
    assert "33990101037000001" in page
    assert "33990201037000001" not in page
    assert cast["vendor"].client.get("/registers/components").status_code == 403


def test_the_list_page_goes_on_where_it_stopped(monkeypatch):
    cast = loaded_town()
    monkeypatch.setattr("groundplan.base.registers.pages.PAGE", 2)
    page = cast["inspector"].client.get("/registers/components", {"state": ""}).content.decode()
    assert "after=33990101037000001" in page
    rest = cast["inspector"].client.get("/registers/components", {"after": "33990101037000001"}).content.decode()
    assert "33990201037000001" in rest


def test_quarantined_rows_come_back_as_a_workbook_to_correct():
    cast = loaded_town()
    made = load("33990101037000009,路灯,,,坏,,123.02,29.02")
    keeper = cast["keeper"].client
    assert "/quarantine.xlsx" in keeper.get("/registers/loads").content.decode()
    answer = keeper.get(f"/registers/loads/{made.public_id}/quarantine.xlsx")
    sheet = read_table(io.BytesIO(answer.content).getvalue(), "x.xlsx")
    assert sheet.rows[0].text("部件标识码") == "33990101037000009"
    assert "E2" in sheet.rows[0].text("问题")
    assert cast["west"].client.get("/registers/loads").status_code == 403
