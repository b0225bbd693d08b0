import doctest

import pytest

from groundplan.base.registers import logic
from groundplan.base.registers.logic import COLUMNS, checked

GOOD = {"部件标识码": "33990101037000001", "部件名称": "路灯", "经度": "123.02", "纬度": "29.02"}


def test_the_examples_hold():
    assert doctest.testmod(logic).failed == 0


def test_a_record_has_the_eighteen_fields_of_the_standard_and_a_position():
    assert len(COLUMNS) == 18 + 2


def test_a_good_row_has_no_fault_and_is_intact_unless_it_says_otherwise():
    values, faults = checked(GOOD)
    assert faults == []
    assert (values["state"], values["category"], values["lon"]) == ("完好", "01037", 123.02)


@pytest.mark.parametrize(
    ("column", "text", "code"),
    [
        ("部件标识码", "3399010103700001", "identity"),
        ("部件标识码", "3399010103700000X", "identity"),
        ("部件标识码", "", "missing"),
        ("部件名称", "名" * 31, "too-long"),
        ("部件状态", "尚可", "state"),
        ("初始时间", "2026-13-01", "date"),
        ("经度", "200", "position"),
        ("纬度", "nan", "position"),
        ("备注", "\x00", "not-text"),
    ],
)
def test_each_fault_is_named(column, text, code):
    assert code in {fault.code for fault in checked({**GOOD, column: text})[1]}


def test_a_change_before_the_first_date_is_a_fault():
    _values, faults = checked({**GOOD, "初始时间": "2020/01/02", "变更时间": "2020-01-01"})
    assert [fault.code for fault in faults] == ["date-order"]
