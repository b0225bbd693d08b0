import json

import pytest
from django.db import connection, transaction

from groundplan.kernel.ledger import actions, logic, queries
from groundplan.kernel.ledger.models import Entry, Head, Key, Node
from groundplan.lib.canonical import canonical_json
from groundplan.lib.crypto import signing
from groundplan.lib.identity import uuid7

SIZE = 21


@pytest.fixture
def log(db):
    """A log of 21 entries under three heads."""
    for batch in (8, 8, 5):
        for number in range(batch):
            actions.record(actor="officer", action="cases.comment", subject="case:1", data={"number": number})
        actions.sequence()


@pytest.fixture
def forger(log):
    """A super-user of the database, who switches the triggers off."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        yield cursor


def ids():
    return [str(entry.entry_id) for entry in Entry.objects.order_by("leaf_index")]


def first_bad():
    found = queries.verify()
    assert not found.ok
    assert found.first_bad is not None
    return found.first_bad


def altered_body(index):
    body = json.loads(bytes(Entry.objects.get(leaf_index=index).body))
    body["data"] = {"number": 4711}
    return canonical_json(body)


def test_an_untouched_log_holds(log):
    found = queries.verify()
    assert (found.ok, found.size, found.heads, found.first_bad) == (True, SIZE, 3, None)
    leaves = [logic.leaf_hash(bytes(entry.body)) for entry in Entry.objects.order_by("leaf_index")]
    assert found.root == logic.root(leaves).hex()


@pytest.mark.django_db
def test_an_empty_log_holds():
    found = queries.verify()
    assert (found.ok, found.size, found.heads) == (True, 0, 0)


@pytest.mark.parametrize("index", [0, 7, 12, SIZE - 1])
def test_an_altered_entry_is_named(forger, index):
    expected = ids()[index]
    Entry.objects.filter(leaf_index=index).update(body=altered_body(index))
    fault = first_bad()
    assert (fault.kind, fault.index, fault.entry_id) == ("altered", index, expected)


def test_the_first_of_two_altered_entries_is_named(forger):
    for index in (15, 4):
        Entry.objects.filter(leaf_index=index).update(body=altered_body(index))
    assert first_bad().index == 4


@pytest.mark.parametrize("column", ["actor", "action", "subject"])
def test_an_altered_column_beside_the_body_is_named(forger, column):
    Entry.objects.filter(leaf_index=6).update(**{column: "somebody"})
    fault = first_bad()
    assert (fault.kind, fault.index, fault.entry_id) == ("altered", 6, ids()[6])


@pytest.mark.parametrize("index", [0, 9, SIZE - 1])
def test_a_missing_entry_is_named(forger, index):
    Entry.objects.filter(leaf_index=index).delete()
    fault = first_bad()
    assert (fault.kind, fault.index) == ("missing", index)


def test_a_missing_entry_is_named_where_the_later_ones_were_moved_up(forger):
    Entry.objects.filter(leaf_index=9).delete()
    forger.execute("UPDATE ledger_entry SET leaf_index = -leaf_index WHERE leaf_index > 9")
    forger.execute("UPDATE ledger_entry SET leaf_index = -leaf_index - 1 WHERE leaf_index < 0")
    fault = first_bad()
    assert (fault.kind, fault.index) == ("missing", 9)


def made_up_entry(index):
    entry_id = uuid7()
    body = json.loads(bytes(Entry.objects.get(leaf_index=3).body))
    at = Entry.objects.get(leaf_index=3).at
    body["id"] = str(entry_id)
    Entry.objects.create(
        leaf_index=index, entry_id=entry_id, at=at, actor="officer", action="cases.comment", subject="case:1",
        body=canonical_json(body),
    )  # fmt: skip
    return str(entry_id)


@pytest.mark.parametrize("index", [SIZE, -1])
def test_an_entry_added_at_an_end_is_named(forger, index):
    added = made_up_entry(index)
    fault = first_bad()
    assert (fault.kind, fault.index, fault.entry_id) == ("added", max(index, 0), added)


def test_an_entry_added_in_the_middle_is_named(forger):
    forger.execute("UPDATE ledger_entry SET leaf_index = -leaf_index WHERE leaf_index >= 9")
    forger.execute("UPDATE ledger_entry SET leaf_index = -leaf_index + 1 WHERE leaf_index < 0")
    added = made_up_entry(9)
    fault = first_bad()
    assert (fault.kind, fault.index, fault.entry_id) == ("added", 9, added)


def test_two_exchanged_entries_are_named(forger):
    before = ids()
    for source, target in ((5, -5), (14, 5), (-5, 14)):
        Entry.objects.filter(leaf_index=source).update(leaf_index=target)
    fault = first_bad()
    assert (fault.kind, fault.index, fault.entry_id) == ("reordered", 5, before[14])


def test_an_entry_altered_together_with_its_leaf_hash_is_narrowed_to_two(forger):
    body = altered_body(12)
    Entry.objects.filter(leaf_index=12).update(body=body)
    Node.objects.filter(level=0, position=12).update(hash=logic.leaf_hash(body))
    fault = first_bad()
    assert (fault.kind, fault.index, fault.until) == ("altered", 12, 14)


def test_an_entry_altered_together_with_all_its_hashes_is_narrowed_to_what_one_head_signed(forger):
    Entry.objects.filter(leaf_index=12).update(body=altered_body(12))
    leaves = [logic.leaf_hash(bytes(entry.body)) for entry in Entry.objects.order_by("leaf_index")]
    for (level, position), value in logic.grow(0, {}, leaves).items():
        Node.objects.filter(level=level, position=position).update(hash=value)
    fault = first_bad()
    assert (fault.kind, fault.index, fault.until) == ("altered", 8, 16)


@pytest.mark.parametrize(
    "change",
    [{"signature": bytes(64)}, {"root": bytes(32)}, {"size": 15}, {"key_id": "0" * 16}, {"body": b"{}"}],
)
def test_a_forged_head_is_named(forger, change):
    Head.objects.filter(number=1).update(**change)
    fault = first_bad()
    assert (fault.kind, fault.index) == ("head", 1)


def test_a_missing_head_is_named(forger):
    Head.objects.filter(number=1).delete()
    fault = first_bad()
    assert (fault.kind, fault.index) == ("head", 1)


def forged_head(row, key, **changes):
    values = {
        "number": row.number, "size": row.size, "root": bytes(row.root), "at": row.at, "key_id": key.key_id,
        "previous": json.loads(bytes(row.body))["previous"], **changes,
    }  # fmt: skip
    body = logic.body_of_head(**values)
    return body, key.sign(body)


def test_a_head_signed_by_a_key_that_this_installation_never_made_is_named(forger, tmp_path, settings):
    made_here = settings.STATE
    settings.STATE = tmp_path
    key = signing.create_key()
    settings.STATE = made_here
    Key.objects.filter(valid_until=None).update(valid_until="2020-01-01T00:00:00Z")
    Key.objects.create(key_id=key.key_id, public_key=key.public_key)
    last = Head.objects.get(number=2)
    body, signature = forged_head(last, key)
    Head.objects.filter(number=2).update(body=body, signature=signature, key_id=key.key_id)
    fault = first_bad()
    assert (fault.kind, fault.index) == ("head", 2)
    assert "never made" in fault.reason


def test_a_head_signed_anew_breaks_the_chain_of_the_next(forger):
    key = signing.load_key(Key.objects.get().key_id)
    row = Head.objects.get(number=1)
    body, signature = forged_head(row, key, at=Head.objects.get(number=0).at)
    Head.objects.filter(number=1).update(body=body, signature=signature, at=Head.objects.get(number=0).at)
    fault = first_bad()
    assert (fault.kind, fault.index) == ("head", 2)


def test_hashes_that_nobody_needs_are_found(forger):
    Node.objects.create(level=0, position=SIZE, hash=bytes(32))
    assert first_bad().kind == "added"


def test_a_missing_hash_is_found(forger):
    Node.objects.filter(level=2, position=1).delete()
    fault = first_bad()
    assert (fault.index, fault.until) == (4, 8)


def test_old_heads_stay_verifiable_after_the_key_is_rotated(log):
    old = Key.objects.get().key_id
    new = actions.rotate_key(actor="system")
    assert actions.sequence() == 1
    assert [head.key_id for head in Head.objects.order_by("number")] == [old] * 3 + [new]
    assert queries.verify().ok
    assert Key.objects.get(key_id=old).valid_until is not None
    told = json.loads(bytes(Entry.objects.get(action="ledger.rotate_key").body))["data"]
    old_public = bytes(Key.objects.get(key_id=old).public_key)
    assert signing.verify(
        public_key=old_public, message=bytes.fromhex(told["public_key"]), signature=bytes.fromhex(told["signature"])
    )


def test_a_replaced_key_that_signs_again_is_named(forger):
    old = signing.load_key(Key.objects.get().key_id)
    actions.rotate_key(actor="system")
    actions.sequence()
    actions.record(actor="a", action="b.c", subject="d")
    actions.sequence()
    row = Head.objects.get(number=4)
    body, signature = forged_head(row, old)
    Head.objects.filter(number=4).update(body=body, signature=signature, key_id=old.key_id)
    fault = first_bad()
    assert (fault.kind, fault.index) == ("head", 4)


def test_verification_reads_one_snapshot_outside_a_transaction(fresh_database):
    with transaction.atomic():
        actions.record(actor="a", action="b.c", subject="d")
    actions.sequence()
    seen = []
    assert queries.verify(lambda done, total: seen.append((done, total))).ok
    assert seen == [(1, 1)]
