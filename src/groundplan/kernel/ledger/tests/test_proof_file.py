"""The stand-alone script, run as a stranger would run it: another process, no Groundplan on its path."""

import hashlib
import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from groundplan.kernel.ledger import actions, logic, queries

SCRIPT = Path(__file__).resolve().parents[5] / "docs" / "verify_proof.py"


def made_log(entries=11):
    ids = [
        actions.record(actor="o", action="cases.comment", subject="case:1", data={"说": "好"}) for _ in range(entries)
    ]
    actions.sequence()
    return ids


@pytest.fixture
def proof(db):
    return queries.inclusion_proof(made_log()[6])


def check(content, key, folder):
    path = folder / "proof.json"
    path.write_bytes(content)
    command = [sys.executable, "-I", "-S", SCRIPT, "--key", key, path]
    return subprocess.run(
        command, check=False, capture_output=True, text=True, env={"PYTHONIOENCODING": "utf-8"}, cwd=folder
    )


def fingerprint(proof):
    return hashlib.sha256(proof.head.public_key).hexdigest()


def test_a_good_file_is_proven_with_nothing_but_python(proof, tmp_path):
    done = check(proof.file(), fingerprint(proof), tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("PROVEN: entry 6 of 11")
    assert json.loads(done.stdout.splitlines()[1]) == json.loads(proof.body)


def test_a_file_cut_in_half_is_refused_as_cut_off(proof, tmp_path):
    content = proof.file()
    done = check(content[: len(content) // 2], fingerprint(proof), tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert "cut off" in done.stderr


def test_a_file_of_another_log_is_refused_as_such(proof, tmp_path):
    done = check(proof.file(), hashlib.sha256(bytes(32)).hexdigest(), tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert "another log" in done.stderr


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("entry", '{"id":"forged"}', "does not stand at this place"),
        ("leaf_index", 5, "does not stand at this place"),
        ("leaf_index", 11, "not one that the signed head covers"),
        ("tree_size", 12, "not one that the signed head covers"),
        ("leaf_index", True, "not a whole number"),
        ("audit_path", [], "does not stand at this place"),
        ("audit_path", "00", "not spelled as"),
        ("audit_path", [7], "not written as it should be"),
        ("audit_path", ["00" * 32] * 40, "too long"),
        ("signature", "00" * 64, "signature of the tree head does not hold"),
        ("format", "groundplan-proof/9", "unknown format"),
        ("head", '{"algorithm":"sm2-sm3"}', "SM2 with SM3"),
        ("head", 7, "signature of the tree head does not hold"),
    ],
)
def test_a_changed_field_is_refused_with_its_reason(proof, tmp_path, field, value, reason):
    document = {**proof.document(), field: value}
    content = (json.dumps(document, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()
    done = check(content, fingerprint(proof), tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert reason in done.stderr


def refuses(script, content, key, folder):
    path = folder / "flipped.json"
    path.write_bytes(content)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["verify_proof.py", "--key", key, str(path)])
        with pytest.raises(SystemExit) as stopped:
            script.main()
    return str(stopped.value.code).startswith("REFUSED: ")


@pytest.mark.slow
def test_flipped_bits_all_over_the_file_are_refused(proof, tmp_path, monkeypatch):
    content, key = proof.file(), fingerprint(proof)
    spec = importlib.util.spec_from_file_location("verify_proof", SCRIPT)
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    for position in range(0, len(content) * 8, 5):  # Each byte, and in turn each place in it.
        flipped = bytearray(content)
        flipped[position // 8] ^= 1 << position % 8
        assert refuses(script, bytes(flipped), key, tmp_path), f"bit {position}"


def test_the_signature_check_of_the_script_agrees_with_a_library():
    spec = importlib.util.spec_from_file_location("verify_proof", SCRIPT)
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    for number in range(8):
        key = Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32)
        public, message = key.public_key().public_bytes_raw(), b"head %d" % number
        signature = key.sign(message)
        assert script.signed(public, message, signature)
        assert not script.signed(public, message + b"x", signature)
        assert not script.signed(public, message, signature[:32] + bytes([signature[32] ^ 1]) + signature[33:])


def test_the_script_agrees_with_the_first_vector_of_rfc_8032():
    spec = importlib.util.spec_from_file_location("verify_proof", SCRIPT)
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    public = bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")
    signature = bytes.fromhex(
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
    )
    assert script.signed(public, b"", signature)
    assert logic.EMPTY_ROOT.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
