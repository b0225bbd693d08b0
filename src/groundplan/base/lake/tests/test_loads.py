import csv
import datetime as dt
import io
import random
import threading

import duckdb
import pytest
from duckdb_extension_avro import __file__ as avro
from duckdb_extension_iceberg import __file__ as iceberg

from groundplan.base.lake import actions, queries
from groundplan.base.lake.engine import duck, tables
from groundplan.base.lake.errors import ColumnsDiffer, LoadRunning, SnapshotNotFound
from groundplan.base.lake.models import LakeRun, LakeTable, Lineage
from groundplan.base.lake.tests.factories import bad, load, rows, types, version
from groundplan.kernel.events.models import Outgoing
from groundplan.kernel.ledger.models import Pending
from groundplan.kernel.parties.queries import SYSTEM
from groundplan.lib import sql

pytestmark = pytest.mark.django_db
GOOD = "站点,时间,浓度,次数\n" + "".join(f"S{i},2026-07-01 {i % 24:02}:00:00,{i}.5,{i}\n" for i in range(1, 101))


def test_every_row_is_stored_or_in_quarantine_with_its_number_and_reason(tmp_path):
    text = GOOD + "S101,2026-07-01 00:00:00,无,7\nS102,2026-07-01,1\nS103,2026-07-01,1,2,3\nS104,2026-13-01,1.5,1.5\n"
    text += 'S105,２０２６年７月２日 8:05,"1,234.5",１２\n'
    run = load(tmp_path, text)
    assert types() == {"站点": "text", "时间": "timestamp", "浓度": "number", "次数": "integer"}
    assert (run.rows_read, run.stored, run.quarantined) == (105, 101, 4)
    assert bad(run) == [
        (102, "浓度", "无", "浓度 不是数值"),
        (103, "", "", "本行的单元格比表头少"),
        (104, "", "", "本行的单元格比表头多"),
        (105, "时间；次数", "2026-13-01；1.5", "时间 不是日期时间；次数 不是整数"),
    ]
    assert ("S105", dt.datetime(2026, 7, 2, 8, 5), 1234.5, 12) in rows()  # noqa: DTZ001 - a time of the city.
    assert len(rows()) == 101


def test_a_load_leaves_one_record_one_event_and_its_lineage(tmp_path):
    run = load(tmp_path, GOOD)
    records = Pending.objects.filter(action="lake.load")
    assert len(records) == 1
    assert Outgoing.objects.filter(type="lake.loaded.v1").count() == 1
    line = Lineage.objects.get(run=run)
    assert (line.source, line.rows, len(line.digest)) == ("data.csv", 100, 64)
    assert tables.summary_of(run.table.public_id, run.public_id)[0] == run.snapshot


def test_the_same_file_again_is_the_same_load_until_its_effect_is_gone(tmp_path):
    first = load(tmp_path, GOOD)
    assert load(tmp_path, GOOD).pk == first.pk
    other = load(tmp_path, "站点,时间,浓度,次数\nS0,2026-07-02,1,1\n", mode="replace")
    assert len(rows()) == 1
    again = load(tmp_path, GOOD)
    assert again.pk not in {first.pk, other.pk}
    assert len(rows()) == 101
    actions.roll_back(actor=SYSTEM, resource="readings", snapshot=other.snapshot)
    assert len(rows()) == 1
    assert load(tmp_path, GOOD).pk != again.pk
    assert len(rows()) == 101


def test_merging_renews_rows_by_key_and_keeps_out_what_has_no_key_or_comes_twice(tmp_path):
    load(tmp_path, "代码,名称\n01,东\n02,西\n03,南\n")
    run = load(tmp_path, "代码,名称\n02,西改\n04,北\n,无\n04,北改\n", mode="merge", key=["代码"])
    assert rows() == [("01", "东"), ("02", "西改"), ("03", "南"), ("04", "北改")]
    assert (run.rows_read, run.stored, run.quarantined) == (4, 2, 2)
    assert bad(run) == [(3, "代码", "04", "代码 文件后面还有主键相同的行"), (4, "代码", "", "代码 主键为空")]
    load(tmp_path, "代码,名称\n01,东改\n02,x\n03,y\n04,z\n", mode="merge", key=["代码"])
    assert [name for _code, name in rows()] == ["东改", "x", "y", "z"]


