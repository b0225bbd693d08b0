"""Checking what a house outside signed about somebody (OpenID Connect Core 1.0, clause 3.1.3.7)."""

from __future__ import annotations

from typing import Any

from joserfc import jwk, jwt
from joserfc.errors import InvalidKeyIdError, JoseError

ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "ES256", "ES384", "EdDSA"]
LEEWAY_S = 60


class ClaimsWrong(ValueError):
    """The token does not say what it must, or was not signed by the house."""


class KeyUnknown(ClaimsWrong):
    """It names a key that the house had not published when we looked."""


def checked(
    token: str, *, keys: dict[str, Any], issuer: str, client: str, nonce: str, now: float, used: str = ""
) -> dict[str, Any]:
    """The claims of an ID token that holds.

    Args:
        token: as the house gave it.
        keys: its published keys (RFC 7517).
        issuer: who must have issued it.
        client: for whom it must be.
        nonce: what was sent with the browser.
        now: seconds since 1970.
        used: the access token given beside it; compared with ``at_hash`` where that is there.

    Raises:
        KeyUnknown: none of the keys has the name that the token gives.
        ClaimsWrong: anything else.
    """
    try:
        known = jwk.KeySet.import_key_set(keys)  # type: ignore[arg-type]
        found = jwt.decode(token, known, algorithms=ALGORITHMS)
        jwt.JWTClaimsRegistry(
            now=int(now), leeway=LEEWAY_S,
            iss={"essential": True, "value": issuer}, sub={"essential": True}, exp={"essential": True},
            iat={"essential": True}, aud={"essential": True, "value": client},
            nonce={"essential": True, "value": nonce},
        ).validate(found.claims)  # fmt: skip
    except InvalidKeyIdError as error:
        raise KeyUnknown(str(error)) from None
    except (JoseError, ValueError) as error:
        raise ClaimsWrong(str(error)) from None
    claims = dict(found.claims)
    _audience(claims, client)
    _hash(claims, used, str(found.header.get("alg", "")))
    subject = claims["sub"]
    if not isinstance(subject, str) or not 1 <= len(subject) <= 255:  # noqa: PLR2004 - clause 2: at most 255.
        raise ClaimsWrong("sub")
    return claims


def _audience(claims: dict[str, Any], client: str) -> None:
    audience = claims["aud"]
    if isinstance(audience, list) and len(audience) > 1 and claims.get("azp") != client:
        raise ClaimsWrong("azp")
    if "azp" in claims and claims["azp"] != client:
        raise ClaimsWrong("azp")


def _hash(claims: dict[str, Any], used: str, algorithm: str) -> None:
    from authlib.oidc.core.util import create_half_hash  # noqa: PLC0415 - loaded where somebody signs in so.

    if not used or "at_hash" not in claims:
        return
    wanted = create_half_hash(used, algorithm)
    if wanted is not None and wanted.decode() != claims["at_hash"]:
        raise ClaimsWrong("at_hash")
