"""One HTTP delivery, made only to addresses that this installation may call."""

from __future__ import annotations

import ipaddress
import socket
import ssl
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


def resolve(url: str) -> tuple[str, str]:
    """The one address that may be called for this URL, and its host name.

    The name is resolved here and the connection made to what was checked: a name that changes its address between
    check and call (DNS rebinding) gains nothing.

    Raises:
        AddressRefused: wrong scheme, unknown host, or a host inside this network.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        raise AddressRefused("The address cannot be read.", accepted="https://host/path") from None
    if parts.scheme not in {"http", "https"} or not host or parts.username:
        raise AddressRefused("The address is not of the accepted form.", accepted="https://host/path")
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
    try:
        address, host = resolve(row.url)
    except AddressRefused as error:
        return error.code
    body = canonical_json(queries.envelope(event))
    secret = bytes.fromhex(crypto.decrypt(bytes(row.secret)))
    stamp = str(int(clock.now().timestamp()))
    url = httpx.URL(row.url)
    headers = {
        "content-type": "application/cloudevents+json; charset=utf-8",
        "host": url.netloc.decode("ascii"),
        "user-agent": "Groundplan",
        "webhook-id": str(event.event_id),
        "webhook-timestamp": stamp,
        "webhook-signature": logic.signature(secret, str(event.event_id), stamp, body),
    }
    try:
        with (
            httpx.Client(timeout=TIMEOUT_S, verify=trusted(), trust_env=False, follow_redirects=False) as client,
            client.stream(
                "POST", url.copy_with(host=address), content=body, headers=headers,
                extensions={"sni_hostname": host},
            ) as answer,
        ):  # fmt: skip
            # The body of the answer is of no interest and may be endless: it is not read.
            return "" if answer.is_success else f"http-{answer.status_code}"
    except httpx.TimeoutException:
        return "timeout"
    except httpx.HTTPError:
        return "no-connection"
