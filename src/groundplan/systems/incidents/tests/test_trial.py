"""旁路试算: misrouting, causes of lateness, a changed directory; nothing is touched."""

import csv
import io
from datetime import UTC, datetime, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client

from groundplan.kernel.ledger.models import Pending
from groundplan.kernel.rules.logic.files.source import read_table_file
from groundplan.lib.errors import GroundplanError
from groundplan.lib.worktime import Span, calendar_for
from groundplan.systems.incidents import queries
from groundplan.systems.incidents.logic import trial as logic
from groundplan.systems.incidents.models import Incident
from groundplan.systems.incidents.tests.factories import make_town

HEADERS = [
    "工单编号",
    "工单内容",
    "事项分类",
    "区县",
    "承办单位",
    "受理时间",
    "派单时间",
    "签收时间",
    "办结时间",
    "退单次数",
]
MONDAY = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)  # 09:00 in the city, a work day.
SPANS = {"accept": "30 minutes", "sign": "4 work_hours", "handle": "5 work_days", "total": "10 work_days"}
LIMITS = {name: Span.parse(text) for name, text in SPANS.items()}


def sheet(*rows, headers=HEADERS):
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(headers)
    writer.writerows(rows)
    return text.getvalue().encode("gb18030")


def past(**moments):
    given = {name: MONDAY + timedelta(days=days) for name, days in moments.items() if name != "returns"}
    return logic.Past(1, "x", "", returns=moments.get("returns", 0), **given)


@pytest.mark.parametrize(
    ("case", "cause"),
    [
        (past(reported=0, dispatched=0, signed=0.1, closed=3), None),
        (past(reported=0, dispatched=7, signed=7.1, closed=17), "dispatch"),
        (past(reported=0, dispatched=0, signed=11, closed=16), "sign"),
        (past(reported=0, dispatched=0, signed=0.1, closed=21), "handle"),
        (past(reported=0, dispatched=0, closed=21), "handle"),
        (past(reported=0, dispatched=0, signed=0.1, closed=21, returns=2), "returned"),
        (past(reported=0, closed=21), "unknown"),
        (past(reported=0, dispatched=0, signed=0.1, closed=3, due=2), "sum"),
        (past(reported=0, dispatched=0, signed=0.1), "handle"),
        (past(closed=3), None),
    ],
)
def test_the_cause_is_the_step_that_overran_its_limit_most(case, cause):
    assert logic.late_cause(case, LIMITS, calendar_for("cn"), MONDAY + timedelta(days=60)) == cause


def test_a_unit_below_the_named_one_is_right():
    below = frozenset({"street"})
    assert not logic.misrouted("street", "district", below)
    assert not logic.misrouted("district", "district", below)
    assert logic.misrouted("district", "street", frozenset())
    assert logic.misrouted("water", "district", below)


MORNING = ("2026-03-02 09:00", "2026-03-02 09:10", "2026-03-02 10:00")
ROWS = [
    ["A-1", "路灯不亮", "路灯不亮", "", "城管局", *MORNING, "2026-03-04 10:00", 0],
    ["A-2", "路灯不亮", "路灯不亮", "", "水务局", *MORNING, "2026-04-02 10:00", 0],
    ["A-3", "占道经营", "占道经营", "名339901", "西区一街", "2026-03-02 09:00", "", "", "2026-04-02 10:00", "2"],
    ["A-4", "占道经营", "占道经营", "名339901", "东区一街", "2026-03-02 09:00", "", "", "", ""],
    ["A-5", "路灯不亮", "路灯不亮", "", "火星局", "2026-03-02 09:00", "", "", "2026-03-03 10:00", ""],
    ["A-6", "一件目录没有的事", "无此事项", "", "水务局", "2026-03-02 09:00", "", "", "2026-03-03 10:00", ""],
    ["A-7", "路灯不亮", "路灯不亮", "", "城管局", "昨天", "", "", "", ""],
]  # fmt: skip


@pytest.mark.django_db
def test_an_old_export_is_judged_and_nothing_is_touched():
    make_town()
    before = Pending.objects.count(), Incident.objects.count()
    found = queries.run_trial(content=sheet(*ROWS), filename="去年工单.csv")
    assert (found.read, found.imported) == (7, 6)
    assert [number for number, _reason in found.quarantined] == [8]
    assert "昨天" in found.quarantined[0][1]
    assert (found.compared, found.misrouted, found.unmatched) == (4, 2, 1)
    assert dict(found.pairs) == {("water", "urban-management"): 1, ("s339902001", "d339901"): 1}
    assert [(each.external_id, each.row) for each in found.examples] == [("A-2", "D003"), ("A-4", "D006")]
    assert dict(found.unknown_units) == {"火星局": 1}
    assert dict(found.causes) == {"handle": 1, "returned": 1, "unknown": 1}
    assert found.late == 3
    assert found.changed == 0
    assert (Pending.objects.count(), Incident.objects.count()) == before


@pytest.mark.django_db
def test_it_runs_in_a_transaction_that_may_only_read(monkeypatch):
    make_town()

    def write(*_arguments, **_more):
        with connection.cursor() as cursor:
            cursor.execute("UPDATE parties_party SET code = code")

    monkeypatch.setattr("groundplan.systems.incidents.beside.judging.unit_codes", write)
    with pytest.raises(Exception, match="read-only transaction"):
        queries.run_trial(content=sheet(*ROWS), filename="x.csv")


@pytest.mark.django_db
def test_a_changed_directory_tells_what_would_go_elsewhere():
    make_town()
    changed = sheet(["路灯不亮", "", "水务局"], ["占道经营", "", "属地"], headers=["事项", "区县", "主办单位"])
    table = read_table_file(queries.directory_text(changed, "目录.csv").encode(), "目录.yaml")
    found = queries.run_trial(content=sheet(*ROWS[:6]), filename="x.csv", changed=table)
    assert found.changed == 3
    assert dict(found.changes) == {("urban-management", "water"): 3}


@pytest.mark.django_db
@pytest.mark.parametrize(
    "content",
    [b"", b"\x00\x01\x02", sheet(["1"], headers=["序号"]), b"PK\x03\x04 no workbook"],
    ids=["empty", "no text", "no column of use", "no workbook"],
)
def test_a_file_that_is_none_is_answered(content):
    make_town()
    with pytest.raises(GroundplanError) as refused:
        queries.run_trial(content=content, filename="x.xlsx" if content[:2] == b"PK" else "x.csv")
    assert refused.value.detail


@pytest.mark.django_db
@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_the_page_shows_the_findings_to_the_dispatcher_and_to_no_outsider(language):
    town = make_town()
    headers = {"Accept-Language": language}
    for person, status in (("outsider", 403), ("resident", 403), ("operator", 403)):
        assert town.people[person].client.get("/incidents/trial", headers=headers).status_code == status
    assert Client().get("/incidents/trial").status_code == 302
    client = town.people["dispatcher"].client
    file = SimpleUploadedFile("去年.csv", sheet(*ROWS), "text/csv")
    page = client.post("/incidents/trial", {"file": file}, headers=headers)
    assert page.status_code == 200
    text = page.content.decode()
    for shown in ("A-2", "D003", "火星局", "去年.csv"):
        assert shown in text
    bad = client.post("/incidents/trial", {"file": SimpleUploadedFile("x.csv", b"\x00", "text/csv")}, headers=headers)
    assert bad.status_code == 422
