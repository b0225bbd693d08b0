"""Encryption of personal columns."""

import json
import stat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groundplan.lib import crypto


@pytest.fixture(autouse=True)
def own_ring(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("GROUNDPLAN_STATE", str(tmp_path_factory.mktemp("state")))


@given(st.text())
def test_what_is_encrypted_comes_back(text):
    assert crypto.decrypt(crypto.encrypt(text)) == text


def test_the_same_text_is_never_encrypted_to_the_same_bytes():
    assert crypto.encrypt("11010519491231002X") != crypto.encrypt("11010519491231002X")


def test_an_altered_value_is_refused():
    sealed = bytearray(crypto.encrypt("11010519491231002X"))
    sealed[-1] ^= 1
    with pytest.raises(crypto.Unreadable):
        crypto.decrypt(bytes(sealed))


def test_a_value_moved_under_another_key_name_is_refused():
    sealed = crypto.encrypt("text")
    crypto.rotate_key()
    forged = sealed[:1] + crypto.key_ring().current + sealed[5:]
    with pytest.raises(crypto.Unreadable):
        crypto.decrypt(forged)


def test_old_values_are_read_after_rotation_and_known_to_be_old():
    sealed = crypto.encrypt("text")
    assert crypto.is_current(sealed)
    crypto.rotate_key()
    assert crypto.decrypt(sealed) == "text"
    assert not crypto.is_current(sealed)
    assert crypto.is_current(crypto.encrypt("text"))


def test_the_keyed_hash_survives_rotation_and_differs_by_purpose():
    before = crypto.keyed_hash("440524188001010014")
    crypto.rotate_key()
    assert crypto.keyed_hash("440524188001010014") == before
    assert crypto.keyed_hash("440524188001010014", purpose="token") != before


def test_the_ring_is_readable_by_its_owner_alone():
    crypto.key_ring()
    assert stat.S_IMODE(crypto.ring_path().stat().st_mode) == 0o600
    assert set(json.loads(crypto.ring_path().read_text())) == {"current", "keys", "hash_key"}
