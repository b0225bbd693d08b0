from __future__ import annotations

from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from groundplan.kernel.parties.tests.factories import make_cast
from groundplan.kernel.rules import actions, queries, registry
from groundplan.kernel.rules.logic.files.sheetout import write_xlsx
from groundplan.kernel.rules.models import RuleVersion
from groundplan.kernel.rules.tests import factories

pytestmark = pytest.mark.django_db
FACTS = {"type": "投诉", "amount": Decimal("1000.4"), "phone": "13800000000"}


@pytest.fixture
def entitled(monkeypatch):
    """Only a reader whose user is named may see decisions about cases."""
    allowed = set()

    def may_read(request, subject):
        return request.user.pk in allowed

    monkeypatch.setitem(registry.readers, "case:", registry.Reader(may_read, registry.nobody))
    return allowed


def test_the_list_names_every_rule_and_its_version_in_force():
    factories.put_in_force()
    page = make_cast().officer.client.get("/rules").content.decode()
    assert "办理时限" in page
    assert "第 1 版" in page


def test_the_page_shows_the_table_in_words_with_its_basis():
    factories.put_in_force()
    page = make_cast().officer.client.get("/rules/sample-limits").content.decode()
    assert "除“咨询”以外" in page
    assert "&lt; 1000.5" in page
    assert "示例办法第三条" in page


def test_the_page_is_complete_in_english():
    factories.put_in_force()
    page = make_cast().officer.client.get("/rules/sample-limits", headers={"Accept-Language": "en"}).content.decode()
    assert "Decision table" in page
    assert "Time limits" in page


def test_the_what_if_form_lights_the_row_that_fires_and_leaves_no_trace():
    version = factories.put_in_force()
    answer = make_cast().officer.client.post(
        f"/rules/versions/{version.public_id}", {"fact-type": "投诉", "fact-amount": "2000"}
    )
    page = answer.content.decode()
    assert 'class="table-success" id="fired"' in page
    assert page.index('id="fired"') < page.index("r3")
    assert not version.decisions.exists()


def test_the_what_if_form_says_which_fact_is_wrong():
    version = factories.put_in_force()
    answer = make_cast().officer.client.post(
        f"/rules/versions/{version.public_id}", {"fact-type": "投诉", "fact-amount": "many"}
    )
    assert "“many”不是数" in answer.content.decode()


def test_a_decision_is_shown_to_those_entitled_with_fired_row_and_failed_cells_and_without_personal_facts(entitled):
    factories.put_in_force()
    made = actions.decide(key="sample-limits", facts=FACTS, subject="case:1", actor="system")
    cast = make_cast()
    entitled.add(cast.officer.user.pk)
    page = cast.officer.client.get(f"/decisions/{made.public_id}").content.decode()
    assert "第四条" in page
    assert 'id="fired"' in page
    assert "✗" in page
    assert "13800000000" not in page


@pytest.mark.parametrize("who", ["outsider", "resident", "vendor"])
def test_others_do_not_learn_that_a_decision_exists(entitled, who):
    factories.put_in_force()
    made = actions.decide(key="sample-limits", facts=FACTS, subject="case:1", actor="system")
    player = getattr(make_cast(), who)
    assert player.client.get(f"/decisions/{made.public_id}").status_code == 404
    answer = player.client.get(
        f"/api/v1/rules/decisions/{made.public_id}", headers={"Authorization": f"Bearer {player.token}"}
    )
    assert answer.status_code == 404


def test_nobody_signed_in_sees_no_rules():
    factories.put_in_force()
    assert Client().get("/rules").status_code == 302
    assert Client().get("/api/v1/rules/").status_code == 401


def test_a_draft_is_hidden_from_those_who_neither_write_nor_approve_rules():
    editor, approver = factories.make_people()
    draft = actions.import_table(actor=editor.actor, content=factories.LIMITS.encode(), filename="a.yaml")
    outsider = make_cast().outsider
    assert outsider.client.get(f"/rules/versions/{draft.public_id}").status_code == 404
    assert outsider.client.get("/rules/sample-limits").status_code == 404
    assert outsider.client.post(f"/rules/versions/{draft.public_id}/approve").status_code == 403
    assert approver.client.get(f"/rules/versions/{draft.public_id}").status_code == 200


