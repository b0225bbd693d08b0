"""Field work comes in once, whatever the network does; it is told as offline, and outsiders find nothing."""

import io
import json
import uuid
from datetime import timedelta

import pytest
from django.contrib.staticfiles import finders
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from PIL import Image

from groundplan.kernel.cases.models import Attachment, Case, Step
from groundplan.kernel.files.models import StoredFile
from groundplan.kernel.ledger.models import Pending
from groundplan.kernel.parties.tests.factories import make_player
from groundplan.kernel.rules.tests.factories import put_in_force
from groundplan.lib import clock
from groundplan.systems.incidents.actions import doors, report_incident
from groundplan.systems.incidents.field import actions
from groundplan.systems.incidents.field.models import FieldPhoto, FieldWork
from groundplan.systems.incidents.tests.factories import WEST_POINT, complete, make_town, open_task
from groundplan.systems.incidents.tests.test_loop import PHOTOS, handled_case

pytestmark = pytest.mark.django_db
API = "/api/v1/incidents/field"


def jpeg(shade=120):
    stream = io.BytesIO()
    exif = Image.Exif()
    exif[0x8825] = {1: "N", 2: (29.0, 3.0, 0.0)}
    Image.new("RGB", (64, 48), (shade, shade, shade)).save(stream, "JPEG", exif=exif)
    return stream.getvalue()


def send_photo(client, key=None, content=None, name="a.jpg"):
    key = key or uuid.uuid4()
    file = SimpleUploadedFile(name, content if content is not None else jpeg(), "image/jpeg")
    return key, client.post(f"{API}/photos/{key}", {"file": file})


def work(actor, *, photos=(), ago=timedelta(), **part):
    now = clock.now()
    return {
        "account": actor.actor_id, "done_at": (now - ago).isoformat(), "sent_at": now.isoformat(),
        "photos": [str(each) for each in photos], **part,
    }  # fmt: skip


def report(actor, text="路面坑洼", **options):
    part = {"text": text, "kind": "matter", "category": "06013", "point": WEST_POINT}
    return work(actor, report=part, **options)


def task_work(actor, case, outcome, **options):
    task = open_task(case)
    data = options.pop("data", {"finding": "现场已核实"})
    part = {"task": str(task.public_id), "seen": task.version, "outcome": outcome, "data": data}
    return work(actor, task=part, **options)


def put(client, body, key=None):
    return client.put(f"{API}/works/{key or uuid.uuid4()}", json.dumps(body), content_type="application/json")


def problem(answer):
    return answer.status_code, answer.json()["type"].rpartition(":")[2]


def test_a_report_with_photos_sent_five_times_is_one_case_with_its_photos():
    town = make_town()
    actor, client = town["inspector"], town.people["inspector"].client
    photos = [send_photo(client, content=jpeg(shade))[0] for shade in (10, 200)]
    body, key = report(actor, photos=photos, ago=timedelta(hours=3)), uuid.uuid4()
    answers = [put(client, body, key) for _ in range(5)]
    assert [answer.status_code for answer in answers] == [201, 200, 200, 200, 200]
    assert len({answer.json()["case"] for answer in answers}) == 1
    assert [answer.json()["replayed"] for answer in answers] == [False, True, True, True, True]
    case = Case.objects.get()
    assert case.stage == "register"
    assert case.channel == "inspector"
    assert StoredFile.objects.count() == 2
    assert {file.subject for file in StoredFile.objects.all()} == {f"incident:{case.incident.public_id}"}
    assert FieldPhoto.objects.filter(stored=None).count() == 2


def test_what_came_late_is_told_on_the_timeline_in_the_record_and_not_counted():
    town = make_town()
    actor, client = town["inspector"], town.people["inspector"].client
    before = clock.now()
    answer = put(client, report(actor, ago=timedelta(hours=3))).json()
    case = Case.objects.get(public_id=answer["case"])
    told = Step.objects.get(case=case, kind="offline")
    assert told.text["zh-hans"].startswith("离线办理：现场于 ")
    assert told.text["en"].startswith("Done offline in the field at ")
    assert abs(case.incident.reported_at - (before - timedelta(hours=3))) < timedelta(seconds=30)
    assert case.opened_at >= before, "every limit counts from the receipt"
    record = Pending.objects.get(action="cases.open")
    assert b'"done_at"' in bytes(record.body)
    put(client, report(actor, text="人行道有积水"))
    assert Step.objects.filter(kind="offline").count() == 1, "what arrives at once is not told apart"


