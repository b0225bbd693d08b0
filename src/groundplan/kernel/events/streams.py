"""Server-sent events (WHATWG HTML, clause 9.2): tells browsers that something they may see has changed.

A raw ASGI handler. One thread per process listens to the database and hands hints to bounded queues, one a client;
a client that does not keep up is dropped and comes back by itself, resuming where it was.
"""

from __future__ import annotations

import asyncio
import json
import logging
import threading
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from typing import Any
from urllib.parse import parse_qs

from django.db import connection

from groundplan.kernel.events import queries
from groundplan.lib import sql
from groundplan.lib.canonical import iso_time

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
CHANNEL = "events_integrated"
HEARTBEAT_S = 15.0
LIFE_S = 900.0  # Then the client comes back, and its rights are looked at again.
QUEUE_LIMIT = 256
RESUME_LIMIT = 500
CLIENT_LIMIT = 5000
POLL_S = 1.0
READY_S = 3.0
RETRY_MS = 3000
HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
    (b"x-content-type-options", b"nosniff"),
]
# A screen on a wall hears that cases, tasks and responses have changed, never which.
WALL = "wall"
WALL_TYPES = ("case.", "task.", "linkage.")
log = logging.getLogger(__name__)


class Client:
    """One open stream."""

    def __init__(self, audience: set[str]) -> None:
        self.audience = audience
        self.loop = asyncio.get_running_loop()
        self.queue: asyncio.Queue[queries.Hint] = asyncio.Queue(QUEUE_LIMIT)
        self.dropped = asyncio.Event()

    def offer(self, hints: Sequence[queries.Hint]) -> None:
        """Put what this client may hear into its queue; drop the client if it has not kept up."""
        for hint in hints:
            if heard(hint, self.audience) and not self.dropped.is_set():
                try:
                    self.queue.put_nowait(hint)
                except asyncio.QueueFull:
                    self.dropped.set()


def heard(hint: queries.Hint, audience: set[str]) -> bool:
    """Whether a reader with these keys hears of an event; a wall hears that there was one of some types."""
    return bool(hint.audience & audience) or (WALL in audience and hint.type.startswith(WALL_TYPES))


class Hub:
    """Reads events once per process, whatever the number of clients; its thread lives while there are clients."""

    def __init__(self) -> None:
        self._clients: set[Client] = set()
        self._lock = threading.Lock()
        self._stop: threading.Event | None = None
        self._ready = threading.Event()

    def join(self, client: Client) -> bool:
        """Let a client hear all events from now on; False when there are too many clients."""
        with self._lock:
            if len(self._clients) >= CLIENT_LIMIT:
                return False
            self._clients.add(client)
            if self._stop is None:
                self._stop, self._ready = threading.Event(), threading.Event()
                arguments = (self._stop, self._ready)
                threading.Thread(target=self._run, args=arguments, name="streams", daemon=True).start()
            return True

    async def listening(self) -> None:
        """Return when nothing that happens from now on can be missed, or the database does not answer."""
        end = asyncio.get_running_loop().time() + READY_S
        # The event belongs to a thread, so it can only be looked at.
        while not self._ready.is_set() and asyncio.get_running_loop().time() < end:  # noqa: ASYNC110
            await asyncio.sleep(0.01)

    def leave(self, client: Client) -> None:
        """Forget a client; the last one ends the thread."""
        with self._lock:
            self._clients.discard(client)
            if not self._clients and self._stop is not None:
                self._stop.set()
                self._stop = None

    def _run(self, stop: threading.Event, ready: threading.Event) -> None:
        position: int | None = None
        try:
            for _ in sql.listen([CHANNEL], stop=stop, poll_s=POLL_S):
                try:
                    position = self._pass_on(position)
                except Exception:
                    log.exception("the event stream could not be read; trying again")
                    connection.close()
                ready.set()
        finally:
            connection.close()

    def _pass_on(self, position: int | None) -> int:
        """Hand on what came after a position."""
        if position is None:
            return queries.last_position()
        while hints := queries.hints_after(position):
            position = hints[-1].position
            with self._lock:
                clients = list(self._clients)
            for client in clients:
                client.loop.call_soon_threadsafe(client.offer, hints)
        return position


