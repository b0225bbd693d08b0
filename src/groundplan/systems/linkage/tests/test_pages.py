"""Pages and API of linkage in both languages, by those who may open them; outsiders see and change nothing."""

import io
import json

import pytest
from docx import Document

from groundplan.kernel.cases.models import Case
from groundplan.systems.linkage import actions
from groundplan.systems.linkage.models import LogEntry, PlanVersion, PublicWarning, Response
from groundplan.systems.linkage.tests.factories import PROFILE, make_town, plan_in_force, start

pytestmark = pytest.mark.django_db
API = "/api/v1/linkage"


def post(client, path, body, **headers):
    return client.post(f"{API}{path}", json.dumps(body), content_type="application/json", headers=headers)


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_a_plan_is_approved_started_followed_and_reported_on_the_pages(language):
    town = make_town()
    mayor, commander, second = (town.people[name].client for name in ("mayor", "commander", "second"))
    headers = {"Accept-Language": language}
    plan = PlanVersion.objects.get(key="urban-waterlogging")
    address = f"/linkage/plans/{plan.public_id}"
    assert mayor.get("/linkage", headers=headers).status_code == 200
    assert mayor.get(address, headers=headers).status_code == 200
    assert mayor.post(f"{address}/approve").status_code == 302
    form = {"level": "III", "reason": "积水", "key": "k", "exercise": "on"}
    assert commander.post(f"{address}/start", form, headers=headers).status_code == 422
    form["district"] = "339901"
    pressed = [commander.post(f"{address}/start", form).headers["Location"] for _press in range(2)]
    assert pressed[0] == pressed[1]
    assert Response.objects.count() == 1
    at = pressed[0]
    page = commander.get(at, headers=headers).content.decode()
    assert ("演练" if language == "zh-hans" else "Exercise") in page
    assert commander.post(f"{at}/log", {"text": "泵车到位"}).status_code == 302
    warning = {"kind": "Alert", "headline": "积水", "description": "绕行", "hours": "6"}
    assert commander.post(f"{at}/warnings", warning).status_code == 302
    made = PublicWarning.objects.get()
    decide = f"/linkage/warnings/{made.public_id}"
    assert commander.post(decide, {"decision": "approve"}).status_code == 403
    assert second.post(decide, {"decision": "approve"}).status_code == 302
    assert commander.get(f"{decide}.xml").headers["Content-Type"] == "application/cap+xml"
    assert commander.post(f"{at}/level", {"level": "II", "reason": "加大", "seen": "1"}).status_code == 302
    assert commander.post(f"{at}/end", {"conclusion": "完"}, headers=headers).status_code == 409
    assert commander.post(f"{at}/end", {"conclusion": "完", "cancel_open": "on"}).status_code == 302
    shown = commander.get(f"{at}/report", headers=headers).content.decode()
    assert "泵车到位" in shown
    assert town.people["outsider"].client.get(at).status_code == 404
    case = Case.objects.filter(flow="linkage-exercise").first()
    assert Response.objects.get().number in commander.get(f"/cases/{case.public_id}").content.decode()


def test_the_report_is_a_document_that_says_exercise_and_every_task():
    town = make_town()
    response = start(town, exercise=True)
    client = town.people["commander"].client
    answer = client.get(f"/linkage/responses/{response.public_id}/report.docx")
    document = Document(io.BytesIO(answer.content))
    assert document.sections[0].header.paragraphs[0].text == "演练"
    cells = {cell.text for table in document.tables for row in table.rows for cell in row.cells}
    assert set(Case.objects.values_list("number", flat=True)) <= cells
    assert town.people["outsider"].client.get(f"/linkage/responses/{response.public_id}/report.docx").status_code == 404


def test_the_template_comes_back_as_a_draft_and_problems_are_listed():
    town = make_town()
    client = town.people["commander"].client
    book = io.BytesIO(client.get("/linkage/template.xlsx").content)
    book.name = "预案.xlsx"
    assert client.post("/linkage/import", {"file": book}).status_code == 302
    wrong = io.BytesIO("plan: 内涝".encode())
    wrong.name = "plan.yaml"
    answer = client.post("/linkage/import", {"file": wrong})
    assert answer.status_code == 422
    assert "label: Field required" in answer.content.decode()
    assert town.people["water"].client.get("/linkage/import").status_code == 403


def test_the_api_starts_once_logs_warns_and_ends():
    town = make_town()
    plan = plan_in_force(town)
    client = town.people["commander"].client
    body = {"plan": str(plan.public_id), "level": "III", "reason": "积水", "district": "339901"}
    made = [post(client, "/responses", body, **{"Idempotency-Key": "s"}) for _send in range(2)]
    assert made[0].content == made[1].content
    response = made[0].json()
    assert (len(response["tasks"]), Response.objects.count()) == (5, 1)
    at = f"/responses/{response['id']}"
    assert post(client, f"{at}/log", {"text": "到位"}).status_code == 201
    first = client.get(f"{API}{at}/log", {"size": 1}).json()
    rest = client.get(f"{API}{at}/log", {"size": 50, "after": first["next"]}).json()
    assert len(first["items"]) + len(rest["items"]) == LogEntry.objects.count()
    warning = post(client, f"{at}/warnings", {"headline": "积水", "description": "绕行"}).json()
    assert post(client, f"/warnings/{warning['id']}/decision", {"approve": True}).status_code == 403
    second = town.people["second"].client
    assert post(second, f"/warnings/{warning['id']}/decision", {"approve": True}).json()["state"] == "approved"
    assert b"<status>Actual</status>" in client.get(f"{API}/warnings/{warning['id']}/cap").content
    assert client.get(f"{API}{at}/report").json()[0]["title"]["zh-hans"] == "基本情况"
    assert post(client, f"{at}/end", {"conclusion": "完"}).status_code == 409
    assert post(client, f"{at}/end", {"conclusion": "完", "cancel_open": True}).json()["state"] == "ended"


def test_an_outsider_gets_nothing_from_the_api_and_hostile_input_is_refused():
    town = make_town()
    response = start(town)
    outsider = town.people["stranger"].client
    assert outsider.get(f"{API}/plans").json() == []
    assert outsider.get(f"{API}/responses").json()["items"] == []
    for path in ("", "/log", "/report"):
        assert outsider.get(f"{API}/responses/{response.public_id}{path}").status_code == 404
    assert post(outsider, f"/responses/{response.public_id}/log", {"text": "x"}).status_code == 404
    client = town.people["commander"].client
    for body in ({"text": ""}, {"text": "长" * 4001}, {"text": 5}, {}):
        assert post(client, f"/responses/{response.public_id}/log", body).status_code == 422
    assert client.get(f"{API}/responses", {"after": "%%%"}).status_code == 422
    assert post(client, "/plans", {"plan": "x"}).status_code == 422
    marked = actions.write_log(actor=town["commander"], response=response.public_id, text="<script>alert(1)</script>")
    page = client.get(f"/linkage/responses/{response.public_id}").content.decode()
    assert marked.text["zh-hans"] not in page
    assert "&lt;script&gt;" in page


def test_a_plan_goes_through_the_api_as_it_came():
    town = make_town()
    client = town.people["commander"].client
    plan = PlanVersion.objects.get(key="urban-waterlogging").document | {"plan": "storm"}
    made = post(client, "/plans", plan)
    assert made.status_code == 201
    assert made.json()["plan"] == plan
    assert (PROFILE / "plans").is_dir()
    refused = client.post(f"{API}/plans/{made.json()['id']}/approve")
    assert refused.status_code == 403
    assert refused.json()["type"] == "urn:groundplan:error:linkage-second-person"