def test_a_phone_whose_clock_is_wrong_is_corrected_and_never_ahead_of_the_receipt():
    town = make_town()
    actor, client = town["inspector"], town.people["inspector"].client
    now, wrong = clock.now(), timedelta(days=400)
    body = report(actor) | {
        "done_at": (now - wrong - timedelta(hours=2)).isoformat(), "sent_at": (now - wrong).isoformat()
    }  # fmt: skip
    put(client, body)
    assert abs(FieldWork.objects.get().done_at - (now - timedelta(hours=2))) < timedelta(seconds=30)
    ahead = report(actor, text="井盖缺失") | {"done_at": (now + timedelta(hours=5)).isoformat()}
    put(client, ahead)
    found = FieldWork.objects.order_by("-id")[0]
    assert found.done_at == found.received_at
    for far in ("0001-01-01T00:00:00+00:00", "9999-12-31T23:59:59+00:00"):
        assert put(client, report(actor) | {"done_at": far}).status_code in (200, 201, 422)
    assert problem(put(client, report(actor, ago=timedelta(days=400)))) == (422, "field-work-invalid")


def test_a_verification_is_completed_once_with_its_photos():
    town = make_town()
    put_in_force(PHOTOS.read_text(encoding="utf-8").replace("verify: 0", "verify: 1"))
    case = handled_case(town)
    complete(town["roads"], case, "handled", result="已修补")
    complete(town["dispatcher"], case, "confirm")
    actor, client = town["inspector"], town.people["inspector"].client
    (mine,) = client.get(f"{API}/bundle").json()["tasks"]
    wanted = {each["key"]: each["photos"] for each in mine["outcomes"]}
    assert wanted == {"pass": 1, "fail": 0}
    refused = put(client, task_work(actor, case, "pass"))
    assert problem(refused) == (422, "case-data-invalid")
    photo, _sent = send_photo(client)
    body, key = task_work(actor, case, "pass", photos=[photo], ago=timedelta(hours=1)), uuid.uuid4()
    assert [put(client, body, key).status_code for _ in range(3)] == [201, 200, 200]
    case.refresh_from_db()
    assert case.stage == "evaluate"
    assert case.tasks.filter(stage="verify", state="done").count() == 1
    assert Attachment.objects.filter(case=case, step__task__stage="verify").count() == 1
    assert Step.objects.filter(case=case, kind="offline", task__stage="verify").count() == 1
    assert client.get(f"{API}/bundle").json()["tasks"] == []


def test_a_task_that_has_moved_is_a_conflict_and_its_words_become_a_comment():
    town = make_town()
    case = handled_case(town)
    complete(town["roads"], case, "handled", result="已修补")
    complete(town["dispatcher"], case, "confirm")
    actor, client = town["inspector"], town.people["inspector"].client
    photo, _sent = send_photo(client)
    body = task_work(actor, case, "fail", photos=[photo])
    complete(make_player(town.units["supervision-centre"], "inspector", "second").actor, case, "pass", finding="平整")
    assert problem(put(client, body)) == (409, "case-moved")
    assert FieldPhoto.objects.exclude(stored=None).count() == 1, "nothing was done, the photo still waits"
    said = work(actor, photos=[photo], comment={"case": str(case.public_id), "text": "现场仍有坑洼"})
    key = uuid.uuid4()
    assert [put(client, said, key).status_code for _ in range(2)] == [201, 200]
    assert Step.objects.filter(case=case, kind="comment", note="现场仍有坑洼").count() == 1


def test_an_older_version_of_the_task_is_a_conflict():
    town = make_town()
    case = handled_case(town)
    complete(town["roads"], case, "handled", result="已修补")
    complete(town["dispatcher"], case, "confirm")
    body = task_work(town["inspector"], case, "pass")
    body["task"]["seen"] -= 1
    assert problem(put(town.people["inspector"].client, body)) == (409, "case-moved")


def test_an_outsider_takes_nothing_along_and_hands_nothing_in():
    town = make_town()
    case = handled_case(town)
    for name in ("outsider", "resident"):
        client, actor = town.people[name].client, town.people[name].actor
        assert client.get(f"{API}/bundle").status_code == 403
        assert send_photo(client)[1].status_code == 403
        assert put(client, report(actor)).status_code == 403
        assert put(client, task_work(actor, case, "handled", data={"result": "x"})).status_code == 403
    assert (StoredFile.objects.count(), Case.objects.count(), FieldWork.objects.count()) == (0, 1, 0)


