"""The signed form of a tree head: canonical JSON that names the head before it."""

from __future__ import annotations

import hashlib
from datetime import datetime

from groundplan.lib.canonical import canonical_json


def body_of_head(*, number: int, size: int, root: bytes, at: datetime, key_id: str, previous: str) -> bytes:
    """The bytes that are signed.

    Args:
        number: 0, 1, 2 … without gaps.
        size: leaves covered.
        root: root hash over them.
        at: when it was signed.
        key_id: which key signs.
        previous: :func:`digest_of_head` of the head before, empty for the first.
    """
    return canonical_json(
        {"at": at, "key": key_id, "number": number, "previous": previous, "root": root.hex(), "size": size}
    )


def digest_of_head(body: bytes, signature: bytes) -> str:
    """What the next head says of this one: SHA-256 over its body and signature."""
    return hashlib.sha256(body + signature).hexdigest()
