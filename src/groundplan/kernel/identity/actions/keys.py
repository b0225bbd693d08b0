"""The keys that sign ID tokens: RSA of 2048 bits, which every application can check (OpenID Connect Core, 15.1)."""

from __future__ import annotations

import os
import time
from functools import cache
from pathlib import Path
from typing import Any

from django.db import transaction
from joserfc import jwk

from groundplan.kernel.ledger import actions as ledger
from groundplan.kernel.parties.queries import Actor
from groundplan.lib.crypto import signing
from groundplan.lib.errors import NotAllowed

# An application keeps the published keys for a while: the key before stays published as long.
PUBLISHED_KEYS = 2
BITS = 2048


def signing_key() -> jwk.RSAKey:
    """The key that signs now; the first one is made when it is asked for."""
    return _read(*_kept(_files() or [_make()])[0])


def published_keys() -> dict[str, Any]:
    """The public halves of the newest keys as a JWK set (RFC 7517)."""
    files = _files() or [_make()]
    keys = [_read(*each) for each in _kept(files)[:PUBLISHED_KEYS]]
    shown = [{**key.as_dict(private=False), "use": "sig", "alg": "RS256", "kid": key.thumbprint()} for key in keys]
    return {"keys": shown}


def rotate_signing_key(*, actor: Actor) -> str:
    """Make a new key that signs from now on; the one before stays published.

    Returns:
        Its thumbprint (RFC 7638).

    Raises:
        NotAllowed: the actor is neither the system nor the system administration.
    """
    if not actor.has_role("system_admin"):
        raise NotAllowed(accepted="system_admin")
    signing_key()  # The one before, made if nobody has asked for it yet.
    name = _read(*_kept([_make()])[0]).thumbprint()
    with transaction.atomic():
        ledger.record(actor=actor.actor_id, action="identity.rotate_signing_key", subject=f"key:{name}", data={})
    return name


def _files() -> list[Path]:
    """The newest first: the name carries the moment."""
    return sorted(signing.key_folder().glob("oidc-*.pem"), reverse=True)


def _kept(files: list[Path]) -> list[tuple[str, float]]:
    return [(str(path), path.stat().st_mtime) for path in files]


def _make() -> Path:
    target = signing.key_folder() / f"oidc-{time.time_ns()}.pem"
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(jwk.RSAKey.generate_key(BITS).as_pem(private=True))
        stream.flush()
        os.fsync(stream.fileno())
    return target


@cache
def _read(path: str, changed: float) -> jwk.RSAKey:  # noqa: ARG001 - a changed file is read again.
    return jwk.RSAKey.import_key(Path(path).read_bytes())