def test_a_clerk_downloads_edits_imports_and_a_second_person_puts_it_in_force():
    editor, approver = factories.make_people()
    factories.put_in_force(people=(editor, approver))
    first = RuleVersion.objects.get()
    download = editor.client.get(f"/rules/versions/{first.public_id}/file.xlsx")
    changed = factories.LIMITS.replace("days: 5", "days: 3")
    edited = write_xlsx(queries.parse_table(__import__("yaml").safe_load(changed)))
    assert download.content[:2] == b"PK"
    sent = editor.client.post("/rules/import", {"file": SimpleUploadedFile("时限.xlsx", edited)})
    assert sent.status_code == 302
    second = RuleVersion.objects.get(version=2)
    assert editor.client.post(f"/rules/versions/{second.public_id}/approve").status_code == 403
    assert approver.client.post(f"/rules/versions/{second.public_id}/approve").status_code == 302
    sent = approver.client.post(f"/rules/versions/{second.public_id}/put-in-force", {"effective_from": "2099-01-01"})
    assert sent.status_code == 302
    diff = editor.client.get(f"/rules/versions/{first.public_id}/diff/{second.public_id}").content.decode()
    assert "<del>5</del>" in diff
    assert "<ins>3</ins>" in diff


def test_a_wrong_file_is_answered_with_its_cells():
    editor, _ = factories.make_people()
    text = factories.LIMITS.replace('"< 1000.5"', "1..5").encode()
    answer = editor.client.post("/rules/import", {"file": SimpleUploadedFile("a.yaml", text)})
    assert answer.status_code == 422
    assert "a.yaml:14" in answer.content.decode()
    assert "[1..5]" in answer.content.decode()


def test_the_api_lists_tries_and_keeps_roles_apart():
    editor, approver = factories.make_people()
    version = factories.put_in_force(people=(editor, approver))
    headers = {"Authorization": f"Bearer {editor.token}"}
    client = Client()
    assert client.get("/api/v1/rules/", headers=headers).json()[0]["in_force"]["version"] == 1
    tried = client.post(
        "/api/v1/rules/sample-limits/try",
        {"facts": {"type": "投诉", "amount": 2000, "phone": None}},
        content_type="application/json",
        headers=headers,
    ).json()
    assert (tried["outputs"]["days"], tried["rows"]) == (10, ["r3"])
    assert tried["reasons"][0] == {"row": "r1", "fired": False, "failed": [{"input": "type", "test": '"咨询"'}]}
    refused = client.post(
        "/api/v1/rules/sample-limits/try",
        {"facts": {"type": "投诉", "amount": "2000", "phone": None}},
        content_type="application/json",
        headers=headers,
    )
    assert (refused.status_code, refused.json()["fact"]) == (422, "amount")
    path = f"/api/v1/rules/versions/{version.public_id}/approve"
    assert client.post(path, headers=headers).status_code == 403


def test_importing_twice_with_one_idempotency_key_makes_one_draft():
    editor, _ = factories.make_people()
    headers = {"Authorization": f"Bearer {editor.token}", "Idempotency-Key": "once"}
    for _time in range(2):
        sent = SimpleUploadedFile("a.yaml", factories.LIMITS.encode())
        assert Client().post("/api/v1/rules/import", {"file": sent}, headers=headers).status_code == 201
    assert RuleVersion.objects.count() == 1


def test_a_version_is_downloaded_as_dmn_and_imported_again_by_an_editor():
    people = factories.make_people()
    version = factories.put_in_force(people=people)
    for kind in ("dmn", "dmn13"):
        answer = people[0].client.get(f"/rules/versions/{version.public_id}/file.{kind}")
        assert answer["Content-Disposition"] == 'attachment; filename="sample-limits-v1.dmn"'
    changed = answer.content.replace(b">15<", b">16<")
    sent = people[0].client.post("/rules/import", {"file": SimpleUploadedFile("limits.dmn", changed)})
    assert sent.status_code == 302
    assert RuleVersion.objects.get(version=2).definition["default"]["then"] == {"days": 16, "unit": None}


def test_a_hostile_dmn_file_is_refused_on_the_page_with_its_place():
    editor = factories.make_people()[0]
    bomb = b'<!DOCTYPE d [<!ENTITY a "a">]><definitions>&a;</definitions>'
    answer = editor.client.post("/rules/import", {"file": SimpleUploadedFile("a.dmn", bomb)})
    assert answer.status_code == 422
    assert "a.dmn" in answer.content.decode()
