"""Pages and API: officers of the providing unit and the data office; the outsider sees and changes nothing."""

import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from groundplan.base.lake import actions, jobs
from groundplan.base.lake.models import LakeRun, LakeTable
from groundplan.base.lake.tests.factories import load, rows
from groundplan.kernel.parties.queries import SYSTEM
from groundplan.kernel.parties.tests.factories import make_cast, make_player, make_unit
from groundplan.lib import clock

pytestmark = pytest.mark.django_db
API = "/api/v1/lake"
TEXT = "编号,数量\nA1,1\nA2,x\nA3,3\n"


@pytest.fixture
def town(tmp_path):
    """The officer's unit provides a table that was loaded twice."""
    cast = make_cast()
    schema = [{"name": "编号", "type": "text"}, {"name": "数量", "type": "integer"}]
    run = load(tmp_path, TEXT, actor=cast.officer.actor, provider=cast.officer.unit, columns=schema)
    load(tmp_path, "编号,数量\nA4,4\n", actor=cast.officer.actor)
    return cast, run


def test_an_officer_of_the_provider_and_the_data_office_see_a_table(town):
    cast, run = town
    keeper = make_player(make_unit(), "data_office")
    for player in (cast.officer, keeper):
        client = player.client
        assert [each["identifier"] for each in client.get(f"{API}/tables").json()["items"]] == ["readings"]
        assert client.get(f"{API}/tables/readings").json()["rows"] == 3
        assert client.get(f"{API}/tables/readings/preview").json()["rows"][0] == ["A1", "1"]
        snapshots = client.get(f"{API}/tables/readings/snapshots").json()
        assert [each["rows"] for each in snapshots] == [3, 2]
        past = client.get(f"{API}/tables/readings/preview", {"snapshot": snapshots[1]["id"]}).json()
        assert len(past["rows"]) == 2
        assert client.get(f"{API}/tables/readings/preview", {"snapshot": "7"}).status_code == 404
        assert [each["quarantined"] for each in client.get(f"{API}/tables/readings/runs").json()["items"]] == [0, 1]
        page = client.get(f"/lake/tables/{run.table.public_id}").content.decode()
        assert "恢复到此快照" in page
        assert "A4" in page
        sent = b"".join(client.get(f"/lake/runs/{run.public_id}/quarantine.csv").streaming_content).decode("utf-8-sig")
        assert sent.splitlines()[1] == "data.csv,3,数量,x,数量 不是整数,A2,x"


def test_an_outsider_sees_and_changes_nothing(town, tmp_path):
    cast, run = town
    for player in (cast.outsider, cast.vendor, cast.resident):
        client = player.client
        assert client.get(f"{API}/tables").json()["items"] == []
        for path in ("", "/preview", "/snapshots", "/runs"):
            assert client.get(f"{API}/tables/readings{path}").status_code == 404
        for path in ("", "/quarantine"):
            assert client.get(f"{API}/runs/{run.public_id}{path}").status_code == 404
        body = {"snapshot": str(run.snapshot)}
        assert client.post(f"{API}/tables/readings/rollback", body, content_type="application/json").status_code == 404
        sent = client.post(f"{API}/tables/readings/loads", {"file": SimpleUploadedFile("a.csv", TEXT.encode())})
        assert sent.status_code == 404
        for path in (f"tables/{run.table.public_id}", f"runs/{run.public_id}", f"runs/{run.public_id}/quarantine.csv"):
            assert client.get(f"/lake/{path}").status_code in {403, 404}
        new = client.post(f"{API}/tables/other/loads", {"file": SimpleUploadedFile("a.csv", TEXT.encode())})
        assert new.status_code in {403, 404}
    assert (LakeRun.objects.count(), LakeTable.objects.count(), len(rows())) == (2, 1, 3)


def test_nobody_reads_without_an_account(client, town):
    assert client.get(f"{API}/tables").status_code == 401
    assert client.get("/lake").status_code == 302


