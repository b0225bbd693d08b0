from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection, transaction

from groundplan.kernel.ledger.logic import commitment
from groundplan.kernel.parties.queries import SYSTEM
from groundplan.kernel.rules import actions, queries
from groundplan.kernel.rules.errors import (
    EffectiveDateRefused,
    NoRowMatches,
    RuleNotInForce,
    RuleRoleNeeded,
    RuleUnknown,
    SecondPersonNeeded,
    TableUnchanged,
    VersionMoved,
)
from groundplan.kernel.rules.models import Decision, DecisionFacts, RuleVersion
from groundplan.kernel.rules.tests import factories
from groundplan.lib.clock import standing_at

pytestmark = pytest.mark.django_db
MONDAY = datetime(2026, 3, 2, 4, tzinfo=UTC)
FACTS = {"type": "投诉", "amount": Decimal("1000.4"), "phone": "13800000000"}


def test_a_draft_decides_nothing_until_a_second_person_has_approved_it_and_its_day_has_come():
    editor, approver = factories.make_people()
    with standing_at(MONDAY):
        draft = actions.import_table(actor=editor.actor, content=factories.LIMITS.encode(), filename="a.yaml")
        with pytest.raises(RuleNotInForce):
            queries.evaluate("sample-limits", FACTS)
        with pytest.raises(VersionMoved):
            actions.put_in_force(actor=approver.actor, version=draft.public_id)
        actions.approve(actor=approver.actor, version=draft.public_id)
        actions.put_in_force(actor=approver.actor, version=draft.public_id, effective_from=date(2026, 3, 3))
        with pytest.raises(RuleNotInForce):
            queries.evaluate("sample-limits", FACTS)
    with standing_at(MONDAY + timedelta(days=1)):
        assert queries.evaluate("sample-limits", FACTS).outputs == {"days": 5, "unit": "城管局"}


def test_nobody_approves_their_own_draft_and_roles_are_kept_apart():
    editor, approver = factories.make_people()
    draft = actions.import_table(actor=editor.actor, content=factories.LIMITS.encode(), filename="a.yaml")
    with pytest.raises(RuleRoleNeeded):
        actions.approve(actor=editor.actor, version=draft.public_id)
    with pytest.raises(RuleRoleNeeded):
        actions.import_table(actor=approver.actor, content=factories.LIMITS.encode(), filename="a.yaml")
    RuleVersion.objects.update(drafted_by=approver.actor.actor_id)
    with pytest.raises(SecondPersonNeeded):
        actions.approve(actor=approver.actor, version=draft.public_id)


def test_approving_twice_is_refused_the_second_time():
    editor, approver = factories.make_people()
    draft = actions.import_table(actor=editor.actor, content=factories.LIMITS.encode(), filename="a.yaml")
    actions.approve(actor=approver.actor, version=draft.public_id)
    with pytest.raises(VersionMoved):
        actions.approve(actor=approver.actor, version=draft.public_id)


def test_a_decision_about_a_past_day_uses_the_version_then_in_force():
    people = factories.make_people()
    with standing_at(MONDAY):
        factories.put_in_force(effective_from=date(2026, 1, 1), people=people)
        later = factories.LIMITS.replace("days: 5", "days: 3")
        factories.put_in_force(later, effective_from=date(2026, 3, 5), people=people)
    with standing_at(MONDAY + timedelta(days=7)):
        now = actions.decide(key="sample-limits", facts=FACTS, subject="case:1", actor="system")
        then = actions.decide(
            key="sample-limits", facts=FACTS, subject="case:1", actor="system", at=MONDAY - timedelta(days=2)
        )
        assert (now.outputs["days"], now.version) == (3, 2)
        assert (then.outputs["days"], then.version) == (5, 1)
        with pytest.raises(RuleNotInForce):
            queries.evaluate("sample-limits", FACTS, date(2025, 12, 31))


def test_a_rule_in_force_is_not_changed_for_days_past():
    people = factories.make_people()
    with standing_at(MONDAY):
        factories.put_in_force(people=people)
        with pytest.raises(EffectiveDateRefused):
            factories.put_in_force(factories.LIMITS.replace("days: 5", "days: 3"), date(2026, 3, 1), people)


def test_the_same_text_is_not_imported_twice():
    editor, _ = factories.make_people()
    actions.import_table(actor=editor.actor, content=factories.LIMITS.encode(), filename="a.yaml")
    with pytest.raises(TableUnchanged):
        actions.import_table(actor=editor.actor, content=factories.LIMITS.encode(), filename="b.yaml")


