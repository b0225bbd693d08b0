"""Files of any mess: answered well, and no row is lost."""

import datetime as dt
import gzip
import io
import json
import zipfile

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard
from openpyxl import Workbook

from groundplan.base.lake.engine import places, sounding
from groundplan.base.lake.errors import ArchiveRefused, DiskFull, EncodingDiffers, FileRefused, SchemaRefused
from groundplan.base.lake.models import LakeRun
from groundplan.base.lake.tests.factories import bad, load, rows, types
from groundplan.lib.tabular import UnreadableTable

pytestmark = pytest.mark.django_db
TABLE = "编号,名称,数量\n" + "".join(f"A{i},路灯{i},{i}\n" for i in range(1, 11))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16", "utf-16-le", "utf-16-be"])
def test_the_encoding_is_found_out(tmp_path, encoding):
    run = load(tmp_path, TABLE.encode(encoding))
    assert (run.stored, run.quarantined) == (10, 0)
    assert rows()[0] == ("A1", "路灯1", 1)


def test_a_wrong_declaration_names_the_line_and_a_better_guess(tmp_path):
    with pytest.raises(EncodingDiffers) as refused:
        load(tmp_path, b"a,b\n1,2\n" + TABLE.encode("gbk"), encoding="UTF-8")
    assert (refused.value.extra["line"], refused.value.extra["likely"]) == (3, "gb18030")
    assert not LakeRun.objects.exists()
    assert load(tmp_path, TABLE.encode("gbk"), encoding="gb18030").stored == 10


def test_bytes_that_are_no_character_and_nul_bytes_keep_only_their_rows_out(tmp_path):
    text = TABLE.encode().replace("路灯3".encode(), b"\xff\xfe\xfa").replace("路灯5".encode(), b"x\0y")
    run = load(tmp_path, text)
    assert (run.rows_read, run.stored, run.quarantined) == (10, 8, 2)
    assert [(row, why) for row, _column, _value, why in bad(run)] == [
        (4, "名称 含有无法识别的字符"),
        (6, "名称 含有空字节"),
    ]


def test_ragged_rows_blank_lines_and_a_title_above_the_header(tmp_path):
    run = load(tmp_path, "部件清单,,\n\n编号,名称,数量\nA1,灯,1\n\nA2,盖\nA3,牌,3,\nA4,杆,4,x\n\n")
    assert rows() == [("A1", "灯", 1), ("A3", "牌", 3)]
    assert [(row, why) for row, _column, _value, why in bad(run)] == [
        (6, "本行的单元格比表头少"),
        (8, "本行的单元格比表头多"),
    ]
    assert run.rows_read == 4


def test_ten_thousand_columns_are_refused_with_the_limit(tmp_path):
    wide = ",".join(f"c{i}" for i in range(10_000))
    with pytest.raises(SchemaRefused, match="2000"):
        load(tmp_path, f"{wide}\n{wide}\n")
    run = load(tmp_path, "\n".join([",".join(f"c{i}" for i in range(300)), ",".join(["1"] * 300)]))
    assert run.stored == 1


def test_a_line_without_end_is_refused_before_it_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr(sounding, "LONGEST_LINE", 1 << 20)
    monkeypatch.setattr(sounding, "CHUNK", 1 << 18)
    with pytest.raises(FileRefused, match="第 2 行"):
        load(tmp_path, "a,b\n" + "x" * (3 << 20))


def test_a_schema_that_changes_in_the_middle_sends_the_rest_to_quarantine(tmp_path):
    text = "编号,数量\n" + "".join(f"A{i},{i}\n" for i in range(500)) + "".join(f"A{i},约{i}个\n" for i in range(700))
    run = load(tmp_path, "编号,数量\nA,1\n")
    run = load(tmp_path, text)
    assert (run.rows_read, run.stored, run.quarantined) == (1200, 500, 700)
    assert bad(run)[0][:3] == (502, "数量", "约0个")


def workbook(epoch=None):
    book = Workbook()
    if epoch:
        book.epoch = epoch
    page = book.active
    page.append(["编号", "日期", "数量"])
    page.append(["A1", dt.datetime(2026, 7, 1), "１，２３４"])  # noqa: DTZ001 - a workbook knows no zones.
    page.append(["A2", dt.datetime(2026, 7, 2), 5])  # noqa: DTZ001
    page.append(["A3", "下周", 6])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


@pytest.mark.parametrize("year", [1900, 1904])
def test_a_workbook_keeps_its_dates_and_full_width_digits_are_numbers(tmp_path, year):
    epoch = dt.datetime(1904, 1, 1) if year == 1904 else None  # noqa: DTZ001
    schema = [{"name": "编号", "type": "text"}, {"name": "日期", "type": "date"}, {"name": "数量", "type": "integer"}]
    run = load(tmp_path, workbook(epoch), name="a.xlsx", columns=schema)
    assert rows() == [("A1", dt.date(2026, 7, 1), 1234), ("A2", dt.date(2026, 7, 2), 5)]
    assert bad(run) == [(4, "日期", "下周", "日期 不是日期")]


