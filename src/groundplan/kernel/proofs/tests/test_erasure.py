"""After the erasure of a decision's facts nothing that is left lets anybody confirm a guess about the person."""

import json

import pytest
from django.db import connection

from groundplan.kernel.ledger import actions as ledger
from groundplan.kernel.ledger import logic
from groundplan.kernel.ledger import queries as log
from groundplan.kernel.ledger.models import Entry
from groundplan.kernel.parties.queries import SYSTEM
from groundplan.kernel.proofs.queries import checking
from groundplan.kernel.rules import actions
from groundplan.kernel.rules.models import Decision, DecisionFacts
from groundplan.kernel.rules.tests import factories
from groundplan.lib.errors import Invalid

FACTS = {"type": "投诉", "amount": 2000}


@pytest.fixture
def decided(db):
    factories.put_in_force()
    made = actions.decide(key="sample-limits", facts=FACTS, subject="case:1", actor="someone")
    ledger.sequence()
    return made


def stored():
    """Every value of every column of every table, as somebody with a copy of the database reads it."""
    found = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')
            found += [value for row in cursor.fetchall() for value in row]
    return found


def test_with_the_salt_a_guess_can_be_confirmed_and_after_the_erasure_none(decided):
    decision = Decision.objects.get()
    kept = DecisionFacts.objects.get()
    committed = {"facts": kept.facts, "outputs": decision.outputs}
    assert logic.commitment(committed, bytes(kept.salt)) == decision.commitment
    entry_id = Entry.objects.get(action="rules.decide").entry_id
    before = log.inclusion_proof(entry_id).file()
    salt = bytes(kept.salt)
    assert any(bytes(value) == salt for value in stored() if isinstance(value, bytes | memoryview))
    assert actions.erase_facts(actor=SYSTEM, decision=decision.public_id, reason="consent-withdrawn") == 1
    ledger.sequence()
    assert not any(bytes(value) == salt for value in stored() if isinstance(value, bytes | memoryview))
    found = [bytes(value) for value in stored() if isinstance(value, bytes | memoryview)]
    assert decision.commitment not in {logic.commitment(committed, value) for value in found if len(value) == 16}
    assert log.verify().ok
    assert checking.check(before).proven
    assert checking.check(log.inclusion_proof(entry_id).file()).proven
    record = json.loads(bytes(Entry.objects.get(action="rules.erase_facts").body))
    assert record["data"] == {"erased": 1, "reason": "consent-withdrawn"}


def test_a_reason_in_free_words_is_refused_and_nothing_is_erased(decided):
    with pytest.raises(Invalid):
        actions.erase_facts(actor=SYSTEM, decision=decided.public_id, reason="张三要求")
    assert DecisionFacts.objects.count() == 1
