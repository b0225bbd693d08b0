"""Envelopes between two installations: Ed25519 (RFC 8032) signs; X25519 (RFC 7748), HKDF and AES-256-GCM seal."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_BYTES, SIGNATURE_BYTES, NONCE_BYTES = 32, 64, 12
PURPOSE = b"groundplan zones 1"


@dataclass(frozen=True)
class PublicPair:
    """What the other side knows of an installation: the key it signs with and the key it is written to."""

    signing: bytes
    exchange: bytes

    @property
    def fingerprint(self) -> str:
        """SHA-256 of both keys, 64 hexadecimal digits."""
        return hashlib.sha256(self.signing + self.exchange).hexdigest()

    def signed(self, message: bytes, signature: bytes) -> bool:
        """Whether the signature is this installation's on this message."""
        try:
            Ed25519PublicKey.from_public_bytes(self.signing).verify(signature, message)
        except (InvalidSignature, ValueError):
            return False
        return True


@dataclass(frozen=True)
class OwnPair:
    """The private halves of an installation's two keys."""

    signing: bytes = field(repr=False)
    exchange: bytes = field(repr=False)

    @property
    def public(self) -> PublicPair:
        """What may be given away."""
        return PublicPair(
            Ed25519PrivateKey.from_private_bytes(self.signing).public_key().public_bytes_raw(),
            X25519PrivateKey.from_private_bytes(self.exchange).public_key().public_bytes_raw(),
        )

    def sign(self, message: bytes) -> bytes:
        """The signature of a message."""
        return Ed25519PrivateKey.from_private_bytes(self.signing).sign(message)

    def opened(self, sealed: bytes, ephemeral: bytes, beside: bytes) -> bytes:
        """The content of an envelope written to this installation.

        Raises:
            ValueError: it was written to another key, or altered.
        """
        nonce, body = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
        try:
            shared = X25519PrivateKey.from_private_bytes(self.exchange).exchange(
                X25519PublicKey.from_public_bytes(ephemeral)
            )
            return AESGCM(_derived(shared, ephemeral, self.public.exchange)).decrypt(nonce, body, beside)
        except InvalidTag:
            raise ValueError("the envelope does not open with this key") from None


def seal(content: bytes, *, to: PublicPair, ephemeral: X25519PrivateKey, beside: bytes) -> bytes:
    """Seal a content to an installation.

    Args:
        content: what only the other side may read.
        to: who may read it.
        ephemeral: a key made for this envelope alone.
        beside: what stands outside in clear and is bound to the content.
    """
    own = ephemeral.public_key().public_bytes_raw()
    shared = ephemeral.exchange(X25519PublicKey.from_public_bytes(to.exchange))
    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + AESGCM(_derived(shared, own, to.exchange)).encrypt(nonce, content, beside)


def new_pair(path: Path) -> OwnPair:
    """Make a pair and keep it, readable by the owner alone; the pair that is there wins over a second maker's."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    made = {"signing": secrets.token_bytes(KEY_BYTES).hex(), "exchange": secrets.token_bytes(KEY_BYTES).hex()}
    making = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(making, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w") as stream:
            json.dump(made, stream)
            stream.flush()
            os.fsync(stream.fileno())
        os.link(making, path)
    except FileExistsError:
        pass
    finally:
        making.unlink()
    return kept_pair(path)


def kept_pair(path: Path) -> OwnPair:
    """The pair kept in a file; made when there is none."""
    if not path.exists():
        return new_pair(path)
    kept = json.loads(path.read_text())
    return OwnPair(bytes.fromhex(kept["signing"]), bytes.fromhex(kept["exchange"]))


def _derived(shared: bytes, ephemeral: bytes, recipient: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=ephemeral + recipient, info=PURPOSE).derive(shared)