def test_json_lines_geojson_and_parquet_give_the_same_rows(tmp_path):
    objects = [{"编号": f"A{i}", "数量": i, "开": i % 2 == 0} for i in range(5)]
    lines = "\n".join(json.dumps(each, ensure_ascii=False) for each in objects)
    load(tmp_path, json.dumps(objects), name="a.json", resource="json")
    run = load(tmp_path, lines + "\n[1]\n{broken\n", name="a.jsonl", resource="lines")
    out = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(objects), out)
    load(tmp_path, out.getvalue(), name="a.parquet", resource="parquet")
    assert rows("json") == rows("lines") == rows("parquet") == [(f"A{i}", i, i % 2 == 0) for i in range(5)]
    assert (run.rows_read, run.quarantined) == (7, 2)
    feature = {
        "type": "Feature",
        "properties": {"编号": "A1"},
        "geometry": {"type": "Point", "coordinates": [121.5, 29.8]},
    }
    load(tmp_path, json.dumps({"type": "FeatureCollection", "features": [feature]}), name="a.geojson", resource="geo")
    assert types("geo") == {"编号": "text", "geometry": "text"}
    assert json.loads(rows("geo")[0][1])["coordinates"] == [121.5, 29.8]


def test_a_truncated_parquet_and_broken_json_are_refused(tmp_path):
    out = io.BytesIO()
    pq.write_table(pa.table({"a": list(range(1000))}), out)
    for content, name in (
        (out.getvalue()[:-100], "a.parquet"),
        (b'[{"a": 1}', "a.json"),
        (b"", "a.csv"),
        (b"x", "a.exe"),
    ):
        with pytest.raises(FileRefused):
            load(tmp_path, content, name=name)
    with pytest.raises(UnreadableTable):
        load(tmp_path, b"PK\x03\x04 no workbook", name="a.xlsx")


def packed(members):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as box:
        for name, content in members.items():
            box.writestr(name, content)
    return out.getvalue()


def test_packed_files_are_loaded(tmp_path):
    load(tmp_path, gzip.compress(TABLE.encode("gbk")), name="a.csv.gz", resource="gz")
    load(tmp_path, zstandard.compress(TABLE.encode()), name="a.csv.zst", resource="zst")
    half = TABLE.splitlines(keepends=True)
    two = packed({"甲/一.csv": "".join(half[:6]), "甲/二.csv": half[0] + "".join(half[6:]), "__MACOSX/._一.csv": b"x"})
    load(tmp_path, two, name="a.zip", resource="zip")
    assert rows("gz") == rows("zst") == rows("zip")
    assert len(rows("zip")) == 10


@pytest.mark.parametrize("name", ["../out.csv", "/etc/out.csv", "a/../../out.csv", "C:\\out.csv", "..\\out.csv"])
def test_a_path_outside_the_archive_is_refused(tmp_path, name, own_lake):
    with pytest.raises(ArchiveRefused):
        load(tmp_path, packed({name: TABLE}), name="a.zip")
    assert not LakeRun.objects.exists()
    assert not list(own_lake.rglob("out.csv"))


def test_a_bomb_a_damaged_and_a_nested_archive_are_refused(tmp_path, own_lake, monkeypatch):
    from groundplan.base.lake.engine import unpacking  # noqa: PLC0415

    monkeypatch.setattr(unpacking, "FLOOR_BYTES", 1 << 20)
    bomb = b"a\n" + b"0\n" * (8 << 20)
    for content, name in (
        (packed({"a.csv": bomb}), "a.zip"),
        (gzip.compress(bomb), "a.csv.gz"),
        (zstandard.compress(bomb), "a.csv.zst"),
        (gzip.compress(TABLE.encode())[:-20], "b.csv.gz"),
        (packed({"a.csv": TABLE})[:-30], "b.zip"),
        (packed({"inner.zip": b"x"}), "c.zip"),
        (packed({}), "d.zip"),
    ):
        with pytest.raises(ArchiveRefused):
            load(tmp_path, content, name=name)
    assert [path for path in own_lake.rglob("*") if path.is_file()] == []


def test_too_little_room_is_noticed_before_anything_is_written(tmp_path, monkeypatch):
    monkeypatch.setattr(places, "SPARE_BYTES", 1 << 60)
    with pytest.raises(DiskFull):
        load(tmp_path, TABLE)
    assert not LakeRun.objects.exists()
