"""A log whose key changes from Ed25519 to SM2: all heads stay verifiable, and each says its algorithm."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from groundplan.kernel.ledger import actions, logic, queries
from groundplan.kernel.ledger.models import Head
from groundplan.kernel.proofs.queries import checking
from groundplan.lib.crypto import signing

SCRIPT = Path(__file__).resolve().parents[5] / "docs" / "verify_proof.py"


def added():
    made = actions.record(actor="o", action="cases.comment", subject="case:1")
    actions.sequence()
    return made


@pytest.mark.django_db
def test_a_log_that_changes_over_to_sm2_stays_verifiable(monkeypatch, tmp_path):
    first = added()
    before = queries.inclusion_proof(first).file()
    monkeypatch.setenv("GROUNDPLAN_LEDGER_ALGORITHM", "sm2-sm3")
    added()
    assert json.loads(bytes(Head.objects.latest("number").body))["algorithm"] == "ed25519", "the old key still signs"
    actions.rotate_key(actor="o")
    actions.sequence()
    added()
    said = [json.loads(bytes(row.body))["algorithm"] for row in Head.objects.order_by("number")]
    assert said == ["ed25519", "ed25519", "sm2-sm3", "sm2-sm3"]
    assert queries.verify().ok
    after = queries.inclusion_proof(first)
    assert checking.check(before).proven
    assert checking.check(after.file()).proven
    assert checking.check(queries.consistency_proof(1, 4).file()).proven
    flipped = after.file().replace(b'"signature": "30', b'"signature": "31')
    assert checking.check(flipped).refused
    path = tmp_path / "proof.json"
    path.write_bytes(after.file())
    key = signing.fingerprint(after.head.public_key)
    done = subprocess.run(
        [sys.executable, "-I", SCRIPT, "--key", key, path], check=False, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert "SM2 with SM3, which this program does not check" in done.stderr


@pytest.mark.django_db
def test_heads_of_earlier_versions_that_say_no_algorithm_hold(monkeypatch):
    monkeypatch.setattr(actions.logic, "body_of_head", old_body)
    added()
    monkeypatch.undo()
    added()
    assert ["algorithm" in json.loads(bytes(row.body)) for row in Head.objects.order_by("number")] == [False, True]
    assert queries.verify().ok


body_of_head = logic.body_of_head


def old_body(**values):
    return body_of_head(**{**values, "algorithm": ""})
