from __future__ import annotations

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from groundplan.kernel.rules.errors import NoRowMatches, SeveralRowsMatch, TableRefused
from groundplan.kernel.rules.logic import compile_table, format_test, gaps, interpret, overlaps, parse_table, parse_test
from groundplan.kernel.rules.logic.checking import check_table
from groundplan.kernel.rules.logic.facts import read_fact
from groundplan.kernel.rules.logic.files.sheetout import write_csv, write_xlsx
from groundplan.kernel.rules.logic.files.source import read_source
from groundplan.kernel.rules.logic.files.yamlform import write_yaml
from groundplan.kernel.rules.logic.reading import Problems, plain_path
from groundplan.kernel.rules.logic.regions import bits, from_bits
from groundplan.kernel.rules.logic.values import from_json, to_json
from groundplan.kernel.rules.tests import strategies

LAW = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def answer(evaluate, *given):
    try:
        return evaluate(*given)
    except (NoRowMatches, SeveralRowsMatch) as refused:
        return type(refused)


@given(st.data())
@LAW
def test_the_compiled_table_answers_as_the_plain_reading(data):
    table = data.draw(strategies.tables())
    compiled = compile_table(table)
    for _time in range(5):
        facts = data.draw(strategies.facts_for(table))
        assert answer(compiled.evaluate, facts) == answer(interpret, table, facts)


@given(strategies.tables())
@settings(LAW, max_examples=25)
def test_yaml_xlsx_and_csv_are_the_same_table(table):
    definition = table.definition()
    assert parse_table(definition).definition() == definition
    for name, content in (
        ("a.yaml", write_yaml(table).encode()),
        ("a.xlsx", write_xlsx(table)),
        ("a.csv", write_csv(table)),
        ("g.csv", write_csv(table).decode("utf-8-sig").encode("gb18030")),
    ):
        read = parse_table(*read_source(content, name))
        assert (name, read.definition()) == (name, definition)
        assert read.digest == table.digest


@given(st.data())
@LAW
def test_every_overlap_has_a_witness_that_both_rows_accept_and_none_is_missed(data):
    table = data.draw(strategies.tables(hit="unique"))
    compiled = compile_table(table)
    found = {(overlap.first, overlap.second): overlap.example for overlap in overlaps(compiled)}
    for (first, second), example in found.items():
        facts = {item.name: read_fact(item, example[item.name]) for item in table.inputs}
        for index in (first, second):
            row = table.rows[index]
            assert all(t.holds(facts[item.name]) for t, item in zip(row.tests, table.inputs, strict=True))
    facts = data.draw(strategies.facts_for(table))
    both = [
        index
        for index, row in enumerate(table.rows)
        if all(test.holds(facts[item.name]) for test, item in zip(row.tests, table.inputs, strict=True))
    ]
    assert len(both) < 2 or (both[0], both[1]) in found


@given(st.data())
@LAW
def test_a_table_accepted_under_unique_never_fires_two_rows(data):
    table = data.draw(strategies.tables(hit="unique"))
    compiled = compile_table(table)
    problems = Problems()
    check_table(compiled, problems)
    assume(not any("重叠" in item["reason"] for item in problems.found))
    facts = data.draw(strategies.facts_for(table))
    assert compiled.matching(facts).bit_count() < 2


@given(st.data())
@LAW
def test_a_gap_is_a_gap_and_a_table_without_gaps_always_answers(data):
    table = data.draw(strategies.tables(hit="first"))
    compiled = compile_table(table)
    found = gaps(compiled)
    assert found.complete
    for example in found.examples:
        assert compiled.matching(example) == 0
    facts = data.draw(strategies.facts_for(table))
    assert found.examples or compiled.matching(facts)


@given(st.data())
@LAW
def test_a_row_that_is_refused_as_covered_never_fires_first(data):
    table = data.draw(strategies.tables(hit="first"))
    compiled = compile_table(table)
    problems = Problems()
    check_table(compiled, problems)
    dead = {item["cell"] for item in problems.found}
    facts = data.draw(strategies.facts_for(table))
    fired = answer(compiled.evaluate, facts)
    assert fired is NoRowMatches or not any(
        f"rows[{index + 1}]." in cell for cell in dead for index, row in enumerate(table.rows) if row.id in fired.rows
    )


