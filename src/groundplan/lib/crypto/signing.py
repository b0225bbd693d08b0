"""Signing keys: Ed25519 (RFC 8032), kept in files that only this installation's user can read."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from django.conf import settings

from groundplan.lib.errors import GroundplanError


class SigningKeyMissing(GroundplanError):
    """The private key that should sign is not in the key folder of this process."""

    code = "signing-key-missing"
    status = 503
    title = {"zh-hans": "缺少签名密钥", "en": "Signing key missing"}


@dataclass(frozen=True)
class SigningKey:
    """A key pair that signs."""

    key_id: str
    public_key: bytes
    private: Ed25519PrivateKey

    def sign(self, message: bytes) -> bytes:
        """The 64-byte Ed25519 signature of a message."""
        return self.private.sign(message)


def key_folder() -> Path:
    """Where the keys are: ``keys`` in the state folder, closed to others."""
    folder = Path(settings.STATE) / "keys"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def fingerprint(public_key: bytes) -> str:
    """SHA-256 of the raw public key, 64 hexadecimal digits."""
    return hashlib.sha256(public_key).hexdigest()


def key_id_of(public_key: bytes) -> str:
    """The first 16 digits of the fingerprint."""
    return fingerprint(public_key)[:16]


def create_key() -> SigningKey:
    """Make a key pair and store it: ``<key id>.pem`` (mode 600) and ``<key id>.pub``."""
    private = Ed25519PrivateKey.generate()
    public = private.public_key().public_bytes_raw()
    key = SigningKey(key_id_of(public), public, private)
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    target = key_folder() / f"{key.key_id}.pem"
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(pem)
        stream.flush()
        os.fsync(stream.fileno())
    target.with_suffix(".pub").write_text(public.hex() + "\n", encoding="ascii")
    return key


def load_key(key_id: str) -> SigningKey:
    """The key pair of this id.

    Raises:
        SigningKeyMissing: it is not in the key folder.
    """
    source = key_folder() / f"{key_id}.pem"
    try:
        private = serialization.load_pem_private_key(source.read_bytes(), password=None)
    except FileNotFoundError:
        raise SigningKeyMissing(
            f"The signing key {key_id} is not in {source.parent}.",
            next_step="Restore the key folder from the backup, or share it between the machines that run workers.",
        ) from None
    if not isinstance(private, Ed25519PrivateKey):
        raise SigningKeyMissing(f"The file {source.name} holds no Ed25519 key.")
    return SigningKey(key_id, private.public_key().public_bytes_raw(), private)


def held_public_keys() -> dict[str, bytes]:
    """Public keys noted in the key folder when they were made: what a forger in the database cannot change."""
    found = {}
    for source in key_folder().glob("*.pub"):
        public = bytes.fromhex(source.read_text(encoding="ascii").strip())
        found[key_id_of(public)] = public
    return found


def verify(*, public_key: bytes, message: bytes, signature: bytes) -> bool:
    """Whether the signature is this key's on this message."""
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True
