"""Addresses to which a browser is sent back (RFC 9700, clause 4.1: compared letter by letter)."""

from __future__ import annotations

from urllib.parse import urlsplit

MOST = 10
LONGEST = 300
LOOPBACK = ("127.0.0.1", "localhost", "[::1]", "::1")


def wrong_address(text: str) -> bool:
    """Whether a browser must not be sent there: not absolute, a fragment, a user, plain HTTP beyond this machine."""
    if len(text) > LONGEST or not text.isprintable() or " " in text or "\\" in text or "*" in text:
        return True
    try:
        parts = urlsplit(text)
        host, _port = parts.hostname or "", parts.port
    except ValueError:
        return True
    if not host or parts.fragment or "#" in text or parts.username is not None or "@" in parts.netloc:
        return True
    return parts.scheme != "https" and not (parts.scheme == "http" and host in LOOPBACK)