@given(st.data())
@LAW
def test_the_reasons_name_exactly_the_cells_that_do_not_hold(data):
    table = data.draw(strategies.tables(hit="first"))
    facts = data.draw(strategies.facts_for(table))
    _, reasons = compile_table(table).explain(facts)
    for row, reason in zip(table.rows, reasons, strict=True):
        plain = {i.name for t, i in zip(row.tests, table.inputs, strict=True) if not t.holds(facts[i.name])}
        assert {cell.input for cell in reason.failed} == plain


@given(st.data())
@LAW
def test_a_test_written_out_is_read_back_the_same(data):
    table = data.draw(strategies.tables())
    for row in table.rows:
        for test, item in zip(row.tests, table.inputs, strict=True):
            again = parse_test(format_test(test, item), item)
            facts = data.draw(strategies.facts_for(table))
            assert again.holds(facts[item.name]) == test.holds(facts[item.name])


@given(st.data())
@LAW
def test_a_fact_stored_as_json_comes_back_the_same(data):
    table = data.draw(strategies.tables())
    for name, value in data.draw(strategies.facts_for(table)).items():
        kind = next(item.type for item in table.inputs if item.name == name)
        assert from_json(kind, to_json(value)) == value


@given(st.text(max_size=60))
@LAW
def test_any_text_in_a_cell_is_read_or_refused_never_a_crash(text):
    source = {
        "rule": "a",
        "label": "甲",
        "inputs": {"n": {"type": "decimal", "label": "数"}, "s": {"type": "string", "label": "文"}},
        "outputs": {"d": {"type": "duration", "label": "时长"}},
        "rows": [{"when": {"n": text, "s": text}, "then": {"d": text}}],
    }
    try:
        table = parse_table(source)
    except TableRefused as refused:
        told = refused.problems
    else:
        assert parse_table(table.definition()).digest == table.digest
        told = [{"cell": "-", "reason": "-"}]
    assert told
    assert all(item["cell"] and item["reason"] for item in told)


@given(st.binary(max_size=300), st.sampled_from(["a.yaml", "a.csv", "a.xlsx", "a.tsv"]))
@LAW
def test_any_bytes_are_read_or_refused(content, name):
    try:
        told = parse_table(*read_source(content, name)).rows
    except TableRefused as refused:
        told = refused.problems
    assert told


@given(st.sets(st.integers(0, 20_000), max_size=60))
def test_bits_of_long_and_short_numbers_are_all_their_places_in_order(places):
    number = from_bits(places, 20_001)
    assert number == sum(1 << place for place in places)
    assert list(bits(number)) == sorted(places)


def test_a_table_of_half_a_million_values_is_read_and_checked():
    rows = [
        {"id": f"r{i}", "when": {"kind": ",".join(f'"{i * 500 + j:x}"' for j in range(500))}, "then": {"lead": f"u{i}"}}
        for i in range(1_000)
    ]
    rows.append({"id": "again", "when": {"kind": '"0", "1f4"'}, "then": {"lead": "never"}})
    table = parse_table({
        "rule": "wide", "label": {"zh-hans": "宽表", "en": "Wide"}, "effective_from": "2020-01-01", "hit": "first",
        "inputs": {"kind": {"type": "string", "label": {"zh-hans": "类", "en": "Kind"}}},
        "outputs": {"lead": {"type": "string", "label": {"zh-hans": "主办", "en": "Lead"}}},
        "rows": rows, "default": {"id": "rest", "then": {"lead": "office"}},
    })  # fmt: skip
    compiled, problems = compile_table(table), Problems(plain_path)
    check_table(compiled, problems)
    assert [found["cell"] for found in problems.found] == ["rows[1001].id"]  # counted from one, as people do
    assert compiled.evaluate(compiled.check_facts({"kind": "7a11f"})).outputs == {"lead": "u999"}
    assert compiled.evaluate(compiled.check_facts({"kind": "none"})).rows == ("rest",)