hub = Hub()


async def stream(scope: MutableMapping[str, Any], receive: Receive, send: Send, audience: set[str]) -> None:
    """Answer one request for a stream.

    Args:
        scope: ASGI's.
        receive: ASGI's.
        send: ASGI's.
        audience: keys that the reader holds; an event is hinted at if it carries one of them.
    """
    if scope["method"] != "GET":
        return await _refuse(send, 405, [(b"allow", b"GET")])
    client = Client(set(audience))
    if not hub.join(client):
        return await _refuse(send, 503, [(b"retry-after", b"30")])
    tasks = [
        asyncio.create_task(work) for work in (_talk(scope, send, client), _hang_up(receive), client.dropped.wait())
    ]
    try:
        # Whichever comes first: the stream's life is over, the reader has gone, or did not keep up.
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        hub.leave(client)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return None


async def _talk(scope: MutableMapping[str, Any], send: Send, client: Client) -> None:
    """Send what was missed, then what comes, for as long as a stream may live."""
    await hub.listening()
    await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
    await _write(send, f"retry: {RETRY_MS}\n\n")
    position = _resumed_from(scope)
    try:
        async with asyncio.timeout(LIFE_S):
            if position is not None:
                position = await _catch_up(send, client, position)
            while True:
                position = await _next(send, client, position or 0)
    except TimeoutError:
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _next(send: Send, client: Client, position: int) -> int:
    """Send the next hint, or a sign of life."""
    try:
        async with asyncio.timeout(HEARTBEAT_S):
            hint = await client.queue.get()
    except TimeoutError:
        await _write(send, ": still here\n\n")
        return position
    if hint.position > position:  # What was already sent while catching up is not sent again.
        await _write(send, _spelled(hint, client.audience))
    return max(position, hint.position)


async def _catch_up(send: Send, client: Client, position: int) -> int:
    """Send what came after the last event that the reader knows; after too long an absence, ask for a fresh look."""
    hints = await asyncio.to_thread(_read_missed, position)
    if len(hints) == RESUME_LIMIT:
        last = await asyncio.to_thread(_read_last)
        data = json.dumps({"type": "stream.reset", "subject": "", "at": iso_time(hints[-1].at)})
        await _write(send, f"id: {last}\ndata: {data}\n\n")
        return last
    for hint in hints:
        if heard(hint, client.audience):
            await _write(send, _spelled(hint, client.audience))
    return hints[-1].position if hints else position


async def _hang_up(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _refuse(send: Send, status: int, headers: list[tuple[bytes, bytes]]) -> None:
    await send({"type": "http.response.start", "status": status, "headers": [*headers, (b"content-length", b"0")]})
    await send({"type": "http.response.body", "body": b""})


async def _write(send: Send, text: str) -> None:
    await send({"type": "http.response.body", "body": text.encode(), "more_body": True})


def _spelled(hint: queries.Hint, audience: set[str]) -> str:
    subject = hint.subject if hint.audience & audience else ""
    data = {"type": hint.type, "subject": subject, "at": iso_time(hint.at)}
    return f"id: {hint.position}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n"


def _resumed_from(scope: MutableMapping[str, Any]) -> int | None:
    """The last position that the reader knows: a header when the browser reconnects, a parameter otherwise."""
    said = dict(scope["headers"]).get(b"last-event-id", b"").decode("latin1")
    said = said or parse_qs(scope.get("query_string", b"").decode("latin1")).get("after", [""])[0]
    return int(said) if said.isascii() and said.isdigit() and len(said) < 19 else None  # noqa: PLR2004 - below 2^63.


def _read_missed(position: int) -> list[queries.Hint]:
    try:
        return queries.hints_after(position, RESUME_LIMIT)
    finally:
        connection.close()


def _read_last() -> int:
    try:
        return queries.last_position()
    finally:
        connection.close()
