"""Waiting times, signatures and addresses of deliveries. Pure functions."""

from __future__ import annotations

import base64
import hashlib
import hmac
import ipaddress
import random
from collections.abc import Sequence

from groundplan.lib.errors import GroundplanError

MOST_ATTEMPTS = 10
FIRST_WAIT_S = 2.0
LONGEST_WAIT_S = 3600.0
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
# IPv6 blocks that carry an IPv4 address inside, which the check would not see: 6to4, Teredo, NAT64.
TUNNELS = [ipaddress.ip_network(text) for text in ("2002::/16", "2001::/32", "64:ff9b::/96", "64:ff9b:1::/48")]


def wait_s(attempts: int) -> float:
    """Seconds before the next attempt: doubled each time up to an hour, give or take a half so that retries spread.

    Args:
        attempts: failures so far.
    """
    whole = min(FIRST_WAIT_S * 2.0 ** min(attempts, 30), LONGEST_WAIT_S)
    return whole * random.uniform(0.5, 1.5)  # noqa: S311 - spreading, not secrecy.


def reason_of(error: Exception) -> str:
    """An error as it may be stored: its kind, without its text, which could name a person."""
    return error.code if isinstance(error, GroundplanError) else type(error).__name__


def signature(secret: bytes, message_id: str, timestamp: str, body: bytes) -> str:
    """The value of ``webhook-signature``: HMAC-SHA-256 over ``id.timestamp.body``. Source: Standard Webhooks 1.0.

    >>> signature(base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"), "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330",
    ...           b'{"test": 2432232314}')
    'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE='
    """
    signed = b".".join((message_id.encode(), timestamp.encode(), body))
    return "v1," + base64.b64encode(hmac.new(secret, signed, hashlib.sha256).digest()).decode()


def shown_secret(secret: bytes) -> str:
    """A secret as it is given to the receiver. Source: Standard Webhooks 1.0."""
    return "whsec_" + base64.b64encode(secret).decode()


def may_call(address: str, networks: Sequence[Network], *, loopback: bool) -> bool:
    """Whether this installation may connect to an IP address on behalf of somebody else.

    Args:
        address: IPv4 or IPv6.
        networks: ranges of the city's own network that are allowed.
        loopback: whether this machine itself is allowed.
    """
    place = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(place, ipaddress.IPv6Address) and place.ipv4_mapped:
        place = place.ipv4_mapped
    if any(place.version == network.version and place in network for network in networks):
        return True
    if place.is_loopback:
        return loopback
    if any(place.version == network.version and place in network for network in TUNNELS):
        return False
    return place.is_global and not place.is_multicast and not place.is_unspecified
