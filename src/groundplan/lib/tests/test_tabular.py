import csv
import doctest
import hashlib
import io
import tracemalloc
import zipfile
from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook

from groundplan.lib import tabular
from groundplan.lib.tabular import UnreadableTable, read_table, write_xlsx
from groundplan.lib.tabular.streaming import csv_chunks, harmless, open_table, xlsx_chunks

CSV = "单位名称,联系电话\r\n兰汀市城市管理局,0570-5550101\r\n,\r\n"


def workbook(fill):
    book = Workbook()
    page = book.active
    page.title = "名单"
    fill(page)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def test_the_examples_hold():
    assert doctest.testmod(tabular).failed == 0


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16", "utf-16-le", "utf-16-be"])
def test_text_is_read_in_every_usual_encoding(encoding):
    table = read_table(CSV.encode(encoding), "单位.csv")
    assert table.headers == ("单位名称", "联系电话")
    assert [row.text("单位名称") for row in table.rows] == ["兰汀市城市管理局"]
    assert table.rows[0].cells["联系电话"].address == "B2"


def test_tabs_semicolons_and_full_width_commas_separate_as_well():
    for separator in "\t;，":
        table = read_table(f"甲{separator}乙\n1{separator}2\n".encode(), "x.csv")
        assert table.rows[0].text("乙") == "2"
    assert read_table(b"a\tb,c\n1\t2\n", "x.tsv").headers == ("a", "b,c")


def test_quoted_line_breaks_stay_inside_their_cell():
    assert read_table('甲,乙\n"一\n二",3\n'.encode(), "x.csv").rows[0].text("甲") == "一\n二"


def test_a_title_over_the_table_is_skipped_and_merged_cells_are_filled():
    def fill(page):
        page.append(["2026 年承办单位名单", None, None])
        page.merge_cells("A1:C1")
        page.append(["＊区 县", "单位（全称）：", "启用日期"])
        page.append(["云溪区", "云溪区城管局", date(2026, 1, 1)])
        page.append([None, "云溪区住建局", None])
        page.merge_cells("A3:A4")

    table = read_table(workbook(fill), "名单.xlsx")
    assert table.headers == ("区县", "单位(全称)", "启用日期")
    assert [row.text("区县") for row in table.rows] == ["云溪区", "云溪区"]
    assert table.rows[0].cells["启用日期"].value == datetime.fromisoformat("2026-01-01")
    assert table.rows[0].text("启用日期") == "2026-01-01"
    assert table.rows[1].address("单位（全称）") == "名单!B4"


def test_a_header_of_two_levels_joins_its_levels():
    def fill(page):
        page.append(["单位", "办理", None])
        page.append([None, "签收", "办结"])
        page.merge_cells("A1:A2")
        page.merge_cells("B1:C1")
        page.append(["甲", 1, 2])

    assert read_table(workbook(fill), "x.xlsx").headers == ("单位", "办理/签收", "办理/办结")


def test_hidden_rows_and_columns_are_read_and_reported():
    def fill(page):
        page.append(["甲", "乙"])
        page.append([1, 2])
        page.column_dimensions["B"].hidden = True
        page.row_dimensions[2].hidden = True

    table = read_table(workbook(fill), "x.xlsx")
    assert table.rows[0].text("乙") == "2"
    assert (table.hidden_columns, table.hidden_rows) == (("B",), (2,))


def test_empty_trailing_rows_and_columns_fall_away():
    def fill(page):
        page.append(["甲", "乙"])
        page.append([1, 2])
        page.cell(500, 9).value = "  "

    assert len(read_table(workbook(fill), "x.xlsx").rows) == 1


def test_a_formula_gives_its_computed_value_and_one_never_computed_names_its_cell():
    content = workbook(lambda page: [page.append(["甲", "乙"]), page.append([1, "=A2*2"])])
    with pytest.raises(UnreadableTable, match="名单!B2"):
        read_table(content, "x.xlsx")
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as source, zipfile.ZipFile(out, "w") as target:
        for name in source.namelist():
            data = source.read(name)
            if name.endswith("sheet1.xml"):
                data = (
                    data.replace(b"<v />", b"<v>2</v>").replace(b"<v></v>", b"<v>2</v>").replace(b"<v/>", b"<v>2</v>")
                )
            target.writestr(name, data)
    assert read_table(out.getvalue(), "x.xlsx").rows[0].text("乙") == "2"


def test_a_long_number_that_lost_its_end_names_its_cell():
    with pytest.raises(UnreadableTable, match="名单!A2"):
        read_table(workbook(lambda page: [page.append(["号", "乙"]), page.append([110105194912310021, 1])]), "x.xlsx")


def test_a_value_under_no_header_and_a_header_twice_name_their_cells():
    with pytest.raises(UnreadableTable, match="C2"):
        read_table("甲,乙\n1,2,3\n".encode(), "x.csv")
    with pytest.raises(UnreadableTable, match="B1"):
        read_table("甲,甲,乙\n1,2,3\n".encode(), "x.csv")


def test_missing_columns_are_named_with_those_found():
    with pytest.raises(UnreadableTable, match=r"名称.*甲"):
        read_table("甲,乙\n1,2\n".encode(), "x.csv").require("名称")


@pytest.mark.parametrize(
    "content", [b"", b"\xff\x00\xff", b"PK\x03\x04broken", b"\xd0\xcf\x11\xe0old", b'a,b\n"x', b"a,b\n\x81\x20,1\n"]
)
def test_what_is_no_table_is_refused_with_a_reason(content):
    with pytest.raises(UnreadableTable):
        read_table(content, "x.csv")