def test_several_files_are_one_snapshot_and_an_earlier_one_can_be_read_and_gone_back_to(tmp_path):
    a, b = tmp_path / "a.csv", tmp_path / "b.csv"
    a.write_text("代码,数\nA,1\n")
    b.write_text("数,代码\n2,B\nx,C\n")
    run = actions.load_files(actor=SYSTEM, resource="readings", files=[a, b])
    assert (run.stored, run.quarantined, len(queries.snapshots(run.table))) == (2, 1, 1)
    load(tmp_path, "代码,数\nD,4\n")
    assert rows(snapshot=run.snapshot) == [("A", 1), ("B", 2)]
    back = actions.roll_back(actor=SYSTEM, resource="readings", snapshot=run.snapshot)
    assert back.snapshot == run.snapshot
    assert rows() == [("A", 1), ("B", 2)]
    assert LakeTable.objects.get().rows == 2
    with pytest.raises(SnapshotNotFound):
        actions.roll_back(actor=SYSTEM, resource="readings", snapshot=7)


def test_a_file_with_other_columns_is_refused_whole_and_names_them(tmp_path):
    load(tmp_path, GOOD)
    with pytest.raises(ColumnsDiffer) as refused:
        load(tmp_path, "站点,温度\nS1,3\n")
    assert refused.value.extra["unknown"] == ["温度"]
    assert "站点" in refused.value.accepted
    schema = [{"name": "a", "type": "integer", "required": True}, {"name": "b", "type": "text"}]
    actions.create_table(actor=SYSTEM, identifier="strict", columns=schema)
    with pytest.raises(ColumnsDiffer):
        load(tmp_path, "b\nx\n", resource="strict")
    run = load(tmp_path, "b,a\nx,1\ny,\nz,3\n", resource="strict")
    assert rows("strict") == [(1, "x"), (3, "z")]
    assert bad(run) == [(3, "a", "", "a 必填项为空")]


def test_a_table_that_somebody_else_loads_answers_clearly(tmp_path):
    run = load(tmp_path, GOOD)
    taken, go_on = threading.Event(), threading.Event()

    def hold():
        with sql.held(f"lake:{run.table_id}"):
            taken.set()
            go_on.wait(20)

    thread = threading.Thread(target=hold)
    thread.start()
    taken.wait(20)
    try:
        with pytest.raises(LoadRunning):
            load(tmp_path, "站点,时间,浓度,次数\nS1,2026-07-02,1,1\n", wait_s=0.3)
    finally:
        go_on.set()
        thread.join()
    assert LakeRun.objects.count() == 1


def nasty_rows(seed, count):
    """Rows of every kind of trouble that keeps a text a table."""
    order = random.Random(seed)
    whole = [
        "7",
        "-3",
        "1.5",
        "1e3",
        "0x1F",
        "1_000",
        "１２",
        "1,234",
        "",
        " 8 ",
        "99999999999999999999",
        "x",
        "+5",
        "5.0",
    ]
    number = ["1.5", "nan", "inf", "-2", "1e3", "", "１．５", "1,234.5", "abc", "0x1F", "1.5 "]
    when = ["2026-07-01 10:00:00", "2026-07-01", "2026/7/1 8:05", "2026-07-01T10:00:00+08:00", "infinity", "",
            "2026-02-30", "2026年7月1日", "2026-07-01 10:00+08", "epoch", "2026-7-1 1:00-05", "20260701",
            "2026-07-01 10:00:00.5"]  # fmt: skip
    day = ["2026-07-01", "2026-07-01 10:00:00", "2026/7/1", "", "2026-07-01 00:00:00", "44-03-01 (BC)", "today"]
    text = ["路灯", 'a "b"', "x,y", "两\n行", "", "=1+1", " "]
    yes = ["是", "true", "0", "maybe", "", "N"]
    for _ in range(count):
        yield [order.choice(each) for each in (whole, number, when, day, text, yes)]


