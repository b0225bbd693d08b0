"""The entrance before the pages and the API: whole requests only, a bounded number at once, none held up by the slow.

A request takes a place (a thread) only once its body is here, and gives it back when its answer is written down, so
that neither a body that trickles in nor a reader that takes its time holds one.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import tempfile
import time
from collections.abc import Awaitable, Callable, MutableMapping
from http.cookies import CookieError, SimpleCookie
from typing import IO, Any

from groundplan.config import metrics
from groundplan.config.admission import Buckets, Gate, Refusal
from groundplan.lib import environment

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

BODY_IN_MEMORY = 256 * 1024
ANSWER_IN_MEMORY = 1024 * 1024
CHUNK = 64 * 1024
# A reader that takes no part of its answer for so long is gone.
READER_S = 60.0
# Slower than this no browser sends: a body of 1 MB may take 130 s, any body 20 s.
BODY_S, BODY_BYTES_PER_S = 20.0, 8 * 1024
OPEN_BODIES = 500
OURS = {"127.0.0.1", "::1"}
# What residents tell the city is let in while there is any room: nobody in need is sent away because others read pages.
VITAL = {"/report", "/api/v1/incidents/reports", "/open311/v2/requests.json", "/open311/v2/requests.xml"}
SAID = {
    "overloaded": "More is asked at this moment than can be answered.",
    "too-many-requests": "You ask more often than this installation answers one asker.",
    "too-slow": "The request did not come in whole within its time.",
    "too-large": "The request is larger than this installation takes.",
}


class TooSlow(Exception):
    """The body did not come in within its time."""


class TooLarge(Exception):
    """The body is larger than any that is taken."""


class Gone(Exception):
    """The client hung up."""


class Entrance:
    """Lets requests in to an application.

    Args:
        application: answers one whole request.
        gate: the places.
        actors: the buckets of those who sent a session or a token.
        addresses: the buckets of addresses.
        body_max: the largest body, bytes.
    """

    def __init__(
        self, application: Application, gate: Gate, actors: Buckets, addresses: Buckets, body_max: int
    ) -> None:
        self.application, self.gate = application, gate
        self.actors, self.addresses, self.body_max = actors, addresses, body_max
        self.open_bodies = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or say when to come back."""
        refused = self.too_quick(scope) or self.gate.refusal(vital=is_vital(scope))
        if refused is not None:
            await refuse(scope, send, refused)
            return
        if self.open_bodies >= OPEN_BODIES:
            await refuse(scope, send, Refusal(503, "overloaded", 5))
            return
        with tempfile.SpooledTemporaryFile(BODY_IN_MEMORY) as body:
            self.open_bodies += 1
            try:
                await self.read(receive, body)
            except TooSlow:
                await refuse(scope, send, Refusal(408, "too-slow", 1))
                return
            except TooLarge:
                await refuse(scope, send, Refusal(413, "too-large", 0))
                return
            except Gone:
                return
            finally:
                self.open_bodies -= 1
            with tempfile.SpooledTemporaryFile(ANSWER_IN_MEMORY) as written:
                answer = await self.answered(scope, body, written)
                if isinstance(answer, Refusal):
                    await refuse(scope, send, answer)
                else:
                    await self.hand_over(answer, written, send)

    def too_quick(self, scope: Scope) -> Refusal | None:
        """Take a token from the bucket of whoever asks: by session or access token, and by address."""
        address = str((scope.get("client") or ("", 0))[0])
        asker = asker_in(scope)
        refused = self.actors.take(asker) if asker else None
        # What comes from this machine itself came through no proxy that names its clients: nobody to tell apart.
        return refused or (None if address in OURS else self.addresses.take(address.encode()))

    async def read(self, receive: Receive, body: IO[bytes]) -> None:
        """Take the whole body in.

        Raises:
            TooSlow: it trickles.
            TooLarge: it is larger than any that is taken.
            Gone: nobody is there any more.
        """
        begun, size = time.monotonic(), 0
        while True:
            left = BODY_S + size / BODY_BYTES_PER_S - (time.monotonic() - begun)
            try:
                message = await asyncio.wait_for(receive(), max(left, 0.01))
            except TimeoutError:
                raise TooSlow from None
            if message["type"] == "http.disconnect":
                raise Gone
            size += len(message.get("body", b""))
            if size > self.body_max:
                raise TooLarge
            body.write(message.get("body", b""))
            if not message.get("more_body", False):
                body.seek(0)
                return

    async def answered(self, scope: Scope, body: IO[bytes], written: IO[bytes]) -> Message | Refusal:
        """Take a place, let the application write its answer down, give the place back; the start of the answer."""
        begun, quiet = time.monotonic(), self.gate.is_quiet
        refused = await self.gate.enter(vital=is_vital(scope))
        if refused is not None:
            return refused
        metrics.queued(time.monotonic() - begun)
        start: Message = {}

        async def receive() -> Message:
            chunk = body.read(CHUNK)
            return {"type": "http.request", "body": chunk, "more_body": len(chunk) == CHUNK}

        async def send(message: Message) -> None:
            if message["type"] == "http.response.start":
                start.update(message)
            else:
                written.write(message.get("body", b""))

        try:
            await self.application(scope, receive, send)
        finally:
            self.gate.leave(time.monotonic() - begun, quiet=quiet)
        return start

    async def hand_over(self, start: Message, written: IO[bytes], send: Send) -> None:
        """Send a written answer at the reader's pace; a reader that takes nothing for long is hung up on."""
        written.seek(0)
        await send(start)
        async with asyncio.timeout(READER_S) as patience:
            while chunk := written.read(CHUNK):
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
                patience.reschedule(asyncio.get_running_loop().time() + READER_S)
            await send({"type": "http.response.body", "body": b"", "more_body": False})


