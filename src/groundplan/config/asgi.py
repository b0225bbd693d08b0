"""One port: health, figures and streams are answered here, all other pages by Django in a bounded pool of threads."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Awaitable, Callable, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "groundplan.config.settings")

import structlog
from a2wsgi import WSGIMiddleware
from django.core.wsgi import get_wsgi_application

from groundplan.config import logs, metrics
from groundplan.config.entrance import entrance
from groundplan.lib import environment
from groundplan.lib.identity import uuid7

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

threads = WSGIMiddleware(
    get_wsgi_application(),  # type: ignore[arg-type]  # Django's stubs are narrower than the protocol.
    workers=environment.read("GROUNDPLAN_PAGE_THREADS"),
)
pages = entrance(threads)  # type: ignore[arg-type]  # the library's own names for the same protocol.
# A few threads for what raw handlers ask the database; their connections persist as those of the pages do.
asking = ThreadPoolExecutor(4, thread_name_prefix="asking")
log = structlog.get_logger("access")

from groundplan.config import readiness  # noqa: E402 - it needs the loaded settings.
from groundplan.kernel.events import streams  # noqa: E402 - the same.


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """Dispatch one connection."""
    if scope["type"] == "lifespan":
        await live(receive, send)
    elif scope["type"] == "http":
        await logged(scope, receive, send)
    elif scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1000})


async def live(receive: Receive, send: Send) -> None:
    """Answer the server's start and stop."""
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            asking.shutdown(wait=False, cancel_futures=True)
            return


def kind_of(path: str) -> str:
    """The kind of address, for figures and log."""
    first = path.split("/", 2)[1]
    return first if first in {"api", "static", "streams", "healthz", "readyz", "metrics"} else "pages"


async def logged(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer a request, count it, and write one line about it that names no person."""
    kind, begun, status = kind_of(scope["path"]), time.perf_counter(), 0
    request_id = uuid7().hex

    async def sending(message: Message) -> None:
        nonlocal status
        if message["type"] == "http.response.start":
            status = message["status"]
            message["headers"] = [*message.get("headers", ()), (b"x-request-id", request_id.encode())]
        await send(message)

    try:
        await dispatch(kind, scope, receive, sending)
    finally:
        seconds = time.perf_counter() - begun
        metrics.observe(kind, scope["method"], status, seconds)
        if kind not in {"healthz", "readyz", "metrics", "static"}:
            log.info(
                "request", id=request_id, method=scope["method"], path=logs.without_ids(scope["path"]),
                status=status, ms=round(seconds * 1000, 1),
            )  # fmt: skip


async def dispatch(kind: str, scope: Scope, receive: Receive, send: Send) -> None:
    """Choose the handler."""
    if kind == "healthz":
        await answer(send, 200, b'{"status": "ok"}')
    elif kind == "readyz":
        ready, document = await in_thread(readiness.readiness)
        await answer(send, 200 if ready else 503, document)
    elif kind == "metrics":
        await figures(scope, send)
    elif kind == "streams":
        await stream(scope, receive, send)
    else:
        await pages(scope, receive, send)


async def in_thread(call: Callable[..., Any], *arguments: Any) -> Any:
    """Run something that asks the database without blocking the loop."""
    return await asyncio.get_running_loop().run_in_executor(asking, readiness.with_connection, call, *arguments)


async def figures(scope: Scope, send: Send) -> None:
    """The figures, for those who may read them."""
    if metrics.may_read(dict(scope)):
        await answer(send, 200, await in_thread(metrics.exposition), b"text/plain; version=0.0.4; charset=utf-8")
    else:
        await answer(send, 404, b"")


async def stream(scope: Scope, receive: Receive, send: Send) -> None:
    """Hand a stream to its handler, with what the reader may hear."""
    if scope["path"] != "/streams/events":
        await answer(send, 404, b"")
        return
    audience = await in_thread(readiness.audience_of, scope["headers"])
    await streams.stream(scope, receive, send, audience)


async def answer(send: Send, status: int, body: bytes, kind: bytes = b"application/json") -> None:
    """Send a whole answer."""
    headers = [
        (b"content-type", kind),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
