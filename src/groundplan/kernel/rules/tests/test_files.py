from __future__ import annotations

import io
import time

import pytest
from openpyxl import Workbook, load_workbook

from groundplan.kernel.rules.errors import TableRefused
from groundplan.kernel.rules.logic.files.sheetout import grid_of, write_csv, write_xlsx
from groundplan.kernel.rules.logic.files.source import read_table_file
from groundplan.kernel.rules.tests import factories

TABLE = read_table_file(factories.LIMITS.encode(), "a.yaml").table


def problems(content, name="表.xlsx"):
    with pytest.raises(TableRefused) as caught:
        read_table_file(content, name)
    return {item["cell"]: item["reason"] for item in caught.value.problems}


def sheet(change):
    """The workbook of the sample table after a change made in a spreadsheet program."""
    book = load_workbook(io.BytesIO(write_xlsx(TABLE)))
    change(book.active)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def address(text):
    """Where a text stands in the sheet."""
    for row, line in enumerate(grid_of(TABLE), start=1):
        if text in line:
            return f"{'ABCDEFGHIJ'[line.index(text)]}{row}"
    raise AssertionError(text)


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("1..5", "[1..5]"),
        ("[5..1]", "颠倒"),
        ("9" * 1_000_000, "过长"),
        ("9" * 39, "39"),
        ("1,000", "1000"),
        ("many", "不是数"),
        ("< ", "不是数"),
    ],
    ids=lambda text: text[:12],
)
def test_a_cell_that_cannot_be_read_is_named_with_what_to_write(written, told):
    cell = address("< 1000.5")

    def change(active):
        active[cell] = written[:32_000]

    if len(written) > 32_000:
        lines = write_csv(TABLE).decode("utf-8-sig").replace("< 1000.5", written).encode()
        with pytest.raises(TableRefused, match=told):
            read_table_file(lines, "a.csv")
    else:
        assert told in problems(sheet(change))[f"规则!{cell}"]


def test_an_unknown_type_hit_policy_and_head_line_are_named():
    def change(active):
        active[address("唯一")] = "第一"
        active[address("数")] = "钱"

    found = problems(sheet(change))
    assert "第一" in found[f"规则!{address('唯一')}"]
    assert "钱" in found[f"规则!{address('数')}"]


def test_overlapping_rows_are_named_with_facts_that_meet_both():
    def change(active):
        active[address(">= 1000.5")] = ">= 5"

    found = problems(sheet(change))
    assert found[f"规则!{address('r3')}"] == (
        f"与行 r2（规则!{address('r2')}）重叠，例如 类型=投诉，金额=5，电话=其他 同时符合两行"
    )


def test_a_row_that_can_never_fire_is_named():
    text = factories.LIMITS.replace("inputs:", "hit: first\ninputs:", 1).replace('amount: "< 1000.5"', "amount: '-'")
    found = problems(text.encode(), "a.yaml")
    assert list(found) == ["a.yaml:17 rows[3].id"]
    assert "永远不会命中" in found["a.yaml:17 rows[3].id"]


def test_merged_cells_carry_their_value_and_numbers_and_dates_of_the_program_are_read():
    def change(active):
        row = int(address("r1")[1:])
        active.merge_cells(start_row=row, end_row=row + 1, start_column=2, end_column=2)
        active.cell(row=row, column=3).value = "> 5"
        active.cell(row=row + 1, column=3).value = 5
        active.cell(row=row + 2, column=2).value = "投诉"

    table = read_table_file(sheet(change), "a.xlsx").table
    assert table.rows[0].tests[0] == table.rows[1].tests[0]
    assert table.definition()["rows"][1]["when"]["amount"] == "5"


def test_a_formula_without_a_stored_result_is_named():
    cell = address("< 1000.5")

    def change(active):
        active[cell] = "=1+1"

    assert "公式" in problems(sheet(change))[f"规则!{cell}"]


def test_full_width_digits_and_operators_are_understood():
    def change(active):
        active[address("< 1000.5")] = "＜１０００．５"

    assert read_table_file(sheet(change), "a.xlsx").table.digest == TABLE.digest


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16"])
def test_csv_is_read_in_the_encodings_that_offices_use(encoding):
    text = write_csv(TABLE).decode("utf-8-sig")
    assert read_table_file(text.encode(encoding), "a.csv").table.digest == TABLE.digest


def test_five_thousand_rows_are_read_and_proved_within_seconds():
    rows = "\n".join(f'- {{when: {{type: 投诉, amount: "[{n}..{n + 1})"}}, then: {{days: 1}}}}' for n in range(5_000))
    text = factories.LIMITS[: factories.LIMITS.index("rows:")] + "rows:\n" + rows
    content = write_xlsx(read_table_file(text.encode(), "a.yaml").table)
    start = time.perf_counter()
    assert len(read_table_file(content, "a.xlsx").table.rows) == 5_000
    assert time.perf_counter() - start < 30


def test_files_that_are_no_tables_are_refused_with_the_reason():
    empty = io.BytesIO()
    Workbook().save(empty)
    assert "编号" in next(iter(problems(empty.getvalue()).values()))
    assert "无法读取" in next(iter(problems(b"PK\x03\x04broken").values()))
    assert "不支持" in next(iter(problems(b"", "a.pdf").values()))
    assert "锚点" in next(iter(problems(b"rule: &a x\nlabel: [*a, [*a]]\nrows: &b [*b]", "a.yaml").values()))
    assert "重复" in next(iter(problems(b"rule: a\nrule: b", "a.yaml").values()))


def test_unknown_fields_of_yaml_are_told_with_the_nearest_spelling():
    found = problems(factories.LIMITS.replace('amount: "< 1000.5"', "amont: 3").encode(), "a.yaml")
    assert "amount" in next(reason for cell, reason in found.items() if "amont" in cell)


def many_rows(hit, lines):
    head = f"规则,big\n名称,大表\n命中方式,{hit}\n\n编号,条件,条件,结论\n字段,a,b,o\n类型,数,数,整数\n名称,甲,乙,丙\n"
    return (head + "\n".join(lines)).encode("gbk")


@pytest.mark.parametrize(
    "content",
    [
        # Every pair of rows overlaps and agrees: they must not be looked at one by one.
        many_rows("任一", [f"r{n},>= {n},<= {5000 - n},1" for n in range(5000)]),
        # Every row must be compared with many before it: the search has an end.
        many_rows("首个", [f"r{n},[{n * 37 % 1000}..{n * 37 % 1000 + 300}],>= {n},{n}" for n in range(5000)]),
    ],
    ids=["any", "first"],
)
def test_five_thousand_rows_in_gbk_that_overlap_are_checked_within_seconds(content):
    started = time.perf_counter()
    assert len(read_table_file(content, "a.csv").table.rows) == 5000
    assert time.perf_counter() - started < 30
