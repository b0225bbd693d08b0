"""DMN in and out; the decision tables of the public DMN TCK (compliance level 2) that lie within S-FEEL.

The tables of the kit are written here again in the form that our reader takes, with the facts and answers that the
kit's test cases state (https://github.com/dmn-tck/tck, Apache-2.0); no file of the kit is part of this repository.
"""

from __future__ import annotations

from decimal import Decimal
from xml.etree.ElementTree import fromstring
from xml.sax.saxutils import escape, quoteattr

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from groundplan.kernel.rules.errors import NoRowMatches, TableRefused
from groundplan.kernel.rules.logic import parse_table
from groundplan.kernel.rules.logic.files.dmnout import DC, DI_DIAGRAM, MODEL, write_dmn, write_dmn_1_3
from groundplan.kernel.rules.logic.files.source import read_source, read_table_file
from groundplan.kernel.rules.logic.files.yamlform import write_yaml
from groundplan.kernel.rules.tests import factories, strategies

TABLE = read_table_file(factories.LIMITS.encode(), "a.yaml").table
LAW = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
RISK = ("RiskCategory", "string", '"High", "Low", "Medium"')
APPLICANT = [("Age", "number", ""), RISK, ("isAffordable", "boolean", "")]
STATUS = ("Status", "string", '"Approved", "Declined"')
RATE = ("Rate", "string", '"Best", "Standard"')
# The first models of the kit name types with a prefix, and neither name nor type of a single output.
TYPED = [(name, f"feel:{kind}", allowed) for name, kind, allowed in APPLICANT]
UNNAMED = ("", "", STATUS[2])
YEARS = [("NumOfYears", "number", "")]


def dmn(inputs, outputs, rows, policy="UNIQUE", *, defaults=(), namespace=MODEL):
    """A decision table as DMN; columns are (name, type, allowed values), rows lists of cells."""

    def values(tag, text):
        return f"<{tag}><text>{escape(text)}</text></{tag}>" if text else ""

    asked = "".join(
        f'<input label="{name}"><inputExpression typeRef="{kind}"><text>{name}</text></inputExpression>'
        f"{values('inputValues', allowed)}</input>"
        for name, kind, allowed in inputs
    )
    given = "".join(
        f"<output {name and f'name={quoteattr(name)}'} {kind and f'typeRef={quoteattr(kind)}'}>"
        f"{values('outputValues', allowed)}"
        f"{values('defaultOutputEntry', defaults[place] if defaults else '')}</output>"
        for place, (name, kind, allowed) in enumerate(outputs)
    )
    body = "".join(
        f'<rule id="rule{number}">'
        + "".join(values("inputEntry", cell or " ") for cell in row[: len(inputs)])
        + "".join(values("outputEntry", cell or " ") for cell in row[len(inputs) :])
        + "</rule>\n"
        for number, row in enumerate(rows)
    )
    return (
        f'<definitions xmlns="{namespace}" id="d" name="d" namespace="n"><decision id="x" name="Approval">\n'
        f'<decisionTable hitPolicy="{policy.partition(" ")[0]}" {policy.partition(" ")[2]}>'
        f"{asked}{given}{body}</decisionTable></decision></definitions>"
    ).encode()


def refusal(content, name="a.dmn"):
    with pytest.raises(TableRefused) as caught:
        read_table_file(content, name)
    return " / ".join(f"{item['cell']} {item['reason']}" for item in caught.value.problems)


