"""The first whole job: one report becomes a handled, explained, proven case; an outsider sees nothing of it."""

import hashlib
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.test import Client

from groundplan.kernel.cases import actions as cases
from groundplan.kernel.cases.models import Case, Step
from groundplan.kernel.ledger import actions as ledger
from groundplan.kernel.ledger import queries as log
from groundplan.systems.incidents.models import Incident
from groundplan.systems.incidents.tests.factories import WEST_POINT, complete, make_town, open_task, sign

pytestmark = pytest.mark.django_db
SCRIPT = Path(__file__).resolve().parents[2] / "docs" / "verify_proof.py"
NUMBER = "13800138000"


def report_as_resident():
    """A resident without an account reports on the page and gets number and code."""
    client = Client()
    asked = {
        "flow": "hotline", "type": "complaint", "text": f"楼下垃圾堆成山没人清，请回电 {NUMBER}",
        "place": "和平路 1 号",
        "longitude": WEST_POINT[0], "latitude": WEST_POINT[1], "reporter_phone": NUMBER, "key": "first-job",
    }  # fmt: skip
    page = client.post("/report", asked, follow=True)
    assert page.status_code == 200
    return client, Incident.objects.select_related("case").get()


def run_through_the_levels(town, case):
    """Acceptance, decision by the directory, district, street, back up, call-back."""
    complete(town["operator"], case, "dispatch", type="complaint", matter="环境卫生")
    sign(town["west"], case, "territory")
    mine = open_task(case, "territory")
    cases.redispatch_task(actor=town["west"], task=mine.public_id, seen=None, to_party="s339901001")
    child = open_task(case)
    cases.sign_task(actor=town["west-street"], task=child.public_id, seen=None)
    cases.complete_task(actor=town["west-street"], task=child.public_id, seen=None, outcome="done", note="已清运")
    complete(town["west"], case, "handled", "territory", reply="街道已清运并安排每日保洁。")
    complete(town["operator"], case, "solved", solved="yes", satisfied="yes")


def check_elsewhere(content, key, folder):
    """Run the stand-alone script on a proof file, without anything of ours on its path."""
    path = folder / "proof.json"
    path.write_bytes(content)
    return subprocess.run(
        [sys.executable, "-I", "-S", SCRIPT, "--key", key, path],
        check=False, capture_output=True, text=True, cwd=folder, env={"PYTHONIOENCODING": "utf-8"},
    )  # fmt: skip


def test_a_report_becomes_a_handled_explained_and_proven_case(tmp_path):
    town = make_town()
    resident, incident = report_as_resident()
    case = incident.case
    assert (incident.district, incident.street) == ("339901", "339901001")
    assert NUMBER not in incident.text
    run_through_the_levels(town, case)
    closed = Case.objects.get(pk=case.pk)
    assert (closed.state, closed.outcome) == ("closed", "closed")

    followed = resident.get("/follow").content.decode()
    assert "街道已清运并安排每日保洁。" in followed
    assert "已清运</" not in followed
    assert resident.post("/follow/rate", {"solved": "yes", "satisfaction": "5"}).status_code == 302
    assert closed.ratings.get(source="reporter").satisfaction == 5

    decided = Step.objects.filter(case=case).exclude(decision=None).order_by("id")
    assert decided.exists()
    for language, row in (("zh-hans", "派单目录"), ("en", "Dispatch directory")):
        pages = [
            town.people["operator"].client.get(f"/decisions/{step.decision}", headers={"Accept-Language": language})
            for step in decided
        ]
        assert {page.status_code for page in pages} == {200}
        assert any(row in page.content.decode() for page in pages)

    while ledger.sequence():
        pass
    for step in Step.objects.filter(case=case):
        proof = log.inclusion_proof(step.record)
        key = hashlib.sha256(proof.head.public_key).hexdigest()
        done = check_elsewhere(proof.file(), key, tmp_path)
        assert done.returncode == 0, done.stderr
        assert NUMBER not in done.stdout
        spoilt = check_elsewhere(proof.file().replace(b"case:", b"cbse:", 1), key, tmp_path)
        assert spoilt.returncode == 1
    assert log.verify().ok


@pytest.mark.parametrize("name", ["outsider", "resident", "east-street"])
def test_an_outsider_sees_and_changes_nothing_of_it(name):
    town = make_town()
    _browser, incident = report_as_resident()
    case = incident.case
    complete(town["operator"], case, "dispatch", type="complaint", matter="环境卫生")
    client = town.people[name].client
    assert client.get(f"/cases/{case.public_id}").status_code in (403, 404)
    assert client.get(f"/api/v1/cases/{case.public_id}").status_code in (403, 404)
    assert client.get(f"/api/v1/incidents/{incident.public_id}").status_code == 404
    assert case.number not in client.get("/cases").content.decode()
    task = open_task(case, "territory")
    before = (task.version, Case.objects.get(pk=case.pk).version)
    answer = client.post(
        f"/api/v1/cases/tasks/{task.public_id}/sign", {"seen": task.version}, content_type="application/json"
    )
    assert answer.status_code >= 400
    after = open_task(case, "territory")
    assert (after.version, Case.objects.get(pk=case.pk).version) == before


@pytest.mark.parametrize(
    ("language", "words"), [("zh-hans", ("反映问题", "查询进度")), ("en", ("Report a problem", "Follow a report"))]
)
def test_the_resident_reads_everything_in_either_language(language, words):
    make_town()
    client = Client(headers={"Accept-Language": language})
    pages = client.get("/report").content.decode() + client.get("/follow").content.decode()
    for word in words:
        assert word in pages
    if language == "en":
        shown = "".join(re.findall(r"<main.*?</main>", pages, flags=re.DOTALL))
        assert not re.findall(r"[\u4e00-\u9fff]+", shown)