def test_the_task_of_another_unit_is_not_found_by_its_inspectors():
    town = make_town()
    case = handled_case(town)
    stranger = make_player(town.units["ecology"], "inspector", "stranger")
    before = open_task(case).version
    for part in (
        task_work(stranger.actor, case, "handled", data={"result": "x"}),
        work(stranger.actor, comment={"case": str(case.public_id), "text": "x"}),
        work(stranger.actor, task={"task": str(uuid.uuid4()), "seen": 1, "outcome": "pass"}),
    ):
        assert put(stranger.client, part).status_code == 404
    assert stranger.client.get(f"{API}/bundle").json()["tasks"] == []
    assert open_task(case).version == before
    assert not Step.objects.filter(case=case, kind="comment").exists()


def test_the_key_and_the_photos_of_another_worker_are_of_no_use():
    town = make_town()
    first, second = town.people["inspector"], make_player(town.units["supervision-centre"], "inspector", "second")
    key, photo = uuid.uuid4(), send_photo(first.client)[0]
    assert put(first.client, report(first.actor), key).status_code == 201
    assert problem(put(second.client, report(first.actor), key)) == (409, "field-account-differs")
    answer = put(second.client, report(second.actor, text="护栏倒伏", photos=[photo]))
    assert problem(answer) == (409, "field-photos-missing")
    assert answer.json()["missing"] == [str(photo)]
    assert put(second.client, report(second.actor, text="护栏倒伏"), key).json()["replayed"] is False


def test_a_key_means_one_content_for_ever():
    town = make_town()
    actor, client = town["inspector"], town.people["inspector"].client
    key = uuid.uuid4()
    put(client, report(actor), key)
    assert problem(put(client, report(actor, text="别的事"), key)) == (409, "field-key-reused")
    photo, _sent = send_photo(client)
    assert send_photo(client, photo)[1].status_code == 200
    assert problem(send_photo(client, photo, jpeg(3))[1]) == (409, "field-key-reused")
    assert FieldPhoto.objects.count() == 1


def test_what_is_no_photo_is_refused_and_nothing_stays():
    client = make_town().people["inspector"].client
    for name, content, code in (
        ("a.heic", b"\x00\x00\x00\x18ftypheic" + bytes(64), "file-type-refused"),
        ("a.jpg", b"<script>alert(1)</script>", "file-type-refused"),
        ("a.pdf", b"%PDF-1.7\n" + bytes(64), "file-type-refused"),
        ("a.jpg", b"", "file-type-refused"),
        ("a.png", jpeg(), "file-type-refused"),
        ("a.jpg", jpeg()[:-2] + bytes(actions.PHOTO_BYTES), "file-too-large"),
    ):
        _key, answer = send_photo(client, content=content, name=name)
        assert problem(answer)[1] == code, name
    assert StoredFile.objects.count() == 0


def test_ten_photos_and_work_of_two_kinds_are_refused():
    town = make_town()
    actor, client = town["inspector"], town.people["inspector"].client
    assert put(client, report(actor, photos=[uuid.uuid4() for _ in range(10)])).status_code == 422
    both = report(actor) | {"comment": {"case": str(uuid.uuid4()), "text": "x"}}
    assert problem(put(client, both)) == (422, "field-work-invalid")
    assert problem(put(client, work(actor))) == (422, "field-work-invalid")


def test_a_cell_of_the_grid_stands_in_for_a_position():
    town = make_town()
    actor, client = town["inspector"], town.people["inspector"].client
    cells = client.get(f"{API}/bundle").json()["cells"]
    assert cells, "the town has a grid of cells"
    code = cells[0]["code"]
    body = report(actor)
    body["report"] |= {"point": None, "cell": code}
    made = put(client, body)
    assert made.status_code == 201, made.json()
    incident = Case.objects.get(public_id=made.json()["case"]).incident
    assert incident.unit_grid == code.partition(":")[2]
    assert "按网格定位" in incident.place
    body["report"] |= {"cell": "unit_grid:nowhere"}
    assert problem(put(client, body)) == (422, "field-work-invalid")


def test_a_grid_worker_reports_from_the_grid_of_the_own_street():
    town = make_town()
    worker = make_player(town.units["339901001"], "grid_worker", "grid")
    cells = [each["code"] for each in worker.client.get(f"{API}/bundle").json()["cells"]]
    assert cells
    assert all(code.startswith("governance_grid:") for code in cells)
    made = put(worker.client, report(worker.actor))
    assert made.status_code == 201
    case = Case.objects.get()
    assert (case.channel, case.stage) == ("grid", "collect")


