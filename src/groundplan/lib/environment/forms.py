"""The forms that settings may have: from text to value, a ValueError for anything else."""

from __future__ import annotations

import datetime as dt
import ipaddress
import zoneinfo
from urllib.parse import urlsplit


def as_number(text: str) -> int:
    """A positive integer, or zero."""
    value = int(text)
    if value < 0:
        raise ValueError(text)
    return value


def as_port(text: str) -> int:
    """A TCP port."""
    value = as_number(text)
    if value > 65535:  # noqa: PLR2004 - the highest port there is.
        raise ValueError(text)
    return value


def as_switch(text: str) -> bool:
    """On or off."""
    return {"1": True, "0": False, "": False}[text]


def as_mode(text: str) -> str:
    """What the installation is for."""
    if text not in {"production", "demo", "test"}:
        raise ValueError(text)
    return text


def as_day(text: str) -> str:
    """A day, or never."""
    if text not in {"", "never"}:
        dt.date.fromisoformat(text)
    return text


def as_list(text: str) -> list[str]:
    """Words with commas between them."""
    return [word.strip() for word in text.split(",") if word.strip()]


def as_hosts(text: str) -> list[str]:
    """Names of hosts; every name at once would let a visitor say under which name our pages stand."""
    hosts = as_list(text)
    if any(set(host) & set("*/@") or "://" in host for host in hosts) or not hosts:
        raise ValueError(text)
    return hosts


def as_networks(text: str) -> list[str]:
    """Ranges of IP addresses."""
    return [str(ipaddress.ip_network(word)) for word in as_list(text)]


def as_zone(text: str) -> str:
    """A time zone of the IANA data base; empty for that of the profile."""
    return zoneinfo.ZoneInfo(text).key if text else ""


def as_side(text: str) -> str:
    """Which of two zones an installation is."""
    if text not in {"", "outer", "inner"}:
        raise ValueError(text)
    return text


def as_database(text: str) -> str:
    """The address of a PostgreSQL database."""
    parts = urlsplit(text)
    if text and (parts.scheme not in {"postgresql", "postgres"} or not parts.path.strip("/") or parts.port == 0):
        raise ValueError(text)
    return text


def as_secret(text: str) -> str:
    """A secret long enough not to be guessed."""
    if text and len(text) < 32:  # noqa: PLR2004 - the length that is promised to the reader.
        raise ValueError(text)
    return text


def as_account(text: str) -> str:
    """A name and a password with a colon between them."""
    name, _, password = text.partition(":")
    if text and not (name.strip() and password):
        raise ValueError(text)
    return text


def as_algorithm(text: str) -> str:
    """How the log is signed."""
    if text not in {"ed25519", "sm2-sm3"}:
        raise ValueError(text)
    return text
