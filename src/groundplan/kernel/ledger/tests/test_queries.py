import json
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from groundplan.kernel.ledger import actions, logic, queries
from groundplan.kernel.ledger.errors import EntryNotFound, NotYetIntegrated, SizeOutOfRange
from groundplan.kernel.ledger.models import Entry

BATCHES = (1, 2, 5, 13, 16)


@pytest.fixture
def log(db):
    ids = []
    for batch in BATCHES:
        ids += [
            actions.record(actor="officer", action="cases.comment", subject=f"case:{number % 3}")
            for number in range(batch)
        ]
        actions.sequence()
    return ids


def test_every_entry_has_a_proof_under_the_latest_head(log):
    head = queries.head()
    for index, entry_id in enumerate(log):
        proof = queries.inclusion_proof(entry_id)
        assert proof.leaf_index == index
        leaf = logic.leaf_hash(proof.body)
        assert logic.root_from_inclusion(leaf, index, proof.head.size, proof.path) == bytes(head.root)


def test_stored_proofs_equal_those_computed_from_all_leaves(log):
    leaves = [logic.leaf_hash(bytes(entry.body)) for entry in Entry.objects.order_by("leaf_index")]
    for index, entry_id in enumerate(log):
        assert list(queries.inclusion_proof(entry_id).path) == logic.inclusion(leaves, index)


def test_any_two_heads_are_proven_consistent(log):
    sizes = [sum(BATCHES[: number + 1]) for number in range(len(BATCHES))]
    for first in sizes:
        for second in (size for size in sizes if size >= first):
            proof = queries.consistency_proof(first, second)
            assert logic.consistent(first, second, proof.first.root, proof.second.root, proof.path)


@pytest.mark.parametrize("sizes", [(0, 1), (8, 3), (2, 8), (8, 9)])
def test_sizes_that_no_head_has_are_refused(log, sizes):
    with pytest.raises(SizeOutOfRange):
        queries.consistency_proof(*sizes)


def test_an_unknown_entry_and_a_pending_one_are_told_apart(log):
    with pytest.raises(EntryNotFound):
        queries.inclusion_proof(uuid4())
    fresh = actions.record(actor="officer", action="cases.comment", subject="case:1")
    with pytest.raises(NotYetIntegrated):
        queries.inclusion_proof(fresh)
    assert queries.lag().waiting == 1
    actions.sequence()
    assert queries.lag().waiting == 0
    assert queries.inclusion_proof(fresh).leaf_index == len(log)


def test_the_entries_of_a_subject_come_in_their_order(log):
    found = list(queries.entries_for("case:1"))
    assert found
    assert {entry.subject for entry in found} == {"case:1"}
    assert [entry.leaf_index for entry in found] == sorted(entry.leaf_index for entry in found)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc市", max_size=4), inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.django_db
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.text("abc市", max_size=4), json_values, max_size=3))
def test_what_was_recorded_is_what_the_log_holds(data):
    entry_id = actions.record(actor="officer", action="cases.comment", subject="case:1", data=data)
    actions.sequence()
    assert json.loads(queries.inclusion_proof(entry_id).body)["data"] == data
