"""The stand-alone check that a later log only adds to an earlier one, run as a stranger would run it."""

import hashlib
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groundplan.kernel.ledger import actions, logic, queries
from groundplan.kernel.proofs.queries import checking
from groundplan.lib import clock
from groundplan.lib.crypto import signing

DOCS = Path(__file__).resolve().parents[5] / "docs"
SIZES = (1, 4, 6, 7, 8, 13, 21)


@pytest.fixture
def log(db):
    for before, size in zip((0, *SIZES), SIZES, strict=False):
        for number in range(size - before):
            actions.record(actor="o", action="cases.comment", subject="case:1", data={"number": number})
        actions.sequence()


def fingerprint():
    return hashlib.sha256(bytes(queries.keys()[0].public_key)).hexdigest()


def check(content, keys, folder):
    for name in ("verify_proof.py", "verify_consistency.py"):
        shutil.copy(DOCS / name, folder)
    (folder / "proof.json").write_bytes(content)
    named = [word for key in keys for word in ("--key", key)]
    return subprocess.run(
        [sys.executable, "-E", "-S", "verify_consistency.py", *named, "proof.json"],
        check=False, capture_output=True, text=True, cwd=folder,
    )  # fmt: skip


def test_a_good_file_is_proven_with_nothing_but_python(log, tmp_path):
    made = queries.consistency_proof(6, 21)
    done = check(made.file(), [fingerprint()], tmp_path)
    assert done.returncode == 0, done.stderr
    assert "PROVEN: 21 entries" in done.stdout
    assert made.first.root.hex() in done.stdout


def test_any_two_heads_are_proven_and_their_exchange_is_refused(log):
    for first in SIZES:
        for second in (size for size in SIZES if size >= first):
            made = queries.consistency_proof(first, second)
            assert checking.check(made.file()).proven, (first, second)
            if first < second:
                turned = logic.ConsistencyProof(made.second, made.first, made.path)
                assert checking.check(turned.file()).refused


def test_heads_on_both_sides_of_a_change_of_keys_need_both_keys(log, tmp_path):
    first = fingerprint()
    new = actions.rotate_key(actor="o")
    actions.sequence()
    content = queries.consistency_proof(21, 22).file()
    second = next(signing.fingerprint(bytes(key.public_key)) for key in list(queries.keys()) if key.key_id == new)
    assert check(content, [first, second], tmp_path).returncode == 0
    done = check(content, [first], tmp_path)
    assert (done.returncode, "another key" in done.stderr) == (1, True)


def test_a_log_rewritten_under_the_valid_key_is_refused(log, tmp_path):
    """The forger holds the signing key and signs a head over other entries."""
    made = queries.consistency_proof(6, 13)
    key = signing.load_key(queries.keys()[0].key_id)
    leaves = [logic.leaf_hash(b"another %d" % number) for number in range(13)]
    root = logic.root(leaves)
    body = logic.body_of_head(number=5, size=13, root=root, at=clock.now(), key_id=key.key_id, previous="")
    forged = logic.SignedHead(13, root, body, key.sign(body), key.public_key)
    content = logic.ConsistencyProof(made.first, forged, tuple(logic.consistency(leaves, 6))).file()
    done = check(content, [fingerprint()], tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert "does not merely add" in done.stderr


@pytest.mark.parametrize(
    "change",
    [
        lambda document: {**document, "path": document["path"][:-1]},
        lambda document: {**document, "path": [*document["path"], "00" * 32]},
        lambda document: {**document, "path": []},
        lambda document: {**document, "path": "00"},
        lambda document: {**document, "path": [7]},
        lambda document: {**document, "first": document["second"]},
        lambda document: {**document, "first": []},
        lambda document: {**document, "more": 1},
        lambda document: {**document, "format": "groundplan-consistency/7"},
        lambda document: [document],
    ],
)
def test_a_changed_document_is_refused(log, change):
    document = change(queries.consistency_proof(6, 13).document())
    content = (json.dumps(document, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()
    assert checking.check(content).refused


@settings(max_examples=40)
@given(st.integers(1, 300), st.data())
def test_the_program_agrees_with_the_plain_form_for_every_pair_of_sizes(second, data):
    first = data.draw(st.integers(1, second))
    program = checking._programs()["verify_consistency"]
    leaves = [logic.leaf_hash(b"%d" % number) for number in range(second)]
    path = logic.consistency(leaves, first)
    other = [logic.leaf_hash(b"other"), *leaves[1:]]
    roots = [logic.root(leaves[:first]).hex(), logic.root(leaves).hex()]
    found = program.joined(first, second, roots, [step.hex() for step in path])
    assert found
    assert not program.joined(first, second, [logic.root(other[:first]).hex(), roots[1]], [step.hex() for step in path])
    assert not program.joined(first, second, [roots[0], logic.root(other).hex()], [step.hex() for step in path])


def test_every_reason_of_the_programs_has_its_words_in_the_language_of_the_city():
    said = set()
    for name in checking.PROGRAMS:
        said |= set(re.findall(r'need\(\s*.+?, "([^"]+)"\)', checking.source(name).decode()))
    assert len(said) > 12
    assert said == set(checking.REASONS)
