"""One HTTP delivery, made only to addresses that this installation may call."""

from __future__ import annotations

import ipaddress
import socket
import ssl
from collections.abc import Mapping
from functools import cache
from urllib.parse import urlsplit

import httpx
from django.conf import settings

from groundplan.kernel.events import logic, queries
from groundplan.kernel.events.errors import AddressRefused
from groundplan.kernel.events.models import StoredEvent, Webhook
from groundplan.lib import clock, crypto, environment
from groundplan.lib.canonical import canonical_json

TIMEOUT_S = 10.0
GONE = "http-410"
HTTP_PORTS = {"https": 443, "http": 80}


def resolve(url: str, *, ports: Mapping[str, int] = HTTP_PORTS) -> tuple[str, str]:
    """The one address that may be called for this URL, and its host name.

    The name is resolved here and the connection made to what was checked: a name that changes its address between
    check and call (DNS rebinding) gains nothing.

    Args:
        url: what is to be called.
        ports: the schemes that are allowed, with their ports.

    Raises:
        AddressRefused: wrong scheme, unknown host, or a host inside this network.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or ports.get(parts.scheme, 0)
    except ValueError:
        raise AddressRefused("The address cannot be read.", accepted="https://host/path") from None
    if parts.scheme not in ports or not host or parts.username:
        accepted = ", ".join(f"{scheme}://host" for scheme in ports)
        raise AddressRefused("The address is not of the accepted form.", accepted=accepted)
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise AddressRefused(f"The host {host} is not known.", next_step="Check its spelling.") from None
    networks = [ipaddress.ip_network(text) for text in environment.read("GROUNDPLAN_WEBHOOK_NETWORKS")]
    for _, _, _, _, place in found:
        if not logic.may_call(str(place[0]), networks, loopback=not settings.PRODUCTION):
            raise AddressRefused(
                f"The host {host} is inside this network.",
                accepted="public addresses, and those in GROUNDPLAN_WEBHOOK_NETWORKS",
            )
    return str(found[0][4][0]), host


@cache
def trusted() -> ssl.SSLContext:
    """The authorities that are believed; read once, since reading them takes longer than a delivery."""
    return httpx.create_ssl_context(trust_env=False)


def send(row: Webhook, event: StoredEvent) -> str:
    """Deliver one event.

    Returns:
        Why it failed, as a short code; empty when it was taken (2xx).
    """
    secret = bytes.fromhex(crypto.decrypt(bytes(row.secret)))
    body = canonical_json(queries.envelope(event))
    return post(row.url, body, str(event.event_id), secret, kind="application/cloudevents+json; charset=utf-8")


def post(address: str, body: bytes, message_id: str, secret: bytes, *, kind: str) -> str:
    """Send a signed message to an address that may be called.

    Args:
        address: http or https.
        body: what is sent.
        message_id: the same for each attempt, so that the receiver knows a message again.
        secret: signs it.
        kind: its media type.

    Returns:
        Why it failed, as a short code; empty when it was taken (2xx).
    """
    stamp = str(int(clock.now().timestamp()))
    headers = {
        "content-type": kind,
        "webhook-id": message_id,
        "webhook-timestamp": stamp,
        "webhook-signature": logic.signature(secret, message_id, stamp, body),
    }
    return call("POST", address, body, headers, most=0)[0]


def fetch(address: str, *, most: int) -> tuple[str, bytes]:
    """What stands at an address that may be called.

    Args:
        address: http or https.
        most: bytes; a longer answer is refused as ``too-large``.

    Returns:
        Why it failed, as a short code, else empty; and the answer.
    """
    return call("GET", address, b"", {}, most=most)


def call(method: str, target: str, body: bytes, headers: dict[str, str], *, most: int) -> tuple[str, bytes]:
    """One request to an address that may be called; no redirect is followed.

    Returns:
        Why it failed, as a short code, else empty; and at most ``most`` bytes of the answer.
    """
    try:
        address, host = resolve(target)
    except AddressRefused as error:
        return error.code, b""
    url, found = httpx.URL(target), b""
    headers = {**headers, "host": url.netloc.decode("ascii"), "user-agent": "Groundplan"}
    try:
        with (
            httpx.Client(timeout=TIMEOUT_S, verify=trusted(), trust_env=False, follow_redirects=False) as client,
            client.stream(
                method, url.copy_with(host=address), content=body or None, headers=headers,
                extensions={"sni_hostname": host},
            ) as answer,
        ):  # fmt: skip
            if not answer.is_success:
                return f"http-{answer.status_code}", b""
            # The body may be endless: no more than is wanted is read.
            for piece in answer.iter_bytes() if most else ():
                found += piece
                if len(found) > most:
                    return "too-large", b""
            return "", found
    except httpx.TimeoutException:
        return "timeout", b""
    except httpx.HTTPError:
        return "no-connection", b""
