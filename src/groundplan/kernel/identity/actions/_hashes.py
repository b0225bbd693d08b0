"""What is stored of secrets, codes and tokens: 256 random bits need no slow hash, since nobody guesses them."""

from __future__ import annotations

from groundplan.lib import crypto


def secret_hash(secret: str) -> bytes:
    """What is stored of a client's secret."""
    return crypto.keyed_hash(secret, purpose="client-secret")


def token_hash(text: str) -> bytes:
    """What is stored of a code or token."""
    return crypto.keyed_hash(text, purpose="oauth")
