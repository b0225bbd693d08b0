"""Personal text at rest: AES-256-GCM (NIST SP 800-38D) under a ring of rotating keys, and keyed hashes to find it by.

The ring is ``$GROUNDPLAN_STATE/keys/crypto.json``, mode 0600. It belongs in every backup: without it personal columns
cannot be read.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import secrets
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import ClassVar

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from groundplan.lib.errors import GroundplanError

FORMAT = b"\x01"
KEY_ID_BYTES = 4
NONCE_BYTES = 12
HEADER_BYTES = len(FORMAT) + KEY_ID_BYTES + NONCE_BYTES


class Unreadable(GroundplanError):
    """An encrypted value was altered, or its key is not in the ring."""

    code = "unreadable"
    status = 500
    title: ClassVar[dict[str, str]] = {"zh-hans": "无法解密", "en": "Cannot be decrypted"}


@dataclass(frozen=True)
class KeyRing:
    """The keys of one installation: one encrypts, all decrypt, one hashes."""

    current: bytes
    keys: dict[bytes, bytes]
    hash_key: bytes


def encrypt(text: str) -> bytes:
    """Encrypt a text under the current key.

    Returns:
        Format byte, 4 bytes of key id, 12 bytes of nonce, ciphertext with tag. Never twice the same.
    """
    ring = key_ring()
    nonce = secrets.token_bytes(NONCE_BYTES)
    header = FORMAT + ring.current
    sealed = AESGCM(ring.keys[ring.current]).encrypt(nonce, text.encode(), header)
    return header + nonce + sealed


def decrypt(sealed: bytes) -> str:
    """The text of an encrypted value.

    Raises:
        Unreadable: the value was altered, or its key is not in the ring.
    """
    sealed = bytes(sealed)
    header, nonce = sealed[: len(FORMAT) + KEY_ID_BYTES], sealed[len(FORMAT) + KEY_ID_BYTES : HEADER_BYTES]
    key = key_ring().keys.get(header[len(FORMAT) :])
    if header[: len(FORMAT)] != FORMAT or key is None:
        raise Unreadable("The key of this value is not in the key ring.", next_step="Restore keys/crypto.json.")
    try:
        return AESGCM(key).decrypt(nonce, sealed[HEADER_BYTES:], header).decode()
    except InvalidTag:
        raise Unreadable("The value was altered after it was encrypted.") from None


def is_current(sealed: bytes) -> bool:
    """Whether a value stands under the current key; if not, it waits for re-encryption."""
    return bytes(sealed)[len(FORMAT) : len(FORMAT) + KEY_ID_BYTES] == key_ring().current


def keyed_hash(text: str, *, purpose: str = "") -> bytes:
    """HMAC-SHA-256 of a text: equal texts are found by it, and nobody without the key can try candidates.

    Args:
        text: what is looked up; the caller has normalised it.
        purpose: keeps apart the hashes of different columns.
    """
    return hmac.new(key_ring().hash_key, f"{purpose}\0{text}".encode(), hashlib.sha256).digest()


def rotate_key() -> str:
    """Add a key and make it the current one; older keys stay until everything is re-encrypted.

    Returns:
        The id of the new key, hexadecimal.
    """
    path = ring_path()
    ring = key_ring()
    key = secrets.token_bytes(32)
    new = KeyRing(current=key_id(key), keys={**ring.keys, key_id(key): key}, hash_key=ring.hash_key)
    _write(path, new, replace=True)
    _read.cache_clear()
    return new.current.hex()


def key_ring() -> KeyRing:
    """The key ring of this installation; made on first use."""
    path = ring_path()
    try:
        return _read(path, path.stat().st_mtime_ns)
    except FileNotFoundError:
        key = secrets.token_bytes(32)
        made = KeyRing(current=key_id(key), keys={key_id(key): key}, hash_key=secrets.token_bytes(32))
        with suppress(FileExistsError):  # Another process was faster: its ring is the ring.
            _write(path, made, replace=False)
        return _read(path, path.stat().st_mtime_ns)


def ring_path() -> Path:
    """Where the key ring is kept."""
    return Path(os.environ.get("GROUNDPLAN_STATE", ".state")).absolute() / "keys" / "crypto.json"


def key_id(key: bytes) -> bytes:
    """The name of a key: the first bytes of its hash."""
    return hashlib.sha256(key).digest()[:KEY_ID_BYTES]


@lru_cache(maxsize=4)
def _read(path: Path, changed_ns: int) -> KeyRing:  # noqa: ARG001 - a changed file is read again.
    stored = json.loads(path.read_text())
    keys = [base64.b64decode(key) for key in stored["keys"]]
    return KeyRing(
        current=bytes.fromhex(stored["current"]),
        keys={key_id(key): key for key in keys},
        hash_key=base64.b64decode(stored["hash_key"]),
    )


def _write(path: Path, ring: KeyRing, *, replace: bool) -> None:
    """Write the ring in one step, readable by the owner alone."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    document = {
        "current": ring.current.hex(),
        "keys": [base64.b64encode(key).decode() for key in ring.keys.values()],
        "hash_key": base64.b64encode(ring.hash_key).decode(),
    }
    descriptor, name = tempfile.mkstemp(dir=path.parent)  # mkstemp makes the file with mode 0600.
    try:
        with os.fdopen(descriptor, "w") as stream:
            json.dump(document, stream)
            stream.flush()
            os.fsync(stream.fileno())
        if replace:
            Path(name).replace(path)
        else:
            os.link(name, path)
    finally:
        Path(name).unlink(missing_ok=True)