def test_an_upload_is_loaded_by_a_worker_once(town, own_lake):
    cast, _run = town
    client = cast.officer.client
    key = {"HTTP_IDEMPOTENCY_KEY": "one", "HTTP_AUTHORIZATION": f"Bearer {cast.officer.token}"}

    def send():
        return client.post(
            f"{API}/tables/readings/loads",
            {"file": SimpleUploadedFile("五.csv", TEXT.replace("A", "B").encode("gbk"))},
            **key,
        )

    first = send()
    assert first.status_code == 202
    assert first.json()["state"] == "waiting"
    assert send().json() == first.json()
    assert LakeRun.objects.filter(state="waiting").count() == 1
    jobs.carry_on_all(0)
    assert LakeRun.objects.filter(state="waiting").count() == 1
    run = LakeRun.objects.get(public_id=first.json()["run"])
    actions.carry_on_load(run=run.public_id)
    done = client.get(f"{API}/runs/{run.public_id}").json()
    assert (done["state"], done["read"], done["stored"], done["sources"][0]["name"]) == ("done", 3, 2, "五.csv")
    assert not any(path.is_file() for path in (own_lake / "incoming").rglob("*"))


def test_the_upload_page_takes_a_file_and_shows_what_became_of_it(town):
    cast, _run = town
    client = cast.officer.client
    file = SimpleUploadedFile("a.csv", TEXT.replace("A", "C").encode())
    answer = client.post("/lake/load", {"resource": "readings", "file": file, "mode": "append"})
    run = LakeRun.objects.get(state="waiting")
    assert answer["Location"] == f"/lake/runs/{run.public_id}"
    assert "等待装载" in client.get(answer["Location"]).content.decode()
    actions.carry_on_load(run=run.public_id)
    assert "下载问题行" in client.get(f"/lake/runs/{run.public_id}/live").content.decode()
    wrong = client.post("/lake/load", {"resource": "readings", "file": io.BytesIO(b"x"), "mode": "merge"})
    assert (wrong.status_code, "主键" in wrong.content.decode()) == (422, True)


def test_an_upload_that_cannot_be_loaded_says_why_on_its_page(town):
    cast, _run = town
    run = actions.receive_files(
        actor=cast.officer.actor, resource="readings", files=[("a.csv", io.BytesIO(b"x,y\n1,2\n"))]
    )
    LakeRun.objects.filter(pk=run.pk).update(begun_at=clock.now() - jobs.LEFT_ALONE * 2)
    jobs.carry_on_all(0)
    page = cast.officer.client.get(f"/lake/runs/{run.public_id}").content.decode()
    assert "本次装载未入库" in page
    assert "文件多出列：x、y。" in page


def test_an_upload_whose_worker_died_is_loaded_by_the_next_one(town):
    cast, _run = town
    files = [("a.csv", io.BytesIO(TEXT.encode()))]
    run = actions.receive_files(actor=cast.officer.actor, resource="readings", files=files, mode="replace")
    LakeRun.objects.filter(pk=run.pk).update(state="running")
    assert actions.reconcile_runs() == 1
    assert actions.carry_on_load(run=run.public_id).state == "done"
    assert len(rows()) == 2


def test_going_back_on_the_page(town):
    cast, run = town
    answer = cast.officer.client.post(f"/lake/tables/{run.table.public_id}/rollback", {"snapshot": str(run.snapshot)})
    assert answer.status_code == 302
    assert len(rows()) == 2
    assert (
        cast.officer.client.post(f"/lake/tables/{run.table.public_id}/rollback", {"snapshot": "x"}).status_code == 422
    )


def test_the_list_asks_as_often_for_many_tables_as_for_one(town, django_assert_max_num_queries):
    cast, _run = town
    for at in range(20):
        actions.create_table(actor=SYSTEM, identifier=f"more-{at}", provider=cast.officer.unit)
    client = cast.officer.client
    client.get("/lake")
    with django_assert_max_num_queries(20):
        assert "more-19" in client.get("/lake").content.decode()
