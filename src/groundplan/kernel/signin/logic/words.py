"""The closed lists of this app: names are stable, labels are shown."""

from __future__ import annotations

from typing import Final

KINDS: Final[dict[str, dict[str, str]]] = {
    "totp": {"zh-hans": "动态口令", "en": "Authenticator code"},
    "passkey": {"zh-hans": "通行密钥", "en": "Passkey"},
}
