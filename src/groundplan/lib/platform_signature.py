"""How calls to the platform of 政务钉钉 are signed: HMAC-SHA-256 over method, time, nonce, path and sorted values."""

from __future__ import annotations

import base64
import datetime as dt
import hmac
import secrets
from collections.abc import Mapping

# The platform reads the time of a request in the time of Beijing, wherever the city's server stands.
BEIJING = dt.timezone(dt.timedelta(hours=8))


def headers(
    key: str, secret: str, *, method: str, path: str, values: Mapping[str, str], moment: dt.datetime
) -> dict[str, str]:
    """The headers of one call.

    Args:
        key: of the application.
        secret: of the application.
        method: GET or POST.
        path: as called.
        values: of the query or the form, as they are before encoding.
        moment: now.
    """
    stamp = moment.astimezone(BEIJING).strftime("%Y-%m-%dT%H:%M:%S.000+08:00")
    nonce = f"{int(moment.timestamp())}000{secrets.randbelow(9000) + 1000}"
    return {
        "apiKey": key,
        "X-Hmac-Auth-Version": "1.0",
        "X-Hmac-Auth-Timestamp": stamp,
        "X-Hmac-Auth-Nonce": nonce,
        "X-Hmac-Auth-Signature": signature(secret, (method, path), stamp, nonce, values),
    }


def signature(secret: str, call: tuple[str, str], stamp: str, nonce: str, values: Mapping[str, str]) -> str:
    """What signs one call: its method and path, time, nonce and values."""
    sorted_values = "&".join(sorted(f"{name}={value}" for name, value in values.items()))
    signed = f"{call[0]}\n{stamp}\n{nonce}\n{call[1]}\n{sorted_values}"
    return base64.b64encode(hmac.digest(secret.encode(), signed.encode(), "sha256")).decode()