def test_too_large_a_file_is_refused_before_it_is_unpacked():
    with pytest.raises(UnreadableTable):
        read_table(b"a,b\n1,2\n", "x.csv", most_bytes=4)
    with pytest.raises(UnreadableTable):
        read_table(b"a,b\n1,2\n3,4\n", "x.csv", most_rows=2)
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b" " * 10_000_000)
    with pytest.raises(UnreadableTable):
        read_table(bomb.getvalue(), "x.xlsx", most_bytes=100_000)


cells = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=12)


@given(st.lists(st.tuples(cells, cells), min_size=1, max_size=6))
def test_what_is_written_is_read_back(rows):
    table = read_table(write_xlsx(["甲", "乙"], rows), "x.xlsx")
    assert [(row.text("甲"), row.text("乙")) for row in table.rows] == rows


def test_text_that_looks_like_a_formula_stays_text():
    table = read_table(write_xlsx(["甲", "乙"], [["=1+1", 3]], sheet="表", notes={"甲": "说明"}), "x.xlsx")
    assert (table.rows[0].text("甲"), table.rows[0].cells["乙"].value) == ("=1+1", 3)


@pytest.mark.parametrize("kind", ["merged", "far"])
def test_a_small_workbook_cannot_make_the_reader_build_a_thousand_million_cells(kind):
    book = Workbook()
    book.active.append(["编号", "内容"])
    if kind == "far":
        book.active["XFD900000"] = "x"
    out = io.BytesIO()
    book.save(out)
    if kind == "merged":
        out = with_merged_block(out.getvalue(), "A1:XFD900000")
    with pytest.raises(tabular.UnreadableTable, match="范围过大"):
        tabular.read_table(out.getvalue(), "bomb.xlsx")


def with_merged_block(content, ref):
    """The workbook with a merged block written by hand: the library itself would build its cells."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as plain, zipfile.ZipFile(out, "w") as made:
        for name in plain.namelist():
            text = plain.read(name)
            if name == "xl/worksheets/sheet1.xml":
                block = f'<mergeCells count="1"><mergeCell ref="{ref}"/></mergeCells>'.encode()
                text = text.replace(b"</sheetData>", b"</sheetData>" + block)
            made.writestr(name, text)
    return out


def written(tmp_path, text, encoding="gb18030", name="导出.csv"):
    file = tmp_path / name
    file.write_bytes(text.encode(encoding))
    return file


@pytest.mark.parametrize("encoding", ["gbk", "gb18030", "utf-8", "utf-8-sig", "utf-16"])
def test_a_file_read_row_by_row_is_the_file_read_at_once(tmp_path, encoding):
    text = '某市工单导出,,\r\n编号,标 题＊,地点\r\n\r\n1,路灯不亮,示范路\r\n2,"井盖,\n松动",\r\n'
    file = written(tmp_path, text, encoding)
    stream, table = open_table(file, file.name), read_table(file.read_bytes(), file.name)
    assert stream.headers == table.headers
    assert [(row.number, dict(row.cells)) for row in stream.rows] == [(row.number, row.cells) for row in table.rows]
    assert stream.digest == hashlib.sha256(file.read_bytes()).hexdigest()


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"a,b\n1,2\n\xff\xff,3\n", "第 3 行"),
        (b"a,b\n" + b"1,2\n" * 600 + b"\x00,1\n", "第 602 行"), (b"", "没有数据"),
        (b'a,b\n1,"2\n', "引号"), (b"a,b\n1,2,3\n", "C2"), (b"a,a,b\n1,2,3\n", "重复"),
    ],
)  # fmt: skip
def test_a_broken_file_is_refused_while_it_is_read(tmp_path, content, word):
    file = tmp_path / "坏.csv"
    file.write_bytes(content)
    with pytest.raises(UnreadableTable, match=word):
        list(open_table(file, file.name).rows)


def test_rows_are_read_one_by_one_and_wide_rows_cost_nothing(tmp_path):
    head = ",".join(f"列{i}" for i in range(300))
    file = written(tmp_path, head + "\n" + (",".join(["值"] * 300) + "\n") * 20_000, "gbk")
    tracemalloc.start()
    count = sum(row.text("列7") == "值" for row in open_table(file, file.name).rows)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 20_000
    assert peak < 8_000_000 < file.stat().st_size


@pytest.mark.parametrize(("encoding", "mark"), [("utf-8", b"\xef\xbb\xbf"), ("gb18030", b"")])
def test_a_written_file_is_read_again(encoding, mark):
    rows = [["路灯不亮", None, 7], ['带"引号",逗号\n换行', "𠮷", "繁體"]]
    content = b"".join(csv_chunks(["甲", "乙", "丙"], rows, encoding=encoding))
    assert content.startswith(mark)
    read = list(csv.reader(io.StringIO(content.decode("utf-8-sig" if mark else encoding), newline="")))
    assert read == [["甲", "乙", "丙"], ["路灯不亮", "", "7"], ['带"引号",逗号\n换行', "𠮷", "繁體"]]


@pytest.mark.parametrize("text", ["=1+1", "+86", "-2", "@SUM(A1)", "\t=1", " =1", "＝1", "\r=1"])
def test_no_spreadsheet_takes_a_text_for_a_formula(text):
    assert harmless(text) == "'" + text
    book = load_workbook(io.BytesIO(b"".join(xlsx_chunks(["甲"], [[text]]))))
    assert book.active["A2"].data_type in {"s", "n", "inlineStr"}
    assert book.active["A2"].data_type != "f"


def test_a_plain_text_stays_as_it_is():
    assert harmless("路灯不亮 = 故障") == "路灯不亮 = 故障"