UNIQUE = [
    [">=18", '"Medium","Low"', "true", '"Approved"'],
    ["<18", '"Medium","Low"', "true", '"Declined"'],
    ["-", '"High"', "true", '"Declined"'],
    ["-", "-", "false", '"Declined"'],
]
ANY = [
    [">=18", '"Medium","Low"', "true", '"Approved"'],
    ["<18", "-", "-", '"Declined"'],
    ["-", '"High"', "-", '"Declined"'],
    ["-", "-", "false", '"Declined"'],
]
FIRST = [
    [">=18", '"Medium"', "true", '"Approved"', '"Best"'],
    [">=12", '"Medium"', "true", '"Approved"', '"Standard"'],
    ["<12", '"Low"', "true", '"Declined"', '"Standard"'],
]
ANY_OF_TWO = [
    [">=18", '"Low"', "true", '"Approved"', '"Best"'],
    [">=18", '"Medium"', "true", '"Approved"', '"Standard"'],
    ["<18", '"Medium","Low"', "true", '"Declined"', '"Standard"'],
    ["-", '"High"', "true", '"Declined"', '"Standard"'],
    ["-", "-", "false", '"Declined"', '"Standard"'],
    [">=19", '"Low"', "true", '"Approved"', '"Best"'],
]
TWO_OUTPUTS = ANY_OF_TWO[:5]
INSURANCE = [[">1", "98.83"], [">2", "150.21"], [">3", "205.43"], [">4", "64.32"]]
SALARY = [[">1", "100"], [">2", "200"], [">3", "300"], [">5", "500"]]
TCK = {
    "0004-simpletable-U": (
        dmn(TYPED, [UNNAMED], UNIQUE, namespace="http://www.omg.org/spec/DMN/20151101/dmn.xsd"),
        [((18, "Medium", True), ("Approved",)), ((17, "Medium", True), ("Declined",)),
         ((18, "High", True), ("Declined",))],
    ),
    "0005-simpletable-A": (
        dmn(TYPED, [UNNAMED], ANY, "ANY", namespace="http://www.omg.org/spec/DMN/20151101/dmn.xsd"),
        [((18, "Medium", True), ("Approved",)), ((17, "Medium", True), ("Declined",)),
         ((18, "High", True), ("Declined",))],
    ),
    "0010-multi-output-U": (
        dmn(TYPED, [STATUS, RATE], TWO_OUTPUTS, defaults=('"Declined"', '"Standard"'),
            namespace="http://www.omg.org/spec/DMN/20151101/dmn.xsd"),
        [((18, "Medium", True), ("Approved", "Standard")), ((17, "Medium", True), ("Declined", "Standard")),
         ((18, "High", True), ("Declined", "Standard"))],
    ),
    "0114-min-collect-hitpolicy": (
        dmn(YEARS, [("", "", "")], INSURANCE, 'COLLECT aggregation="MIN"'),
        [((5,), (Decimal("64.32"),)), ((3,), (Decimal("98.83"),)), ((4,), (Decimal("98.83"),))],
    ),
    "0108-first-hitpolicy": (
        dmn(APPLICANT, [STATUS, RATE], FIRST, "FIRST", defaults=('"Declined"', '"Standard"'),
            namespace="http://www.omg.org/spec/DMN/20180521/MODEL/"),
        [((19, "Medium", True), ("Approved", "Best")), ((13, "Medium", True), ("Approved", "Standard")),
         ((10, "Low", True), ("Declined", "Standard"))],
    ),
    "0115-sum-collect-hitpolicy": (
        dmn(YEARS, [("", "", "")], SALARY, 'COLLECT aggregation="SUM"'),
        [((6,), (1100,)), ((3,), (300,)), ((2,), (100,))],
    ),
    "0116-count-collect-hitpolicy": (
        dmn(YEARS, [("", "", "")], SALARY, 'COLLECT aggregation="COUNT"'),
        [((6,), (4,)), ((2,), (1,)), ((3,), (2,))],
    ),
    "0117-multi-any-hitpolicy": (
        dmn(APPLICANT, [STATUS, RATE], ANY_OF_TWO, "ANY", defaults=('"Declined"', '"Standard"')),
        [((19, "Low", True), ("Approved", "Best")), ((17, "High", True), ("Declined", "Standard")),
         ((19, "Medium", True), ("Approved", "Standard"))],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", TCK)
def test_a_decision_table_of_the_public_kit_answers_as_the_kit_says(name):
    content, cases = TCK[name]
    compiled = read_table_file(content, f"{name}.dmn")
    names = [item.name for item in compiled.table.inputs]
    for facts, answer in cases:
        assert tuple(compiled.evaluate(dict(zip(names, facts, strict=True))).outputs.values()) == answer


@pytest.mark.parametrize("policy", ["PRIORITY", "RULE ORDER", "OUTPUT ORDER"])
def test_a_hit_policy_of_the_kit_that_we_do_not_have_is_refused_by_name(policy):
    content = dmn(APPLICANT, [STATUS], UNIQUE).replace(b'hitPolicy="UNIQUE"', f'hitPolicy="{policy}"'.encode())
    assert policy in refusal(content)


@given(st.data())
@LAW
def test_dmn_and_yaml_are_the_same_table(data):
    table = data.draw(strategies.tables())
    again = parse_table(*read_source(write_dmn(table), "a.dmn"))
    assert again.definition() == parse_table(*read_source(write_yaml(table).encode(), "a.yaml")).definition()
    assert write_dmn(again) == write_dmn(table)


def test_what_is_written_has_the_names_of_dmn_1_4_and_a_shape_for_each_element():
    root = fromstring(write_dmn(TABLE))
    assert root.tag == f"{{{MODEL}}}definitions"
    ids = {item.get("id") for item in root.iter() if item.get("id")}
    assert len(ids) == sum(item.get("id") is not None for item in root.iter())
    drawn = [item.get("dmnElementRef") for item in root.iter() if item.tag.startswith(f"{{{DI_DIAGRAM}}}")]
    assert {name for name in drawn if name} == {"decision"} | {
        f"{kind}_{place}" for kind in ("data", "needs") for place in range(len(TABLE.inputs))
    }
    assert len(list(root.iter(f"{{{DC}}}Bounds"))) == 1 + len(TABLE.inputs)
    assert {item.get("href") for item in root.iter() if item.get("href")} <= {f"#{name}" for name in ids}


def test_the_older_name_space_holds_the_same_table():
    older = write_dmn_1_3(TABLE)
    assert fromstring(older).tag == "{https://www.omg.org/spec/DMN/20191111/MODEL/}definitions"
    assert read_table_file(older, "a.dmn").table == TABLE


def test_an_edit_in_a_modeller_wins_over_what_we_said_of_the_table_before():
    written = write_dmn(TABLE).replace(b">15<", b">16<").replace(b"&lt; 1000.5", b"&lt; 900")
    table = read_table_file(written, "a.dmn").table
    assert table.default.outputs[0] == 16
    assert table.rows[1].tests[1].spans[0].high == Decimal(900)
    assert (table.key, table.label, table.basis) == (TABLE.key, TABLE.label, TABLE.basis)


def test_a_table_that_lost_its_default_has_none():
    without = write_dmn(TABLE)
    while b"<defaultOutputEntry" in without:
        head, _, rest = without.partition(b"<defaultOutputEntry")
        without = head + rest.partition(b"</defaultOutputEntry>")[2]
    compiled = read_table_file(without, "a.dmn")
    with pytest.raises(NoRowMatches):
        compiled.evaluate({"type": "求助", "amount": Decimal(5000)})


ENTITIES = b'<!DOCTYPE d [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><definitions>&b;</definitions>'
EXTERNAL = b'<!DOCTYPE d SYSTEM "file:///etc/passwd"><definitions/>'
GOOD = dmn(APPLICANT, [STATUS], UNIQUE)


def test_every_cell_that_cannot_be_read_is_told_at_once():
    said = refusal(GOOD.replace(b"&gt;=18", b"f(1)").replace(b"&lt;18", b"g(2)"))
    assert "1.Age" in said
    assert "2.Age" in said


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (ENTITIES, "实体"),
        (EXTERNAL, "实体"),
        (b"<definitions", "a.dmn:1"),
        (b"", "XML"),
        (b"<definitions/>", "definitions"),
        (GOOD.replace(MODEL.encode(), b"http://example.org/dmn"), "example.org"),
        (b"<a>" * 100_000, "30"),
        (GOOD.replace(b"decisionTable", b"literalExpression"), "literalExpression"),
        (GOOD.replace(b"decisionTable", b"context"), "context"),
        (GOOD.replace(b"</decision>", b'</decision><decision id="y" name="y"/>'), "2"),
        (GOOD.replace(b"<text>Age</text>", b"<text>Age + 1</text>"), "Age + 1"),
        (GOOD.replace(b"&gt;=18", b"&gt;= Age * 2"), "1.Age"),
        (GOOD.replace(b"&gt;=18", b"Age &gt; 3"), "S-FEEL"),
        (GOOD.replace(b"&gt;=18", b"1..5"), "[1..5]"),
        (GOOD.replace(b"&gt;=18", b"[5..1]"), "颠倒"),
        (GOOD.replace(b"&gt;=18", b"9" * 3_000), "3000"),
        (GOOD.replace(b"&gt;=18", b"(" * 1_000_000), "1000000"),
        (GOOD.replace(b'"Approved"</text></outputEntry>', b"upper(x)</text></outputEntry>"), "upper(x)"),
        (GOOD.replace(b'"High"</text></inputEntry>', b'starts with(?, "H")</text></inputEntry>'), "S-FEEL"),
        (GOOD.replace(b'"High"</text></inputEntry>', b'"Huge"</text></inputEntry>'), "Huge"),
        (GOOD.replace(b'typeRef="number"', b'typeRef="tAge"'), "tAge"),
        (GOOD.replace(b"<text>&gt;=18", b"<text>&gt;=18</text></inputEntry><inputEntry><text>1"), "5"),
        (GOOD.replace(b"<inputEntry>", b'<inputEntry expressionLanguage="urn:javascript">', 1), "javascript"),
        (dmn(APPLICANT, [STATUS], [UNIQUE[0], UNIQUE[0]]), "重叠"),
        (b"<?xml version='1.0' encoding='klingon'?><a/>", "XML"),
    ],
)  # fmt: skip
def test_a_file_that_is_not_a_table_of_ours_is_refused_with_place_and_reason(content, told):
    said = refusal(content)
    assert told in said
    assert said.startswith("a.dmn")


@given(st.binary(max_size=200))
@LAW
def test_any_bytes_in_place_of_a_cell_are_read_or_refused(noise):
    try:
        told = read_table_file(GOOD.replace(b"&gt;=18", noise), "a.dmn").table.rows
    except TableRefused as refused:
        told = refused.problems
    assert told
