"""Figures for Prometheus: requests as they pass, the rest read when asked."""

from __future__ import annotations

import hmac
import os
from typing import Any

from groundplan.lib import environment, health

_made: dict[str, Any] = {}


def instruments() -> dict[str, Any]:
    """The counters of this process; with several web processes they are summed through a folder of the supervisor."""
    if not _made:
        from prometheus_client import Counter, Histogram  # noqa: PLC0415 - after the supervisor named the folder.

        _made["requests"] = Counter(
            "groundplan_requests", "Requests answered, by kind, method and status.", ["kind", "method", "status"]
        )
        _made["seconds"] = Histogram(
            "groundplan_request_seconds",
            "Time until the answer was complete, streams excluded.",
            ["kind"],
            buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
        )
        _made["refused"] = Counter(
            "groundplan_refused", "Requests that were asked to come back, by status and reason.", ["status", "reason"]
        )
        _made["queued"] = Histogram(
            "groundplan_queued_seconds",
            "Time that requests waited for a place.",
            buckets=(0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
        )
    return _made


def refused(status: int, reason: str) -> None:
    """Count a request that was asked to come back."""
    instruments()["refused"].labels(str(status), reason).inc()


def queued(seconds: float) -> None:
    """Note how long a request waited for a place."""
    instruments()["queued"].observe(seconds)


def observe(kind: str, method: str, status: int, seconds: float) -> None:
    """Count one request."""
    made = instruments()
    known = method if method in {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"} else "other"
    made["requests"].labels(kind, known, str(status)).inc()
    if kind != "streams":
        made["seconds"].labels(kind).observe(seconds)


def may_read(scope: dict[str, Any]) -> bool:
    """Whether a request may see the figures: from this machine, not through a proxy, or with the token."""
    headers = dict(scope["headers"])
    token = environment.read("GROUNDPLAN_METRICS_TOKEN")
    given = headers.get(b"authorization", b"")
    if token and hmac.compare_digest(given, f"Bearer {token}".encode()):
        return True
    client = (scope.get("client") or ("", 0))[0]
    return client in {"127.0.0.1", "::1"} and b"x-forwarded-for" not in headers and b"forwarded" not in headers


def exposition() -> bytes:
    """All figures in Prometheus' text form."""
    from prometheus_client import CollectorRegistry, Gauge, generate_latest, multiprocess  # noqa: PLC0415 - as above.

    instruments()
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        registry = CollectorRegistry()
        multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # the library's.
        text = generate_latest(registry)
    else:
        text = generate_latest()
    now = CollectorRegistry()
    for name, value in health.figures().items():
        Gauge(f"groundplan_{name}", name.replace("_", " "), registry=now).set(value)
    return text + generate_latest(now)
