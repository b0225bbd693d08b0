"""The shipped fakes of a city's systems: one behind HTTP on this machine, one behind a folder. Never in production."""

from __future__ import annotations

import json
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

from django.conf import settings

from groundplan.commons.attached.actions._files import root
from groundplan.commons.attached.logic import mapping as mapped
from groundplan.kernel.events import logic as delivering
from groundplan.lib.errors import NotAllowed

LARGEST = 2_000_000
PAGE = 2


@dataclass
class FakeCity:
    """A system behind HTTP that speaks by any mapping and does as it is told.

    Args:
        mapping: how it speaks.
        secret: what it believes.
        answers: how it treats the next requests, in turn: ``ok error slow broken lost refused``; then ``ok``.
        events: what was reported to it, as rows of its own.
        progress: what became of orders, as rows of its own.
        orders: what it took, by our id, so that the same order twice is one.
    """

    mapping: mapped.Mapping
    secret: str
    answers: list[str] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    progress: list[dict[str, Any]] = field(default_factory=list)
    orders: dict[str, dict[str, Any]] = field(default_factory=dict)
    requests: int = 0
    slow_s: float = 2.0
    doubled: bool = False

    def __enter__(self) -> Self:
        """Start it on a free port of this machine."""
        if settings.PRODUCTION:
            raise NotAllowed("The fake city does not run in production.")
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_error: object) -> None:
        """Stop it."""
        self._server.shutdown()
        self._server.server_close()

    @property
    def address(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def report(self, **event: Any) -> None:
        """Something is reported to it."""
        self.events.append(_row(self.mapping.events, event))

    def say(self, **status: Any) -> None:
        """It says what became of an order."""
        self.progress.append(_row(self.mapping.status, status))

    def spoil(self, raw: Any) -> None:
        """A row that is no event."""
        self.events.append(raw)

    def taken(self) -> dict[str, dict[str, Any]]:
        """What it was given, by our id, in our words."""
        fields = self.mapping.orders.fields if self.mapping.orders else {}
        return {
            key: {name: mapped.found(document, place) for name, place in fields.items()}
            for key, document in self.orders.items()
        }

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        fake = self

        class Handler(BaseHTTPRequestHandler):
            """One request."""

            def log_message(self, *_args: object) -> None:
                """Say nothing."""

            def do_GET(self) -> None:
                """A question in the address."""
                parts = urlsplit(self.path)
                self._answer(parts.path, f"{parts.path}?{parts.query}".encode(), dict(parse_qsl(parts.query)))

            def do_POST(self) -> None:
                """A question or an order as JSON."""
                body = self.rfile.read(min(int(self.headers.get("content-length", 0)), LARGEST))
                self._answer(urlsplit(self.path).path, body, json.loads(body or b"{}"))

            def _answer(self, path: str, signed: bytes, asked: dict[str, Any]) -> None:
                status, answer = fake.judge(path, signed, asked, self.headers)
                # A caller that has given up waiting is gone; an answer that is lost is never written.
                with suppress(OSError):
                    if status:
                        self.send_response(status)
                        self.send_header("content-length", str(len(answer)))
                        self.end_headers()
                        self.wfile.write(answer)

        return Handler

    def judge(self, path: str, signed: bytes, asked: dict[str, Any], headers: Any) -> tuple[int, bytes]:
        """How one request is treated."""
        self.requests += 1
        answer = self.answers.pop(0) if self.answers else "ok"
        given = [str(headers.get(f"webhook-{name}", "")) for name in ("id", "timestamp", "signature")]
        if delivering.signature(self.secret.encode(), given[0], given[1], signed) != given[2]:
            return 401, b"{}"
        if answer == "slow":
            time.sleep(self.slow_s)
        if answer == "error":
            return 500, b""
        if answer == "refused":
            return 422, b"{}"
        said = json.dumps(self._said(path, asked, given[0]), ensure_ascii=False).encode()
        if answer == "broken":
            return 200, said[: len(said) // 2]
        return (0 if answer == "lost" else 200), said

    def _said(self, path: str, asked: dict[str, Any], message: str) -> dict[str, Any]:
        made: dict[str, Any] = {}
        if self.mapping.ok is not None:
            mapped.put(made, self.mapping.ok.path, self.mapping.ok.value)
        orders = self.mapping.orders
        if orders is not None and path == orders.path:
            known = self.orders.setdefault(message, asked)
            mapped.put(made, orders.id, f"T-{list(self.orders).index(message) + 1}")
            known.update(asked)
            return made
        for part, rows in ((self.mapping.events, self.events), (self.mapping.status, self.progress)):
            if part is not None and path == part.path:
                self._page(made, part, rows, asked)
        return made

    def _page(self, made: dict[str, Any], part: mapped.Listing, rows: list[Any], asked: dict[str, Any]) -> None:
        begin = int(mapped.found(asked, part.ask["next"]) or 0)
        shown = rows[begin : begin + PAGE]
        mapped.put(made, part.list, shown * 2 if self.doubled else shown)
        mapped.put(made, part.next, str(begin + PAGE) if len(rows) > begin + PAGE else "")


@dataclass
class FakeFolder:
    """A system that puts files into a folder and takes files from it, with the words of :class:`FakeCity`."""

    mapping: mapped.Mapping
    address: str = "city-system"
    doubled: bool = False
    answers: list[str] = field(default_factory=list)
    number: int = 0
    lines: list[Any] = field(default_factory=list)

    @property
    def folder(self) -> Path:
        """Its folder."""
        return root() / self.address

    def report(self, **event: Any) -> None:
        """Something is reported to it: it writes a file."""
        self._put("events", _row(self.mapping.events, event))

    def say(self, **status: Any) -> None:
        """It says what became of an order."""
        self._put("status", _row(self.mapping.status, status))

    def spoil(self, raw: Any) -> None:
        """A line that is no event."""
        self._put("events", raw)

    def taken(self) -> dict[str, dict[str, Any]]:
        """What it was given, by our id, in our words."""
        fields = self.mapping.orders.fields if self.mapping.orders else {}
        documents = [json.loads(path.read_bytes()) for path in sorted((self.folder / "out").glob("order-*.json"))]
        made = [{name: mapped.found(each, place) for name, place in fields.items()} for each in documents]
        return {each["id"]: each for each in made}

    def _put(self, prefix: str, row: Any) -> None:
        self.number += 1
        (self.folder / "in").mkdir(parents=True, exist_ok=True)
        text = json.dumps(row, ensure_ascii=False) + "\n"
        for copy in range(2 if self.doubled else 1):
            beside = self.folder / "in" / f".{prefix}-{self.number}-{copy}.part"
            beside.write_text(text, encoding="utf-8")
            beside.replace(self.folder / "in" / f"{prefix}-{self.number:04}-{copy}.jsonl")


def _row(part: mapped.Listing | None, given: dict[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for name, value in given.items():
        if part is not None and name in part.fields:
            mapped.put(made, part.fields[name], value)
    return made