@pytest.mark.parametrize("seed", range(3))
def test_the_scan_in_bulk_gives_what_the_plain_way_gives(tmp_path, seed, monkeypatch):
    schema = [{"name": name, "type": kind} for name, kind in zip(
        "abcdef", ("integer", "number", "timestamp", "date", "text", "boolean"), strict=True)]  # fmt: skip
    out = io.StringIO()
    lines = csv.writer(out, lineterminator="\n")
    lines.writerow("abcdef")
    lines.writerows(nasty_rows(seed, 400))
    text = out.getvalue() + 'x,y\n"7,1\n'[: 4 if seed else None]
    text += "1,1,2026-07-01,2026-07-01,z,1,too many\n" if seed else ""
    bulk = load(tmp_path, text, resource="bulk", columns=schema)
    monkeypatch.setattr(duck, "_in_bulk", lambda *_arguments, **_more: None)
    plain = load(tmp_path, text, resource="plain", columns=schema)
    assert (bulk.rows_read, bulk.stored, bulk.quarantined) == (plain.rows_read, plain.stored, plain.quarantined)
    assert rows("bulk") == rows("plain")
    assert bad(bulk) == bad(plain)
    assert plain.stored > 0 < plain.quarantined


def test_a_file_of_the_usual_form_goes_through_in_bulk(tmp_path, monkeypatch):
    monkeypatch.setattr(duck, "_row_by_row", lambda *_arguments, **_more: pytest.fail("row by row"))
    text = 'a,b\n1,"x\ny"\nbad,z\n3,"quo""ted"\n4,short,long\n'
    run = load(tmp_path, text, columns=[{"name": "a", "type": "integer"}, {"name": "b", "type": "text"}])
    assert rows() == [(1, "x\ny"), (3, 'quo"ted')]
    assert [row[0] for row in bad(run)] == [3, 5]


def test_a_quarantine_that_was_mended_is_loaded_as_it_was_downloaded(tmp_path):
    text = "编号,数量,备注\nA1,1,好\nA2,-x,=SUM(A1)\nA3,-5x,c\n"
    schema = [{"name": name, "type": kind} for name, kind in (("编号", "text"), ("数量", "integer"), ("备注", "text"))]
    run = load(tmp_path, text, columns=schema)
    assert run.quarantined == 2
    sent = b"".join(queries.quarantine_csv(run)).decode("utf-8-sig")
    assert "'=SUM(A1)" in sent
    mended = load(tmp_path, sent.replace("-x", "-2").replace("-5x", "-5"), name="mended.csv")
    assert (mended.stored, mended.quarantined) == (2, 0)
    assert rows() == [("A1", 1, "好"), ("A2", -2, "=SUM(A1)"), ("A3", -5, "c")]


def test_other_readers_of_iceberg_find_the_same_rows(tmp_path):
    load(tmp_path, GOOD)
    load(tmp_path, "站点,时间,浓度,次数\nS1,2026-07-02,1,1\n")
    other = duckdb.connect(config={"allow_unsigned_extensions": "true"})
    for package in (avro, iceberg):
        folder = package.rpartition("/")[0]
        name = folder.rpartition("_")[2]
        other.execute(f"LOAD '{folder}/extensions/v{duckdb.__version__}/{name}.duckdb_extension'")
    location = tables.location_of(LakeTable.objects.get().public_id)
    assert other.execute(f"SELECT * FROM iceberg_scan('{location}') ORDER BY ALL").fetchall() == rows()
    with tables.opened() as catalogue:
        table = catalogue.load_table((tables.NAMESPACE, LakeTable.objects.get().public_id.hex))
        assert table.scan().to_arrow().num_rows == version().rows == 101


def test_a_lake_that_was_moved_is_read_and_written_where_it_is_now(tmp_path, own_lake, monkeypatch):
    run = load(tmp_path, GOOD)
    kept = queries.kept_files()
    assert all(path.is_relative_to(own_lake) for path in kept)
    assert {path.suffix for path in kept} == {".json", ".avro", ".parquet"}
    other = tmp_path / "elsewhere"
    for path in kept:
        target = other / path.relative_to(own_lake)
        target.parent.mkdir(parents=True, exist_ok=True)
        path.rename(target)
    monkeypatch.setenv("GROUNDPLAN_LAKE", str(other))
    tables._loaded.cache_clear()
    tables._version.cache_clear()
    assert len(rows()) == 100
    load(tmp_path, "站点,时间,浓度,次数\nS1,2026-07-09,9,9\n", mode="merge", key=["站点"])
    assert ("S1", 9.0) in rows(columns="站点, 浓度")
    assert len(rows()) == len(rows(snapshot=run.snapshot)) == 100
    assert not list(own_lake.rglob("*.parquet"))
