"""JSON over HTTP by a mapping; every request is signed, and only the one configured address is called."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from urllib.parse import urlencode, urlsplit

from groundplan.commons.attached.logic import LONGEST_ID, Batch, Failed, Unread, WorkOrder
from groundplan.commons.attached.logic import mapping as mapped
from groundplan.commons.attached.registry import Connection
from groundplan.kernel.events import actions as events
from groundplan.kernel.events import logic as delivering
from groundplan.lib import clock
from groundplan.lib.canonical import canonical_json
from groundplan.lib.identity import uuid7

MOST_BYTES = 8_000_000
MOST_PAGES = 200
LASTING = ("address-refused", "http-400", "http-404", "http-409", "http-413", "http-422")


def check(address: str) -> None:
    """Refuse an address that may not be called.

    Raises:
        AddressRefused: wrong scheme, unknown host, or a host inside this network.
    """
    events.resolve(address)


class Rest:
    """One system behind an HTTP address."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.mapping = connection.mapping

    def fetch(self, since: datetime) -> Iterator[Batch]:
        """Events since a moment."""
        yield from self._pages(self.mapping.events, since, mapped.read_event)

    def status(self, since: datetime) -> Iterator[Batch]:
        """States since a moment."""
        yield from self._pages(self.mapping.status, since, mapped.read_status)

    def send(self, order: WorkOrder) -> str:
        """Give a work order under its id."""
        part = self.mapping.orders
        if part is None:
            raise Failed("not-mapped", lasting=True)
        said = self._ask(part.path, "POST", mapped.written(self.mapping, order), order.id)
        return str(mapped.found(said, part.id) or "")[:LONGEST_ID] if part.id else ""

    def done(self, batch: Batch, outcome: list[tuple[str, str]]) -> None:
        """Pages are not answered."""

    def _pages(self, part: mapped.Listing | None, since: datetime, read: Any) -> Iterator[Batch]:
        if part is None:
            return
        asked: dict[str, Any] = {}
        if "since" in part.ask:
            mapped.put(asked, part.ask["since"], mapped.moment_text(self.mapping, since))
        seen: set[str] = set()
        for _page in range(MOST_PAGES):
            said = self._ask(part.path, part.method, asked, str(uuid7()))
            rows = mapped.found(said, part.list)
            if not isinstance(rows, list):
                raise Failed("no-list")
            yield _batch(self.mapping, rows, read)
            follows = mapped.found(said, part.next) if part.next else None
            # A system that gives the same page for ever is read once.
            if follows in (None, "", False) or str(follows) in seen or "next" not in part.ask:
                return
            seen.add(str(follows))
            mapped.put(asked, part.ask["next"], follows)
        raise Failed("too-many-pages")

    def _ask(self, path: str, method: str, asked: dict[str, Any], message: str) -> Any:
        target = self.connection.address.rstrip("/") + path
        body = canonical_json(asked)
        if method == "GET":
            target, body = f"{target}?{urlencode(asked)}", b""
        parts = urlsplit(target)
        stamp = str(int(clock.now().timestamp()))
        # A request without a body is signed by what it asks for.
        signed = body or f"{parts.path}?{parts.query}".encode()
        headers = {
            "content-type": "application/json; charset=utf-8", "accept": "application/json", "webhook-id": message,
            "webhook-timestamp": stamp,
            "webhook-signature": delivering.signature(self.connection.secret.encode(), message, stamp, signed),
        }  # fmt: skip
        failed, answer = events.call(method, target, body, headers, most=MOST_BYTES)
        if failed:
            raise Failed(failed, lasting=failed in LASTING)
        return self._believed(answer)

    def _believed(self, answer: bytes) -> Any:
        try:
            said = json.loads(answer)
        except (ValueError, RecursionError):
            raise Failed("not-json") from None
        okay = self.mapping.ok
        if okay is not None and mapped.found(said, okay.path) != okay.value:
            raise Failed("refused", lasting=True)
        return said


def _batch(mapping: mapped.Mapping, rows: list[Any], read: Any) -> Batch:
    made = Batch()
    for row in rows:
        try:
            made.rows.append(read(mapping, row))
        except mapped.Unreadable as error:
            made.unread.append(Unread(json.dumps(row, ensure_ascii=False)[:20_000], str(error)))
    return made
