"""Outside witnesses: what they are given, who may configure them, and what a rewritten log gives away."""

import json
from datetime import timedelta

import pytest
from django.db import connection

from groundplan.kernel.events import actions as events
from groundplan.kernel.events.errors import AddressRefused
from groundplan.kernel.ledger import actions as ledger
from groundplan.kernel.ledger import logic
from groundplan.kernel.ledger import queries as log
from groundplan.kernel.ledger.models import Entry, Head, Node, Pending
from groundplan.kernel.parties.queries import SYSTEM
from groundplan.kernel.parties.tests.factories import make_cast, make_player, make_unit
from groundplan.kernel.proofs import actions, queries
from groundplan.kernel.proofs.errors import WitnessInvalid, WitnessStateChanged
from groundplan.kernel.proofs.models import Witness
from groundplan.lib import clock
from groundplan.lib.crypto import signing
from groundplan.lib.errors import NotAllowed


def grow(heads):
    for _ in range(heads):
        ledger.record(actor="o", action="cases.comment", subject="case:1")
        ledger.sequence()


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("GROUNDPLAN_WITNESS_FOLDER", str(tmp_path))
    return tmp_path


@pytest.fixture
def witness(db, folder):
    """A file that keeps the first four heads."""
    grow(3)
    public_id, secret = actions.add_witness(actor=SYSTEM, name="档案馆", kind="file", address="heads.jsonl")
    assert secret == ""
    assert Pending.objects.filter(action="proofs.add_witness").count() == 1
    ledger.sequence()
    assert actions.give_heads(witness=public_id) == 4
    return public_id


def faults():
    return [each.fault for each in queries.agreements()]


def rewritten():
    """The whole log written anew, by somebody who holds the database and the signing key."""
    key, leaves, previous, nodes = signing.load_key(log.keys()[0].key_id), [], "", {}
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        for entry in Entry.objects.order_by("leaf_index"):
            body = bytes(entry.body)
            if entry.leaf_index == 2:
                body = body.replace(b"cases.comment", b"cases.forgery")
                Entry.objects.filter(leaf_index=2).update(body=body, action="cases.forgery")
            leaves.append(logic.leaf_hash(body))
        nodes = logic.grow(0, {}, leaves)
        for (level, position), value in nodes.items():
            Node.objects.filter(level=level, position=position).update(hash=value)
        for row in Head.objects.order_by("number"):
            root = logic.root(leaves[: row.size])
            body = logic.body_of_head(
                number=row.number,
                size=row.size,
                root=root,
                at=row.at,
                key_id=row.key_id,
                previous=previous,
                algorithm=key.algorithm,
            )
            signature = key.sign(body)
            Head.objects.filter(number=row.number).update(root=root, body=body, signature=signature)
            previous = logic.digest_of_head(body, signature)


def test_a_witness_keeps_every_head_and_the_log_agrees(witness, folder):
    grow(2)
    assert [row.public_id for row in queries.due_witnesses()] == [witness]
    assert actions.give_heads(witness=witness) == 2
    lines = [json.loads(line) for line in (folder / "heads.jsonl").read_text().splitlines()]
    assert [line["number"] for line in lines] == list(range(6))
    assert [line["head"].encode() for line in lines] == [bytes(row.body) for row in Head.objects.order_by("number")]
    assert queries.due_witnesses() == []
    found = queries.agreements()
    assert [(each.name, each.heads, each.fault) for each in found] == [("档案馆", 6, None)]


def test_a_rewritten_log_with_valid_signatures_is_found_out_by_the_first_head_that_differs(witness):
    rewritten()
    assert log.verify().ok, "by itself the new log holds"
    fault = faults()[0]
    assert (fault.kind, fault.index) == ("witness", 2)
    assert "written anew" in fault.reason


def test_a_log_that_was_cut_off_is_found_out(witness):
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        Head.objects.filter(number=3).delete()
    assert (faults()[0].index, "it was cut" in faults()[0].reason) == (3, True)


def test_a_copy_that_was_changed_is_told_from_a_log_that_was(witness, folder):
    path = folder / "heads.jsonl"
    path.write_bytes(path.read_bytes().replace(b'\\"size\\":2', b'\\"size\\":7'))
    assert (faults()[0].index, "copy was changed" in faults()[0].reason) == (1, True)


@pytest.mark.parametrize(
    ("change", "index"),
    [
        (lambda content: content[: content.index(b"\n") + 1], 1),
        (lambda content: b"", 0),
        (lambda content: b"no head\n" + content, 0),
        (lambda content: content.replace(b'"number":1', b'"number":9'), 1),
        (lambda content: b"\xff" * 100_000, 0),
    ],
)
def test_a_copy_that_is_cut_or_spoiled_is_named(witness, folder, change, index):
    path = folder / "heads.jsonl"
    path.write_bytes(change(path.read_bytes()))
    assert faults()[0].index == index


def test_nothing_is_added_to_a_copy_that_was_cut_until_somebody_has_looked(witness, folder):
    path = folder / "heads.jsonl"
    path.write_bytes(path.read_bytes().splitlines(keepends=True)[0])
    grow(1)
    assert actions.give_heads(witness=witness) == 0
    assert Witness.objects.get().reason == "copy-was-cut"
    assert path.read_bytes().count(b"\n") == 1


def test_a_copy_that_is_gone_is_named(witness, folder):
    (folder / "heads.jsonl").unlink()
    assert "is gone" in faults()[0].reason


