import re
from html import unescape

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from groundplan.kernel.cases import actions, queries
from groundplan.kernel.cases.models import Case, Step
from groundplan.kernel.cases.tests.factories import act, dispatched, open_repair, task_of

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360606060000000050001"
    "a5f645400000000049454e44ae426082"
)


def form_in(page, action, outcome=""):
    """The hidden values of a form of a page, as a browser would send them."""
    for form in re.findall(r"<form.*?</form>", page, re.DOTALL):
        if f'/{action}"' in form and f'name="outcome" value="{outcome}"' in form.replace("  ", " "):
            return dict(re.findall(r'name="(task|seen|outcome)" value="([^"]*)"', form))
        if f'/{action}"' in form and not outcome:
            return dict(re.findall(r'name="(task|seen|outcome)" value="([^"]*)"', form))
    raise AssertionError(f"no form {action} {outcome}")


def test_the_start_page_shows_what_waits(town, as_user):
    case = open_repair(town)
    page = as_user("dispatcher").get("/work").content.decode()
    assert case.number in page
    assert "工作台" in page
    assert case.number not in as_user("outsider").get("/work").content.decode()


@pytest.mark.parametrize("kind", ["todo", "done", "all"])
def test_lists_are_filtered_and_closed_to_outsiders(town, as_user, kind):
    case = open_repair(town)
    address = f"/cases?kind={kind}&flow=repair&text=路灯"
    page = as_user("dispatcher").get(address).content.decode()
    assert (case.number in page) == (kind != "done")
    assert case.number not in as_user("outsider").get(address).content.decode()


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_a_case_is_moved_with_plain_forms(town, as_user, language):
    case = open_repair(town, personal={"reporter_phone": "13812345678"})
    client = as_user("dispatcher")
    client.cookies["language"] = language
    page = client.get(f"/cases/{case.public_id}").content.decode()
    assert "138****5678" in page
    assert "13812345678" not in page
    hidden = form_in(page, "complete", "dispatch")
    answer = client.post(
        f"/cases/{case.public_id}/complete",
        {
            **hidden,
            "field_lead": "lamps单位",
            "field_kind": "lamp",
            "note": "请尽快",
            "files": SimpleUploadedFile("a.png", PNG),
        },
    )
    assert answer.status_code == 302, unescape(answer.content.decode())[-3000:]
    case = Case.objects.get(pk=case.pk)
    assert case.stage == "handle"
    assert [file.name for file in queries.attachments(case)] == ["a.png"]
    again = client.post(f"/cases/{case.public_id}/complete", {**hidden, "field_lead": "lamps"})
    assert again.status_code == 409


def test_a_refused_form_keeps_what_was_typed_and_says_why(town, as_user):
    case = open_repair(town)
    client = as_user("dispatcher")
    hidden = form_in(client.get(f"/cases/{case.public_id}").content.decode(), "complete", "dispatch")
    answer = client.post(
        f"/cases/{case.public_id}/complete", {**hidden, "field_lead": "没有这个单位", "note": "写过的话"}
    )
    page = unescape(answer.content.decode())
    assert answer.status_code == 422
    assert "没有名为“没有这个单位”的单位" in page
    assert "写过的话" in page
    assert task_of(case).state == "open"


def test_the_whole_way_through_the_pages(town, as_user):
    case = open_repair(town)
    act(actions.complete_task, town["dispatcher"], task_of(case), outcome="dispatch", data={"lead": "lamps"})
    client = as_user("handler")
    for action, outcome, values in [
        ("sign", "", {}),
        ("extend", "", {"amount": "1", "unit": "work_days", "reason": "备件未到"}),
        ("transfer", "", {"to_party": "parks", "reason": "在公园内"}),
    ]:
        hidden = form_in(client.get(f"/cases/{case.public_id}").content.decode(), action, outcome)
        answer = client.post(f"/cases/{case.public_id}/{action}", {**hidden, **values})
        assert answer.status_code == 302, (action, unescape(answer.content.decode())[-2000:])
    client = as_user("helper")
    hidden = form_in(client.get(f"/cases/{case.public_id}").content.decode(), "accept")
    assert client.post(f"/cases/{case.public_id}/accept", hidden).status_code == 302
    case = Case.objects.get(pk=case.pk)
    assert case.owner_party.code == "parks"