def test_a_decision_stores_facts_rows_version_and_a_commitment_in_the_log():
    version = factories.put_in_force()
    made = actions.decide(key="sample-limits", facts=FACTS, subject="case:1", actor="someone")
    stored = Decision.objects.get(public_id=made.public_id)
    kept = stored.facts
    assert (stored.rows, stored.outputs, stored.version_id) == (["r2"], {"days": 5, "unit": "城管局"}, version.pk)
    assert made.because == ({"zh-hans": "第四条", "en": "Article 4"},)
    assert kept.facts == {"type": "投诉", "amount": "1000.4"}
    facts = {"type": "投诉", "amount": "1000.4", "phone": "13800000000"}
    assert stored.commitment == commitment({"facts": facts, "outputs": stored.outputs}, bytes(kept.salt))
    with connection.cursor() as cursor:
        cursor.execute("SELECT body FROM ledger_pending WHERE entry_id = %s", [stored.record])
        body = bytes(cursor.fetchone()[0]).decode()
    assert stored.commitment in body
    assert "13800000000" not in body


def test_personal_facts_are_not_readable_in_the_database():
    factories.put_in_force()
    actions.decide(key="sample-limits", facts=FACTS, subject="case:1", actor="someone")
    with connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(f)::text FROM rules_decision_facts f")
        assert "13800000000" not in cursor.fetchone()[0]
    view = queries.decision(Decision.objects.get().public_id)
    assert "phone" not in view.facts
    assert view.hidden == ("phone",)
    assert queries.decision(Decision.objects.get().public_id, personal=True).facts["phone"] == "13800000000"


def test_a_refused_decision_leaves_the_callers_transaction_usable():
    factories.put_in_force(factories.LIMITS.replace("default: {days: 15}", ""))
    with transaction.atomic():
        with pytest.raises(NoRowMatches):
            actions.decide(
                key="sample-limits", facts={"type": "求助", "amount": 2000}, subject="case:1", actor="someone"
            )
        assert Decision.objects.count() == 0


def test_erasing_facts_leaves_the_decision_and_tells_what_is_gone():
    factories.put_in_force()
    made = actions.decide(key="sample-limits", facts=FACTS, subject="case:1", actor="someone")
    assert actions.erase_facts(actor=SYSTEM) == 0
    assert actions.erase_facts(actor=SYSTEM, decision=made.public_id) == 1
    assert not DecisionFacts.objects.exists()
    view = queries.decision(made.public_id)
    assert view.facts is None
    assert view.decision.rows == ["r2"]


def test_facts_past_their_retention_are_erased():
    with standing_at(MONDAY):
        factories.put_in_force()
        actions.decide(key="sample-limits", facts=FACTS, subject="case:1", actor="someone")
    with standing_at(MONDAY + timedelta(days=1826)):
        assert actions.erase_facts(actor=SYSTEM) == 1


def test_only_a_security_administrator_erases():
    editor, _ = factories.make_people()
    with pytest.raises(RuleRoleNeeded):
        actions.erase_facts(actor=editor.actor)


def test_an_unknown_rule_is_told_with_the_nearest_key():
    factories.put_in_force()
    with pytest.raises(RuleUnknown, match="sample-limits"):
        queries.evaluate("sample-limit", FACTS)


def test_retiring_a_future_version_lets_the_one_before_it_go_on():
    people = factories.make_people()
    with standing_at(MONDAY):
        first = factories.put_in_force(people=people)
        future = factories.put_in_force(factories.LIMITS.replace("days: 5", "days: 3"), date(2026, 4, 1), people)
        actions.retire(actor=people[1].actor, version=future.public_id)
        first.refresh_from_db()
        assert first.effective_until is None
        actions.retire(actor=people[1].actor, version=first.public_id)
        with pytest.raises(RuleNotInForce):
            queries.evaluate("sample-limits", FACTS)


def test_shipped_tables_come_into_force_once_and_later_texts_wait_as_drafts(tmp_path, monkeypatch):
    folder = tmp_path / "town" / "rules"
    folder.mkdir(parents=True)
    monkeypatch.setattr("groundplan.kernel.rules.actions.profile.files", lambda package: tmp_path)
    (folder / "a.yaml").write_text(factories.LIMITS, encoding="utf-8")
    assert actions.load_profile_rules(profile="town").in_force == ("sample-limits",)
    assert actions.load_profile_rules(profile="town").known == ("sample-limits",)
    (folder / "a.yaml").write_text(factories.LIMITS.replace("days: 5", "days: 3"), encoding="utf-8")
    assert actions.load_profile_rules(profile="town").drafts == ("sample-limits",)
    assert queries.evaluate("sample-limits", FACTS).outputs["days"] == 5
    assert set(RuleVersion.objects.values_list("origin", flat=True)) == {"shipped"}