def is_vital(scope: Scope) -> bool:
    """Whether somebody reports something."""
    return scope.get("method") == "POST" and scope["path"] in VITAL


def asker_in(scope: Scope) -> bytes:
    """A hash of the session or access token that a request carries; empty when there is none."""
    headers = dict(scope["headers"])
    given = headers.get(b"authorization", b"")
    if not given:
        try:
            cookies = SimpleCookie(headers.get(b"cookie", b"").decode("latin1"))
        except CookieError:
            return b""
        given = cookies["sessionid"].value.encode() if "sessionid" in cookies else b""
    return hashlib.sha256(given).digest()[:16] if given else b""


async def refuse(scope: Scope, send: Send, refusal: Refusal) -> None:
    """Say no as a problem document (RFC 9457), and when to ask again (RFC 9110, section 10.2.3)."""
    metrics.refused(refusal.status, refusal.code)
    document = {
        "type": f"urn:groundplan:error:{refusal.code}",
        "title": SAID[refusal.code],
        "status": refusal.status,
        "detail": SAID[refusal.code],
    }
    headers = [
        (b"content-type", b"application/problem+json"),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
    ]
    if refusal.retry_after_s:
        document |= {"retry_after": refusal.retry_after_s, "next_step": f"Ask again in {refusal.retry_after_s} s."}
        headers.append((b"retry-after", str(refusal.retry_after_s).encode()))
    if refusal.code in {"too-slow", "too-large"}:
        headers.append((b"connection", b"close"))
    body = json.dumps(document).encode()
    if not scope["path"].startswith("/api/") and b"text/html" in dict(scope["headers"]).get(b"accept", b""):
        body = page(refusal)
        headers[0] = (b"content-type", b"text/html; charset=utf-8")
    headers.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": refusal.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def page(refusal: Refusal) -> bytes:
    """The same for a reader, in both languages: it is made without the database and without a thread."""
    return (
        '<!doctype html><html lang="zh-Hans"><head><meta charset="utf-8"><title>请稍后再试 · Please try again</title>'
        '<meta name="viewport" content="width=device-width"></head><body><h1>请稍后再试</h1>'
        f"<p>当前访问人数较多，请在 {refusal.retry_after_s} 秒后刷新页面。</p>"
        f'<p lang="en">Many people are asking at this moment. Please reload the page in {refusal.retry_after_s} s.</p>'
        "</body></html>"
    ).encode()


def entrance(application: Application) -> Entrance:
    """The entrance as the settings say."""
    read = environment.read
    gate = Gate(read("GROUNDPLAN_PAGE_THREADS"), read("GROUNDPLAN_QUEUE"), read("GROUNDPLAN_PATIENCE"))
    return Entrance(
        application, gate, Buckets(read("GROUNDPLAN_RATE_ACTOR")), Buckets(read("GROUNDPLAN_RATE_ADDRESS")),
        read("GROUNDPLAN_BODY_MAX") * 1024 * 1024,
    )  # fmt: skip
