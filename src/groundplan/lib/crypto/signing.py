"""Signing keys, kept in files that only this installation's user can read: Ed25519 (RFC 8032), or SM2 with SM3.

An algorithm is a provider in ``PROVIDERS``; a public key tells by its length which one it belongs to.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from django.conf import settings

from groundplan.lib import environment
from groundplan.lib.crypto import sm2
from groundplan.lib.errors import GroundplanError


class SigningKeyMissing(GroundplanError):
    """The private key that should sign is not in the key folder of this process."""

    code = "signing-key-missing"
    status = 503
    title = {"zh-hans": "缺少签名密钥", "en": "Signing key missing"}


class Provider(Protocol):
    """A way to sign; private keys are PKCS 8 in PEM."""

    public_bytes: int

    def create(self) -> bytes:
        """A new private key."""

    def public_key(self, private: bytes) -> bytes:
        """The raw public key of a private one; ValueError where it is none of this provider's."""

    def sign(self, private: bytes, message: bytes) -> bytes:
        """The signature of a message."""

    def verify(self, public: bytes, message: bytes, signature: bytes) -> bool:
        """Whether the signature is this key's on this message."""


class Ed25519:
    """Ed25519 (RFC 8032), by the package cryptography."""

    public_bytes = 32

    def create(self) -> bytes:
        """A new private key."""
        form = serialization.PrivateFormat.PKCS8
        return Ed25519PrivateKey.generate().private_bytes(
            serialization.Encoding.PEM, form, serialization.NoEncryption()
        )

    def public_key(self, private: bytes) -> bytes:
        """The 32 bytes of the public key."""
        return self._loaded(private).public_key().public_bytes_raw()

    def sign(self, private: bytes, message: bytes) -> bytes:
        """The 64-byte signature of a message."""
        return self._loaded(private).sign(message)

    def verify(self, public: bytes, message: bytes, signature: bytes) -> bool:
        """Whether the signature is this key's on this message."""
        try:
            Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
        except (InvalidSignature, ValueError):
            return False
        return True

    def _loaded(self, private: bytes) -> Ed25519PrivateKey:
        key = serialization.load_pem_private_key(private, password=None)
        if not isinstance(key, Ed25519PrivateKey):
            raise ValueError("the file holds no Ed25519 key")  # noqa: TRY004 - our own sentence.
        return key


class Sm2:
    """SM2 with SM3 (GB/T 32918, GB/T 32905), by the system's libcrypto."""

    public_bytes = sm2.POINT_BYTES
    create = staticmethod(sm2.create)
    public_key = staticmethod(sm2.public_key)
    sign = staticmethod(sm2.sign)
    verify = staticmethod(sm2.verify)


PROVIDERS: dict[str, Provider] = {"ed25519": Ed25519(), "sm2-sm3": Sm2()}


@dataclass(frozen=True)
class SigningKey:
    """A key pair that signs."""

    key_id: str
    public_key: bytes
    algorithm: str
    private: bytes = field(repr=False)

    def sign(self, message: bytes) -> bytes:
        """The signature of a message."""
        return PROVIDERS[self.algorithm].sign(self.private, message)


def algorithm_of(public_key: bytes) -> str:
    """The algorithm of a public key; empty for none that is known."""
    return next((name for name, each in PROVIDERS.items() if each.public_bytes == len(public_key)), "")


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
    """Make a key pair of the algorithm that is set, and store it: ``<key id>.pem`` (mode 600) and ``<key id>.pub``.

    Raises:
        AlgorithmUnavailable: this machine cannot sign so.
    """
    algorithm = environment.read("GROUNDPLAN_LEDGER_ALGORITHM")
    pem = PROVIDERS[algorithm].create()
    public = PROVIDERS[algorithm].public_key(pem)
    key = SigningKey(key_id_of(public), public, algorithm, pem)
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
        AlgorithmUnavailable: it is there, but this machine cannot sign with it.
    """
    source = key_folder() / f"{key_id}.pem"
    try:
        pem = source.read_bytes()
    except FileNotFoundError:
        raise SigningKeyMissing(
            f"The signing key {key_id} is not in {source.parent}.",
            next_step="Restore the key folder from the backup, or share it between the machines that run workers.",
        ) from None
    for algorithm, provider in PROVIDERS.items():
        try:
            public = provider.public_key(pem)
        except (ValueError, UnsupportedAlgorithm):
            continue
        if key_id_of(public) == key_id:
            return SigningKey(key_id, public, algorithm, pem)
    raise SigningKeyMissing(f"The file {source.name} does not hold the key {key_id}.")


def held_public_keys() -> dict[str, bytes]:
    """Public keys noted in the key folder when they were made: what a forger in the database cannot change."""
    found = {}
    for source in key_folder().glob("*.pub"):
        public = bytes.fromhex(source.read_text(encoding="ascii").strip())
        found[key_id_of(public)] = public
    return found


def verify(*, public_key: bytes, message: bytes, signature: bytes) -> bool:
    """Whether the signature is this key's on this message.

    Raises:
        AlgorithmUnavailable: this machine cannot tell.
    """
    provider = PROVIDERS.get(algorithm_of(public_key))
    return provider is not None and provider.verify(public_key, message, signature)