def test_a_half_written_line_is_written_again_and_a_batch_given_twice_stands_once(witness, folder):
    path = folder / "heads.jsonl"
    whole = path.read_bytes()
    path.write_bytes(whole[:-20])
    Witness.objects.update(given=0)
    assert actions.give_heads(witness=witness) == 4
    assert path.read_bytes() == whole


def test_a_link_is_not_followed(db, folder, tmp_path):
    target = tmp_path / "target"
    target.write_text("precious")
    (folder / "heads.jsonl").symlink_to(target)
    grow(1)
    public_id, _ = actions.add_witness(actor=SYSTEM, name="a", kind="file", address="heads.jsonl")
    assert actions.give_heads(witness=public_id) == 0
    assert target.read_text() == "precious"
    row = Witness.objects.get()
    assert row.reason == "file-OSError"
    assert row.attempts == 1
    assert row.next_at > clock.now()


def test_an_address_is_given_signed_heads_and_tried_again_after_a_failure(db, folder, monkeypatch):
    grow(2)
    sent, answers = [], ["http-503", ""]

    def post(address, body, message_id, secret, *, kind):
        sent.append((address, body, message_id))
        return answers.pop(0)

    monkeypatch.setattr(events, "post", post)
    public_id, secret = actions.add_witness(actor=SYSTEM, name="a", kind="webhook", address="http://127.0.0.1:9/heads")
    assert secret.startswith("whsec_")
    assert actions.give_heads(witness=public_id) == 0
    assert actions.give_heads(witness=public_id) == 0, "it waits first"
    assert (Witness.objects.get().reason, len(sent)) == ("http-503", 1)
    actions.change_witness(actor=SYSTEM, witness=public_id, change="retry")
    assert actions.give_heads(witness=public_id) == 2
    assert (Witness.objects.get().reason, Witness.objects.get().given) == ("", 2)
    assert sent[0] == sent[1], "the same message bears the same id"
    monkeypatch.setattr(events, "fetch", lambda address, most: ("", sent[1][1]))
    assert faults() == [None]
    rewritten_line = sent[1][1].replace(b'\\"size\\":1', b'\\"size\\":3')
    monkeypatch.setattr(events, "fetch", lambda address, most: ("", rewritten_line))
    assert faults()[0].index == 0
    monkeypatch.setattr(events, "fetch", lambda address, most: ("timeout", b""))
    assert [(each.reached, each.fault) for each in queries.agreements()] == [(False, None)]


@pytest.mark.parametrize("address", ["../heads", "/etc/passwd", "a/b", "", ".hidden", "x" * 101, "a\0b"])
def test_a_file_outside_the_folder_of_witnesses_is_refused(db, address):
    with pytest.raises(WitnessInvalid):
        actions.add_witness(actor=SYSTEM, name="a", kind="file", address=address)


@pytest.mark.parametrize("address", ["ftp://example.org", "http://10.0.0.1/", "http://[::ffff:169.254.169.254]/"])
def test_an_address_inside_this_network_is_refused(db, address):
    with pytest.raises(AddressRefused):
        actions.add_witness(actor=SYSTEM, name="a", kind="webhook", address=address)


def test_an_ended_witness_is_given_nothing_and_cannot_be_ended_again(witness):
    actions.change_witness(actor=SYSTEM, witness=witness, change="end")
    grow(1)
    assert queries.due_witnesses() == []
    assert actions.give_heads(witness=witness) == 0
    assert queries.agreements() == []
    with pytest.raises(WitnessStateChanged):
        actions.change_witness(actor=SYSTEM, witness=witness, change="end")


def test_two_witnesses_at_one_address_are_refused(witness):
    with pytest.raises(WitnessStateChanged):
        actions.add_witness(actor=SYSTEM, name="b", kind="file", address="heads.jsonl")


def test_a_lease_keeps_two_processes_apart(witness):
    grow(1)
    Witness.objects.update(leased_until=clock.now() + timedelta(seconds=30))
    assert actions.give_heads(witness=witness) == 0
    assert queries.due_witnesses() == []


def test_nobody_but_the_system_administrator_sees_or_changes_witnesses(witness):
    cast = make_cast()
    for player in (cast.officer, cast.outsider, cast.vendor, cast.resident):
        assert player.client.get("/records/witnesses").status_code == 403
        for path in ("add", f"{witness}/end", f"{witness}/retry"):
            assert player.client.post(f"/records/witnesses/{path}", {"name": "x"}).status_code == 403
        with pytest.raises(NotAllowed):
            actions.add_witness(actor=player.actor, name="x", kind="file", address="x")
    assert Witness.objects.get().state == "active"


def test_the_system_administrator_adds_and_ends_witnesses_on_the_page(db, folder):
    keeper = make_player(make_unit(), "system_admin")
    wanted = {"name": "档案馆", "kind": "file", "address": "heads.jsonl"}
    assert keeper.client.post("/records/witnesses/add", wanted).status_code == 302
    row = Witness.objects.get()
    text = keeper.client.get("/records/witnesses").content.decode()
    assert "档案馆" in text
    assert str(row.public_id) in text
    assert keeper.client.post("/records/witnesses/add", {**wanted, "address": "../x"}).status_code == 422
    answer = keeper.client.post("/records/witnesses/add", {**wanted, "kind": "webhook", "address": "http://127.0.0.1/"})
    assert "whsec_" in answer.content.decode()
    assert keeper.client.post(f"/records/witnesses/{row.public_id}/end").status_code == 302
    assert keeper.client.post(f"/records/witnesses/{row.public_id}/end").status_code == 409
    assert Pending.objects.filter(action__endswith="_witness").count() == 3
