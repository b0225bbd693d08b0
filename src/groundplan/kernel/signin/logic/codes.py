"""Codes that change each half minute (RFC 6238, over RFC 4226) and codes that open once."""

from __future__ import annotations

import datetime as dt
import hmac
import secrets
from typing import Final

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

DIGITS: Final = 6
STEP_S: Final = 30
# One step to either side for clocks that are not exact and people who type slowly (RFC 6238, 5.2 and 6).
WINDOW: Final = 1
SECRET_BYTES: Final = 20
RECOVERY_CODES: Final = 10
# Without 0, 1, l and o, which are mistaken for one another on paper.
LETTERS: Final = "23456789abcdefghijkmnpqrstuvwxyz"


def new_secret() -> bytes:
    """A secret as long as the hash's output (RFC 4226, 4, R6)."""
    return secrets.token_bytes(SECRET_BYTES)


def step_at(moment: dt.datetime) -> int:
    """The number of the half minute, counted from 1970.

    Example:
        >>> step_at(dt.datetime(1970, 1, 1, 0, 0, 59, tzinfo=dt.UTC))
        1
    """
    return int(moment.timestamp()) // STEP_S


def code_at(secret: bytes, step: int) -> str:
    """The code of a half minute.

    Source: RFC 6238, appendix B, of whose eight digits these are the last six. Example:
        >>> code_at(b"12345678901234567890", 1)
        '287082'
    """
    return _generator(secret).generate(step * STEP_S).decode()


def matching_step(secret: bytes, code: str, moment: dt.datetime) -> int | None:
    """The half minute to which a code belongs, None if it belongs to none that is accepted now."""
    now = step_at(moment)
    found = None
    for step in range(max(now - WINDOW, 0), now + WINDOW + 1):
        if hmac.compare_digest(code_at(secret, step).encode(), code.encode()):
            found = step
    return found


def address(secret: bytes, *, account: str, issuer: str) -> str:
    """The ``otpauth://`` address that authenticators read from a QR code."""
    return _generator(secret).get_provisioning_uri(account, issuer)


def recovery_codes() -> list[str]:
    """Ten codes of 50 bits each, in two groups of five letters."""
    return [
        "-".join("".join(secrets.choice(LETTERS) for _ in range(5)) for _ in range(2)) for _ in range(RECOVERY_CODES)
    ]


def cleaned(text: str) -> str:
    """A code as typed, without blanks and dashes, in small letters; full-width digits become plain ones."""
    return "".join(
        chr(ord(letter) - 0xFEE0) if "\uff01" <= letter <= "\uff5e" else letter
        for letter in text.strip()[:64]
        if letter not in " -\u3000\u2010\u2013\u2014"
    ).lower()


def _letters() -> str:
    return "".join(secrets.choice(LETTERS) for _ in range(5))


def _generator(secret: bytes) -> TOTP:
    # SHA-1 is what every authenticator speaks; its collisions do not touch HMAC (RFC 6238, 1.2; RFC 6194, 3.3).
    return TOTP(secret, DIGITS, SHA1(), STEP_S, enforce_key_length=True)  # noqa: S303 - see above.