def test_the_bundle_holds_no_personal_data_and_is_never_stored():
    town = make_town()
    report_incident(
        actor=town["operator"], channel="web", flow="city-management", text="路灯不亮，联系 13800138000",
        reporter_name="王小明", reporter_phone="13800138000", point=WEST_POINT,
    )  # fmt: skip
    client = town.people["inspector"].client
    answer = client.get(f"{API}/bundle")
    text = answer.content.decode()
    assert answer["Cache-Control"] == "no-store"
    assert len(answer.json()["tasks"]) == 1
    assert "13800138000" not in text
    assert "王小明" not in text
    assert client.get(f"{API}/session")["Cache-Control"] == "no-store"
    assert Client().get(f"{API}/session").status_code == 401


def test_the_bundle_asks_the_database_no_more_for_more_tasks(django_assert_max_num_queries):
    town = make_town()
    for number in range(12):
        report_incident(
            actor=town["operator"], channel="web", flow="city-management", text=f"路灯不亮 {number}", point=WEST_POINT
        )
    client = town.people["inspector"].client
    client.get(f"{API}/bundle")
    with django_assert_max_num_queries(40):
        assert len(client.get(f"{API}/bundle").json()["tasks"]) == 12


def test_photos_whose_work_never_comes_are_forgotten_and_the_door_is_limited(monkeypatch):
    client = make_town().people["inspector"].client
    send_photo(client)
    assert actions.forget_field_photos() == 0
    FieldPhoto.objects.update(received_at=clock.now() - timedelta(days=31))
    assert actions.forget_field_photos() == 1
    assert (FieldPhoto.objects.count(), StoredFile.objects.count()) == (0, 0)
    monkeypatch.setitem(doors.LIMITS, "field-bundle", (2, 10))
    assert [client.get(f"{API}/bundle").status_code for _ in range(3)] == [200, 200, 429]


def test_the_shell_is_the_same_for_everybody_and_holds_nobodys_data():
    town = make_town()
    pages = [client.get(reverse("field")) for client in (Client(), town.people["inspector"].client)]
    assert pages[0].content == pages[1].content
    assert [page["Cache-Control"] for page in pages] == ["no-cache", "no-cache"]
    assert b"csrf" not in pages[0].content.lower()
    worker = Client().get(reverse("field-worker"))
    assert worker["Service-Worker-Allowed"] == "/field"
    assert worker["Content-Type"].startswith("text/javascript")
    listed = json.loads(worker.content.decode().partition("=")[2].partition(";\n")[0])
    assert listed["page"] == "/field"
    assert all(finders.find(address.removeprefix("/static/")) for address in listed["files"])
    manifest = Client().get(reverse("field-manifest")).json()
    assert manifest["start_url"] == manifest["scope"] == "/field"
    assert {icon["sizes"] for icon in manifest["icons"]} == {"192x192", "512x512"}


def test_the_desk_leads_to_field_work_and_the_quick_report_names_its_photos():
    client = make_town().people["inspector"].client
    assert 'href="/field"' in client.get("/work").content.decode()
    page = client.get("/patrol").content.decode()
    assert 'accept="image/jpeg,image/png,image/webp"' in page
    assert "HEIC" in page


def test_work_broken_off_half_way_leaves_nothing_and_is_whole_the_next_time(monkeypatch):
    town = make_town()
    actor, client = town["inspector"], town.people["inspector"].client
    photo, _sent = send_photo(client)
    body, key = report(actor, photos=[photo]), uuid.uuid4()

    def broken(*_args, **_kwargs):
        raise RuntimeError("killed")

    with monkeypatch.context() as patched:
        patched.setattr(FieldWork.objects, "create", broken)
        client.raise_request_exception = False
        assert put(client, body, key).status_code == 500
    assert (Case.objects.count(), FieldWork.objects.count()) == (0, 0)
    assert put(client, body, key).status_code == 201
    assert Case.objects.count() == 1
    assert StoredFile.objects.filter(subject__startswith="incident:").count() == 1


def test_work_needs_the_token_of_its_page():
    town = make_town()
    client = Client(enforce_csrf_checks=True)
    client.force_login(town.people["inspector"].user)
    body = report(town["inspector"])
    assert put(client, body).status_code == 403
    token = client.get(f"{API}/session").json()["csrf"]
    made = client.put(
        f"{API}/works/{uuid.uuid4()}", json.dumps(body), content_type="application/json", headers={"X-CSRFToken": token}
    )
    assert made.status_code == 201
