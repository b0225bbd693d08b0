from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from groundplan.kernel.parties.queries import SYSTEM
from groundplan.kernel.parties.tests.factories import make_cast
from groundplan.kernel.rules import actions, queries, registry
from groundplan.kernel.rules.errors import ReplayRefused
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
    asked = {"by": data.draw(st.sampled_from([item.name for item in table.inputs])), "better": {"o0": "lower"}}
    one = queries.replay(rule.key, candidate, bulk=False, **asked)
    if is_expressible(table):
        assert replace(queries.replay(rule.key, candidate, bulk=True, **asked), bulk=False) == one
    assert one.compared == 4


def test_who_would_be_worse_off_is_told_by_unit_and_by_group(monkeypatch):
    factories.put_in_force(PLAIN)
    monkeypatch.setitem(registry.units, "case:", "SELECT 'case:1' AS subject, 'water' AS unit")
    decide_some()
    text = PLAIN.replace("days: 10", "days: 12").replace("days: 1}", "days: 0}").replace("default: {days: 15}", "")
    candidate = read_table_file(text.encode(), "a.yaml")
    for bulk in (True, False):
        found = queries.replay("sample-limits", candidate, by="type", better={"days": "lower"}, bulk=bulk)
        assert (found.compared, found.changed, found.worse, found.better) == (4, 3, 2, 1)
        assert [(share.name, share.changed, share.worse) for share in found.units] == [("water", 3, 2)]
        groups = {share.name: (share.compared, share.worse, share.better) for share in found.groups}
        assert groups == {"投诉": (2, 1, 0), "咨询": (1, 0, 1), "求助": (1, 1, 0)}
        assert [example.verdict for example in found.examples] == ["worse", "worse", "better"]


def test_erased_decisions_are_counted_where_they_belong_and_not_guessed(monkeypatch):
    version = factories.put_in_force(PLAIN)
    monkeypatch.setitem(registry.units, "case:", "SELECT 'case:1' AS subject, 'water' AS unit")
    decide_some()
    for made in Decision.objects.order_by("id")[:3]:
        actions.erase_facts(actor=SYSTEM, decision=made.public_id)
    found = queries.replay("sample-limits", queries.compiled_of(version), by="type")
    assert (found.compared, found.changed, found.erased) == (1, 0, 3)
    assert [(share.name, share.compared, share.erased) for share in found.units] == [("water", 1, 3)]


@pytest.mark.parametrize(
    ("asked", "told"),
    [({"by": "phone"}, "type"), ({"by": "x' OR 1=1"}, "type"), ({"better": {"days": "up"}}, "days=lower|higher"),
     ({"better": {"kind": "lower"}}, "days=lower|higher")],
)  # fmt: skip
def test_a_replay_that_asks_for_what_is_not_there_is_told_what_is(asked, told):
    version = factories.put_in_force()
    with pytest.raises(ReplayRefused, match="可用") as refused:
        queries.replay("sample-limits", queries.compiled_of(version), **asked)
    assert told in refused.value.detail


def test_a_page_refuses_to_stream_more_decisions_than_it_may_wait_for():
    version = factories.put_in_force()
    decide_some()
    with pytest.raises(ReplayRefused, match="3"):
        queries.replay("sample-limits", queries.compiled_of(version), most_streamed=3)
    assert queries.replay("sample-limits", queries.compiled_of(version), most_streamed=4).compared == 4


class TestReport:
    @pytest.fixture
    def changed(self, monkeypatch):
        """A draft that changes one past decision, two officers of rules, and a right that only one holds."""
        people = factories.make_people()
        factories.put_in_force(PLAIN, people=people)
        decide_some()
        text = PLAIN.replace("days: 10", "days: 12")
        draft = actions.import_table(actor=people[0].actor, content=text.encode(), filename="a.yaml")
        entitled = registry.Reader(lambda request, _subject: request.user.pk == people[0].user.pk, registry.nobody)
        monkeypatch.setitem(registry.readers, "case:", entitled)
        return people, draft

    def test_it_shows_counts_and_links_only_decisions_that_the_reader_may_see(self, changed):
        people, draft = changed
        made = Decision.objects.get(outputs__days=10).public_id
        address = f"/rules/versions/{draft.public_id}/replay?by=type&better-days=lower"
        pages = [person.client.get(address).content.decode() for person in people]
        assert all("工作日：10" in page and "工作日：12" in page and "变得不利" in page for page in pages)
        assert [f"/decisions/{made}" in page for page in pages] == [True, False]
        assert "只列出您有权查看的决定" in pages[1]
        assert 'data-table="replay-groups"' in pages[0]

    def test_the_api_tells_the_same_and_asks_the_right_again(self, changed):
        people, draft = changed
        address = f"/api/v1/rules/versions/{draft.public_id}/replay?by=type&better-days=lower"
        answers = [person.client.get(address).json() for person in people]
        assert [(a["compared"], a["changed"], a["worse"]) for a in answers] == [(4, 1, 1)] * 2
        assert [len(a["examples"]) for a in answers] == [1, 0]

    def test_an_officer_without_a_part_in_rules_sees_no_replay(self, changed):
        cast = make_cast()
        address = f"/rules/versions/{changed[1].public_id}/replay"
        assert [person.client.get(address).status_code for person in (cast.officer, cast.outsider)] == [403, 403]
        assert cast.outsider.client.get(f"/api/v1{address}").status_code in (403, 404)

    def test_a_wrong_question_is_answered_with_what_can_be_asked(self, changed):
        people, draft = changed
        answer = people[0].client.get(f"/rules/versions/{draft.public_id}/replay?by=nothing")
        assert answer.status_code == 422
        assert "type" in answer.content.decode()
