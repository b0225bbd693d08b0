"""Sending a browser to a source and taking it back; forgetting codes and tokens that have served their time."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from groundplan.kernel.identity import registry
from groundplan.kernel.identity.errors import SignInStale, SourceNotFound
from groundplan.kernel.identity.models import Code, Source, Token
from groundplan.kernel.identity.registry import Coming, Going, Outsider
from groundplan.lib import clock

WAITING = dt.timedelta(minutes=10)
KEPT = dt.timedelta(days=1)


def send_out(*, source: Source, back: str) -> tuple[str, dict[str, Any]]:
    """Where a browser is to go, and what its session must remember until it comes back.

    Raises:
        SourceNotFound: the kind is not installed here.
        SourceRefused: the house does not answer.
    """
    verifier = secrets.token_urlsafe(48)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
    going = Going(back=back, state=secrets.token_urlsafe(24), nonce=secrets.token_urlsafe(24), challenge=challenge)
    kept = {
        "source": str(source.public_id), "state": going.state, "nonce": going.nonce, "verifier": verifier,
        "back": back, "since": clock.world().timestamp(),
    }  # fmt: skip
    return _kind(source).begin(source, going), kept


def come_back(*, source: Source, kept: Mapping[str, Any] | None, asked: Mapping[str, str]) -> Outsider:
    """Who a browser that came back belongs to.

    Args:
        source: as its address says.
        kept: what the session remembered, taken out of it: it serves once.
        asked: what stands in the address.

    Raises:
        SignInStale: it was not sent to this source, not with this state, or longer than ten minutes ago.
        SourceRefused: the house does not say who it is.
    """
    given, wanted = asked.get("state", ""), str((kept or {}).get("state", ""))
    right = bool(wanted) and hmac.compare_digest(given.encode(), wanted.encode())
    if kept is None or not right or kept["source"] != str(source.public_id) or _age(kept["since"]) > WAITING:
        raise SignInStale(_("这次登录已过期，或不是从本浏览器发起的。"), next_step=_("请回到登录页重新开始。"))
    coming = Coming(asked=asked, back=kept["back"], nonce=kept["nonce"], verifier=kept["verifier"])
    return _kind(source).finish(source, coming)


def forget_tokens() -> int:
    """Delete codes and tokens a day after their end; safe to repeat.

    Returns:
        How many.
    """
    before = clock.world() - KEPT
    tokens, _kinds = Token.objects.filter(expires_at__lt=before).delete()
    codes, _kinds = Code.objects.filter(expires_at__lt=before, tokens=None).delete()
    return tokens + codes


def _kind(source: Source) -> registry.SourceKind:
    found = registry.kind_of(source.kind)
    if found is None:
        raise SourceNotFound
    return found


def _age(since: float) -> dt.timedelta:
    return dt.timedelta(seconds=abs(clock.world().timestamp() - float(since)))