def test_an_outsider_finds_no_page_and_no_button(town, as_user):
    case = open_repair(town, personal={"reporter_phone": "13812345678"})
    step = Step.objects.filter(case=case).first()
    client = as_user("outsider")
    for address in (f"/cases/{case.public_id}", f"/cases/{case.public_id}/live", f"/cases/steps/{step.public_id}"):
        assert client.get(address).status_code == 404
    for action in ("complete", "comment", "cancel", "unmask"):
        answer = client.post(f"/cases/{case.public_id}/{action}", {"task": task_of(case).public_id, "seen": 1})
        assert answer.status_code == 404
    assert Step.objects.filter(case=case).count() == 2


def test_somebody_without_an_office_is_sent_away(town, as_user, client):
    assert client.get("/work").status_code == 302
    assert as_user("resident").get("/cases").status_code == 403


def test_looking_behind_a_mask_takes_a_purpose_and_leaves_a_record(town, as_user):
    case = open_repair(town, personal={"reporter_phone": "13812345678"})
    client = as_user("dispatcher")
    refused = client.post(f"/cases/{case.public_id}/unmask", {"field": "reporter_phone"})
    assert refused.status_code == 422
    shown = client.post(f"/cases/{case.public_id}/unmask", {"field": "reporter_phone", "purpose": "handling"})
    assert "13812345678" in shown.content.decode()
    assert shown["Cache-Control"] == "no-store"
    assert Step.objects.filter(case=case, kind="unmask").count() == 1


def test_a_flow_can_be_read(town, as_user):
    page = as_user("dispatcher").get("/cases/flows/repair").content.decode()
    assert "派单异议审核" in page
    assert as_user("dispatcher").get("/cases/flows/nothing").status_code == 404


def test_a_flow_is_drawn_and_leaves_as_bpmn(town, as_user):
    page = as_user("dispatcher").get("/cases/flows/repair").content.decode()
    assert '<svg role="img"' in page
    assert "gp-here" not in page
    answer = as_user("dispatcher").get("/cases/flows/repair.bpmn")
    assert answer.status_code == 200
    assert answer["Content-Disposition"] == 'attachment; filename="repair-1.bpmn"'
    assert answer.content == as_user("dispatcher").get("/api/v1/cases/flows/repair/bpmn").content
    assert as_user("dispatcher").get("/cases/flows/nothing.bpmn").status_code == 404


def test_the_drawing_of_a_case_marks_where_it_stands(town, as_user):
    case, _lead = dispatched(town, helpers=["parks"])
    page = as_user("dispatcher").get(f"/cases/{case.public_id}").content.decode()
    assert page.count('class="gp-shape gp-user gp-here"') == 2
    assert "当前环节已标出" in page


def test_who_has_no_office_gets_no_bpmn(town, as_user, client):
    assert client.get("/api/v1/cases/flows/repair/bpmn").status_code == 401
    assert client.get("/cases/flows/repair.bpmn").status_code == 302
    assert as_user("resident").get("/cases/flows/repair.bpmn").status_code in {403, 404}


def test_a_flow_is_tried_before_it_is_in_force(town, as_user):
    page = as_user("dispatcher").get("/cases/flows/repair/trial").content.decode()
    assert 'data-table="trial"' in page
    answer = as_user("dispatcher").get(
        "/cases/flows/repair/trial", {"arrivals": "1e9", "days": "3", "staff-accept": "x"}
    )
    assert answer.status_code == 200
    assert 'data-table="trial"' not in answer.content.decode()
    many = as_user("dispatcher").get("/cases/flows/repair/trial", {"arrivals": "40000", "days": "3"}).content.decode()
    assert "推演件数过多" in many
    assert as_user("dispatcher").get("/cases/flows/nothing/trial").status_code == 404
    assert as_user("resident").get("/cases/flows/repair/trial").status_code in {403, 404}


def test_the_file_of_a_case_on_paper_names_every_record_and_no_personal_value(town, as_user):
    case = open_repair(town, personal={"reporter_phone": "13812345678"})
    page = as_user("dispatcher").get(f"/cases/{case.public_id}/print").content.decode()
    assert case.number in page
    assert "13812345678" not in page
    for step in Step.objects.filter(case=case):
        assert str(step.record) in page
    assert as_user("outsider").get(f"/cases/{case.public_id}/print").status_code == 404
