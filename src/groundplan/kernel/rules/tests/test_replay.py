from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from groundplan.kernel.parties.queries import SYSTEM
from groundplan.kernel.rules import actions, queries
from groundplan.kernel.rules.logic import compile_table
from groundplan.kernel.rules.logic.files.source import read_table_file
from groundplan.kernel.rules.logic.sqlform import is_expressible
from groundplan.kernel.rules.logic.values import to_json
from groundplan.kernel.rules.models import Decision, DecisionFacts, RuleTable, RuleVersion
from groundplan.kernel.rules.tests import factories, strategies

pytestmark = pytest.mark.django_db
PLAIN = factories.LIMITS.replace(", personal: true", "")


def decide_some():
    for kind, amount in (("投诉", "5"), ("投诉", "1200"), ("咨询", "1"), ("求助", "9000")):
        actions.decide(
            key="sample-limits",
            facts={"type": kind, "amount": Decimal(amount), "phone": None},
            subject="case:1",
            actor="system",
        )


@pytest.mark.parametrize("text", [PLAIN, factories.LIMITS])
def test_a_candidate_is_tried_on_the_past_before_it_binds_the_future(text):
    factories.put_in_force(text)
    decide_some()
    actions.erase_facts(actor=SYSTEM, decision=Decision.objects.earliest("id").public_id)
    candidate = read_table_file(text.replace("days: 10", "days: 8").encode(), "a.yaml")
    found = queries.replay("sample-limits", candidate)
    assert (found.compared, found.changed, found.erased) == (3, 1, 1)
    first = found.outcomes[0]
    assert (first.before["days"], first.after["days"], first.count) == (10, 8, 1)
    assert found.examples[0].subject == "case:1"
    assert found.bulk is (text == PLAIN)


def test_a_candidate_that_leaves_a_gap_or_asks_for_a_new_fact_says_so():
    factories.put_in_force(PLAIN)
    decide_some()
    without = read_table_file(PLAIN.replace("default: {days: 15}", "").encode(), "a.yaml")
    assert [o.after for o in queries.replay("sample-limits", without).outcomes if o.before != o.after] == [
        {"error": "rule-no-row"}
    ]
    asking = PLAIN.replace("phone: {type: string", "region: {type: string").replace(
        ", optional: true}\noutputs", "}\noutputs"
    )
    found = queries.replay("sample-limits", read_table_file(asking.encode(), "a.yaml"))
    assert {tuple(o.after) for o in found.outcomes} == {("error",)}


@given(st.data())
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
def test_bulk_and_one_by_one_agree(data):
    table = data.draw(strategies.tables(hit="first"))
    candidate = compile_table(table)
    rule = RuleTable.objects.create(key=f"r-{RuleTable.objects.count()}-{data.draw(st.uuids())}"[:60], label={})
    version = RuleVersion.objects.create(
        rule=rule, version=1, state="in_force", origin="city", definition=table.definition(), digest=table.digest,
        drafted_by="x", effective_from=date(2026, 1, 1),
    )  # fmt: skip
    for _time in range(4):
        facts = data.draw(strategies.facts_for(table))
        made = Decision.objects.create(
            version=version, subject="case:1", actor="x", applies_at="2026-01-01T00:00Z", rows=[], commitment="",
            outputs={"o0": "1", "o1": None, "o2": []},
        )  # fmt: skip
        stored = {name: to_json(value) for name, value in facts.items()}
        DecisionFacts.objects.create(decision=made, facts=stored, salt=b"", retain_until=date(2030, 1, 1))
    one = queries.replay(rule.key, candidate, bulk=False)
    if is_expressible(table):
        whole = queries.replay(rule.key, candidate, bulk=True)
        assert (whole.outcomes, whole.examples) == (one.outcomes, one.examples)
    assert one.compared == 4
