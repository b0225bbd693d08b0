from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.utils.translation import gettext, override

from groundplan.kernel.rules.errors import CellRefused, FactIllTyped, FactMissing, FactUnknown
from groundplan.kernel.rules.errors.reasons import ACCEPTED, REASONS
from groundplan.kernel.rules.logic import compile_table, compile_test, parse_table
from groundplan.kernel.rules.tests.test_files import TABLE


# OMG DMN 1.4, clause 9 (S-FEEL): grammar rules 7 to 14.
@pytest.mark.parametrize(
    ("text", "kind", "inside", "outside"),
    [
        ("-", "integer", [1, None], []),
        ("5", "integer", [5], [4, None]),
        ("< 10", "integer", [9], [10]),
        (">= 3.5", "decimal", [Decimal("3.5"), 4], [Decimal("3.4999")]),
        ("[1..5]", "integer", [1, 5], [0, 6]),
        ("(1..5)", "integer", [2, 4], [1, 5]),
        ("]1..5[", "integer", [2, 4], [1, 5]),
        ("1, 3, [7..9)", "integer", [1, 3, 7, 8], [2, 9]),
        ("not(1, > 5)", "integer", [2, 5], [1, 6]),
        ('"咨询", “投诉”', "string", ["咨询", "投诉"], ["求助"]),
        ("not(咨询)", "string", ["求助"], ["咨询"]),
        ('date("2026-01-01")', "date", [date(2026, 1, 1), "2026-01-01"], [date(2026, 1, 2)]),
        (">= 2026年1月1日", "date", ["2026-01-02"], ["2025-12-31"]),
        ('<= duration("P1DT2H")', "duration", [timedelta(hours=26), "PT26H"], [timedelta(hours=27)]),
        ("[22:00..23:59]", "time", ["22:30"], ["06:00"]),
        ("true", "boolean", [True], [False]),
        ("not(null)", "string", ["x"], [None]),
        ("1.0", "decimal", [1, 1.0, Decimal("1.00")], [1.1]),
        ("0.1", "decimal", [0.1, Decimal("0.1")], [Decimal("0.1000000000000000055511151231257827")]),
    ],
)
def test_a_condition_holds_for_exactly_its_values(text, kind, inside, outside):
    test = compile_test(text, kind)
    assert [value for value in inside if not test(value)] == []
    assert [value for value in outside if test(value)] == []


@pytest.mark.parametrize(
    "text", ["1..5", "[5..1]", "(3..3)", "<", "not(1), 2", "not(not(1))", "1,,2", "[1..", "x", "＜"]
)
def test_what_cannot_be_read_is_refused(text):
    with pytest.raises(CellRefused):
        compile_test(text, "integer")


def test_text_is_not_compared():
    with pytest.raises(CellRefused, match="加引号"):
        compile_test("> a", "string")


GOOD = {"type": "投诉", "amount": 3, "phone": None}


BAD = ["3", True, float("nan"), float("inf"), Decimal("NaN"), None, [], 10**1_000_000, 1e300]


@pytest.mark.parametrize("value", [pytest.param(value, id=str(place)) for place, value in enumerate(BAD)])
def test_a_fact_of_another_type_is_an_error_that_names_it_and_what_is_accepted(value):
    with pytest.raises(FactIllTyped) as caught:
        compile_table(TABLE).evaluate({**GOOD, "amount": value})
    assert caught.value.fact == "amount"
    assert "金额" in caught.value.detail
    assert caught.value.accepted


def test_a_missing_an_unknown_and_a_misspelt_fact_are_errors():
    compiled = compile_table(TABLE)
    with pytest.raises(FactMissing, match="金额"):
        compiled.evaluate({"type": "投诉"})
    with pytest.raises(FactUnknown, match="amount"):
        compiled.evaluate({"type": "投诉", "amuont": 3})
    with pytest.raises(FactIllTyped, match="投诉"):
        compiled.evaluate({**GOOD, "type": "投拆"})
    assert compiled.evaluate({"type": "投诉", "amount": 3}).rows == ("r2",)


def test_the_value_of_a_personal_fact_is_not_told_in_an_error():
    with pytest.raises(FactIllTyped) as caught:
        compile_table(TABLE).evaluate({**GOOD, "phone": 13800000000})
    assert "13800000000" not in str(caught.value)


@pytest.mark.parametrize(("aggregate", "total"), [("sum", 6), ("min", 1), ("max", 3), ("count", 3), (None, [1, 2, 3])])
def test_collect_gathers_or_aggregates_what_fired(aggregate, total):
    table = parse_table(
        {
            "rule": "points",
            "label": "积分",
            "hit": "collect",
            **({"aggregate": aggregate} if aggregate else {}),
            "inputs": {"n": {"type": "integer", "label": "数"}},
            "outputs": {"points": {"type": "integer", "label": "分"}},
            "rows": [{"when": {"n": f"> {n}"}, "then": {"points": n}} for n in (1, 2, 3)],
        }
    )
    assert compile_table(table).evaluate({"n": 9}).outputs == {"points": total}


def test_every_reason_has_its_english():
    with override("en"):
        assert [text for text in (*REASONS.values(), *ACCEPTED.values()) if gettext(text) == text] == []
