"""Generated tables and facts."""

from __future__ import annotations

from datetime import date, time, timedelta
from decimal import Decimal

from hypothesis import strategies as st

from groundplan.kernel.rules.logic import Choice, Field, Row, Table
from groundplan.kernel.rules.logic.unary import ANY, Span
from groundplan.kernel.rules.logic.unary import Test as UnaryTest

CHOICES = tuple(Choice(name, {"zh-hans": name, "en": name.upper()}) for name in ("咨询", "help", "投诉、举报", "c,d"))
TEXTS = ["甲", "乙（东）", 'say "hi"', "a, b", "-", "null", " x ", "＜3", "not(", "“引号”", "7"]

ORDERED = {
    "integer": st.integers(-3, 6),
    "decimal": st.builds(lambda n: Decimal(n) / 4, st.integers(-8, 8)),
    "date": st.builds(lambda n: date(2026, 1, 1) + timedelta(days=n), st.integers(0, 5)),
    "duration": st.builds(lambda n: timedelta(hours=6 * n), st.integers(-2, 5)),
    "time": st.builds(time, st.integers(0, 5)),
}


def field(name: str, kind: str, *, optional: bool) -> Field:
    values = CHOICES if kind == "enumeration" else ()
    return Field(name, kind, {"zh-hans": f"列{name}"}, values=values, optional=optional)


def values_of(kind: str):
    if kind in ORDERED:
        return ORDERED[kind]
    if kind == "boolean":
        return st.booleans()
    return st.sampled_from([choice.value for choice in CHOICES] if kind == "enumeration" else TEXTS)


@st.composite
def spans(draw, kind):
    low, high = sorted((draw(ORDERED[kind]), draw(ORDERED[kind])))
    shape = draw(st.sampled_from(["point", "between", "below", "above"]))
    one, other = draw(st.booleans()), draw(st.booleans())
    if shape == "below":
        return Span(high=high, high_in=one)
    if shape == "above":
        return Span(low=low, low_in=one)
    if shape == "point" or low == high:
        return Span(low, True, low, True)
    return Span(low, one, high, other)


@st.composite
def unary_tests(draw, item: Field):
    if draw(st.integers(0, 3)) == 0:
        return ANY
    negated = draw(st.booleans())
    nothing = {None} if item.optional and draw(st.integers(0, 4)) == 0 else set()
    if item.type in ORDERED:
        found = draw(st.lists(spans(item.type), min_size=0 if nothing else 1, max_size=3, unique=True))
        return UnaryTest(members=frozenset(nothing), spans=tuple(found), negated=negated)
    members = draw(st.sets(values_of(item.type), min_size=0 if nothing else 1, max_size=3))
    return UnaryTest(members=frozenset(members | nothing), negated=negated)


@st.composite
def tables(draw, hit=None):
    kinds = draw(st.lists(st.sampled_from([*ORDERED, "boolean", "string", "enumeration"]), min_size=1, max_size=4))
    inputs = tuple(field(f"i{index}", kind, optional=draw(st.booleans())) for index, kind in enumerate(kinds))
    outputs = (
        Field("o0", "decimal", {"zh-hans": "数"}),
        Field("o1", "string", {"zh-hans": "文"}, optional=True),
        Field("o2", "list", {"zh-hans": "多"}),
    )
    answers = st.tuples(
        ORDERED["decimal"],
        st.none() | st.sampled_from(["是", "x", '"q"', " ", "", "-", "null", "=1+1"]),
        st.sampled_from([(), ("a", "乙"), ("水、电", "b,c")]),
    )
    rows = tuple(
        Row(f"r{index}", tuple(draw(unary_tests(item)) for item in inputs), draw(answers),
            basis=draw(st.sampled_from([{}, {"zh-hans": "第一条", "en": "Article 1"}])))
        for index in range(draw(st.integers(1, 7)))
    )  # fmt: skip
    default = Row(draw(st.sampled_from(["default", "D9"])), tuple(ANY for _ in inputs), draw(answers))
    return Table(
        key="made-up",
        label={"zh-hans": "虚构", "en": "Made up"},
        hit=hit or draw(st.sampled_from(["unique", "first", "any", "collect"])),
        inputs=inputs,
        outputs=outputs,
        rows=rows,
        default=draw(st.sampled_from([None, default])),
        basis=({"zh-hans": "某办法"},),
        retention_days=30,
    )


@st.composite
def facts_for(draw, table: Table):
    return {
        item.name: draw(st.none() | values_of(item.type) if item.optional else values_of(item.type))
        for item in table.inputs
    }
