"""SM2 with SM3 against the example of GB/T 32918.5, Annex A: the recommended curve, the default identity."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groundplan.lib.crypto import signing, sm2
from groundplan.lib.crypto.sm2 import AlgorithmUnavailable

PUBLIC = bytes.fromhex(
    "0409F9DF311E5421A150DD7D161E4BC5C672179FAD1833FC076BB08FF356F35020"
    "CCEA490CE26775A52DC6EA718CC1AA600AED05FBF35E084A6632F6072DA9AD13"
)
R = bytes.fromhex("F5A03B0648D2C4630EEAC513E1BB81A15944DA3827D5B74143AC7EACEEE720B3")
S = bytes.fromhex("B1B6AA29DF212FD8763182BC0D421CA1BB9038FD1F7F42D4840B69C485BBC1AA")
SIGNATURE = b"\x30\x46\x02\x21\x00" + R + b"\x02\x21\x00" + S


def test_the_example_of_the_standard_holds_and_nothing_beside_it():
    assert sm2.verify(PUBLIC, b"message digest", SIGNATURE)
    assert not sm2.verify(PUBLIC, b"message digesT", SIGNATURE)
    assert not sm2.verify(PUBLIC[:-1] + b"\x14", b"message digest", SIGNATURE)
    for place in range(len(SIGNATURE)):
        flipped = SIGNATURE[:place] + bytes([SIGNATURE[place] ^ 1]) + SIGNATURE[place + 1 :]
        assert not sm2.verify(PUBLIC, b"message digest", flipped), place


@settings(max_examples=20)
@given(st.binary(max_size=300))
def test_what_a_key_signs_holds_for_it_alone(message):
    mine, other = sm2.create(), sm2.create()
    made = sm2.sign(mine, message)
    assert sm2.verify(sm2.public_key(mine), message, made)
    assert not sm2.verify(sm2.public_key(other), message, made)


@pytest.mark.parametrize("signature", [b"", b"\x30", bytes(72), bytes(10_000)])
def test_what_is_no_signature_does_not_hold(signature):
    assert not sm2.verify(PUBLIC, b"message digest", signature)


@pytest.mark.parametrize("algorithm", ["ed25519", "sm2-sm3"])
def test_a_key_is_stored_loaded_and_told_by_its_public_key(algorithm, tmp_path, settings, monkeypatch):
    settings.STATE = tmp_path
    monkeypatch.setenv("GROUNDPLAN_LEDGER_ALGORITHM", algorithm)
    made = signing.create_key()
    loaded = signing.load_key(made.key_id)
    assert (loaded.algorithm, loaded.public_key) == (algorithm, made.public_key)
    assert signing.algorithm_of(made.public_key) == algorithm
    assert signing.verify(public_key=made.public_key, message=b"m", signature=loaded.sign(b"m"))
    assert (tmp_path / "keys" / f"{made.key_id}.pem").stat().st_mode & 0o777 == 0o600
    assert signing.held_public_keys() == {made.key_id: made.public_key}


def test_a_machine_without_sm2_refuses_clearly(tmp_path, settings, monkeypatch):
    settings.STATE = tmp_path
    monkeypatch.setenv("GROUNDPLAN_LEDGER_ALGORITHM", "sm2-sm3")
    monkeypatch.setattr(sm2.ctypes, "CDLL", lambda name: object())
    sm2.library.cache_clear()
    try:
        with pytest.raises(AlgorithmUnavailable, match="no SM2"):
            signing.create_key()
        assert list((tmp_path / "keys").glob("*")) == []
    finally:
        sm2.library.cache_clear()
